"""Users' own themes: `themes/NAME.toml` in the config folder. What is wrong in one costs that one only.

name = "night"            # the file's name, if it is not given
dark = true
[colours]
background = "#000000"    # by token; those that are missing are made from the others
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from textual.color import Color, ColorParseError
from textual.theme import Theme

from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen
from ainf_tui.settings_toml import TomlFile, read_toml

PARTS = (
    *("primary", "secondary", "accent", "foreground", "background", "surface", "panel", "boost"),
    *("success", "warning", "error"),
)
"""Tokens that Textual makes its others from."""
OURS = ("muted", "mark", "accent-text", "ok", "warn", "bad", "cursor-background", "cursor-muted-background")
"""Tokens of ours (`looks.own_tokens`), made from the others unless they are named."""
MOST = 100
_NAME = r"[a-z0-9][a-z0-9_-]{0,39}"


@frozen
class UserThemes:
    themes: tuple[Theme, ...] = ()
    problems: tuple[str, ...] = ()
    """FILE:LINE: what is wrong; the theme is left out."""


def read_themes(folder: Path, taken: Collection[str]) -> UserThemes:
    """Every theme of the folder, which may be missing. `taken`: names that are not free. Never raises."""
    themes: dict[str, Theme] = {}
    problems: list[str] = []
    try:
        files = sorted(folder.glob("*.toml"))[:MOST]
    except OSError as error:
        return UserThemes(problems=(f"{folder}: {error.strerror}",))
    for file in files:
        try:
            theme = make_theme(read_toml(file), {*taken, *themes})
        except UsageError as error:
            problems.append(error.message)
        except ValueError as error:
            problems.append(str(error))
        else:
            themes[theme.name] = theme
    return UserThemes(tuple(themes.values()), tuple(problems))


def make_theme(file: TomlFile, taken: Collection[str]) -> Theme:
    """ValueError names file, line and what is wrong."""
    data = file.data
    for key in data:
        if key not in {"name", "dark", "colours"}:
            raise _wrong(
                file, (key,), f"there is no {key!r} in a theme{_near(key, ('name', 'dark', 'colours'))}"
            )
    name, dark, colours = data.get("name", file.path.stem), data.get("dark", True), data.get("colours", {})
    if not isinstance(name, str) or not re.fullmatch(_NAME, name):
        raise _wrong(file, ("name",), "the name must be small letters, digits, - or _, at most 40")
    if name in taken:
        raise _wrong(file, ("name",), f"there is a theme {name!r} already")
    if not isinstance(dark, bool):
        raise _wrong(file, ("dark",), "dark must be true or false")
    if not isinstance(colours, Mapping) or "primary" not in colours:
        raise _wrong(file, ("colours",), "it needs a table [colours] with at least primary")
    made = {token: _colour(file, token, value) for token, value in colours.items()}
    parts: dict[str, Any] = {token: made.pop(token) for token in PARTS if token in made}
    return Theme(name=name, dark=dark, variables=made, **parts)


def _colour(file: TomlFile, token: str, value: object) -> str:
    place = ("colours", token)
    if token not in (*PARTS, *OURS):
        raise _wrong(file, place, f"there is no token {token!r}{_near(token, (*PARTS, *OURS))}")
    try:
        return Color.parse(value).hex if isinstance(value, str) else _no_text(file, place)
    except ColorParseError:
        raise _wrong(file, place, f"{value!r} is no colour; write #rrggbb") from None


def _no_text(file: TomlFile, place: tuple[str, ...]) -> str:
    raise _wrong(file, place, 'a colour is a text: "#rrggbb"')


def _near(name: str, known: Collection[str]) -> str:
    from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

    near = get_close_matches(name, known, n=1, cutoff=0.6)
    return f"; did you mean {near[0]}?" if near else ""


def _wrong(file: TomlFile, place: tuple[str, ...], reason: str) -> ValueError:
    line = file.line(place)
    return ValueError(f"{file.path}{f':{line}' if line else ''}: {reason}")
