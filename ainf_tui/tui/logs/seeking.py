"""Keys of the Logs screen that look for something: matches, errors, warnings, times, the ends."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import ClassVar

from textual import on

from ainf_tui.domain.log_documents import LogFindRequest, LogPlace, LogRow, LogSearchRequest
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.errors import UsageError
from ainf_tui.tui.logs.base import LogsBase
from ainf_tui.tui.logs.filters import parse
from ainf_tui.tui.logs.goto import goto_request
from ainf_tui.tui.logs.view import LevelStrip, LogView
from ainf_tui.tui.logs.window import Key, key, passed
from ainf_tui.tui.widgets.entry import Entry

Is = Callable[[LogRow], bool]
_IS: dict[str, Is] = {
    "match": lambda row: row.hit,
    "error": lambda row: row.level in {"error", "critical"},
    "warning": lambda row: row.level == "warning",
}


class SeekingScreen(LogsBase):
    """What is held is looked through at once; beyond it the feed looks, and can be stopped by esc."""

    _typing = ""
    """What the line at the top is typed for: search | time."""
    _match: Key | None = None
    """The match that the cursor was brought to."""
    PLACEHOLDERS: ClassVar[dict[str, str]] = {
        "search": "text or /regex/",
        "time": "14:03   10m   2026-11-26 14:03   :120   50%",
    }

    # -- next and previous --------------------------------------------------------------------
    def action_next_error(self) -> None:
        self.seek("error", back=False)

    def action_previous_error(self) -> None:
        self.seek("error", back=True)

    def action_next_warning(self) -> None:
        self.seek("warning", back=False)

    def action_previous_warning(self) -> None:
        self.seek("warning", back=True)

    def action_next_match(self) -> None:
        self._seek_match(back=False)

    def action_previous_match(self) -> None:
        self._seek_match(back=True)

    def _seek_match(self, *, back: bool) -> None:
        if self.feed.search.pattern:
            self.seek("match", back=back)
        else:
            self.action_search()

    def seek(self, what: str, *, back: bool) -> None:
        """To the next such row, or the one before."""
        window = self.window
        if not window.rows:
            return
        around = range(window.cursor - 1, -1, -1) if back else range(window.cursor + 1, len(window.rows))
        found = next((index for index in around if _IS[what](window.rows[index])), None)
        if found is not None:
            number = self.number
            self._brought_to(key(window.rows[found]) if what == "match" else None, None)
            if what == "match" and number is not None:
                self.number = number + (-1 if back else 1)
            self.view.go(found)
            return
        window.pause()
        place = window.before(window.cursor)
        if not back and window.row is not None:
            place = passed(place, [window.row])
        request = LogFindRequest(what, place, back, filters=self.feed.asked.filters)
        self.find(request, f"looking for the {'last' if back else 'next'} {what}")

    def find(self, request: LogFindRequest, busy: str, none: str = "") -> None:
        """Goes where the request leads; says so where that is nowhere."""

        async def look(reading: LogReading, view: str) -> None:
            found = await self.feed.found(reading, view, request)
            if found is None:
                return
            if found.place is None:
                self.app.tell(none or f"There is no {request.what} in what is shown.")
                return
            if found.wrapped:
                self.app.tell(f"Nothing more {'above' if request.back else 'below'}: went around the end.")
            self.window.pause()
            keep = key(found.row) if found.row is not None else None
            self._brought_to(keep if request.what == "match" else None, found.number)
            index = self.window.index_of(keep) if keep is not None else None
            if index is not None:
                self.view.go(index)
            else:
                await self.feed.show(reading, view, found.place, keep)

        self.feed.wish(look, busy)
        self.show_status()

    def _brought_to(self, match: Key | None, number: int | None) -> None:
        """The cursor was brought to that match, or to something else."""
        self._match, self.number = match, number

    def show_log(self) -> None:
        super().show_log()
        state, row = self.feed.state, self.window.row
        if (
            self.number is None
            and self._match is not None
            and state is not None
            and state.searched >= 1
            and row is not None
            and key(row) == self._match
            and self.feed.at_rest
        ):
            # It was found before all had been searched: by now it is known which of all it is.
            request = LogFindRequest("match", self.window.before(self.window.cursor))
            self._match = None
            self.feed.wish(partial(self._count, replace(request, filters=self.feed.asked.filters)))

    async def _count(self, request: LogFindRequest, reading: LogReading, view: str) -> None:
        found = await self.feed.found(reading, view, request)
        if found is not None and found.place is not None and found.row is not None:
            self._brought_to(key(found.row), found.number)

    # -- the ends -----------------------------------------------------------------------------
    def on_log_view_end_wanted(self, event: LogView.EndWanted) -> None:
        event.stop()
        self._brought_to(None, None)
        if event.last:
            self.feed.to_end()
        else:
            self.feed.to_top()
        self.show_footer()

    def on_level_strip_wanted(self, event: LevelStrip.Wanted) -> None:
        event.stop()
        self.find(LogFindRequest("fraction", value=f"{event.fraction:.4f}"), "going there")

    # -- a line to type -----------------------------------------------------------------------
    def action_search(self) -> None:
        self._open_entry("search", self.feed.search.pattern)

    def action_time(self) -> None:
        self._open_entry("time", "")

    def _open_entry(self, what: str, text: str) -> None:
        self._typing = what
        self.entry.placeholder = self.PLACEHOLDERS[what]
        self.entry.open(text)

    def _close_entry(self) -> None:
        self._typing = ""
        self.entry.close()
        self.view.focus()
        self.call_after_refresh(self.show_log)

    @on(Entry.Submitted, "#log-entry")
    def _typed(self, event: Entry.Submitted) -> None:
        event.stop()
        what, text = self._typing, event.value
        self._close_entry()
        if what == "search":
            self.search(text)
        else:
            self.go_to_time(text)

    @on(Entry.Left, "#log-entry")
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        self._close_entry()

    def search(self, text: str) -> None:
        """From the cursor backwards, where the newest match stands; an empty text ends the search."""
        self._brought_to(None, None)
        try:
            wanted = parse(f'"{text}"') if text and not _is_regex(text) else parse(text)
        except UsageError as error:
            self.app.tell_error(error)
            return
        if wanted is None:
            self.feed.look_for(LogSearchRequest())
            return
        request = self.search_of(wanted.value, regex=wanted.regex)
        self.feed.search = request
        place = self._behind_cursor()

        async def begin(reading: LogReading, view: str) -> None:
            self.feed.state = await reading.search(view, request)
            self.window.pause()
            find = LogFindRequest("match", place, back=True, filters=request.filters)
            found = await self.feed.found(reading, view, find)
            if found is None:
                return
            if found.place is None:
                self.app.tell(f"{text}: not found.")
                await self.feed.show(reading, view, place, self._cursor_key())
                return
            keep = key(found.row) if found.row is not None else None
            self._brought_to(keep, found.number)
            await self.feed.show(reading, view, found.place, keep)

        self.feed.wish(begin, "looking for it")
        self.show_status()

    def _cursor_key(self) -> tuple[str, int] | None:
        return key(self.window.row) if self.window.row is not None else None

    def _behind_cursor(self) -> LogPlace:
        window = self.window
        row = window.row
        return passed(window.before(window.cursor), [row]) if row is not None else window.end

    def go_to_time(self, text: str) -> None:
        """`14:03`, `10m`, `:120`, `50%`."""
        try:
            request = goto_request(text)
        except UsageError as error:
            self.app.tell_error(error)
            return
        if request is not None:
            request = replace(request, filters=self.feed.asked.filters)
            self.find(request, "going there", f"There is no line for {text}.")


def _is_regex(text: str) -> bool:
    return len(text) > 2 and text.startswith("/") and text.endswith("/")
