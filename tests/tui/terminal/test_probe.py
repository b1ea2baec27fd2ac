"""The terminal's answers, and what the app makes of them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.errors import UsageError
from ainf_tui.tui.terminal.abilities import Options, decide
from ainf_tui.tui.terminal.probe import GLYPHS, Probe, questions, taken

XTERM = {"TERM": "xterm-256color", "LANG": "C.UTF-8"}


def told(*answers):
    probe = Probe()
    for answer in answers:
        probe = taken(probe, answer)
    return probe


def test_each_answer():
    probe = told(
        b"\x1b[0n",
        *[b"\x1b[2;2R"] * (len(GLYPHS) - 1),
        b"\x1b[2;3R",
        b"\x1bP>|WezTerm 2024\x1b\\",
        b"\x1b]11;rgb:ffff/ffff/ff00\x1b\\",
        b"\x1b[6;20;10t",
        b"\x1b_Gi=31;OK\x1b\\",
        b"\x1b[?2026;2$y",
        b"\x1b[?64;4;22c",
    )
    assert probe.widths == {**dict.fromkeys(GLYPHS, 1), GLYPHS[-1]: 2}
    assert probe.name == "WezTerm 2024"
    assert probe.dark is False
    assert (probe.cell, probe.sixel, probe.kitty, probe.synchronized) == ((10, 20), True, True, True)
    assert probe.status
    assert probe.complete


def test_what_is_not_answered_is_unknown():
    assert told() == Probe()
    probe = told(b"\x1b[?6c")
    assert (probe.sixel, probe.kitty, probe.cell, probe.dark) == (False, False, None, None)
    assert probe.complete


@given(st.binary(max_size=60))
def test_no_answer_breaks_it(answer):
    taken(Probe(), answer)
    taken(Probe(), b"\x1b" + answer)


def test_questions_end_with_the_one_that_everybody_answers():
    text = questions(XTERM, 40)
    assert text.endswith("\x1b[c")
    assert len(text) < 300, "they are the first bytes on a slow line"
    assert "\x1b_G" not in questions({**XTERM, "TMUX": "/tmp/x"}, 40)
    assert "\x1b]11" not in questions({"TERM": "linux"}, 40)
    assert "6n" not in questions(XTERM, 1), "row 1 would be mistaken for a key"


@pytest.mark.parametrize("environ", [{"TERM": "dumb"}, XTERM])
def test_no_screen_without_a_terminal(environ):
    with pytest.raises(UsageError, match="terminal") as caught:
        decide(environ, Options(), Probe(), tty=environ is not XTERM)
    assert caught.value.code == "tui.no_terminal"
    assert caught.value.exit_code == 2
    assert "ainf status" in caught.value.hint


@pytest.mark.parametrize(
    ("environ", "colours"),
    [
        ({"TERM": "xterm-256color"}, "256"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor"}, "truecolor"),
        ({"TERM": "xterm-kitty"}, "truecolor"),
        ({"TERM": "xterm-16color"}, "ansi"),
        ({"TERM": "linux"}, "ansi"),
        ({"TERM": "xterm-256color", "COLORTERM": "truecolor", "NO_COLOR": "1"}, "none"),
        ({"TERM": "xterm-256color", "NO_COLOR": ""}, "256"),
        ({"TERM": "xterm", "FORCE_COLOR": "3"}, "truecolor"),
        ({"TERM": "xterm", "FORCE_COLOR": "3", "NO_COLOR": "1"}, "none"),
    ],
)
def test_colours(environ, colours):
    assert decide(environ, Options(), Probe()).colours == colours


NARROW = Probe(widths=dict.fromkeys(GLYPHS, 1))
WIDE = Probe(widths={**dict.fromkeys(GLYPHS, 1), "●": 2})


@pytest.mark.parametrize(
    ("environ", "options", "probe", "unicode"),
    [
        (XTERM, Options(), Probe(), True),
        (XTERM, Options(), NARROW, True),
        (XTERM, Options(), WIDE, False),
        (XTERM, Options(ascii=True), NARROW, False),
        ({"TERM": "xterm"}, Options(), Probe(), False),
        ({"TERM": "xterm"}, Options(), NARROW, True),
        ({"TERM": "xterm", "TMUX": "x"}, Options(), NARROW, False),
        ({"TERM": "xterm", "LANG": "de_DE.ISO-8859-1"}, Options(), Probe(), False),
        ({"TERM": "xterm", "LC_ALL": "C", "LANG": "de_DE.UTF-8"}, Options(), Probe(), False),
        ({"TERM": "xterm", "LANG": "de_DE.utf8@euro"}, Options(), Probe(), True),
    ],
)
def test_glyphs(environ, options, probe, unicode):
    assert decide(environ, options, probe).unicode is unicode


SSH = {**XTERM, "SSH_CONNECTION": "1 2 3 4"}


def test_mouse_leaves_selection_to_the_terminal_over_ssh():
    assert decide(XTERM, Options(), Probe()).mouse
    far = decide(SSH, Options(), Probe())
    assert far.over_ssh
    assert not far.mouse
    assert "selection" in far.reasons["mouse"]
    assert decide(SSH, Options(mouse=True), Probe()).mouse
    assert not decide(XTERM, Options(mouse=False), Probe()).mouse


KITTY = Probe(kitty=True, sixel=False, name="kitty(0.36)", complete=True)
SIXEL = Probe(kitty=False, sixel=True, complete=True)


@pytest.mark.parametrize(
    ("environ", "options", "probe", "images"),
    [
        (XTERM, Options(), Probe(), "blocks"),
        (XTERM, Options(), SIXEL, "sixel"),
        (XTERM, Options(), KITTY, "kitty"),
        (XTERM, Options(), Probe(kitty=True, name="Konsole 24", complete=True), "blocks"),
        ({**XTERM, "TMUX": "x"}, Options(), KITTY, "blocks"),
        ({**XTERM, "TMUX": "x"}, Options(), SIXEL, "sixel"),
        ({**XTERM, "TMUX": "x"}, Options(images="kitty"), Probe(), "kitty"),
        ({**XTERM, "TERM_PROGRAM": "WarpTerminal"}, Options(), KITTY, "blocks"),
        ({**XTERM, "NO_COLOR": "1"}, Options(), SIXEL, "off"),
        (XTERM, Options(low_bandwidth=True), SIXEL, "off"),
        (XTERM, Options(low_bandwidth=True, images="sixel"), Probe(), "sixel"),
    ],
)
def test_pictures(environ, options, probe, images):
    assert decide(environ, options, probe).images == images


def test_low_bandwidth_takes_sixteen_colours():
    environ = {**XTERM, "COLORTERM": "truecolor"}
    assert decide(environ, Options(low_bandwidth=True), Probe()).colours == "ansi"


@pytest.mark.parametrize(
    ("environ", "name"),
    [
        ({"TMUX": "x"}, "tmux"),
        ({"TERM": "tmux-256color"}, "tmux"),
        ({"STY": "1"}, "screen"),
        ({"TERM": "screen-256color", "TMUX": "x"}, "tmux"),
        ({"TERM": "xterm"}, ""),
    ],
)
def test_multiplexer(environ, name):
    assert decide(environ, Options(), Probe()).multiplexer == name
