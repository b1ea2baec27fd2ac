"""How spans look: one rich style a name, made once from the theme's tokens.

Component classes would do the same through the stylesheet, at 13 virtual nodes a widget and start.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rich.color import Color as Colour
from rich.style import Style
from textual.color import Color

STYLES = (
    "muted",
    "strong",
    "accent",
    "ok",
    "warning",
    "error",
    "title",
    "key",
    "cursor",
    "cursor-muted",
    "mark",
    "match",
    "banner",
)
"""What a span may be styled as."""

Looks = Mapping[str, Style]
SGR = "sgr:"
"""Before the numbers of a span whose colours are those that a log's own writer gave it."""
KEPT = 2_000
"""Styles that are kept of what logs name; they could name millions."""


class Styles(dict[str, Style]):
    """Also knows `error+match`, the second over the first, and `sgr:1;31`."""

    def __missing__(self, name: str) -> Style:
        if len(self) > KEPT:
            for old in [old for old in self if old not in STYLES]:
                del self[old]
        if "+" in name:
            under, _, over = name.rpartition("+")
            style = self[under] + self[over]
        elif name.startswith(SGR):
            style = sgr_style(name.removeprefix(SGR))
        elif not name:
            style = Style.null()
        else:
            raise KeyError(name)
        self[name] = style
        return style


_WEIGHTS = {"1": "bold", "2": "dim", "3": "italic", "4": "underline", "7": "reverse", "9": "strike"}


def sgr_style(codes: str) -> Style:
    """What `domain.logs.shown` leaves of an SGR sequence: numbers with semicolons between them."""
    parts = codes.split(";")
    made: dict[str, Any] = {}
    while parts:
        code = parts.pop(0)
        if code in _WEIGHTS:
            made[_WEIGHTS[code]] = True
        elif code in {"38", "48"}:
            colour = _palette(parts)
            made["color" if code == "38" else "bgcolor"] = colour
        elif code.isascii() and code.isdecimal():
            made |= _basic(int(code))
    return Style(**made)


def _palette(parts: list[str]) -> Colour | None:
    """Takes `5;N` or `2;R;G;B` from the front."""
    count = {"5": 2, "2": 4}.get(parts[0] if parts else "", 0)
    taken, parts[:count] = parts[1:count], []
    if not count or len(taken) != count - 1 or not all(part.isascii() and part.isdecimal() for part in taken):
        return None
    numbers = [min(255, int(part[:4])) for part in taken]
    return Colour.from_ansi(numbers[0]) if count == 2 else Colour.from_rgb(*numbers)


def _basic(number: int) -> dict[str, Colour]:
    for first, name, bright in ((30, "color", 0), (90, "color", 8), (40, "bgcolor", 0), (100, "bgcolor", 8)):
        if first <= number < first + 8:
            return {name: Colour.from_ansi(number - first + bright)}
    return {}


def make_looks(tokens: Mapping[str, str]) -> Looks:
    """Every style of STYLES. `tokens`: the theme's CSS variables, with ours (`own_tokens`) among them."""

    def ink(name: str, *, bold: bool = False) -> Style:
        return Style(color=Color.parse(tokens[name]).rich_color, bold=bold)

    reverse = tokens["cursor-background"] == "reverse"
    styles = {
        "muted": ink("muted"),
        "strong": Style(bold=True),
        "accent": ink("accent-text", bold=True),
        "ok": ink("ok"),
        "warning": ink("warn"),
        "error": ink("bad"),
        "title": ink("muted"),
        "key": ink("accent-text", bold=True),
        "cursor": Style(reverse=True)
        if reverse
        else Style(bgcolor=Color.parse(tokens["cursor-background"]).rich_color),
        "cursor-muted": Style(bold=True, underline=True)
        if reverse
        else Style(bgcolor=Color.parse(tokens["cursor-muted-background"]).rich_color),
        "mark": ink("mark", bold=True),
        "match": Style(reverse=True),
        "banner": Style(reverse=True, bold=True),
    }
    return Styles(styles)


def own_tokens(tokens: Mapping[str, str], *, ansi: bool, dark: bool) -> dict[str, str]:
    """The tokens that ours adds to any theme, Textual's and users' too, where it does not name them."""
    if ansi:
        made = {
            "muted": "ansi_bright_black",
            "accent-text": "ansi_cyan" if dark else "ansi_blue",
            "ok": "ansi_green",
            "warn": "ansi_yellow",
            "bad": "ansi_red",
            "mark": "ansi_magenta",
            "cursor-background": "reverse",
            "cursor-muted-background": "reverse",
        }
    else:
        ground, ink = Color.parse(tokens["background"]), Color.parse(tokens["foreground"])
        primary = Color.parse(tokens["primary"])
        made = {
            "muted": ink.blend(ground, 0.42).hex6,
            "accent-text": tokens["accent"] if dark else tokens["primary"],
            "ok": tokens["success"],
            "warn": tokens["warning"],
            "bad": tokens["error"],
            "mark": tokens["accent"],
            "cursor-background": ground.blend(primary, 0.42).hex6,
            "cursor-muted-background": ground.blend(ink, 0.10).hex6,
        }
    return {name: value for name, value in made.items() if name not in tokens}
