"""Makes the pictures of `docs/app.md` from the running program: plays the story and draws its screens.

A picture whose words differ in figures only (times, ages) is left as it is; `make pictures` changes a file
when its screen has changed.
"""

from __future__ import annotations

import asyncio
import base64
import io
import re
import sys
import tempfile
from collections.abc import Iterator, Mapping
from itertools import groupby
from pathlib import Path
from xml.sax.saxutils import escape

DOCS = Path(__file__).resolve().parent
PICTURES = DOCS / "pictures"
ROOT = DOCS.parent
# Run as a file, the script finds itself in docs/ and the package nowhere, unless it is installed.
if str(ROOT) not in sys.path:
    sys.path.insert(0, str(ROOT))

from PIL import Image  # noqa: E402 - after the path
from pyte.screens import Char  # noqa: E402 - same

from tests.fakes.terminal import Terminal  # noqa: E402 - same
from tests.fakes.xterm_screen import Cells  # noqa: E402 - same
from tests.tui.boxes import BOXES, ERRORS, Box, shown  # noqa: E402 - same
from tests.tui.story import RETURN, STAGES, Stage, Story, prepared, states  # noqa: E402 - same

SIZE = (120, 40)
OTHER_SIZES = ((80, 24), (200, 60))
SEVERAL = ("dashboard", "queued")
"""The stages that are shown at every size, in their order."""
WITH_TOASTS = frozenset({"queued", "retry", "copy"})
"""Stages whose message at the edge is a part of the picture; elsewhere it is waited until it has gone."""
TOAST = re.compile(r"(?<!X)▌")
"""The edge of a message; a box to tick has one, too."""
TOAST_SECONDS = 12.0
MOST_BYTES = 60_000

WIDTH, HEIGHT = 8, 17
"""Of a cell, in the picture's units."""
NAMED: Mapping[str, str] = {"default": "#e0e0e0", "black": "#000000", "white": "#e0e0e0"}
GROUND = "#101418"
FONT = "ui-monospace, 'DejaVu Sans Mono', Menlo, Consolas, monospace"
HALF = "▀"


# -- drawing ---------------------------------------------------------------------------------------
def svg(cells: Cells) -> str:
    """The screen as it stands. Half blocks, which pictures are made of, become one embedded PNG."""
    wide, high = cells.columns * WIDTH, cells.lines * HEIGHT
    parts = [
        '<svg xmlns="http://www.w3.org/2000/svg"',
        f'viewBox="0 0 {wide} {high}" width="{wide}" height="{high}">',
        f'<rect width="100%" height="100%" fill="{_ground_of(cells)}"/>',
        f'<g font-family="{FONT}" font-size="13" xml:space="preserve">',
        *(part for y in range(cells.lines) for part in _line(cells, y)),
        "</g>",
        *_pixels(cells),
        "</svg>\n",
    ]
    return "\n".join(parts)


def _line(cells: Cells, y: int) -> Iterator[str]:
    """Runs of one look: what lies behind, then the words."""
    ground, x = _ground_of(cells), 0
    for look, run in groupby((cells.buffer[y][x] for x in range(cells.columns)), key=_look):
        chars = list(run)
        text, begin = "".join(cell.data for cell in chars), x
        x += len(chars)
        (front, behind), bold, italics, half = look
        if half:
            continue
        if behind != ground:
            yield (
                f'<rect x="{begin * WIDTH}" y="{y * HEIGHT}" width="{len(chars) * WIDTH}" '
                f'height="{HEIGHT}" fill="{behind}"/>'
            )
        kept = text.strip()
        if kept:
            begin += len(text) - len(text.lstrip())
            style = ' font-weight="bold"' * bold + ' font-style="italic"' * italics
            yield (
                f'<text x="{begin * WIDTH}" y="{y * HEIGHT + 13}" fill="{front}"{style} '
                f'textLength="{len(kept) * WIDTH}">{escape(kept)}</text>'
            )


def _look(cell: Char) -> tuple[tuple[str, str], bool, bool, bool]:
    colours = (_colour(cell.fg, "#e0e0e0"), _colour(cell.bg, GROUND))
    half = cell.data == HALF
    return colours[::-1] if cell.reverse else colours, cell.bold, cell.italics, half


def _colour(name: str, default: str) -> str:
    return default if name == "default" else NAMED.get(name, f"#{name}")


def _ground_of(cells: Cells) -> str:
    """What lies behind most of the screen: the theme's own."""
    return _colour(cells.buffer[2][0].bg, GROUND)


def _pixels(cells: Cells) -> Iterator[str]:
    """Two pixels a cell, over everything else."""
    image = Image.new("RGBA", (cells.columns, cells.lines * 2))
    for y in range(cells.lines):
        for x in range(cells.columns):
            cell = cells.buffer[y][x]
            if cell.data == HALF:
                (front, behind), *_ = _look(cell)
                image.putpixel((x, y * 2), _rgba(front))
                image.putpixel((x, y * 2 + 1), _rgba(behind))
    if image.getbbox() is None:
        return
    stream = io.BytesIO()
    image.save(stream, "PNG", optimize=True)
    data = base64.b64encode(stream.getvalue()).decode()
    yield (
        f'<image width="{cells.columns * WIDTH}" height="{cells.lines * HEIGHT}" preserveAspectRatio="none" '
        f'style="image-rendering:pixelated" href="data:image/png;base64,{data}"/>'
    )


def _rgba(colour: str) -> tuple[int, int, int, int]:
    return (int(colour[1:3], 16), int(colour[3:5], 16), int(colour[5:7], 16), 255)


# -- the story -------------------------------------------------------------------------------------
def _without_toast(text: str) -> bool:
    return TOAST.search(text) is None


async def _take(terminal: Terminal, stage: Stage, size: tuple[int, int]) -> tuple[str, str]:
    """Name and picture of the screen, once it has come to rest."""
    if stage.name not in WITH_TOASTS:
        await asyncio.to_thread(terminal.expect(_without_toast).wait, TOAST_SECONDS)
    await asyncio.to_thread(terminal.wait_still, 400)
    name = stage.name if size == SIZE else f"{stage.name}-{size[0]}x{size[1]}"
    return name, svg(terminal.xterm.cells)


async def _whole(story: Story) -> dict[str, str]:
    with story.app(SIZE) as terminal:
        taken = []
        for stage in STAGES:
            await story.play(terminal, stage)
            taken.append(await _take(terminal, stage, SIZE))
        terminal.press("q")
        await asyncio.to_thread(terminal.wait_exit)
    await story.go_on()
    await story.until(lambda jobs: not states(jobs, "running") | states(jobs, "submitted"))
    with story.app(SIZE) as terminal:
        await story.play(terminal, RETURN)
        taken.append(await _take(terminal, RETURN, SIZE))
    return dict(taken)


async def _several(story: Story, size: tuple[int, int]) -> dict[str, str]:
    """Those stages at another size."""
    taken: list[tuple[str, str]] = []
    with story.app(size) as terminal:
        for stage in STAGES:
            await story.play(terminal, stage)
            if stage.name in SEVERAL:
                taken.append(await _take(terminal, stage, size))
            if stage.name == SEVERAL[-1]:
                return dict(taken)
    raise AssertionError(f"the story has no stage {SEVERAL[-1]}")


async def taken() -> dict[str, str]:
    """All pictures by name."""
    with tempfile.TemporaryDirectory(prefix="ainf-pictures-") as scratch:
        async with prepared(Path(scratch) / "whole") as story:
            pictures = await _whole(story)
        for size in OTHER_SIZES:
            async with prepared(Path(scratch) / str(size[0])) as story:
                pictures |= await _several(story, size)
        for box in BOXES:
            pictures[box.name] = await asyncio.to_thread(_of_box, box, Path(scratch) / box.name)
        for size in (SIZE, *OTHER_SIZES):
            name = ERRORS.name if size == SIZE else f"{ERRORS.name}-{size[0]}x{size[1]}"
            pictures[name] = await asyncio.to_thread(_of_box, ERRORS, Path(scratch) / name, size)
    return pictures


def _of_box(box: Box, folder: Path, size: tuple[int, int] = SIZE) -> str:
    with shown(box, folder, size) as terminal:
        terminal.expect(_without_toast).wait(TOAST_SECONDS)
        terminal.wait_still(1500, 30.0)
        return svg(terminal.xterm.cells)


def same(one: str, other: str) -> bool:
    """But for figures."""
    return re.sub(r"\d+", "0", one) == re.sub(r"\d+", "0", other)


def main() -> int:
    """1 if a picture is too large for a page."""
    pictures = asyncio.run(taken())
    PICTURES.mkdir(exist_ok=True)
    for path in PICTURES.glob("*.svg"):
        if path.stem not in pictures:
            path.unlink()
    large = []
    for name, picture in pictures.items():
        path = PICTURES / f"{name}.svg"
        if not (path.exists() and same(path.read_text(encoding="utf-8"), picture)):
            path.write_text(picture, encoding="utf-8")
            print(f"written: {path.relative_to(ROOT)}, {len(picture.encode()) / 1e3:.0f} kB")
        if len(picture.encode()) > MOST_BYTES:
            large.append(name)
    if large:
        print("larger than a page should load: " + ", ".join(large), file=sys.stderr)
    return 1 if large else 0


if __name__ == "__main__":
    sys.exit(main())
