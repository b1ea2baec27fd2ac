"""Pages of a view, and the window that holds what they brought: from the end, the top, around a place."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace

from ainf_tui.domain.log_documents import (
    LogFilter,
    LogFindRequest,
    LogFoundDocument,
    LogPageDocument,
    LogPageRequest,
    LogPlace,
    LogSearchRequest,
    LogStateDocument,
)
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.errors import NotFoundError
from ainf_tui.frozen import frozen
from ainf_tui.tui.logs.window import Key, Window, key

AHEAD = 3
"""Screens above and below what is seen that are held, so that a page up or down needs no answer."""
PAGE = 1_000
"""Records of a page at most, as the contract has it."""
NO_VIEW = "logs.no_view"
FILTERING = "looking for what the filters let through"

Wish = Callable[[LogReading, str], Awaitable[None]]
"""Something to be asked of a view."""


@frozen
class Asked:
    """What every page is asked with."""

    sources: tuple[str, ...] = ()
    filters: tuple[LogFilter, ...] = ()
    context: int = 0
    width: int = 400


class Pages:
    """Asks, and puts the answers into `window`; calls `changed` after each. `page`: lines that are seen."""

    def __init__(self, window: Window, changed: Callable[[], object], page: Callable[[], int]) -> None:
        self.window = window
        self.asked = Asked()
        self.search = LogSearchRequest()
        self.state: LogStateDocument | None = None
        self.loaded = False
        """The first page is here."""
        self.followed_lines: int | None = None
        """Lines of the whole when it was followed last; None: they were not counted by then."""
        self.busy = ""
        """What is being looked for just now."""
        self._changed, self._page = changed, page
        self._wish: Wish | None = None

    def request(self, place: LogPlace | None, *, before: int = 0, after: int = 0) -> LogPageRequest:
        asked = self.asked
        return LogPageRequest(
            place, min(PAGE, before), min(PAGE, after), asked.filters, asked.context, asked.width
        )

    def _side(self) -> int:
        return min(PAGE // 2, self._page() * AHEAD)

    async def show(
        self,
        reading: LogReading,
        view: str,
        place: LogPlace | None,
        keep: Key | None = None,
        height: int = -1,
    ) -> None:
        """Holds what stands around the place; the cursor on `keep`, with `height` rows above it."""
        side, wish = self._side(), self._wish
        page = await reading.page(view, self.request(place, before=side, after=side if place else 0))
        while page.partial and not page.rows and not (page.top and page.bottom):
            if self._wish is None and wish is not None:
                # Given up: what has not been looked through counts as not let through.
                page = replace(page, top=True, bottom=True)
                break
            if self._wish is not wish:
                return
            if not self.busy:
                self.busy = FILTERING
                self._changed()
            page = await self._further(reading, view, page, side)
        self.window.reset(page, keep, self._page() // 2 if height < 0 else height)
        self.loaded = True
        self._changed()

    async def _further(
        self, reading: LogReading, view: str, page: LogPageDocument, side: int
    ) -> LogPageDocument:
        """So far nothing was let through: goes on in both directions."""
        older = page
        if not page.top:
            older = await reading.page(view, self.request(page.start, before=side))
        newer = page
        if not older.rows and not page.bottom:
            newer = await reading.page(view, self.request(page.end, after=side))
        return LogPageDocument(
            rows=(*older.rows, *newer.rows) if not page.rows else page.rows,
            split=len(older.rows),
            start=older.start,
            end=newer.end,
            top=older.top,
            bottom=newer.bottom,
            partial=(older.partial and not older.top) or (newer.partial and not newer.bottom),
        )

    async def _end(self, reading: LogReading, view: str) -> None:
        self.window.resume()
        await self.show(reading, view, None)

    async def _top(self, reading: LogReading, view: str) -> None:
        self.window.pause()
        await self.show(reading, view, LogPlace(), height=0)

    async def _again(self, reading: LogReading, view: str) -> None:
        window = self.window
        if window.follow or window.row is None:
            await self.show(reading, view, None if window.follow else window.end)
            return
        height = window.cursor - max(0, window.first)
        await self.show(reading, view, window.before(window.cursor), key(window.row), height)

    async def _again_centred(self, reading: LogReading, view: str) -> None:
        window = self.window
        place = window.before(window.cursor) if window.row is not None else window.end
        window.pause()
        await self.show(reading, view, place, key(window.row) if window.row is not None else None)

    async def _searched(self, reading: LogReading, view: str) -> None:
        self.state = await reading.search(view, self.search)
        await self._again(reading, view)

    def _where_it_was(self) -> Wish:
        """After a view that ended by itself: the same record, if it is there."""
        window, row = self.window, self.window.row
        if window.follow or row is None:
            return self._end
        wanted = f"{row.file}:{row.start}"

        async def back(reading: LogReading, view: str) -> None:
            try:
                found = await reading.find(view, LogFindRequest("record", value=wanted))
            except NotFoundError as error:
                if error.code == NO_VIEW:
                    raise
                await self._end(reading, view)
                return
            await self.show(reading, view, found.place)

        return back

    async def found(self, reading: LogReading, view: str, request: LogFindRequest) -> LogFoundDocument | None:
        """Looks until it is found or there is none; None: something else is wished by now."""
        wish, around = self._wish, False
        while True:
            found = await reading.find(view, request)
            if not found.partial:
                return replace(found, wrapped=found.wrapped or around)
            if self._wish is not wish:
                return None
            if found.wrapped and around:
                # A part of an answer that went around goes on from there: all has been seen by now.
                return LogFoundDocument(None)
            around = around or found.wrapped
            request = replace(request, place=found.place)

    @property
    def fresh(self) -> tuple[int, bool]:
        """How much came since following was paused, and whether that is exact: beyond what is held it is
        known by the lines of the whole alone, and only where nothing is filtered.
        """
        window, state = self.window, self.state
        if window.bottom:
            return window.fresh, window.fresh_exact
        lines = 0
        if state is not None and state.lines is not None and self.followed_lines is not None:
            lines = 0 if self.asked.filters else state.lines - self.followed_lines
        return max(window.fresh, lines), False
