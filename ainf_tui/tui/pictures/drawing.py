"""Bytes of a picture made into what a terminal shows: cells, and for sixel and kitty a sequence with them.

Pillow decodes and scales; textual-image makes what sixel and kitty need. This module is imported by the first
picture, in the thread that draws it: 120 ms that the app's start does not have. Files come from a server:
whatever they hold, the answer is a drawing or one line of why not.
"""

from __future__ import annotations

import io
from base64 import b64encode
from collections.abc import Iterable, Iterator
from itertools import groupby

from PIL import Image as Pillow
from PIL import ImageOps
from PIL.Image import Image
from rich.color import Color
from rich.color_triplet import ColorTriplet
from rich.console import Console
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ainf_tui.tui.pictures.drawn import Drawing, Undrawable
from ainf_tui.tui.pictures.room import USUAL_CELL, Room, fit
from ainf_tui.tui.terminal.pictures import load

FORMATS = ("PNG", "JPEG", "WEBP", "GIF", "BMP")
MOST_PIXELS = 64_000_000
"""Of a picture that is decoded: 256 MB of memory; ComfyUI's largest usual ones have a fifth."""
_SHADES = 5
"""Bits of a colour in half blocks: neighbours become equal, and go out as one."""
_CHUNK = 4096
"""Bytes of a kitty message."""


def draw(data: bytes, room: Room, method: str, cell: tuple[int, int] | None = None) -> Drawing | Undrawable:
    """Blocks, and never raises for what `data` holds. `method`: blocks | sixel | kitty."""
    cell = cell or USUAL_CELL
    try:
        with Pillow.open(io.BytesIO(data), formats=FORMATS) as opened:
            size = opened.size
            if size[0] * size[1] > MOST_PIXELS:
                return Undrawable(f"{size[0]} x {size[1]} pixels are too many to be drawn")
            box = fit(size, room, cell)
            picture = _scaled(opened, _pixels(box, method, cell))
    except Exception as error:  # noqa: BLE001 - decoders raise whatever a broken file makes them trip over
        return Undrawable(f"it cannot be read as a picture ({type(error).__name__})")
    if method == "kitty":
        return _kitty(picture, box, size, cell)
    return _sixel(picture, box, size, cell) if method == "sixel" else _blocks(picture, box, size)


def _pixels(box: Room, method: str, cell: tuple[int, int]) -> tuple[int, int]:
    if method == "blocks":
        return box.width, box.height * 2
    return box.width * cell[0], box.height * cell[1]


def _scaled(opened: Image, pixels: tuple[int, int]) -> Image:
    """Decoded no larger than is needed, on black where it is transparent."""
    opened.draft("RGB", (pixels[0] * 2, pixels[1] * 2))
    whole = opened.convert("RGBA") if opened.mode in {"RGBA", "LA", "PA", "P"} else opened.convert("RGB")
    small = whole.resize(pixels, Pillow.Resampling.BOX, reducing_gap=2.0)
    if small.mode == "RGBA":
        ground = Pillow.new("RGBA", pixels, (0, 0, 0, 255))
        ground.alpha_composite(small)
        small = ground.convert("RGB")
    return small


def _lines(segments: Iterable[Segment], box: Room) -> tuple[Strip, ...]:
    """Rendered segments as strips; neighbours of one style are one."""
    lines = Segment.split_lines(segments)
    return tuple(Strip(line, box.width).simplify() for _, line in zip(range(box.height), lines, strict=False))


def _console(box: Room) -> Console:
    return Console(
        file=io.StringIO(), width=box.width, height=box.height, force_terminal=True, color_system="truecolor"
    )


def _blocks(picture: Image, box: Room, size: tuple[int, int]) -> Drawing:
    """Two pixels a cell. textual-image has the same, by a call that Pillow 14 takes away."""
    data = ImageOps.posterize(picture, _SHADES).tobytes()
    row = box.width * 3
    styles: dict[bytes, Style] = {}
    strips = []
    for top in range(0, len(data), row * 2):
        segments: list[Segment] = []
        pairs = (data[at : at + 3] + data[at + row : at + row + 3] for at in range(top, top + row, 3))
        for pair, same in groupby(pairs):
            if pair not in styles:
                styles[pair] = Style(color=_colour(pair[:3]), bgcolor=_colour(pair[3:]))
            segments.append(Segment("▀" * len(list(same)), styles[pair]))
        strips.append(Strip(segments, box.width))
    return Drawing(box, size, tuple(strips))


def _colour(pixel: bytes) -> Color:
    return Color.from_triplet(ColorTriplet(*pixel))


def _sixel(picture: Image, box: Room, size: tuple[int, int], cell: tuple[int, int]) -> Drawing:
    load("sixel", cell)
    from textual_image.renderable.sixel import Image as SixelImage  # noqa: PLC0415 - only once loaded

    console = _console(box)
    rendered = SixelImage(picture, box.width, box.height).__rich_console__(console, console.options)
    data = next((p.text for p in rendered if isinstance(p, Segment) and p.text.startswith("\x1bP")), "")
    blank = Strip.blank(box.width)
    return Drawing(box, size, (blank,) * box.height, over=data)


def _kitty(picture: Image, box: Room, size: tuple[int, int], cell: tuple[int, int]) -> Drawing:
    load("kitty", cell)
    from textual_image.renderable import tgp  # noqa: PLC0415 - only once loaded

    class Placed(tgp.Image):
        """The cells that stand for the picture; what it would write to the terminal itself, we keep."""

        kept = ""

        def _send_image_to_terminal(self, width: int, height: int) -> None:
            del width, height
            self.terminal_image_id = next(tgp.Image._image_id_counter) & 0xFFFFFFFF or 1  # noqa: SLF001 - its ids
            self.kept += "".join(_messages(picture, self.terminal_image_id))

        def _create_virtual_placement(self, width: int, height: int) -> None:
            self.kept += f"\x1b_Ga=p,i={self.terminal_image_id},c={width},r={height},U=1,q=2\x1b\\"

    console = _console(box)
    placed = Placed(picture, box.width, box.height)
    strips = _lines(console.render(placed), box)
    end = f"\x1b_Ga=d,d=I,i={placed.terminal_image_id},q=2\x1b\\"
    return Drawing(box, size, strips, sequence=placed.kept, end=end)


def _messages(picture: Image, number: int) -> Iterator[str]:
    """The picture as PNG in messages of kitty's protocol."""
    held = io.BytesIO()
    picture.save(held, "PNG", compress_level=1)
    data = b64encode(held.getvalue()).decode()
    for start in range(0, len(data), _CHUNK):
        more = int(start + _CHUNK < len(data))
        yield f"\x1b_Gi={number},f=100,m={more},q=2;{data[start : start + _CHUNK]}\x1b\\"
