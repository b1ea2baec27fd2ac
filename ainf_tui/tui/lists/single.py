"""One row on the whole screen: where there is no room beside the list, and to see it larger."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget

from ainf_tui.tui.lists.chosen import Row
from ainf_tui.tui.lists.paned import PanedScreen


class SingleScreen(PanedScreen[Row]):
    """Shows `shown`, whatever the list does; its list is the one of the screen below."""

    shown: Row
    """The row as it was last, when it has left the list."""

    def body(self) -> Iterable[Widget]:
        with Vertical(id="body"):
            yield self.pane

    def on_mount(self) -> None:
        # The list below brings the row's changes, somewhat later than a topic tells of them.
        self.watch(self.app, "tick", self._follow, init=False)

    def _follow(self) -> None:
        before = self.shown
        if self.row is not before:
            self.look()
            self.show_footer()

    @property
    def row(self) -> Row:
        """As the list knows it now."""
        self.shown = self.find(self.row_id(self.shown)) or self.shown
        return self.shown

    @property
    def marked(self) -> bool:
        """The marks are the list's."""
        return False

    def chosen(self) -> list[Row]:
        """The row that is shown, whatever is marked in the list."""
        return [self.row]

    def clear_marks(self) -> None:
        """They are the list's, and nothing was done with them here."""

    def action_back(self) -> None:
        self.dismiss()
