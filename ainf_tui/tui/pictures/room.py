"""How many cells a picture takes. Pure."""

from __future__ import annotations

from typing import NamedTuple

USUAL_CELL = (8, 16)
"""Pixels of a cell where the terminal does not tell: twice as high as wide."""
_LEAST = (8, 4)
"""Cells; in less room there is no picture."""
_TEXT = 36
"""Cells that the text beside a picture keeps."""


class Room(NamedTuple):
    """Cells."""

    width: int
    height: int

    @property
    def enough(self) -> bool:
        return self.width >= _LEAST[0] and self.height >= _LEAST[1]


def room_for(width: int, height: int, *, beside: bool) -> Room:
    """The most that a picture may take of a pane with so many cells below its head.

    Beside the text it has less than half of the width, above it less than half of the height; a line is its
    caption's.
    """
    if beside:
        return Room(max(0, min(width * 45 // 100, width - _TEXT)), max(0, height - 1))
    return Room(max(0, width), max(0, height * 45 // 100 - 1))


def fit(size: tuple[int, int], room: Room, cell: tuple[int, int] = USUAL_CELL) -> Room:
    """The largest box of that shape in the room, at least one cell. `size` and `cell` are in pixels."""
    wide, high = max(1, size[0]) / cell[0], max(1, size[1]) / cell[1]
    scale = min(room.width / wide, room.height / high)
    width = max(1, min(room.width, round(wide * scale)))
    height = max(1, min(room.height, round(high * scale)))
    return Room(width, height)
