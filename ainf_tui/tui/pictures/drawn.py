"""What came of drawing a picture, as values."""

from __future__ import annotations

from textual.strip import Strip

from ainf_tui.frozen import frozen
from ainf_tui.tui.pictures.room import Room


@frozen
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


@frozen
class Undrawable:
    """Why there is no picture, in a few words."""

    why: str
