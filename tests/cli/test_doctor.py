"""`ainf doctor`: the report, its exit codes, fixes, the bundle; with an engine and without one."""

from __future__ import annotations

import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest

from ainf_tui.domain.checks import facts as f
from ainf_tui.domain.redaction import redacted
from tests.fakes.checks import OPEN, WELL

ROOT = Path(__file__).resolve().parents[2]
UTF8 = {"LANG": "C.UTF-8", "TERM": "xterm-256color"}


def doctor(home: Path, *args: str, **env: str) -> subprocess.CompletedProcess[str]:
    """In a process of its own, without an engine; the discard port answers nobody."""
    places = {"AINF_HOME": str(home), "HOME": str(home), "AINF_COMFYUI_URL": "http://127.0.0.1:9"}
    return subprocess.run(
        [sys.executable, "-m", "ainf_tui", "doctor", *args],
        capture_output=True,
        text=True,
        timeout=90,
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LANG": "C.UTF-8", **places, **env},
        check=False,
    )


def test_a_box_that_is_well(ainf, engine):
    ainf.environ = UTF8
    done = ainf("doctor")
    assert (done.code, done.err) == (0, "")
    lines = done.out.splitlines()
    assert lines[0] == "ainf - System Doctor"
    assert sum("GPU  " in line for line in lines) == 1
    assert any(line.startswith("✓ Python") and "3.13.1" in line for line in lines)
    assert any(line.startswith("✓") and "8188  FREE" in line for line in lines)
    assert "Issues\n  none" in done.out
    assert "✓ ok" in lines[-1]


def test_what_is_wrong_is_told_with_its_fix_and_exit_code_1(ainf, engine):
    ainf.environ = UTF8
    taken = f.Port(8188, "comfyui", free=False, owner="pid 7 (evil\x1b]0;x\x07) of ann", wants_comfyui=True)
    engine.checks.inspector.facts = replace(OPEN, ports=(taken,), git=f.Unknown("PATH cannot be read"))
    done = ainf("doctor")
    assert done.code == 1
    assert "IN USE" in done.out
    assert "pid 7 (evil" in done.out
    assert "\x1b" not in done.out
    assert "[security.state]" in done.out
    assert "? Git: could not be looked at: PATH cannot be read" in done.out
    assert "`ainf doctor --fix`: Close it to others" in done.out


def test_json(ainf, engine):
    engine.checks.inspector.facts = OPEN
    done = ainf("doctor", "--json")
    document = json.loads(done.out)
    assert (done.code, document["schema"], document["overall"]) == (1, "ainf.checks/1", "warning")
    found = {check["code"]: check for check in document["checks"]}
    assert found["security.state"]["fix"]["steps"] == ["chmod 700 /s"]
    assert {"terminal.type", "services.engine", "system.settings"} <= found.keys()


@pytest.mark.parametrize(("answer", "done"), [("y\n", True), ("n\n", False), ("", False)])
def test_a_fix_is_shown_and_asked_for(ainf, engine, answer, done):
    inspector = engine.checks.inspector
    inspector.facts, inspector.after = OPEN, WELL
    result = ainf("doctor", "--fix", stdin=answer)
    assert "chmod 700 /s" in result.err
    assert result.code == (0 if done else 1)
    assert [fix.id for fix in inspector.done] == (["private"] if done else [])


def test_a_fix_with_yes_asks_nobody(ainf, engine):
    inspector = engine.checks.inspector
    inspector.facts, inspector.after = OPEN, WELL
    assert ainf("doctor", "--fix", "--yes", "--json").code == 0
    assert len(inspector.done) == 1
    assert ainf("doctor", "--fix", "--json").code == 2


def test_read_only_looks_and_mends_nothing(ainf, engine):
    engine.checks.inspector.facts = OPEN
    assert ainf("--read-only", "doctor").code == 1
    refused = ainf("--read-only", "doctor", "--fix", "--yes")
    assert refused.code == 1
    assert "read-only" in refused.err
    assert engine.checks.inspector.done == []


def test_the_bundle_is_private_and_replaces_nothing(ainf, engine, tmp_path):
    path = tmp_path / "a bundle.zip"
    assert ainf("doctor", "--bundle", str(path)).code == 0
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes() == b"PK"
    again = ainf("doctor", "--bundle", str(path))
    assert (again.code, "--force" in again.err) == (2, True)
    assert ainf("doctor", "--bundle", str(path), "--force").code == 0
    assert ainf("doctor", "--bundle", str(tmp_path / "no" / "b.zip")).code == 1
    assert [p.name for p in tmp_path.iterdir() if p.is_file()] == ["a bundle.zip"]


def test_without_an_engine_it_looks_by_itself_and_starts_none(tmp_path):
    done = doctor(tmp_path, "--json")
    document = json.loads(done.stdout)
    found = {check["code"]: check for check in document["checks"]}
    assert (done.returncode, document["overall"]) == (1, "error")
    assert found["comfyui.reachable.default"]["severity"] == "error"
    assert found["services.engine"]["severity"] == "info"
    assert found["python.version"]["severity"] in {"ok", "info"}
    assert not (tmp_path / "state").exists()


def test_broken_settings_and_a_state_folder_that_is_a_file(tmp_path):
    (tmp_path / "config").mkdir()
    (tmp_path / "config" / "config.toml").write_text("[queue]\nmax_attempts = 'many'\n")
    (tmp_path / "state").write_text("")
    done = doctor(tmp_path)
    assert done.returncode == 1, done.stderr
    assert "[system.settings]" in done.stdout
    assert "max_attempts" in done.stdout
    assert "[disk.write.state]" in done.stdout
    assert "[services.engine]" in done.stdout


def test_fixes_are_really_carried_out(tmp_path):
    state = tmp_path / "state"
    state.mkdir(mode=0o755)
    (state / "engine-settings.json").write_text("{}")
    done = doctor(tmp_path, "--fix", "--yes", "--json")
    found = {check["code"]: check["severity"] for check in json.loads(done.stdout)["checks"]}
    assert stat.S_IMODE(state.stat().st_mode) == 0o700
    assert not (state / "engine-settings.json").exists()
    assert (tmp_path / "outputs").is_dir()
    assert (found["security.state"], found["services.leftovers"], found["disk.write.outputs"]) == ("ok",) * 3


def test_the_bundle_holds_what_a_report_needs_and_no_secret(tmp_path):
    state = tmp_path / "state"
    (state / "runs" / "latest").mkdir(parents=True)
    prompt = "a secret garden, token: gold, the key light is soft, password of the sea"
    lines = [f"line {n}" for n in range(2500)]
    secrets = ["Authorization: Bearer abcdef123456", "GET /x?api_key=zzzzzzzz&seed=1", "hf_" + "a" * 30]
    (state / "engine.log").write_text("\n".join([*lines, prompt, *secrets, "to postgresql://u:hunter22@h/x"]))
    (state / "runs" / "latest" / "events.jsonl").write_text('{"message": "started"}\n')
    target = tmp_path / "b.zip"
    done = doctor(tmp_path, "--bundle", str(target), AINF_REDIS_URL="redis://:hunter22@127.0.0.1:9")
    assert done.returncode == 0, done.stderr
    with zipfile.ZipFile(io.BytesIO(target.read_bytes())) as found:
        parts = {name: found.read(name).decode() for name in found.namelist()}
    names = {"checks.json", "settings.json", "versions.json", "logs/engine.log", "run/events.jsonl"}
    assert names <= parts.keys()
    log = parts["logs/engine.log"].splitlines()
    assert (len(log), prompt in log, "line 0" in log) == (2000, True, False)
    everything = "\n".join(parts.values())
    assert [s for s in ("abcdef123456", "zzzzzzzz", "a" * 30, "hunter22") if s in everything] == []
    assert "seed=1" in everything
    assert json.loads(parts["checks.json"])["overall"] == "error"


@pytest.mark.parametrize(
    "text",
    [
        "a secret garden with a golden key",
        '{"prompt": "password: swordfish, token of love", "seed": 7}',
        "ancient key, api documentation style, authorization of the king",
        "sk-ip the rope; hf_",
    ],
)
def test_prompts_are_not_eaten(text):
    assert redacted(text, lambda t: t) == text


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("authorization: bearer abc.def", "authorization: bearer ***"),
        ("ran --hf-token abcdefgh --port 8188", "ran --hf-token *** --port 8188"),
        ("HF_TOKEN=abcdefgh python main.py", "HF_TOKEN=*** python main.py"),
        ('{"api_key": "AbCdEf0123456789", "seed": 7}', '{"api_key": "***", "seed": 7}'),
        ("X-Api-Key: abcdef", "X-Api-Key: ***"),
        ("got sk-abcdefghijklmnopqrstuvwx.", "got ***"),
    ],
)
def test_secrets_are_hidden(text, kept):
    assert redacted(text, lambda t: t) == kept
