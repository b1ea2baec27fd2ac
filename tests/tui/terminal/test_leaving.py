"""However the app ends, the terminal is as it was, and the process is gone."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from ainf_tui.tui.terminal.ending import PATIENCE

APP = Path(__file__).with_name("small_app.py")
ENDING = [signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGINT]


def fill_the_line(terminal):
    """Until the terminal, which reads nothing, has nothing more of the app's taken for a while."""
    terminal.pause_reading()
    time.sleep(1.5)


def test_quit(open_app):
    terminal = open_app()
    assert "alternate screen" in terminal.modes_left_on()
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.modes_left_on() == []


@pytest.mark.parametrize("number", ENDING, ids=lambda number: number.name)
def test_signal(open_app, number):
    terminal = open_app("busy")
    terminal.process.send_signal(number)
    assert terminal.wait_exit() == 128 + number
    assert terminal.modes_left_on() == []


def test_signal_while_the_terminal_does_not_read(open_app):
    terminal = open_app("busy")
    fill_the_line(terminal)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.process.wait(PATIENCE + 3) == 128 + signal.SIGTERM
    terminal.resume_reading()
    terminal.reader.drain(2.0)
    assert terminal.modes_left_on() == [], "what waited is thrown away, so that the farewell has room"


def test_signal_to_an_app_that_hangs(open_app):
    terminal = open_app()
    terminal.press("F")
    time.sleep(0.2)
    terminal.process.send_signal(signal.SIGTERM)
    assert terminal.wait_exit(PATIENCE + 3) == 128 + signal.SIGTERM
    assert terminal.modes_left_on() == []


def test_second_signal_ends_at_once(open_app):
    terminal = open_app()
    terminal.press("F")
    time.sleep(0.2)
    began = time.monotonic()
    terminal.process.send_signal(signal.SIGTERM)
    time.sleep(0.4)
    terminal.process.send_signal(signal.SIGQUIT)
    assert terminal.wait_exit() == 128 + signal.SIGQUIT
    assert time.monotonic() - began < PATIENCE, "it has not waited for the first one's deadline"
    assert terminal.modes_left_on() == []


@pytest.mark.parametrize("wait_for", ["^probe ", "line 9"], ids=["a frame's answer", "the probe's answers"])
def test_answers_that_come_late_are_not_typed_into_the_shell(open_app, wait_for):
    quoted = f"{sys.executable} {APP} busy; echo left; exec cat"
    terminal = open_app(before=("sh", "-c", quoted), ready="", size=(100, 30))
    answer = terminal.write
    terminal.xterm._answer = lambda data: threading.Timer(0.15, answer, [data]).start()
    terminal.wait_text(wait_for)
    terminal.press("q")
    terminal.wait_text("^left")
    terminal.wait_still(400)
    assert "^[" not in terminal.text, "the terminal's echo shows what the shell got"
    assert "\x1b" not in terminal.text


def test_crash(open_app):
    terminal = open_app()
    terminal.press("C")
    assert terminal.wait_exit() == 1
    assert terminal.modes_left_on() == []
    assert "crash asked for" in terminal.text


@pytest.mark.parametrize("before", [(), ("env", "--ignore-signal=HUP")], ids=["hang-up", "nohup"])
def test_closed_terminal(open_app, before):
    terminal = open_app("busy", before=before)
    process = psutil.Process(terminal.process.pid)
    terminal.close_pty()
    assert terminal.process.wait(10) == 128 + signal.SIGHUP
    assert not process.is_running()


def test_closed_terminal_of_an_app_that_hangs(open_app):
    """Nothing can be asked of the app; the process ends all the same."""
    terminal = open_app()
    terminal.press("F")
    time.sleep(0.2)
    terminal.close_pty()
    assert terminal.process.wait(PATIENCE + 3) == 128 + signal.SIGHUP


def test_stopped_from_outside(open_app):
    """The terminal may be in any state when the app goes on."""
    terminal = open_app()
    os.kill(terminal.process.pid, signal.SIGSTOP)
    for number in (1000, 1003, 1004, 1006, 2004):
        terminal.xterm.modes.set(number, on=False)
    terminal.xterm.modes.set(25, on=True)
    terminal.xterm.feed(b"\x1b[2J")
    assert "line 9" not in terminal.text
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.wait_text("line 9")
    terminal.wait_still()
    left_on = terminal.modes_left_on()
    assert {"mouse", "cursor hidden", "focus reports", "bracketed paste", "kitty keyboard"} <= {*left_on}
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.modes_left_on() == []


def test_suspended_by_key(open_app):
    terminal = open_app()
    terminal.press("ctrl+z")
    process = psutil.Process(terminal.process.pid)
    deadline = time.monotonic() + 10
    while process.status() != psutil.STATUS_STOPPED and time.monotonic() < deadline:
        time.sleep(0.02)
    terminal.wait_still(100)
    assert terminal.modes_left_on() == []
    os.kill(terminal.process.pid, signal.SIGCONT)
    terminal.wait_text("line 9")
    terminal.press("down")
    terminal.wait_text("last down")
    terminal.press("q")
    assert terminal.wait_exit() == 0
    assert terminal.modes_left_on() == []
