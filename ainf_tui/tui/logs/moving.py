"""Keys of the Logs screen that go to a place: in context, at a bookmark, where another screen leads."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ainf_tui.domain.log_documents import LogFilter, LogFindRequest, LogPageRequest, LogRow
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.errors import AinfError, NotFoundError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.logs.bookmarks import Bookmark, of_row
from ainf_tui.tui.logs.filters import Stack, checked
from ainf_tui.tui.logs.pages import NO_VIEW
from ainf_tui.tui.logs.seeking import SeekingScreen
from ainf_tui.tui.logs.window import key


class MovingScreen(SeekingScreen):
    """What is found is shown in the middle, with the cursor on it."""

    # -- in context ---------------------------------------------------------------------------
    def action_in_context(self) -> None:
        """The filters off, the line in the middle; and back."""
        if not self.suspended and not self.stack.on:
            self.app.tell("No filter is on: everything is shown.")
            return
        self.suspended = not self.suspended
        self.refilter(centre=True)

    def action_more_context(self) -> None:
        self._set_context(self.context + 1)

    def action_less_context(self) -> None:
        self._set_context(self.context - 1)

    def _set_context(self, count: int) -> None:
        count = max(0, min(count, 20))
        if not self.filters:
            self.app.tell("Context is shown around what filters let through; none is on.")
        elif count != self.context:
            self.context = count
            self.refilter()

    # -- bookmarks ----------------------------------------------------------------------------
    def action_bookmark(self) -> None:
        row = self.window.row
        if row is None:
            return
        old = self.kept.bookmarks.of(row)
        if old is not None:
            self.kept.bookmarks.remove(old)
            self.kept.note_bookmarks()
            self.view.paint()
            return
        in_background(self, self._set_bookmark(row), group="logs.bookmark")

    async def _set_bookmark(self, row: LogRow) -> None:
        reading, view = self.reading(), self.feed.view
        if reading is None or view is None:
            return
        try:
            record = await reading.record(view.id, row.file, row.start)
        except AinfError as error:
            self.app.tell_error(error)
            return
        self.kept.bookmarks.put(of_row(row, record.path))
        self.kept.note_bookmarks()
        self.view.paint()

    def action_next_bookmark(self) -> None:
        self._beside(back=False)

    def action_previous_bookmark(self) -> None:
        self._beside(back=True)

    def _beside(self, *, back: bool) -> None:
        found = self.kept.bookmarks.beside(self.window.row, back=back)
        if found is None:
            self.app.tell(f"There is no bookmark {'before' if back else 'after'} this line.")
        else:
            self.go_to_bookmark(found)

    def go_to_bookmark(self, one: Bookmark) -> None:
        """Also one of a log that is not shown: it is opened."""
        at = datetime.fromisoformat(one.at) if one.at else None
        self.show_logs(file=one.path, start=one.start, at=at)

    # -- from elsewhere -----------------------------------------------------------------------
    def show_logs(
        self,
        source: str = "",
        file: str = "",
        start: int | None = None,
        at: datetime | None = None,
        filters: Sequence[LogFilter] = (),
    ) -> None:
        """The log of a source or file, at that record or time; without either at its end.

        `source`: what can be opened (`comfyui`, `run:.../comfyui`); `file`: a path, `start` an offset in it.
        """
        here = self._file_of(file)
        if filters or self.stack.on:
            self.suspended = False
            self.stack = Stack(tuple(checked(one) for one in filters))
            self.kept.stack = self.stack
        self.ask_with_filters()

        async def go(reading: LogReading, view: str) -> None:
            await self._go(reading, view, file, start, at)

        if (source or (file and not here)) and not self._shows(source):
            self.kept.sources = (source or f"file:{file}",)
            self.feed.open(self.kept.sources, go)
        else:
            self.feed.wish(go)

    def _shows(self, source: str) -> bool:
        view = self.feed.view
        return bool(source) and view is not None and [one.id for one in view.sources] == [source]

    def _file_of(self, path: str) -> bool:
        """Whether a log that is shown has that file."""
        view = self.feed.view
        return bool(path) and view is not None and any(path in source.files for source in view.sources)

    async def _go(
        self, reading: LogReading, view: str, path: str, start: int | None, at: datetime | None
    ) -> None:
        self.window.pause()
        requests: list[LogFindRequest] = []
        name = await self._name_of(reading, view, path, start)
        if name:
            requests.append(LogFindRequest("record", value=f"{name}:{start}"))
        if at is not None:
            requests.append(LogFindRequest("time", value=at.isoformat()))
        refused: AinfError | None = None
        for request in requests:
            try:
                found = await self.feed.found(reading, view, request)
            except AinfError as error:
                # The file may be gone while its time is still in another.
                refused = error
                continue
            if found is None:
                return
            if found.place is not None:
                await self.feed.show(reading, view, found.place, key(found.row) if found.row else None)
                return
        if start is not None or at is not None:
            self.app.tell("That line is not there any more.", refused.message if refused else "")
        self.window.resume()
        await self.feed.show(reading, view, None)

    async def _name_of(self, reading: LogReading, view: str, path: str, start: int | None) -> str:
        """What the view calls the file of that path; any that has a record there, where no path was given.

        Names hold for one view only, so each of its files is asked for its record at that place.
        """
        if start is None:
            return ""
        page = await reading.page(view, LogPageRequest(None, before=1))
        for name in page.end.offsets:
            try:
                record = await reading.record(view, name, start)
            except NotFoundError as error:
                if error.code == NO_VIEW:
                    raise
                continue
            if path in ("", record.path):
                return name
        return ""
