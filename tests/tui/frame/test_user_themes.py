"""Users' themes: read, refused one by one, and good enough for every style of ours."""

from __future__ import annotations

import pytest
from rich.style import Style

from ainf_tui.tui.looks import STYLES, make_looks, own_tokens
from ainf_tui.tui.themes import our_themes
from ainf_tui.tui.user_themes import OURS, PARTS, read_themes

NIGHT = 'name = "night"\ndark = true\n[colours]\nprimary = "#102030"\nmuted = "#405060"\n'


def test_no_folder_is_no_theme(tmp_path):
    found = read_themes(tmp_path / "none", ())
    assert (found.themes, found.problems) == ((), ())


def test_a_wrong_theme_costs_itself_only(tmp_path):
    (tmp_path / "a.toml").write_text(NIGHT)
    (tmp_path / "b.toml").write_text('[colours]\nprimary = "#102030"\nbakground = "#000000"\n')
    (tmp_path / "c.toml").write_text("name = 5 x")
    (tmp_path / "day.toml").write_text('dark = false\n[colours]\nprimary = "red"\n')
    found = read_themes(tmp_path, ())
    assert [(theme.name, theme.dark) for theme in found.themes] == [("night", True), ("day", False)]
    assert found.problems[0] == (
        f"{tmp_path / 'b.toml'}:3: there is no token 'bakground'; did you mean background?"
    )
    assert f"{tmp_path / 'c.toml'}:1" in found.problems[1]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "at least primary"),
        ('name = "Big Name"', "small letters"),
        ('name = "ainf-dark"\n[colours]\nprimary = "#111111"', "already"),
        ('dark = "yes"', "true or false"),
        ("colours = 5", "table"),
        ('[colours]\nprimary = "nocolour"', "no colour"),
        ("[colours]\nprimary = 5", "is a text"),
        ('colors = "x"', "did you mean colours"),
    ],
)
def test_what_is_wrong_is_named(tmp_path, text, words):
    (tmp_path / "x.toml").write_text(text)
    found = read_themes(tmp_path, {"ainf-dark"})
    assert found.themes == ()
    assert words in found.problems[0]
    assert str(tmp_path / "x.toml") in found.problems[0]


def test_every_token_is_taken_and_every_style_can_be_made(tmp_path):
    tokens = "\n".join(
        f'{token} = "#1{index:x}2030"' for index, token in enumerate((*PARTS, *OURS)) if index < 16
    )
    (tmp_path / "all.toml").write_text("[colours]\n" + tokens)
    (tmp_path / "least.toml").write_text('[colours]\nprimary = "#808080"')
    found = read_themes(tmp_path, ())
    assert found.problems == ()
    for theme in (*found.themes, *our_themes()):
        made = theme.to_color_system().generate()
        made = {**made, **theme.variables}
        looks = make_looks({**own_tokens(made, ansi=theme.ansi, dark=theme.dark), **made})
        assert looks.keys() == set(STYLES)
        assert all(isinstance(style, Style) for style in looks.values())
