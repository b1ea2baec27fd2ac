"""Our three themes. Users' own are read from files (`themes/*.toml`) and registered beside them."""

from __future__ import annotations

from textual.theme import Theme

DEFAULT = "ainf-dark"
LIGHT = "ainf-light"
ANSI = "ansi"
"""The terminal's own 16 colours: for NO_COLOR, terminals without more, and slow lines."""


def our_themes() -> tuple[Theme, ...]:
    return (_dark(), _light(), _ansi())


def _dark() -> Theme:
    return Theme(
        name=DEFAULT,
        primary="#4f8fd0",
        secondary="#3b6ea5",
        accent="#6cb6ff",
        foreground="#c9d1d9",
        background="#0f1419",
        surface="#161c23",
        panel="#1d252e",
        success="#5fb36a",
        warning="#d9a441",
        error="#e5534b",
        dark=True,
        variables={"muted": "#77828e", "mark": "#c792ea"},
    )


def _light() -> Theme:
    return Theme(
        name=LIGHT,
        primary="#1f5fa8",
        secondary="#4a7fb8",
        accent="#1f5fa8",
        foreground="#24292f",
        background="#fbfbfa",
        surface="#f1f2f3",
        panel="#e6e8ea",
        success="#1a7f37",
        warning="#8a5a00",
        error="#c1272d",
        dark=False,
        variables={"muted": "#6a737d", "mark": "#8250df"},
    )


def _ansi() -> Theme:
    return Theme(
        name=ANSI,
        ansi=True,
        primary="ansi_blue",
        secondary="ansi_cyan",
        accent="ansi_cyan",
        warning="ansi_yellow",
        error="ansi_red",
        success="ansi_green",
        foreground="ansi_default",
        background="ansi_default",
        surface="ansi_default",
        panel="ansi_default",
        boost="ansi_default",
        variables={
            "ansi-background": "ansi_black",
            "ansi-foreground": "ansi_white",
            "border-blurred": "ansi_bright_black",
            "block-cursor-foreground": "ansi_black",
            "block-cursor-background": "ansi_white",
            "input-cursor-background": "ansi_white",
            "input-cursor-foreground": "ansi_black",
            "input-cursor-text-style": "reverse",
            "input-selection-background": "ansi_blue",
            "input-selection-foreground": "ansi_white",
            "screen-selection-background": "ansi_blue",
            "screen-selection-foreground": "ansi_white",
        },
    )
