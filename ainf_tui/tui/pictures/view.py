"""The widget that shows a drawing: only the cells that differ are painted."""

from __future__ import annotations

from typing import Any

from textual import getters
from textual.geometry import Region, Size
from textual.strip import Strip
from textual.widget import Widget

from ainf_tui.tui.pictures.drawn import Drawing
from ainf_tui.tui.widgets.painted import Looking


class PictureView(Widget):
    """As large as its drawing. Pictures of sixel are drawn over blank cells after each paint of these."""

    app = getters.app(Looking)
    DEFAULT_CSS = "PictureView { width: 0; height: 0; }"

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.drawing: Drawing | None = None
        self._due = False

    def show(self, drawing: Drawing | None) -> None:
        """Shows it in place of what was shown; None: nothing."""
        before, self.drawing = self.drawing, drawing
        if before is drawing:
            return
        if before is not None and before.end:
            self.app.write_raw(before.end)
        if drawing is not None and drawing.sequence:
            self.app.write_raw(drawing.sequence)
        if drawing is None or before is None or before.box != drawing.box:
            box = drawing.box if drawing is not None else (0, 0)
            self.styles.width, self.styles.height = box
            self.refresh(layout=True)
            return
        if drawing.over or drawing.sequence:
            self.refresh()
            return
        for y, (old, new) in enumerate(zip(before.strips, drawing.strips, strict=True)):
            changed = changes(old, new)
            if changed is not None:
                self.refresh(Region(changed[0], y, changed[1] - changed[0], 1))

    def empty(self) -> None:
        """Blank cells in the place of what was shown: another picture is on its way."""
        if self.drawing is not None:
            box = self.drawing.box
            blank = Strip.blank(box.width, self.rich_style)
            self.show(Drawing(box, self.drawing.size, (blank,) * box.height))

    def render_line(self, y: int) -> Strip:
        drawing = self.drawing
        if drawing is None or not 0 <= y < len(drawing.strips):
            return Strip.blank(self.size.width, self.rich_style)
        if drawing.over and not self._due:
            self._due = True
            # The paint that asked for this line goes out before any message is read.
            self.call_later(self._draw_over)
        return drawing.strips[y]

    def _draw_over(self) -> None:
        """The picture of sixel, where nothing lies over its cells now."""
        self._due = False
        drawing = self.drawing
        if drawing is None or not drawing.over or not self.is_attached or self.app.screen is not self.screen:
            return
        region = self.region
        covered = any(toast.region.overlaps(region) for toast in self.screen.query("Toast"))
        if covered or self.size != Size(*drawing.box) or not self.screen.region.contains_region(region):
            return
        self.app.write_raw(f"\x1b7\x1b[{region.y + 1};{region.x + 1}H{drawing.over}\x1b8")

    def on_unmount(self) -> None:
        if self.drawing is not None and self.drawing.end:
            self.app.write_raw(self.drawing.end)


def changes(old: Strip, new: Strip) -> tuple[int, int] | None:
    """From which cell to which the two differ; None if they do not. Cells of a picture are one wide."""
    before, after = _cells(old), _cells(new)
    if before == after:
        return None
    if len(before) != len(after):
        return 0, max(len(before), len(after))
    first = next(x for x, pair in enumerate(zip(before, after, strict=True)) if pair[0] != pair[1])
    last = next(x for x in range(len(after), first, -1) if before[x - 1] != after[x - 1])
    return first, last


def _cells(strip: Strip) -> list[tuple[str, Any]]:
    return [(char, segment.style) for segment in strip for char in segment.text]
