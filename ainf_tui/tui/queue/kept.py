"""What the session keeps of the Queue screen: filter, sort, and the job under the cursor."""

from __future__ import annotations

from ainf_tui.tui.queue.rows import SORTS, Sort
from ainf_tui.tui.session import Session
from ainf_tui.tui.widgets.table import Table


class Kept:
    """Nothing is noted before what was kept is in place again."""

    def __init__(self, session: Session, table: Table) -> None:
        self._session = session
        self._table = table
        self._cursor = session.text("cursor")
        self._placed = False

    @property
    def filter(self) -> str:
        return self._session.text("filter")

    @property
    def sort(self) -> Sort:
        """The engine's own order where the session names none that there is."""
        by = self._session.text("sort")
        return Sort(by, reverse=self._session.flag("reverse")) if by in SORTS else Sort()

    def place(self, *, loaded: bool) -> None:
        """The rows have changed: puts the cursor back on its job once it is there; `loaded`: all came."""
        if self._placed:
            return
        if (self._cursor and self._table.move_to_id(self._cursor)) or loaded:
            self._placed = True

    def note(self, filter_text: str, sort: Sort) -> None:
        """A cursor that rests at the top is no wish: it is there again by itself."""
        if self._placed:
            cursor = (self._table.cursor_id or "") if self._table.pinned else ""
            self._session.put(filter=filter_text, sort=sort.by, reverse=sort.reverse, cursor=cursor)
