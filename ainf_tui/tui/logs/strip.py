"""The strip at the right edge: where errors, warnings and matches lie, and where we are. Pure."""

from __future__ import annotations

from ainf_tui.domain.log_documents import LogPlace, LogStateDocument
from ainf_tui.tui.lines import Span
from ainf_tui.tui.logs.rows import GRAVE
from ainf_tui.tui.signs import Signs

_RANK = {"": 0, "warning": 1, "error": 2}


def fraction(place: LogPlace, size: int) -> float:
    """How far into a view of `size` bytes the place lies, 0..1."""
    return max(0.0, min(1.0, sum(place.offsets.values()) / size)) if size > 0 else 1.0


def strip_cells(
    state: LogStateDocument | None, height: int, seen: tuple[float, float], signs: Signs
) -> tuple[Span, ...]:
    """A sign and its style for each of `height` lines; `seen`: from where to where the screen shows, 0..1."""
    counts = [0] * height
    styles = [""] * height
    found = [False] * height
    if state is not None and height:
        for at, level in state.marks:
            y, style = _line(at, height), GRAVE.get(level, "")
            counts[y] += 1
            if _RANK.get(style, 0) > _RANK.get(styles[y], 0):
                styles[y] = style
        for at in state.found_at:
            found[_line(at, height)] = True
    first, last = _line(seen[0], height), _line(seen[1], height)
    most = max(counts, default=0)
    return tuple(
        _cell(counts[y] / most if most else 0.0, styles[y], signs, found=found[y], here=first <= y <= last)
        for y in range(height)
    )


def _line(at: float, height: int) -> int:
    return max(0, min(height - 1, int(max(0.0, min(1.0, at)) * height)))


def _cell(share: float, style: str, signs: Signs, *, found: bool, here: bool) -> Span:
    if found:
        sign, style = signs.mark, "mark"
    elif style:
        sign = signs.spark([0.15 + 0.85 * share])
    else:
        sign = "│" if here else " "
        return sign, "accent" if here else ""
    return sign, f"{style}+match" if here else style
