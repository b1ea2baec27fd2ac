"""Which way of drawing holds, and why none does. Pure."""

from __future__ import annotations

METHODS = ("blocks", "sixel", "kitty", "off")
HELP = {
    "auto": "what the terminal can",
    "blocks": "half blocks, in every terminal with colours",
    "sixel": "sharp, where the terminal knows it",
    "kitty": "sharp, in kitty and Ghostty",
    "off": "text only",
}


def method(wanted: str, *, unicode: bool, slow: bool) -> tuple[str, str]:
    """(one of METHODS, why it is off). `wanted`: what was chosen or decided; unknown ones are blocks."""
    if wanted == "off":
        return "off", "pictures are off"
    if not unicode:
        return "off", "no pictures with ASCII signs"
    if slow:
        return "off", "no pictures on a slow line"
    return (wanted if wanted in METHODS else "blocks"), ""
