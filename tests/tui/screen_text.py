"""What stands on the screen, cell by cell, and whether it may stand there."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, TypeVar

from rich.cells import cell_len
from textual.app import App
from textual.pilot import Pilot
from textual.strip import Strip

from tests.fakes.hostile import raw

T = TypeVar("T")
SIZES = ((20, 5), (80, 24), (120, 40))


def strips(app: App[Any]) -> list[Strip]:
    """Every line of the whole screen as it would be written: dialogs, toasts and all."""
    return list(app.screen._compositor.render_strips())


def text(app: App[Any]) -> str:
    return "\n".join(strip.text for strip in strips(app))


def check_screen(app: App[Any]) -> None:
    """Each line as wide as the screen, nothing that a terminal obeys, nothing taken for markup."""
    lines = strips(app)
    assert len(lines) == app.size.height
    for y, strip in enumerate(lines):
        written = [segment for segment in strip if segment.text]
        told = f"line {y}: {strip.text!a}"
        assert not [s for s in written if s.control], told
        assert raw(strip.text) == [], told
        assert cell_len(strip.text) == app.size.width, told
        # A terminal that makes one glyph of several characters and one that does not agree on it.
        assert sum(map(cell_len, strip.text)) == app.size.width, told
        for segment in written:
            style = segment.style
            assert style is None or (style.link is None and "@click" not in style.meta), told


def check_line(line: tuple[tuple[str, str], ...], cells: int | None = None) -> None:
    """The same of a line that is not painted yet."""
    said = "".join(span for span, _ in line)
    if said.isascii() and said.isprintable():
        taken = len(said)
    else:
        assert raw(said) == [], ascii(said)
        taken = sum(map(cell_len, said))
        assert cell_len(said) == taken, ascii(said)
    assert cells is None or taken <= cells, ascii(said)


# -- cases and sizes --------------------------------------------------------------------------------
def some(cases: Iterable[T], size: tuple[int, int], step: int = 1) -> list[T]:
    """All (each `step`th) in the usual size, and fewer in the others: the file is to take little time."""
    return list(cases)[:: step if size == (80, 24) else 6 * step]


async def settled(app: App[Any], pilot: Pilot[Any]) -> None:
    """What was opened or resized has its place; then it is checked."""
    for _ in range(100):
        await pilot.pause()
        if len(strips(app)) == app.size.height:
            break
    check_screen(app)
