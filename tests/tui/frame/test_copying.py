"""Copying of a job: what is offered, that it is whole, and that the toast says how."""

from __future__ import annotations

import json
import shlex
from base64 import b64decode
from dataclasses import replace

from ainf_tui.domain.documents import JobDetailDocument, NodeDocument, OutputDocument, ProblemDocument
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.queue.copying import copies
from tests.fakes.job_rows import job_document, job_row
from tests.tui.conftest import still
from tests.tui.frame.helpers import toasts

LONG = "a red bicycle " * 50
JOB = replace(
    job_document(7, "failed"),
    prompt=LONG,
    seed=7,
    error=ProblemDocument(
        "comfy.oom", "out of memory\nin VAE", "smaller", NodeDocument("8", "VAE", "VAEDecode")
    ),
    outputs=(
        OutputDocument("/out/a.png", "images", 1, None, "9"),
        OutputDocument("/out/b.png", "images", 1, None, "9"),
    ),
)
DETAIL = JobDetailDocument(JOB, {}, None, {}, ())


def texts(detail):
    row = replace(job_row(7, "failed"), prompt=LONG[:200], error="comfy.oom: out of memory", seed_text="7")
    return {option.value: text for option, text in copies(row, detail)}


def test_all_of_a_job():
    found = texts(DETAIL)
    assert found["prompt"] == LONG
    assert found[
        "error"
    ] == "#7 test-pack  comfy.oom\nout of memory\nin VAE\nVAE (VAEDecode)\nsmaller".replace(
        "test-pack", JOB.pack
    )
    assert (found["seed"], found["id"], found["path"]) == ("7", JOB.id, "/out/a.png")
    assert found["all paths"] == "/out/a.png\n/out/b.png"
    assert shlex.split(found["command"]) == ["ainf", "queue", "show", "7"]
    assert json.loads(found["json"])["prompt"] == LONG


def test_without_an_engine_it_says_what_is_cut():
    found = texts(None)
    assert "prompt (its beginning)" in found
    assert found["error"] == "comfy.oom: out of memory"


def test_what_there_is_not_is_not_offered():
    plain = replace(JOB, error=None, outputs=(), seed=None, seed_text=None)
    found = texts(replace(DETAIL, job=plain))
    assert found.keys() == {"prompt", "id", "command", "json"}


async def test_y_offers_and_sends_to_the_terminal(open_app, fake_engine, monkeypatch):
    written: list[str] = []
    monkeypatch.setattr(AinfApp, "write_raw", lambda _self, sequence: written.append(sequence))
    fake_engine.put(job_row(7, "failed"))
    fake_engine.details["id-000007"] = replace(DETAIL, job=replace(JOB, outputs=()))
    async with open_app(environ={"SSH_TTY": "/dev/pts/0", "TERM": "xterm"}) as (app, pilot):
        await pilot.press("y")
        await still(pilot)
        await pilot.press("down", "enter")
        await still(pilot, 8)
        (sequence,) = [text for text in written if "]52;" in text]
        assert b64decode(sequence.removeprefix("\x1b]52;c;").removesuffix("\a")).decode() == LONG
        assert f"Sent {len(LONG)} characters to the terminal (OSC 52)" in toasts(app)


async def test_ctrl_c_copies_what_is_selected_in_a_field_and_leaves_at_the_second_time_elsewhere(
    open_app, monkeypatch
):
    copied: list[str] = []
    async with open_app() as (app, pilot):
        monkeypatch.setattr(app, "copy_text", copied.append)
        await pilot.press("slash", *"bike", "shift+home", "ctrl+c", "ctrl+c")
        await still(pilot)
        assert copied == ["bike", "bike"]
        assert toasts(app) == ""
        await pilot.press("escape", "ctrl+c")
        await still(pilot)
        assert "^c again leaves the app" in toasts(app)
        assert app.is_running
        await pilot.press("ctrl+c")
        await still(pilot)
        assert not app.is_running
