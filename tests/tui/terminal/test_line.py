"""The line to the terminal: what it says of itself, and one that is slow or stands still."""

from __future__ import annotations

import time

import pytest

from tests.fakes.xterm import Abilities


def test_terminal_is_asked_once(open_app):
    terminal = open_app(can=Abilities(sixel=True, cell=(10, 20), version="Test(1)"))
    assert "probe widths=111111111111 sixel=True kitty=False cell=(10, 20) Test(1)" in terminal.text
    terminal.wait_still()
    assert terminal.xterm.queries["c"] == 1
    assert terminal.xterm.unknown == {}


def test_wide_glyphs_are_found(open_app):
    terminal = open_app(can=Abilities(wide="●✓"))
    terminal.wait_text(r"^probe widths=211211111111 ")


def test_kitty_graphics_are_found(open_app):
    terminal = open_app(can=Abilities(kitty_graphics=True))
    terminal.wait_text(r"^probe .* kitty=True ")


def test_silent_terminal_costs_nothing(open_app):
    terminal = open_app(can=Abilities(silent=True), ready="line 9")
    terminal.press("j")
    terminal.wait_text(r"^keys 1 last j")
    terminal.press("escape")
    terminal.wait_text(r"^keys 2 last escape")


def test_synchronized_output_is_used(open_app):
    terminal = open_app("busy", can=Abilities(synchronized=True), keep=True)
    terminal.wait_text("tick [1-9]")
    terminal.press("q")
    terminal.wait_exit()
    assert terminal.output.count(b"\x1b[?2026h") > 1
    assert terminal.modes_left_on() == []


def test_terminal_that_does_not_read_stops_nothing_but_its_picture(open_app, tmp_path):
    pulse = tmp_path / "pulse"
    terminal = open_app("busy", f"pulse={pulse}")
    terminal.pause_reading()
    time.sleep(2.5)
    first = pulse.stat().st_size
    time.sleep(1.0)
    beats = pulse.stat().st_size - first
    assert beats >= 3, "the event loop goes on"
    before = terminal.bytes_out
    read_again = time.monotonic()
    terminal.resume_reading()
    terminal.press("j")
    terminal.wait_text("^keys 1 last j")
    tick = max(int(word) for line in terminal.screen_lines() for word in line.split()[1:2] if "row" in line)
    assert tick > 25, "what is shown is now, not then"
    assert terminal.bytes_out - before < 60_000, "no queue of old pictures"
    assert time.monotonic() - read_again < 10


@pytest.mark.parametrize("words", [(), ("low",)], ids=["measured", "asked for"])
def test_slow_line(open_app, words):
    """On 5 kB/s a key is answered while everything else moves. On Textual's own driver it waits for all
    that was painted before: 20 s and more.
    """
    terminal = open_app("busy", *words, ready="line 9")
    terminal.read_rate(5_000)
    terminal.wait_text("line slow" if not words else "tick [2-9]", 40)
    took = []
    for line in (1, 2, 3, 4):
        answered = terminal.expect(rf"^> line {line}")
        pressed = terminal.press("down")
        took.append(answered.wait(30) - pressed)
        time.sleep(0.3)
    assert sorted(took)[1] < 1.5, took
    ticks = terminal.expect(lambda text: text.count("tick") >= 10)
    ticks.wait(10)


def test_line_that_is_fast_again_is_found(open_app):
    terminal = open_app("busy", ready="line 9")
    terminal.read_rate(4_000)
    terminal.wait_text("line slow", 40)
    terminal.read_rate(None)
    terminal.wait_text("line fast", 40)
