"""How spans look: one rich style a name, made once from the theme's tokens.

Component classes would do the same through the stylesheet, at 13 virtual nodes a widget and start.
"""

from __future__ import annotations

from collections.abc import Mapping

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


def make_looks(tokens: Mapping[str, str]) -> Looks:
    """Every style of STYLES. `tokens`: the theme's CSS variables, with ours (`own_tokens`) among them."""

    def ink(name: str, *, bold: bool = False) -> Style:
        return Style(color=Color.parse(tokens[name]).rich_color, bold=bold)

    reverse = tokens["cursor-background"] == "reverse"
    return {
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
