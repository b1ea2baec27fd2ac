"""The group of errors under the cursor explained, beside the list or on the whole screen."""

from __future__ import annotations

from textual.app import ComposeResult

from ainf_tui.tui.errors.card_lines import Key, Seen, body_lines, head_lines
from ainf_tui.tui.lines import BLANK
from ainf_tui.tui.lists.pane import SCROLLBAR, Pane

HEAD = 4
"""Lines of the head: two of the title, and two of what is counted."""
ROOMY = 16
"""Lines of the pane from which on a title of one line has a blank one below."""


class CardPane(Pane[Seen]):
    """Shows one group; the screen tells which. `key` gives the key of an action's id."""

    def __init__(self, key: Key) -> None:
        super().__init__("card")
        self._key = key

    def compose(self) -> ComposeResult:
        yield self.head
        yield self.text

    def about(self, seen: Seen) -> object:
        return seen.group.id

    def paint(self) -> None:
        seen, signs = self.seen, self.app.signs
        cells = max(1, self.text.region.width - SCROLLBAR)
        head = head_lines(seen, max(1, self.size.width - SCROLLBAR), signs) if seen is not None else []
        body = body_lines(seen, cells, signs, self._key) if seen is not None else []
        # Another height lays the pane out anew and paints all of it, so the title always has its two lines.
        self.head.styles.height = HEAD if self.size.height >= ROOMY else HEAD - 1
        self.head.show(*head)
        self.text.show([BLANK, *body] if len(head) == HEAD else body)
