"""A screen that explains a row in a pane: what it asks for, what it follows, the keys of the pane."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

from ainf_tui.tui.failures import in_background
from ainf_tui.tui.link import Link
from ainf_tui.tui.lists.chosen import ChosenScreen, Row
from ainf_tui.tui.lists.detail import DetailFeed, Ways
from ainf_tui.tui.lists.pane import Pane
from ainf_tui.tui.widgets.listkeys import above


class PanedScreen(ChosenScreen[Row]):
    """`pane` follows `row`, with what `details` brings. Subclasses give both, `look` and `show_pane`."""

    pane_keys: ClassVar[Sequence[str]] = ()
    """Areas, beside that of lists, whose keys come before Textual's own."""
    pane: Pane[Any]
    details: DetailFeed[Row, Any, Any]
    _unfolded = ""
    """Id of the row whose folded parts are open."""

    def on_mount(self) -> None:
        keys = self.app.keymap
        self.pane.text.bind_keys(keys.bindings("list"))
        # The list's keys that no list takes are the screen's: they go from pane to pane.
        self._bindings = above(self._bindings, keys.bindings("list", *self.pane_keys))
        for name in ("tick", "signs"):
            self.watch(self.app, name, self.show_pane, init=False)
        self.watch(self.app, "link", self._link_for_pane, init=False)

    def _link_for_pane(self, before: Link, link: Link) -> None:
        if link.live and not before.live:
            self.details.again()

    def ways(self, changed: Callable[[], None]) -> Ways:
        """For `details`; `changed` shows what they have brought."""
        return Ways(self.client, self.set_timer, self.fetch_detail, changed, lambda: self.app.slow)

    def fetch_detail(self) -> None:
        """Begins to ask for what is looked at."""
        in_background(self, self.details.fetch(), group=f"{self.areas[0]}.detail", exclusive=True)

    # -- what is shown ------------------------------------------------------------------------
    def look(self) -> None:
        """The row or the cursor has changed: follows it, while it is seen."""
        raise NotImplementedError

    def show_pane(self) -> None:
        """The pane as of now; what has not changed is not painted."""
        raise NotImplementedError

    def unfolded(self, row: Row) -> bool:
        """Whether the folded parts of the row are open."""
        return self._unfolded == self.row_id(row)

    def on_screen_suspend(self) -> None:
        """Another screen is over this one: nothing is asked for it."""
        self.details.look_at(None)

    def on_screen_resume(self) -> None:
        self.look()

    # -- keys ---------------------------------------------------------------------------------
    def action_fold(self) -> None:
        """Opens or closes what is folded."""
        row = self.row
        if row is not None and self.pane.display:
            self._unfolded = "" if self.unfolded(row) else self.row_id(row)
            self.show_pane()

    def action_right(self) -> None:
        if self.pane.display:
            self.pane.text.focus()

    def action_left(self) -> None:
        if self.table.is_attached and self.table.screen is self:
            self.table.focus()

    def action_next_pane(self) -> None:
        if self.pane.text.has_focus:
            self.action_left()
        else:
            self.action_right()

    def action_previous_pane(self) -> None:
        self.action_next_pane()
