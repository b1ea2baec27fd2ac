"""One job on the whole screen."""

from __future__ import annotations

from ainf_tui.actions import BY_ID, Action, of_area
from ainf_tui.domain.documents import JobRow
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.lists.single import SingleScreen
from ainf_tui.tui.queue.detail_feed import Cache
from ainf_tui.tui.queue.detailed import DetailedScreen
from ainf_tui.tui.queue.removal import Removals
from ainf_tui.tui.queue.rows import Rows
from ainf_tui.tui.widgets.table import Table

_OF_THE_LIST = frozenset({"open", "mark", "mark_all", "filter", "sort", "new_run", "pause"})
"""Actions of the queue that mean nothing for one job."""


class JobScreen(SingleScreen[JobRow], DetailedScreen):
    """Shows the job of that row, whatever the list does; its list is the one of the screen below."""

    areas = ("queue", "detail")
    AUTO_FOCUS = "#detail-text"

    def __init__(
        self, row: JobRow, rows: Rows, table: Table, removals: Removals, cache: Cache | None = None
    ) -> None:
        super().__init__(cache)
        self.rows, self.table, self.removals = rows, table, removals
        self.shown = row

    @classmethod
    def for_list(cls, below: DetailedScreen, row: JobRow) -> JobScreen:
        """Over a screen with the list, whose rows, details and pictures it shares."""
        screen = cls(row, below.rows, below.table, below.removals, below.details.cache)
        screen.pictures.store = below.pictures.store
        return screen

    def hinted(self) -> list[Action]:
        queue = [a for a in of_area("queue") if a.footer and a.name not in _OF_THE_LIST]
        return [*sorted(queue, key=lambda a: a.footer), *(a for a in of_area("detail") if a.footer)]

    def hints(self) -> list[KeyHint]:
        return [*super().hints(), self.hint(BY_ID["app.back"])]
