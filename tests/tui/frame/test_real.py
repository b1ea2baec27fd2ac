"""The whole of it in a real terminal: bare `ainf`, its command line, its session; and without a terminal."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.fakes.terminal import Terminal

ROOT = Path(__file__).resolve().parents[3]
AINF = [sys.executable, "-m", "ainf_tui"]


@pytest.fixture
def home(tmp_path):
    """A home of its own; the engine that the app starts there ends with the test."""
    folder = tmp_path / "home"
    yield folder
    subprocess.run([*AINF, "engine", "stop"], env=world(folder), cwd=ROOT, check=False, timeout=60)


def world(home: Path) -> dict[str, str]:
    return {
        "PATH": os.environ["PATH"],
        "HOME": str(home),
        "AINF_HOME": str(home),
        "AINF_COMFYUI_URL": "http://127.0.0.1:9",
        "LANG": "C.UTF-8",
    }


def test_bare_ainf_is_the_app_with_the_verbs_of_the_command_line(home):
    with Terminal(AINF, size=(100, 30), env=world(home), cwd=ROOT) as terminal:
        terminal.wait_text("Nothing is queued")
        terminal.type("2")
        terminal.wait_text("No jobs yet")
        terminal.type(':run portrait-basic --prompt "a [/x] night" --hold\r')
        terminal.wait_text("1 held")
        # In one packet, as over a slow line: not one letter may reach the list's keys.
        terminal.type("/Xpz")
        terminal.wait_text("Nothing matches")
        terminal.press("escape")
        terminal.wait_text("1 . held      a ")
        terminal.type(":queue clear\r")
        terminal.wait_text("--yes")
        terminal.type("@")
        terminal.wait_text("2 asked")
        assert "paused" not in terminal.text
        terminal.press("ctrl+q")
        assert terminal.wait_exit() == 0
        assert terminal.modes_left_on() == []
    kept = json.loads((home / "state" / "app-session.json").read_text())
    assert kept["history"] == ['run portrait-basic --prompt "a [/x] night" --hold', "queue clear"]


def test_without_a_terminal_it_is_the_status(home):
    done = subprocess.run(
        AINF, env=world(home), cwd=ROOT, capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 1
    assert "queue" in done.stdout
    assert "\x1b" not in done.stdout


def test_a_dumb_terminal_is_refused_with_the_way_out(home):
    with Terminal(AINF, env=world(home), variables={"TERM": "dumb"}, cwd=ROOT) as terminal:
        terminal.wait_text("TERM=dumb")
        terminal.wait_text("ainf status")
        assert terminal.wait_exit() == 2
