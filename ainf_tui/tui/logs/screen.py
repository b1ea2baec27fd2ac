"""The Logs screen: the log is the screen. One line above it, a strip at its right edge, nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from ainf_tui.actions import Action
from ainf_tui.display.format import here, since, size
from ainf_tui.domain.errors.remedies import to_type
from ainf_tui.domain.log_documents import LogBucket, LogFindRequest, LogSourceDocument
from ainf_tui.errors import AinfError
from ainf_tui.playbook import playbook
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.lines import Span, safe
from ainf_tui.tui.logs.filters import Stack
from ainf_tui.tui.logs.range import Range
from ainf_tui.tui.logs.rows import TIMES
from ainf_tui.tui.logs.taking import TakingScreen
from ainf_tui.tui.logs.view import LogView
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.table import Column

BUCKETS = 60
_BUCKET = (
    Column("time", 19, title="from"),
    Column("bar", 10, flexible=True, title=""),
    Column("errors", 9, right=True, title="errors"),
    Column("warnings", 9, right=True, title="warnings"),
    Column("records", 12, right=True, title="records", drop=1),
)
_BOOKMARK = (
    Column("time", 19, title="time", drop=2),
    Column("source", 10, title="log", drop=1),
    Column("text", 20, flexible=True, title="line"),
)


class LogsScreen(TakingScreen):
    """Keys that change what is shown, and those that open something over it."""

    # -- one thing at a time is closed --------------------------------------------------------
    def back(self) -> bool:
        """What is looked for or written, then the range, the context, the search."""
        if self.feed.give_up() or self.stop_saving():
            self.show_status()
        elif self.range.first is not None:
            self.range = Range()
            self.show_log()
        elif self.suspended:
            self.suspended = False
            self.refilter(centre=True)
        elif self.feed.search.pattern:
            self.search("")
        else:
            return False
        return True

    def why_not(self, action: Action) -> str:
        if action.id in {"logs.open", "logs.copy", "logs.bookmark", "logs.mark", "logs.editor"}:
            return "" if self.window.row is not None else "there is no line under the cursor"
        return ""

    # -- how it is shown ----------------------------------------------------------------------
    def action_wrap(self) -> None:
        self.kept.wrap = not self.kept.wrap
        self.reshape()
        self.ask_with_filters()
        if any(row.cut for row in self.window.rows):
            self.feed.reload()

    def action_times(self) -> None:
        self.kept.times = TIMES[(TIMES.index(self.kept.times) + 1) % len(TIMES)]
        self.reshape()

    def action_level(self) -> None:
        self.take_stack(self.stack.next_level())

    def take_stack(self, stack: Stack) -> None:
        """From now on these filters."""
        self.suspended = False
        self.stack = stack
        self.refilter()

    def action_filters(self) -> None:
        from ainf_tui.tui.logs.dialogs import FiltersDialog  # noqa: PLC0415 - loaded when it is opened

        keys = self.app.keymap.bindings("list")
        self.app.push_screen(FiltersDialog(self.stack, keys, self.take_stack))

    # -- which logs ---------------------------------------------------------------------------
    def action_sources(self) -> None:
        in_background(self, self._choose_sources(), group="logs.sources", exclusive=True, opens=True)

    async def _choose_sources(self) -> None:
        from ainf_tui.tui.logs.dialogs import SourcesDialog  # noqa: PLC0415 - loaded when it is opened

        reading, view = self.reading(), self.feed.view
        if reading is None:
            self.app.tell("There is no engine to ask just now.", "The header says how things stand.")
            return
        try:
            found = (await reading.sources()).sources
        except AinfError as error:
            self.app.tell_error(error)
            return
        shown = {source.id for source in view.sources} if view is not None else set()
        rows = [(source.id, _source_cells(source)) for source in found]
        marked = [source.id for source in found if source.id in shown]
        keys = self.app.keymap.bindings("list")
        chosen = await self.app.push_screen_wait(SourcesDialog(rows, marked, keys))
        if chosen is not None:
            self.open_sources(chosen)

    def open_sources(self, sources: tuple[str, ...]) -> None:
        """Those logs, from their end; none: all of the newest run."""
        self.kept.sources = sources
        self.range = Range()
        self.view.shape = type(self.view.shape)(
            80, self.app.signs, times=self.kept.times, wrap=self.kept.wrap
        )
        self.feed.open(sources)

    # -- a record in full ---------------------------------------------------------------------
    def on_log_view_opened(self, event: LogView.Opened) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        if self.window.row is not None:
            in_background(self, self._open_record(), group="logs.open", exclusive=True, opens=True)

    async def _open_record(self) -> None:
        """One after the other, as long as the next one is wanted."""
        from ainf_tui.tui.logs.pane import RecordPane  # noqa: PLC0415 - loaded when it is opened

        while True:
            reading, view, row = self.reading(), self.feed.view, self.window.row
            if reading is None or view is None or row is None:
                return
            try:
                record = await reading.record(view.id, row.file, row.start)
                entries = playbook().entries if record.code else ()
            except AinfError as error:
                self.app.tell_error(error)
                return
            entry = next((one for one in entries if one.code == record.code), None)
            wanted = await self.app.push_screen_wait(RecordPane(record, entry))
            if wanted in {"next", "previous"}:
                self.view.step(1 if wanted == "next" else -1)
                continue
            if wanted:
                await self.propose(wanted)
            return

    async def propose(self, command: str) -> None:
        """The command in the app's command line, to be looked at and sent by enter."""
        opened: Any = getattr(self.app, "open_command", None)
        if opened is not None:
            await opened((to_type(command) or command).removeprefix("ainf "))

    # -- when -------------------------------------------------------------------------------
    def action_histogram(self) -> None:
        in_background(self, self._histogram(), group="logs.histogram", exclusive=True, opens=True)

    async def _histogram(self) -> None:
        from ainf_tui.tui.logs.dialogs import PlacesDialog  # noqa: PLC0415 - loaded when it is opened

        reading, view = self.reading(), self.feed.view
        if reading is None or view is None:
            return
        try:
            found = await reading.histogram(view.id, BUCKETS)
        except AinfError as error:
            self.app.tell_error(error)
            return
        if not found.buckets:
            self.app.tell("No line of these logs says when it was written.")
            return
        most = max(bucket.debug + bucket.info + bucket.warning + bucket.error for bucket in found.buckets)
        rows = [_bucket_row(bucket, most, self.app.signs) for bucket in found.buckets]
        at = self.window.row.at if self.window.row is not None else None
        current = max((b.start for b in found.buckets if at is not None and b.start <= at), default=None)
        more = "" if found.exact else ", as far as it has been looked through"
        title = f"When what was written: {found.seconds:g} s each{more}"
        dialog = PlacesDialog(
            title,
            _BUCKET,
            rows,
            self.app.keymap.bindings("list"),
            current=current.isoformat() if current is not None else "",
        )
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            filters = self.feed.asked.filters
            self.find(LogFindRequest("time", value=chosen, filters=filters), "going there")

    def action_bookmarks(self) -> None:
        if not len(self.kept.bookmarks):
            self.app.tell("There is no bookmark yet: m sets one.")
            return
        in_background(self, self._choose_bookmark(), group="logs.bookmarks", exclusive=True, opens=True)

    async def _choose_bookmark(self) -> None:
        from ainf_tui.tui.logs.dialogs import PlacesDialog  # noqa: PLC0415 - loaded when it is opened

        by_id = {one.id: one for one in sorted(self.kept.bookmarks, key=lambda one: one.order)}
        rows = []
        for name, one in by_id.items():
            at = f"{here(datetime.fromisoformat(one.at)):%Y-%m-%d %H:%M:%S}" if one.at else ""
            cells = {
                "time": (at, "muted"),
                "source": (safe(one.source, 30), ""),
                "text": (safe(one.text, 300), ""),
            }
            rows.append((name, cells))

        def remove(name: str) -> None:
            self.kept.bookmarks.remove(by_id[name])
            self.kept.note_bookmarks()
            self.view.paint()

        keys = self.app.keymap.bindings("list")
        dialog = PlacesDialog("Bookmarks", _BOOKMARK, rows, keys, remove=remove)
        chosen = await self.app.push_screen_wait(dialog)
        if chosen:
            self.go_to_bookmark(by_id[chosen])


def _source_cells(source: LogSourceDocument) -> Mapping[str, Span]:
    written = since(source.modified, datetime.now(UTC)) if source.modified is not None else ""
    return {
        "name": (safe(source.name, 60), "" if source.newest else "muted"),
        "run": (safe(source.run or source.kind, 60), "muted"),
        "size": (size(source.bytes), ""),
        "written": (written, "muted"),
        "told": (safe(source.message, 200), "warning"),
    }


def _bucket_row(bucket: LogBucket, most: int, signs: Signs) -> tuple[str, Mapping[str, Span]]:
    records = bucket.debug + bucket.info + bucket.warning + bucket.error
    style = "error" if bucket.error else "warning" if bucket.warning else "muted"
    cells = {
        "time": (f"{here(bucket.start):%Y-%m-%d %H:%M:%S}", ""),
        "bar": (signs.bar(records / most if most else 0.0, 24).rstrip("░."), style),
        "errors": (f"{bucket.error:,}" if bucket.error else "", "error"),
        "warnings": (f"{bucket.warning:,}" if bucket.warning else "", "warning"),
        "records": (f"{records:,}", "muted"),
    }
    return bucket.start.isoformat(), cells
