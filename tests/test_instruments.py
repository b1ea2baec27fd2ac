"""The terminal that other tests and the benchmarks look through: what it shows must be what is there."""

import os
import signal
import sys
import time

import pytest

from tests.fakes.keys import key_bytes
from tests.fakes.terminal import Terminal
from tests.fakes.xterm import PLAIN_XTERM, Abilities, Xterm

ECHO = """
import os, sys, termios, tty
before = termios.tcgetattr(0)
tty.setraw(0)
os.write(1, {begin!r}.encode())
while (data := os.read(0, 1024)) != b"q":
    os.write(1, repr(data).encode() + b"\\r\\n")
{restore}
os.write(1, {end!r}.encode())
"""
BACK = "termios.tcsetattr(0, termios.TCSANOW, before)"


def raw_program(begin: str = "ready\r\n", end: str = "", restore: str = BACK) -> list[str]:
    """Says what it reads, until it reads `q`."""
    return [sys.executable, "-c", ECHO.format(begin=begin, end=end, restore=restore)]


def drawn(*pieces: bytes, size: tuple[int, int] = (20, 5), can: Abilities = PLAIN_XTERM) -> Xterm:
    xterm = Xterm(*size, answer=lambda _: None, can=can)
    for piece in pieces:
        xterm.feed(piece)
    return xterm


def answers(question: bytes, can: Abilities = PLAIN_XTERM) -> bytes:
    told = bytearray()
    Xterm(80, 24, answer=told.extend, can=can).feed(question)
    return bytes(told)


def first_rows(xterm: Xterm, count: int = 2) -> list[str]:
    return [row.rstrip() for row in xterm.cells.rows[:count]]


# -- the program and its terminal ----------------------------------------------------------------------
def test_keys_arrive_and_the_screen_shows_what_was_written():
    with Terminal(raw_program(), size=(60, 10)) as terminal:
        terminal.wait_text("^ready")
        pressed = terminal.press("ctrl+p")
        assert terminal.wait_change(pressed) > pressed
        terminal.press("down")
        terminal.wait_text(r"^b'\\x1b\[B'")
        assert terminal.screen_lines()[:3] == ["ready", r"b'\x10'", r"b'\x1b[B'"]
        assert terminal.bytes_out == len("ready\r\n" + r"b'\x10'" + "\r\n" + r"b'\x1b[B'" + "\r\n")
        terminal.press("q")
        assert terminal.wait_exit() == 0


def test_program_has_a_controlling_terminal_of_that_size_that_can_be_changed():
    show = "import os, signal, time; show = lambda *_: print(os.get_terminal_size(0), flush=True)\n"
    with Terminal(
        [
            sys.executable,
            "-c",
            f"{show}signal.signal(signal.SIGWINCH, show); show()\nwhile True: time.sleep(1)",
        ],
        size=(91, 17),
    ) as terminal:
        terminal.wait_text("columns=91, lines=17")
        assert os.tcgetpgrp(terminal._master) == terminal.process.pid
        terminal.resize(44, 12)
        terminal.wait_text("columns=44, lines=12")
        assert len(terminal.screen_lines()) == 12


def test_what_a_program_leaves_on_is_told():
    begin = "\x1b[?1049h\x1b[?1000h\x1b[?1006h\x1b[?25l\x1b[?2004h\x1b[?1004h\x1b[>1uready"
    end = "\x1b[?1000l\x1b[?1006l\x1b[?2004l\x1b[<u\x1b[?1049l"
    with Terminal(raw_program(begin, end, restore="")) as terminal:
        terminal.wait_text("ready")
        assert {"alternate screen", "mouse", "kitty keyboard"} <= set(terminal.modes_left_on())
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.modes_left_on() == ["cursor hidden", "focus reports", "line modes (stty)"]
        assert "ready" not in terminal.text


def test_clean_program_leaves_nothing_on():
    with Terminal(raw_program("\x1b[?1049h\x1b[?25lready", "\x1b[?1049l\x1b[?25h")) as terminal:
        terminal.wait_text("ready")
        terminal.press("q")
        assert terminal.wait_exit() == 0
        assert terminal.modes_left_on() == []


def test_missing_text_fails_with_the_screen():
    with Terminal(raw_program()) as terminal:
        terminal.wait_text("ready")
        with pytest.raises(AssertionError, match=r"(?s)not within 0.05 s: 'absent'.*running.*ready"):
            terminal.wait_text("absent", timeout=0.05)


def test_stillness_begins_with_what_was_sent():
    """An answer that takes its time is not taken for stillness because the screen was still before."""
    late = "import sys, time, tty\ntty.setraw(0)\nprint('ready', flush=True)\n"
    late += "sys.stdin.read(1)\ntime.sleep(0.1)\nprint('late', flush=True)\nsys.stdin.read(1)"
    with Terminal([sys.executable, "-c", late]) as terminal:
        terminal.wait_text("ready")
        terminal.wait_still(400)
        terminal.press("x")
        terminal.wait_still(400)
        assert "late" in terminal.text


def test_closed_pty_hangs_up():
    with Terminal(raw_program()) as terminal:
        terminal.wait_text("ready")
        terminal.close_pty()
        assert terminal.wait_exit() == -signal.SIGHUP


def test_terminal_that_does_not_read_stops_its_program():
    flood = "import os\nfor n in range(40): os.write(1, b'x' * 99_999 + b'\\r\\n')\nos.write(1, b'done')"
    with Terminal([sys.executable, "-c", flood]) as terminal:
        terminal.wait_text("x")
        terminal.pause_reading()
        terminal.wait_still(100)
        read = terminal.bytes_out
        assert terminal.process.poll() is None, "the flood fits into the pty: make it longer"
        terminal.resume_reading()
        terminal.wait_text("done")
        assert terminal.bytes_out > read
        assert terminal.wait_exit() == 0


def test_slow_line_takes_its_time():
    with Terminal([sys.executable, "-c", "print('x' * 1000, 'done')"]) as terminal:
        terminal.read_rate(4000)
        done = terminal.wait_text("done")
        assert done - terminal.changes[0] > 0.2


def test_what_a_program_and_its_children_use_is_seen():
    spin = "[sys.executable, '-c', 'while True: pass'], start_new_session=True"
    busy = f"import subprocess, sys\nsubprocess.Popen({spin})\nprint('ready', flush=True)\ninput()"
    with Terminal([sys.executable, "-c", busy]) as terminal:
        terminal.wait_text("ready")
        before, began = terminal.tree.cpu(), time.monotonic()
        while terminal.tree.cpu() < before + 0.05:
            assert time.monotonic() < began + 10
            time.sleep(0.01)
        assert len(terminal.tree.processes()) == 2
        assert terminal.tree.memory().rss > terminal.tree.memory().pss > 1_000_000
        processes = terminal.tree.processes()
    gone = time.monotonic() + 10
    while terminal.tree.processes() and time.monotonic() < gone:
        time.sleep(0.01)  # killed, and not yet scheduled to die
    assert terminal.tree.processes() == []
    assert not any(process.is_running() and process.status() != "zombie" for process in processes)


# -- the screen ----------------------------------------------------------------------------------------
def test_a_sequence_may_come_in_pieces():
    text = "\x1b[2;3Hé\x1b]0;title\x1b\\\x1b[1;1Ha".encode()
    for cut in range(len(text)):
        xterm = drawn(text[:cut], text[cut:])
        assert first_rows(xterm) == ["a", "  é"], cut
        assert list(xterm.strings) == ["]0;title"]
        assert not xterm.unknown


def test_color_is_a_change_and_repetition_is_none():
    xterm = drawn(b"\x1b[?25labc")
    assert not xterm.feed(b"\x1b[1;1Habc")
    assert xterm.feed(b"\x1b[1;1H\x1b[48;2;1;2;3mabc")
    assert not xterm.feed(b"\x1b[1;1H\x1b[48:2::1:2:3mabc")


def test_wide_glyph_takes_two_columns():
    assert drawn("漢x".encode()).cells.cursor.x == 3
    assert drawn("●x".encode()).cells.cursor.x == 2
    assert drawn("●x".encode(), can=Abilities(wide="●")).cells.cursor.x == 3


def test_main_screen_comes_back():
    xterm = drawn(b"shell$ ", b"\x1b[?1049h\x1b[Hfull", b"")
    assert first_rows(xterm, 1) == ["full"]
    xterm.feed(b"\x1b[?1049l")
    assert first_rows(xterm, 1) == ["shell$"]
    assert xterm.cells.cursor.x == 7


@pytest.mark.parametrize(
    ("question", "answer"),
    [
        (b"\x1b[c", b"\x1b[?64;1;2;6;9;15;16;17;18;21;22;28c"),
        (b"\x1b[3;7H\x1b[6n", b"\x1b[3;7R"),
        (b"\x1b[>q", b"\x1bP>|XTerm(379)\x1b\\"),
        (b"\x1b[?2004h\x1b[?2004$p", b"\x1b[?2004;1$y"),
        (b"\x1b[?2026$p", b"\x1b[?2026;0$y"),
        (b"\x1b]11;?\x07", b"\x1b]11;rgb:0000/0000/0000\x07"),
        (b"\x1b[16t", b"\x1b[6;16;8t"),
        (b"\x1b_Gi=31,s=1,v=1,a=q,t=d,f=24;AAAA\x1b\\", b""),
        (b"\x1b[?u", b""),
    ],
)
def test_answers_are_those_of_a_plain_xterm(question, answer):
    assert answers(question) == answer
    assert answers(question, Abilities(silent=True)) == b""


def test_answers_follow_the_abilities():
    assert b";4;" in answers(b"\x1b[c", Abilities(sixel=True))
    assert answers(b"\x1b[?2026$p", Abilities(synchronized=True)) == b"\x1b[?2026;2$y"
    assert answers(b"\x1b_Gi=31,a=q;\x1b\\", Abilities(kitty_graphics=True)) == b"\x1b_Gi=31;OK\x1b\\"


def test_key_names():
    names = ["enter", "ctrl+p", "alt+x", "shift+up", "ctrl+left", "f5", "é", "ctrl+space"]
    sent = [b"\r", b"\x10", b"\x1bx", b"\x1b[1;2A", b"\x1b[1;5D", b"\x1b[15~", "é".encode(), b"\0"]
    assert [key_bytes(name) for name in names] == sent
    assert key_bytes("up", application_cursor=True) == b"\x1bOA"
    with pytest.raises(ValueError, match="'hyper\\+x'"):
        key_bytes("hyper+x")


def test_a_sequence_that_the_next_one_cuts_off_is_dropped():
    for cut in range(1, 12):
        whole = b"a\x1b[3\x1b\\\x1b[1mb"
        xterm = drawn(whole[:cut], whole[cut:])
        assert first_rows(xterm)[0] == "ab", cut
        assert not xterm.unknown
