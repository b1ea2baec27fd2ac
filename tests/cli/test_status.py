from __future__ import annotations

import asyncio
import json
from dataclasses import replace

from ainf_tui.domain.documents import BackendDocument, HealthDocument, ReasonDocument

SILENT = BackendDocument(
    "default", "http://127.0.0.1:8188", False, None, None, None, None, None, message="connection refused"
)
REASON = ReasonDocument(
    "backend.unreachable", "error", "No backend answers.", "Start ComfyUI, or set AINF_COMFYUI_URL."
)


def test_well(ainf):
    done = ainf("status")
    assert (done.code, done.err) == (0, "")
    first, *rest = done.out.splitlines()
    assert first == "● ok"
    text = "\n".join(rest)
    for part in ("pid 4711", "ComfyUI 0.8.0", "12 ms", "0 running", "sqlite:///ainf.db", "revision 0001"):
        assert part in text


def test_not_well_says_why_and_what_to_do_and_is_exit_1(ainf, engine):
    engine.overall, engine.reasons, engine.backends = "error", (REASON,), (SILENT,)
    done = ainf("status")
    assert done.code == 1
    assert done.out.startswith(
        "✖ error\n  ✖ No backend answers.\n    Start ComfyUI, or set AINF_COMFYUI_URL.\n"
    )
    assert "no answer  http://127.0.0.1:8188  connection refused" in done.out
    assert ainf("status", "--json").code == 1


def test_a_warning_is_not_well(ainf, engine):
    engine.overall = "warning"
    assert ainf("status").code == 1


def test_json(ainf):
    found = json.loads(ainf("status", "--json").out)
    assert found["schema"] == "ainf.status/1"
    assert found["engine"]["pid"] == 4711
    assert found["backends"][0]["latency"] == 0.012


def test_bare_ainf_is_the_status_where_no_person_sits(ainf):
    ainf.open_screen = lambda *_: 1 / 0
    done = ainf()
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("● ok")


def test_bare_ainf_on_a_terminal_is_the_app(ainf, engine):
    seen = []

    def open_screen(app, opener, label):
        async def ask():
            async with opener(True) as client:
                return (await client.status()).engine.pid

        seen.append((label, app.screen, asyncio.run(ask())))
        return 7

    ainf.open_screen = open_screen
    assert ainf(tty=True).code == 7
    assert seen == [("", True, 4711)]


def test_vram_of_a_device(ainf, engine):
    device = {"name": "RTX 4090", "vram_total": 24 * 2**30, "vram_free": 6 * 2**30}
    engine.backends = (replace(engine.backends[0], devices=(device, {"name": "\x1b[5m", "vram_total": "x"})),)
    text = ainf("status").out
    assert "RTX 4090 18.0G/24.0G" in text
    assert "\x1b" not in text


def test_watch_prints_it_again_when_something_changes(ainf, engine, monkeypatch):
    monkeypatch.setattr("ainf_tui.cli.statuswatch.PAUSE", 0.01)

    async def change_and_end():
        await ainf.until("ainf.status/1")
        engine.overall = "warning"
        engine.store.update(health=HealthDocument("warning"))
        await ainf.until('"overall":"warning"')
        raise KeyboardInterrupt

    ainf.script = change_and_end
    done = ainf("status", "--watch", "--json")
    lines = [json.loads(line) for line in done.out.splitlines()]
    assert (lines[0]["overall"], lines[-1]["overall"]) == ("ok", "warning")
    assert done.code == 130
