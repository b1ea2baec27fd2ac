"""The job under the cursor in full: its nodes and progress, picture, parameters, errors, attempts."""

from __future__ import annotations

from collections.abc import Iterable

from textual import events, getters
from textual.app import ComposeResult
from textual.containers import Container, Vertical
from textual.message import Message

from ainf_tui.tui.lines import Line
from ainf_tui.tui.queue.detail_lines import Seen, body_lines, head_lines
from ainf_tui.tui.widgets.painted import Bar, LineView, Looking

BESIDE = 64
"""Cells from which on the picture stands beside the text."""
_SCROLLBAR = 1


class DetailPane(Vertical):
    """Shows one job; the screen tells which, and brings what is to be shown."""

    class Resized(Message):
        """There is another width to fill."""

    app = getters.app(Looking)

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.head = Bar(id="detail-head")
        self.text = LineView(id="detail-text")
        self.body = Container(id="detail-body")
        self._seen: Seen | None = None

    def compose(self) -> ComposeResult:
        yield self.head
        with self.body:
            yield from self.parts()

    def parts(self) -> Iterable[LineView]:
        yield self.text

    def show(self, seen: Seen | None) -> None:
        """Shows it; of the job that is shown already at the same height."""
        before, self._seen = self._seen, seen
        self._paint()
        if before is None or seen is None or before.row.id != seen.row.id:
            self.text.to_end(last=False)

    def _paint(self) -> None:
        seen, signs = self._seen, self.app.signs
        head: list[Line] = head_lines(seen, self.size.width, signs) if seen is not None else []
        self.head.styles.height = max(1, len(head))
        self.head.show(*head)
        cells = max(1, self.text.region.width - _SCROLLBAR)
        self.text.show(body_lines(seen, cells, signs) if seen is not None else [])

    def on_resize(self, event: events.Resize) -> None:
        self.set_class(event.size.width >= BESIDE, "-beside")
        # The parts have their new sizes only after this one.
        self.call_after_refresh(self._paint)
        self.post_message(self.Resized())
