"""The Logs screen without its keys: what it is made of, and how it shows what the feed has brought."""

from __future__ import annotations

import time
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime

from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID, of_area
from ainf_tui.display.format import here
from ainf_tui.domain.log_documents import LogRow, LogSearchRequest
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.link import Link
from ainf_tui.tui.logs.feed import LogFeed
from ainf_tui.tui.logs.kept import Kept
from ainf_tui.tui.logs.range import Range, holds
from ainf_tui.tui.logs.rows import Mark, Shape, styles_of
from ainf_tui.tui.logs.status import Told, empty_lines, status_line
from ainf_tui.tui.logs.strip import fraction, strip_cells
from ainf_tui.tui.logs.view import LevelStrip, LogView
from ainf_tui.tui.logs.window import Window
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar

CUT, WRAPPED = 400, 2_000
"""Characters of a line that are asked for, cut and wrapped."""


class LogsBase(FrameScreen):
    """A `Window` that `feed` fills, shown by `view`. `kept` is what the session remembers."""

    areas = ("logs",)
    tab = "app.logs"
    AUTO_FOCUS = "#log-view"

    quiet = False
    """Sources and filters were given for this one time."""
    saving = ""
    """How far the writing of a file is; empty: none is written."""

    def __init__(self) -> None:
        super().__init__()
        self.kept = Kept(self.app.session, quiet=self.quiet)
        self.window = Window()
        self.feed = LogFeed(
            self.window, self.reading, self._came, self.app.tell_error, lambda: self.view.page
        )
        self.feed.asked = replace(self.feed.asked, sources=self.kept.sources)
        self.stack = self.kept.stack
        self.suspended = False
        """The filters are off for a while: a line is shown in context."""
        self.context = 0
        self.range = Range()
        self.number: int | None = None
        """Which of the matches the cursor was brought to."""
        self.status = Bar(id="log-status")
        self.entry = Entry(id="log-entry")
        self.view = LogView(self.window, id="log-view")
        self.strip = LevelStrip(id="log-strip")
        self._range_places = self.range.places(self.window)

    def body(self) -> Iterable[Widget]:
        with Vertical(id="logs"):
            yield self.status
            yield self.entry
            with Horizontal(id="log-body"):
                yield self.view
                yield self.strip

    def on_mount(self) -> None:
        self.view.bind_keys(self.app.keymap.bindings("list"))
        self.view.mark_of = self.mark_of
        self.view.shape = Shape(80, self.app.signs, times=self.kept.times, wrap=self.kept.wrap)
        self.feed.slow = self.app.slow
        self.ask_with_filters()
        self.watch(self.app, "clients", self.feed.wake, init=False)
        self.watch(self.app, "link", self._link_changed, init=False)
        self.watch(self.app, "signs", self.reshape, init=False)
        self.watch(self.app, "slow", self._line_changed, init=False)
        self.watch(self.app, "tick", self._beat, init=False)
        self.app.lasting["logs.feed"] = self._run_feed
        self._run_feed()

    def _run_feed(self) -> None:
        in_background(self, self.feed.run(), group="logs.feed", exclusive=True)

    def reading(self) -> LogReading | None:
        """Who can be asked for logs just now."""
        client = self.app.engine_link.client
        return client.logs if client is not None else None

    # -- when it is seen ----------------------------------------------------------------------
    def on_screen_resume(self) -> None:
        self.feed.visible = True
        self.reshape()

    def on_screen_suspend(self) -> None:
        # A dialog over it leaves it in sight; another screen of the tab line does not.
        self.call_later(self._look_whether_seen)

    def _look_whether_seen(self) -> None:
        self.feed.visible = not self.hidden

    def _link_changed(self, before: Link, link: Link) -> None:
        if link.live and not before.live:
            self.feed.wake()

    def _line_changed(self, slow: bool) -> None:
        self.feed.slow = slow

    def _beat(self) -> None:
        """Once a second: the age of what is shown, where nothing newer can be had."""
        if not self.hidden and (self.feed.error is not None or self.reading() is None):
            self.show_status()

    # -- what is shown ------------------------------------------------------------------------
    def on_resize(self) -> None:
        self.call_after_refresh(self.show_log)

    def reshape(self) -> None:
        """Columns, wrapping or signs have changed."""
        shape = replace(
            self.view.shape,
            signs=self.app.signs,
            times=self.kept.times,
            wrap=self.kept.wrap,
            sources=styles_of(self.names()),
            shift=0 if self.kept.wrap else self.view.shape.shift,
        )
        self.view.shape = shape
        self.show_log()

    def names(self) -> list[str]:
        """Of the logs: those that were opened, and those that began since, as a service's of a new run."""
        view = self.feed.view
        opened = [source.name for source in view.sources] if view is not None else []
        return list(dict.fromkeys([*opened, *(row.source for row in self.window.rows)]))

    def _came(self) -> None:
        """The feed has brought something. It is painted at once: of what is new the screen's own timer would
        make a line up to a sixtieth of a second older.
        """
        self.follow(self.show_log)

    def show_log(self) -> None:
        """Everything as of now; what has not changed is not painted."""
        if self.hidden or not self.is_mounted:
            return
        names = self.names()
        if len(names) > 1 and len(names) != len(self.view.shape.sources):
            self.view.shape = replace(self.view.shape, sources=styles_of(names))
        self._range_places = self.range.places(self.window)
        self.view.empty = empty_lines(
            self.told(),
            lambda name: self.app.keymap.shown(BY_ID[name]),
            self.view.size.width,
            asked=self.reading() is not None,
            loaded=self.feed.loaded,
        )
        self.view.update()
        self.show_status()
        self.show_strip()

    def mark_of(self, row: LogRow) -> Mark:
        """The first cell of the row: in the marked range, or a bookmark."""
        if holds(self._range_places, row):
            return Mark(("│", "mark"))
        return Mark((self.app.signs.mark, "accent")) if self.kept.bookmarks.of(row) else Mark()

    def show_status(self) -> None:
        self.status.show(status_line(self.told(), self.status.size.width))

    def told(self) -> Told:
        feed, window = self.feed, self.window
        error, since = feed.error, feed.error_since
        if error is None and self.reading() is None and self.app.link.message:
            error, since = AinfError("engine.no_answer", self.app.link.message), self.app.link.since
        marked = sum(holds(self._range_places, row) for row in window.rows) if self.range.first else 0
        return Told(
            sources=self.names(),
            stack=self.stack,
            suspended=self.suspended,
            context=self.context,
            follow=window.follow,
            fresh=feed.fresh[0],
            fresh_exact=feed.fresh[1],
            state=feed.state,
            search=feed.search,
            number=self.number,
            busy=feed.busy or self.saving,
            marked=marked,
            row=window.row,
            line=None if self.filters else window.lines_of(),
            today=here(datetime.now(UTC)).date(),
            error=error,
            age=max(0.0, time.monotonic() - since) if error is not None else 0.0,
            arrow="▼" if self.app.signs.unicode else "v",
        )

    def show_strip(self) -> None:
        window, state = self.window, self.feed.state
        size = state.bytes if state is not None else 0
        last = window.first + self.view.page
        seen = (
            fraction(window.before(window.first), size) if window.rows else 0.0,
            fraction(window.before(last) if last < len(window.rows) else window.end, size),
        )
        self.strip.show(strip_cells(state, self.strip.size.height, seen, self.app.signs))

    def on_log_view_moved(self, event: LogView.Moved) -> None:
        event.stop()
        self._range_places = self.range.places(self.window)
        if self.range.first is not None:
            self.view.paint()
        self.show_status()
        self.show_strip()
        self.feed.wake()

    def on_log_view_shifted(self, event: LogView.Shifted) -> None:
        """Further to the right than was asked for: longer lines."""
        event.stop()
        wanted = self.view.shape.shift + 2 * self.size.width
        if not self.kept.wrap and wanted > self.feed.asked.width < WRAPPED:
            self.feed.asked = replace(self.feed.asked, width=WRAPPED)
            self.feed.reload()

    # -- what is asked with -------------------------------------------------------------------
    @property
    def filters(self) -> bool:
        """Whether any filter is in force."""
        return bool(self.stack.on) and not self.suspended

    def ask_with_filters(self) -> None:
        """From now on pages are asked for with the filters, context and width that are in force."""
        self.feed.asked = replace(
            self.feed.asked,
            filters=() if self.suspended else self.stack.on,
            context=0 if self.suspended else self.context,
            width=WRAPPED if self.kept.wrap else max(CUT, self.size.width),
        )

    def refilter(self, *, centre: bool = False) -> None:
        """The filters have changed: the same place with the new ones."""
        self.kept.stack = self.stack
        self.number = None
        self.ask_with_filters()
        search = self.feed.search
        if search.pattern:
            self.feed.look_for(self.search_of(search.pattern, regex=search.regex))
        else:
            self.feed.reload(centre=centre)
        self.show_status()

    def search_of(self, pattern: str, *, regex: bool) -> LogSearchRequest:
        """Text without capitals ignores case."""
        return LogSearchRequest(pattern, regex, pattern == pattern.lower(), self.feed.asked.filters)

    # -- the footer ---------------------------------------------------------------------------
    def hints(self) -> list[KeyHint]:
        actions = sorted((a for a in of_area("logs") if a.footer), key=lambda a: a.footer)
        follow = self.hint(BY_ID["list.bottom"], "follow", enabled=not self.window.follow)
        return [*(self.hint(action) for action in actions), follow]
