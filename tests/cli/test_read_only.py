"""`ainf --read-only`: every command of the command line is tried, and nothing has changed."""

from __future__ import annotations

import json
from pathlib import Path

import click
import pytest

from ainf_tui.cli.main import cli
from ainf_tui.cli.reference import walk
from tests.cli.fakes import make_job

LOOKS = {
    "ainf status": [],
    "ainf host": [],
    "ainf queue list": [],
    "ainf queue show": ["142"],
    "ainf queue wait": ["142"],
    "ainf workflows list": [],
    "ainf workflows show": ["portrait-basic"],
    "ainf presets list": [],
    "ainf presets show": ["fashion"],
    "ainf engine status": [],
    "ainf services list": [],
    "ainf services show": ["web"],
    "ainf services ports": [],
    "ainf services logs": ["web"],
    "ainf runs": [],
    "ainf errors list": [],
    "ainf errors show": ["7"],
    "ainf errors stats": [],
    "ainf errors export": [],
    "ainf config show": [],
    "ainf config path": [],
    "ainf config validate": [],
    "ainf comfyui info": [],
    "ainf comfyui wait": [],
    "ainf comfyui nodes list": [],
    "ainf completion": ["bash"],
}
CHANGES = {
    "ainf run": ["portrait-basic", "--prompt", "a cat"],
    "ainf queue cancel": ["142"],
    "ainf queue retry": ["142"],
    "ainf queue hold": ["142"],
    "ainf queue release": ["142"],
    "ainf queue move": ["142", "--top"],
    "ainf queue clear": ["--yes"],
    "ainf queue pause": [],
    "ainf queue resume": [],
    "ainf comfyui install": [],
    "ainf comfyui update": [],
    "ainf comfyui rollback": [],
    "ainf comfyui cancel": [],
    "ainf comfyui start": [],
    "ainf comfyui stop": [],
    "ainf comfyui restart": [],
    "ainf comfyui free": [],
    "ainf comfyui nodes install": ["https://h/n.git", "--yes"],
    "ainf comfyui nodes enable": ["n"],
    "ainf comfyui nodes disable": ["n"],
    "ainf comfyui nodes update": ["n"],
    "ainf comfyui nodes remove": ["n"],
    "ainf errors log": ["--message", "no"],
    "ainf errors seen": [],
    "ainf errors resolve": ["7"],
    "ainf errors reopen": ["7"],
    "ainf errors mute": ["7"],
    "ainf errors note": ["7", "known"],
    "ainf errors merge": ["7", "7"],
    "ainf errors split": ["7", "1.00000000000000aa"],
    "ainf errors clear": ["--yes"],
    "ainf engine run": [],
    "ainf up": ["--no-wait"],
    "ainf down": ["--no-wait"],
    "ainf services start": ["web", "--no-wait"],
    "ainf services stop": ["web", "--no-wait"],
    "ainf services restart": ["web", "--no-wait"],
    "ainf services adopt": ["web", "--no-wait"],
    "ainf engine stop": [],
    "ainf config init": [],
    "ainf db upgrade": [],
    "ainf db backup": [],
}
ELSEWHERE = {
    "ainf errors import": "needs a file: tests/cli/test_errors.py",
    "ainf engine start": "starts none with --read-only: tests/client/test_launch.py",
    "ainf engine logs": "reads a file",
    "ainf logs": "reads files: tests/cli/test_logs.py",
    "ainf db info": "reads the database: tests/cli/test_db.py",
    "ainf simulator": "has no engine and no state",
    "ainf doctor": "looks, and is not well in a test; --fix is refused: tests/cli/test_doctor.py",
    "ainf demo": "has a box of its own, and nothing of the user's",
}


def test_every_command_is_here() -> None:
    contexts = walk(click.Context(cli, info_name="ainf"))
    commands = {c.command_path for c in contexts if not isinstance(c.command, click.Group)}
    assert commands == {*LOOKS, *CHANGES, *ELSEWHERE}


@pytest.mark.parametrize("command", CHANGES)
def test_what_changes_something_is_refused(ainf, engine, command: str) -> None:
    engine.put(make_job(142))
    before = engine.store.state
    done = ainf("--read-only", *command.split()[1:], *CHANGES[command])
    assert done.code == 1, done.err
    assert "read-only" in done.err
    assert [name for name, _ in engine.calls if name not in {"jobs", "job", "status"}] == []
    assert engine.store.state == before
    assert not Path(ainf.home).exists()


@pytest.mark.parametrize("command", LOOKS)
def test_looking_is_as_ever(ainf, engine, command: str) -> None:
    engine.put(make_job(142, state="succeeded"))
    done = ainf("--read-only", *command.split()[1:], *LOOKS[command])
    assert (done.code, done.err) == (0, done.err)
    assert "read-only" not in done.err


def test_no_engine_is_started(ainf) -> None:
    ainf.running = False
    done = ainf("--read-only", "queue", "list", "--json")
    assert done.code == 3
    assert json.loads(done.err)["error"]["code"] == "engine.not_running"


def test_an_embedded_engine_would_work_on_the_queue(ainf) -> None:
    done = ainf("--read-only", "--embedded", "status")
    assert done.code == 2
    assert "exclude" in done.err
