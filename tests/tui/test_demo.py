"""`ainf demo` in a terminal: everything moves, and of it nothing is left, whoever ends and however."""

from __future__ import annotations

import signal
import sys
import time

import pytest

from tests.cli.test_demo import SETTINGS_OF_THE_USER, assert_gone, living
from tests.fakes.terminal import Terminal
from tests.faults.processes import AINF, ROOT

SECONDS = 60.0
PICTURES = 4
"""Different ones that are seen before they count as moving."""
APART = 0.4
"""Seconds between two of them: one that comes in pieces is one."""
HALF = "▀"


@pytest.fixture
def scratch(tmp_path_factory, monkeypatch):
    """Where the demos of a test make their folders."""
    folder = tmp_path_factory.mktemp("d")
    monkeypatch.setenv("TMPDIR", str(folder))
    yield folder
    for process in living(folder):
        process.kill()


@pytest.fixture
def demo(scratch):
    with Terminal([sys.executable, *AINF, "demo"], cwd=ROOT, variables=SETTINGS_OF_THE_USER) as terminal:
        terminal.wait_text(r"^ ainf +.*DEMO", SECONDS)
        yield terminal


def test_pictures_come_and_q_leaves_nothing(demo, scratch):
    seen = set()
    """Of each picture the colours of all its cells."""

    last = 0.0

    def another_picture(text: str) -> bool:
        nonlocal last
        if "preview  " in text and time.monotonic() - last > APART:
            last, lines = time.monotonic(), demo.xterm.cells.buffer.values()
            seen.add(tuple((c.fg, c.bg) for line in lines for c in line.values() if c.data == HALF))
        return len(seen) >= PICTURES

    demo.wait_text(r"1 Dashboard +2 Queue", SECONDS)
    demo.press("2")
    demo.wait_text(r"● running", SECONDS)
    demo.expect(another_picture).wait(SECONDS)
    demo.press("q")
    assert demo.wait_exit(SECONDS) == 0
    assert demo.modes_left_on() == []
    assert demo.tree.processes() == []
    assert_gone(scratch, within=5.0)


@pytest.mark.parametrize("how", ["kill -9", "closed terminal"])
def test_nothing_is_left_of_it(demo, scratch, how):
    demo.wait_text(r"1 Dashboard +2 Queue", SECONDS)
    if how == "kill -9":
        demo.process.send_signal(signal.SIGKILL)
        assert demo.wait_exit() == -signal.SIGKILL
    else:
        demo.close_pty()
        assert demo.process.wait(SECONDS) == 128 + signal.SIGHUP
    assert_gone(scratch)
