"""What a terminal may send: old mouse reports, bad UTF-8, late answers, very much."""

from __future__ import annotations

import time

import pytest


def alive(terminal):
    """Whether it answers keys; the first may be lost with what was wrong before it."""
    answered = terminal.expect("last j")
    for _ in range(100):
        terminal.press("j")
        time.sleep(0.05)
        if answered.came:
            break
    answered.wait(0)


@pytest.mark.parametrize(("column", "pieces"), [(20, 1), (150, 1), (150, 2)])
def test_old_mouse_report(open_app, column, pieces):
    terminal = open_app(size=(200, 40))
    terminal.wait_still()  # an answer between two pieces is what no terminal sends
    report = b"\x1b[M" + bytes([32, 32 + column, 32 + 5])
    terminal.xterm.modes.set(1006, on=False)  # as a terminal that has lost its modes
    if pieces == 2:
        terminal.write(report[:4])
        terminal.wait_still(20)
    terminal.write(report[4 if pieces == 2 else 0 :])
    terminal.wait_text(rf"^mouse {column - 1},4 button 1")
    alive(terminal)
    assert terminal.xterm.modes.on(1006), "asked again for the form that we want"


def test_mouse_is_left_to_the_terminal_and_taken_again(open_app):
    terminal = open_app()
    assert terminal.xterm.modes.on(1003)
    terminal.press("M")
    terminal.wait_text("^keys 1 last M")
    assert "mouse" not in terminal.modes_left_on()
    terminal.press("M")
    terminal.wait_text("^keys 2 last M")
    assert terminal.xterm.modes.on(1003)


def test_bad_utf8_in_a_paste(open_app):
    terminal = open_app()
    terminal.write(b"\x1b[200~a\xff\xfe\xc3(b\x1b[201~")
    terminal.wait_text(r"^paste 'a\ufffd\ufffd\ufffd\(b'")
    alive(terminal)


def test_what_is_pasted_is_text(open_app):
    """Also an answer, a key, and a mouse report: none is obeyed."""
    terminal = open_app()
    terminal.paste("x\x1b[0ny\x1b[Bq\x1b[M !!")
    terminal.wait_text(r"^paste 'x␛\[0ny␛\[Bq␛\[M !!'")
    terminal.press("j")
    terminal.wait_text("^keys 1 last j")


def test_numbers_that_are_none(open_app):
    """A key of kitty's protocol beyond Unicode."""
    terminal = open_app()
    terminal.write(b"\x1b[99999999;1u")
    alive(terminal)


def test_late_answers_are_not_typed(open_app):
    terminal = open_app()
    terminal.wait_still()
    for piece in (b"\x1b[3;2R", b"\x1b[0n\x1b[?64;4c", b"\x1bP>|Late(1)\x1b\\", b"\x1b]11;rgb:ff/ff/ff\x07"):
        terminal.write(piece)
    terminal.write(b"\x1b_Gi=31;OK\x1b\\\x1b[6;16;8t")
    terminal.press("j")
    terminal.wait_text(r"^keys 1 last j")


def test_a_thousand_keys(open_app):
    terminal = open_app("busy")
    for _ in range(100):
        terminal.type("abcdefghij")
    terminal.wait_text(r"^keys 1000 last j", 30)


def test_escape_alone_is_a_key(open_app):
    terminal = open_app()
    terminal.wait_still()
    terminal.press("escape")
    terminal.wait_text(r"^keys 1 last escape")


def test_resize_storm(open_app):
    terminal = open_app("busy")
    terminal.wait_text("row 1")  # they come with the app's first tick, which a fast storm would outrun
    for step in range(200):
        terminal.resize(40 + step % 80, 12 + step % 30)
    terminal.resize(20, 5)
    terminal.resize(90, 31)
    terminal.press("j")
    terminal.wait_text(r"^keys 1 last j")
    terminal.press("k")
    terminal.wait_text(r"^keys 2 last k")
    # What is near the focus is painted first, so a key may be answered some milliseconds before the rows.
    terminal.wait_text("row 17")
