"""One job on the whole screen: where there is no room beside the list, and to see it larger."""

from __future__ import annotations

from collections.abc import Iterable

from textual.containers import Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID, of_area
from ainf_tui.domain.documents import JobRow
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.queue.chosen import ENDED
from ainf_tui.tui.queue.detail_feed import Cache
from ainf_tui.tui.queue.detailed import DetailedScreen
from ainf_tui.tui.queue.removal import Removals
from ainf_tui.tui.queue.rows import Rows
from ainf_tui.tui.widgets.table import Table

_OF_THE_LIST = frozenset({"open", "mark", "mark_all", "filter", "sort", "new_run", "pause"})
"""Actions of the queue that mean nothing for one job."""


class JobScreen(DetailedScreen):
    """Shows the job of that row, whatever the list does; its list is the one of the screen below."""

    areas = ("queue", "detail")
    AUTO_FOCUS = "#detail-text"

    def __init__(
        self, row: JobRow, rows: Rows, table: Table, removals: Removals, cache: Cache | None = None
    ) -> None:
        super().__init__(cache)
        self.rows, self.table, self.removals = rows, table, removals
        self._row = row

    @classmethod
    def for_list(cls, below: DetailedScreen, row: JobRow) -> JobScreen:
        """Over a screen with the list, whose rows, details and pictures it shares."""
        screen = cls(row, below.rows, below.table, below.removals, below.details.cache)
        screen.pictures.store = below.pictures.store
        return screen

    def body(self) -> Iterable[Widget]:
        with Vertical(id="body"):
            yield self.detail

    def on_mount(self) -> None:
        # The list below brings the row's changes, somewhat later than the queue's topic tells of them.
        self.watch(self.app, "tick", self._follow, init=False)

    def _follow(self) -> None:
        before = self._row
        if self.row is not before:
            self.look()
            self.show_footer()

    @property
    def row(self) -> JobRow:
        """The job, as the list knows it now; as it was last, when it has left the list."""
        self._row = self.rows.row(self._row.id) or self._row
        return self._row

    def chosen(self) -> list[JobRow]:
        """The job that is shown, whatever is marked in the list."""
        return [self.row]

    def clear_marks(self) -> None:
        """They are the list's, and nothing was done with them here."""

    def hints(self) -> list[KeyHint]:
        row = self.row
        ended = row.state in ENDED
        enabled = {
            "queue.cancel": not ended,
            "queue.retry": ended,
            "queue.hold": row.state in {"queued", "submitted"},
            "queue.move_up": row.state in {"queued", "submitted"},
        }
        actions = [a for a in of_area("queue") if a.footer and a.name not in _OF_THE_LIST]
        actions = [*sorted(actions, key=lambda a: a.footer), *(a for a in of_area("detail") if a.footer)]
        labels = {"queue.hold": "release" if row.held else "hold"}
        found = [self.hint(a, labels.get(a.id, ""), enabled=enabled.get(a.id, True)) for a in actions]
        return [*found, self.hint(BY_ID["app.back"])]

    def action_back(self) -> None:
        self.dismiss()
