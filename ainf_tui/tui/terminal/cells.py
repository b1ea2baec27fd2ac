"""Only the cells that have changed go out.

Textual's own update cuts what it writes at the right end of a change, but begins at the left end of the
widget ("TODO: crop to x extents"): a percentage at the end of a line costs the line.
"""

from __future__ import annotations

from rich.console import Console
from textual._compositor import ChopsUpdate, Compositor


class CellsUpdate(ChopsUpdate):
    """The same changes, cut at both ends."""

    def render_segments(self, console: Console) -> str:
        parts: list[str] = []
        for y, first, last in self.spans:
            for end, (begin, strip) in zip(self.chop_ends[y], self.chops[y].items(), strict=False):
                if strip is None or begin >= last or end <= first:
                    continue
                left = max(begin, first)
                parts.append(f"\x1b[{y + 1};{left + 1}H")
                parts.append(strip.crop(left - begin, min(end, last) - begin).render(console))
        return "".join(parts)


class CellsCompositor(Compositor):
    """Textual's, with such updates."""

    def render_partial_update(self) -> ChopsUpdate | None:
        update = super().render_partial_update()
        return update and CellsUpdate(update.chops, update.spans, update.chop_ends)
