"""The pane that explains the row under the cursor, beside the list or on the whole screen."""

from __future__ import annotations

from typing import Generic, TypeVar

from textual import events, getters
from textual.containers import Vertical

from ainf_tui.tui.widgets.painted import Bar, LineView, Looking

Seen = TypeVar("Seen")
SCROLLBAR = 1
"""Cells beside the text."""


class Pane(Vertical, Generic[Seen]):
    """A head that stays and a text to scroll. Subclasses paint what is `seen`."""

    app = getters.app(Looking)

    def __init__(self, name: str) -> None:
        super().__init__(id=name, classes="pane")
        self.head = Bar(id=f"{name}-head")
        self.text = LineView(id=f"{name}-text")
        self.text.add_class("pane-text")
        self.seen: Seen | None = None

    def show(self, seen: Seen | None) -> None:
        """Shows it; of the row that is shown already at the same height."""
        before, self.seen = self.seen, seen
        self.paint()
        if before is None or seen is None or self.about(before) != self.about(seen):
            self.text.to_end(last=False)

    def about(self, seen: Seen) -> object:
        """Which row it is."""
        raise NotImplementedError

    def paint(self) -> None:
        """Paints what is seen."""
        raise NotImplementedError

    def on_resize(self, event: events.Resize) -> None:
        del event
        # The parts have their new sizes only after this.
        self.call_after_refresh(self.paint)
