"""The inbox of the Errors screen: what it shows, what it follows, and when it was looked at."""

from __future__ import annotations

import time
from contextlib import suppress

from textual.timer import Timer

from ainf_tui.domain.error_documents import ErrorGroupDocument, ErrorTotalsDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.errors.carded import CardedScreen
from ainf_tui.tui.errors.feed import ErrorFeed
from ainf_tui.tui.errors.filter import ORDERS, Filter, parse_filter
from ainf_tui.tui.errors.list import GroupList, columns
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.errors.title import Told, empty_lines, title_line, totals_line
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.lines import Line
from ainf_tui.tui.link import Link
from ainf_tui.tui.lists.browsed import BrowsedScreen
from ainf_tui.tui.lists.feed import MOST
from ainf_tui.tui.lists.title import Key
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Source, Table

SEEN_AFTER = 3.0
"""Seconds on the screen after which the errors have been looked at; leaving it earlier is enough, too."""


class InboxScreen(BrowsedScreen[ErrorGroupDocument], CardedScreen):
    """Shows `groups`, which `feed` fills while the screen is seen. Hidden, it asks nothing."""

    AUTO_FOCUS = "#errors"
    feed: ErrorFeed

    def __init__(self) -> None:
        super().__init__()
        session = self.app.session
        self.groups = Groups()
        self.fresh: set[int] = set()
        """Ids of the groups that were new when the user came; they stay marked until he leaves."""
        self.feed = ErrorFeed(self.groups, self.client, self._groups_changed)
        self.title_bar = Bar(id="errors-title")
        self.rows = GroupList(self.groups, self.app.signs, self.fresh)
        self.table = Table(columns(0), self.rows, id="errors")
        self.entry = Entry(id="errors-filter", placeholder="words, state:new, source:comfyui, level:error")
        order = session.text("errors_order")
        self.feed.ask(
            parse_filter(session.text("errors_filter")),
            order if order in ORDERS else "inbox",
            hidden_too=session.flag("errors_hidden_too"),
        )
        self._seeing: Timer | None = None
        self.wanted = ""
        """Number of the group that the cursor is to go to once it has been read."""

    def on_mount(self) -> None:
        self.watch(self.app, "clients", self._client_came, init=False)
        self.watch(self.app, "link", self._link_changed, init=False)
        self.watch(self.app, "errors", self._totals_changed, init=False)
        self.watch(self.app, "tick", self._beat, init=False)

    # -- what the engine tells ----------------------------------------------------------------
    def _client_came(self) -> None:
        if not self.hidden:
            self.feed.reload()

    def _link_changed(self, before: Link, link: Link) -> None:
        if link.live and not before.live and not self.hidden:
            self.feed.reload()
        self.show_title()
        self.show_empty()

    def _totals_changed(self, totals: ErrorTotalsDocument) -> None:
        if not self.hidden:
            self.feed.announce(totals)
            self.show_title()
            self._begin_seeing()

    def _groups_changed(self) -> None:
        self.fresh.update(group.id for group in self.groups if group.unseen)
        self.table.update()
        if self.wanted:
            self._go_on()
        self.show_title()
        self.show_empty()
        self.prefetch()
        self.look()
        self.show_footer()

    def _go_on(self) -> None:
        """Further to the group that is wanted: what is filtered or settled is shown for it."""
        if self.table.move_to_id(self.wanted):
            self.wanted = ""
        elif self.feed.complete and (self.feed.filter.text or not self.feed.hidden_too):
            self.feed.ask(Filter(), self.feed.order, hidden_too=True)
        elif self.feed.complete:
            self.app.tell(f"There is no error #{self.wanted} any more.")
            self.wanted = ""
        else:
            self.feed.want(MOST)

    def source(self, signs: Signs) -> Source:
        trend = self.rows.trend
        self.rows = GroupList(self.groups, signs, self.fresh)
        self.rows.trend = trend
        return self.rows

    def _beat(self) -> None:
        if self.hidden:
            self.fresh.clear()
            self.table.pinned = self.table.cursor > 0
        elif self.is_current:
            self.table.paint()
            self.show_title()

    def on_screen_resume(self) -> None:
        self.feed.announce(self.app.errors)
        self._shape()
        self.show_title()
        self.table.paint()
        self._begin_seeing()

    # -- looked at ----------------------------------------------------------------------------
    def _begin_seeing(self) -> None:
        if self.app.errors.new and self._seeing is None and self.is_current:
            self._seeing = self.set_timer(SEEN_AFTER, self._saw)

    def on_screen_suspend(self) -> None:
        if self._seeing is not None:
            self._saw()

    def _saw(self) -> None:
        """The badge goes. An app that only looks leaves it to those who may act."""
        if self._seeing is not None:
            self._seeing.stop()
            self._seeing = None
        if self.app.errors.new and not self.app.options.read_only:
            # What is known now stands in another place; what is being read must not change under the eyes.
            self.table.pinned = True
            in_background(self, self._say_seen(), group="errors.seen", exclusive=True)

    async def _say_seen(self) -> None:
        client = self.client()
        if client is not None:
            # An engine that is away keeps its badge, which is right: the header tells that it is away.
            with suppress(AinfError):
                await client.errors.seen()

    # -- what is seen -------------------------------------------------------------------------
    def on_resize(self) -> None:
        self.call_after_refresh(self._shape)

    def _shape(self) -> None:
        """The columns for this width."""
        wanted = columns(self.table.size.width)
        if wanted != self.table.columns and self.table.size.width:
            self.rows.trend = next(column.width for column in wanted if column.name == "trend")
            self.table.set_columns(wanted)
        self.table.paint()
        self.show_title()

    def show_title(self) -> None:
        if self.hidden:
            return
        cells = max(1, self.title_bar.size.width)
        strip = totals_line(self.app.errors, cells) if self.size.height >= 30 else ()
        if self.title_bar.size.height != 1 + bool(strip):
            self.title_bar.styles.height = 1 + bool(strip)
        self.title_bar.show(title_line(self._told(), cells), *([strip] if strip else []))

    def _told(self) -> Told:
        live = self.app.link.live
        age = None if live or not self.feed.read_at else time.monotonic() - self.feed.read_at
        return Told(
            link=self.app.link,
            totals=self.app.errors,
            shown=len(self.groups),
            marked=len(self.table.marks),
            filter=self.feed.filter,
            order=self.feed.order,
            hidden_too=self.feed.hidden_too,
            loading=self.feed.loading,
            complete=self.feed.complete,
            truncated=self.feed.truncated,
            error=self.feed.error,
            age=age,
        )

    def told_empty(self, key: Key) -> tuple[Line, ...]:
        return empty_lines(self._told(), key)
