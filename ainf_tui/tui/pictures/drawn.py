"""What came of drawing a picture, as values."""

from __future__ import annotations

from dataclasses import dataclass

from textual.strip import Strip

from ainf_tui.tui.pictures.room import Room


@dataclass(frozen=True, slots=True)
class Drawing:
    """`strips`: a line each, of `box.width` cells. `size`: the picture's own pixels.

    `sequence` goes to the terminal before the cells (kitty), `over` after them, with the cursor at the first
    (sixel), `end` when the picture is no longer shown.
    """

    box: Room
    size: tuple[int, int]
    strips: tuple[Strip, ...]
    sequence: str = ""
    over: str = ""
    end: str = ""


@dataclass(frozen=True, slots=True)
class Undrawable:
    """Why there is no picture, in a few words."""

    why: str
