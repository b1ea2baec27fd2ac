"""The group of errors under the cursor explained, beside the list or on the whole screen."""

from __future__ import annotations

from textual import getters
from textual.app import ComposeResult
from textual.containers import Vertical

from ainf_tui.tui.errors.card_lines import Key, Seen, body_lines, head_lines
from ainf_tui.tui.lines import BLANK
from ainf_tui.tui.widgets.painted import Bar, LineView, Looking

_SCROLLBAR = 1
HEAD = 4
"""Lines of the head: two of the title, and two of what is counted."""
ROOMY = 16
"""Lines of the pane from which on a title of one line has a blank one below."""


class CardPane(Vertical):
    """Shows one group; the screen tells which. `key` gives the key of an action's id."""

    app = getters.app(Looking)

    def __init__(self, key: Key, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.head = Bar(id="card-head")
        self.text = LineView(id="card-text")
        self._key = key
        self._seen: Seen | None = None

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.text

    def show(self, seen: Seen | None) -> None:
        """Shows it; what is shown already stays at the same height."""
        before, self._seen = self._seen, seen
        self._paint()
        if before is None or seen is None or before.group.id != seen.group.id:
            self.text.to_end(last=False)

    def _paint(self) -> None:
        seen, signs = self._seen, self.app.signs
        cells = max(1, self.text.region.width - _SCROLLBAR)
        head = head_lines(seen, max(1, self.size.width - _SCROLLBAR), signs) if seen is not None else []
        body = body_lines(seen, cells, signs, self._key) if seen is not None else []
        # Another height lays the pane out anew and paints all of it, so the title always has its two lines.
        self.head.styles.height = HEAD if self.size.height >= ROOMY else HEAD - 1
        self.head.show(*head)
        self.text.show([BLANK, *body] if len(head) == HEAD else body)

    def on_resize(self) -> None:
        # The parts have their new sizes only after this.
        self.call_after_refresh(self._paint)
