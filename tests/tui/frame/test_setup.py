"""From settings, flags and the terminal to the app's options."""

from __future__ import annotations

from pathlib import Path

import pytest

from ainf_tui.locations import locate
from ainf_tui.settings import resolve
from ainf_tui.tui.setup import Setup, asked, make_options
from ainf_tui.tui.terminal.abilities import decide
from ainf_tui.tui.terminal.probe import Probe

XTERM = {"TERM": "xterm-256color", "LANG": "C.UTF-8", "COLORTERM": "truecolor"}


def options(flags=None, environ=None, kept="", **fields):
    environ = {**XTERM, **(environ or {})}
    settings = resolve(flags or {}, environ, Path("none.toml"))
    setup = Setup(settings, locate({"AINF_HOME": "/h"}), environ, **fields)
    return make_options(setup, decide(environ, asked(settings), Probe()), kept)


def test_defaults():
    found = options()
    assert (found.theme, found.unicode, found.mouse, found.slow, found.images) == (
        "ainf-dark",
        True,
        True,
        False,
        "blocks",
    )
    assert found.session_file == Path("/h/state/app-session.json")
    assert found.themes_dir == Path("/h/config/themes")


@pytest.mark.parametrize(
    ("flags", "environ", "field", "value"),
    [
        ({"app.ascii": "yes"}, {}, "unicode", False),
        ({"app.ascii": "no"}, {"LANG": "C"}, "unicode", True),
        ({}, {"LANG": "C"}, "unicode", False),
        ({"app.mouse": "off"}, {}, "mouse", False),
        ({}, {"SSH_TTY": "/dev/pts/1"}, "mouse", False),
        ({"app.mouse": "on"}, {"SSH_TTY": "/dev/pts/1"}, "mouse", True),
        ({"app.low_bandwidth": "yes"}, {}, "slow", True),
        ({"app.low_bandwidth": "yes"}, {}, "images", "off"),
        ({"app.images": "sixel"}, {}, "images", "sixel"),
        ({}, {"AINF_APP_IMAGES": "off"}, "images", "off"),
    ],
)
def test_flag_setting_and_terminal(flags, environ, field, value):
    assert getattr(options(flags, environ), field) == value


@pytest.mark.parametrize(
    ("flags", "environ", "kept", "theme"),
    [
        ({}, {}, "nord", "nord"),
        ({"app.theme": "ainf-light"}, {}, "nord", "ainf-light"),
        ({}, {"AINF_APP_THEME": "ainf-light"}, "", "ainf-light"),
        ({}, {"NO_COLOR": "1"}, "nord", "ansi"),
        ({}, {"COLORTERM": "", "TERM": "xterm"}, "", "ansi"),
        ({"app.theme": "nord"}, {"NO_COLOR": "1"}, "", "nord"),
        ({"app.low_bandwidth": "yes"}, {}, "nord", "ansi"),
    ],
)
def test_theme_of_flag_then_terminal_then_choice_then_setting(flags, environ, kept, theme):
    assert options(flags, environ, kept).theme == theme


def test_a_late_answer_of_the_terminal_does_not_overrule_the_user():
    wide = Probe(widths={"●": 2})
    glyphs = options({"app.ascii": "no"}).decide(wide, slow=False)
    plain = options().decide(wide, slow=False)
    assert glyphs is not None
    assert plain is not None
    assert (glyphs.unicode, plain.unicode) == (True, False)


def test_read_only_is_handed_on():
    found = options(read_only=True, may_start=False, label="DEMO")
    assert (found.read_only, found.may_start, found.label) == (True, False, "DEMO")
