"""The list itself, beside the pane: what it shows, marks, filter, and where the cursor goes."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.lines import Line
from ainf_tui.tui.lists.chosen import Row
from ainf_tui.tui.lists.feed import MOST, PagedFeed
from ainf_tui.tui.lists.paned import PanedScreen
from ainf_tui.tui.lists.title import Key
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Source, Table

AHEAD = 40
"""Rows below the last one seen that are fetched before they are needed."""


class BrowsedScreen(PanedScreen[Row]):
    """Subclasses make `table`, `feed`, `entry` and `title_bar`, and say what an empty list tells."""

    feed: PagedFeed[Any]
    title_bar: Bar
    entry: Entry
    _end_id: str | None = None
    """Where the cursor waits, at the end of what is here, for what is still to come."""

    def body(self) -> Iterable[Widget]:
        with Horizontal(id="body"):
            with Vertical(classes="list"):
                yield self.title_bar
                yield self.entry
                yield self.table
            yield self.pane

    def on_mount(self) -> None:
        self.entry.add_class("filter")
        self.title_bar.add_class("list-title")
        self.table.bind_keys(self.app.keymap.bindings("list"))
        self.table.pointer = self.app.signs.pointer
        self.watch(self.app, "signs", self._signs_changed, init=False)
        self.app.lasting[f"{self.areas[0]}.feed"] = self._run_feed
        self._run_feed()

    def _run_feed(self) -> None:
        in_background(self, self.feed.run(), group=f"{self.areas[0]}.feed", exclusive=True)

    def _signs_changed(self, signs: Signs) -> None:
        self.table.source = self.source(signs)
        self.table.pointer = signs.pointer
        self.table.refresh()

    def source(self, signs: Signs) -> Source:
        """The rows of the table, drawn with these signs."""
        raise NotImplementedError

    # -- what is seen -------------------------------------------------------------------------
    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        self.prefetch()
        self.follow(self.look)
        self.follow(self.show_footer)

    def prefetch(self) -> None:
        """What the cursor may reach soon is read; on its way to the end it goes along with what has come."""
        if self._end_id and self._end_id == self.table.cursor_id:
            self.table.to_end(last=True)
            there = self.feed.complete or self.feed.truncated
            self._end_id = None if there else self.table.cursor_id
        self.feed.want(max(self.table.cursor, self.table.scroll_offset.y + self.table.page) + AHEAD)

    def show_empty(self) -> None:
        """Why there is nothing, where there is nothing."""
        key = self.app.keymap.shown
        self.table.empty = () if len(self.table.source) else self.told_empty(lambda name: key(BY_ID[name]))

    def told_empty(self, key: Key) -> tuple[Line, ...]:
        """Of a list without rows."""
        raise NotImplementedError

    # -- in full ------------------------------------------------------------------------------
    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.action_open()

    def on_table_at_end(self, event: Table.AtEnd) -> None:
        """`G`: the last row of all, so all are fetched."""
        event.stop()
        if not self.feed.complete and not self.feed.truncated:
            self._end_id = self.table.cursor_id
        self.feed.want(MOST)

    def action_open(self) -> None:
        """The row under the cursor on the whole screen."""
        raise NotImplementedError

    # -- marks --------------------------------------------------------------------------------
    def action_mark(self) -> None:
        row_id = self.table.cursor_id
        if row_id is None or self.row is None:
            return
        self.table.marks ^= {row_id}
        self.table.action_down()
        self._show_marks()

    def action_mark_all(self) -> None:
        shown = {self.row_id(row) for row in self.listed()}
        self.table.marks = set() if shown <= self.table.marks else shown
        self._show_marks()

    def _show_marks(self) -> None:
        self.table.paint()
        self.show_title()
        self.show_footer()

    # -- the filter ---------------------------------------------------------------------------
    @property
    def filter_text(self) -> str:
        """What is filtered by now; empty: nothing."""
        raise NotImplementedError

    def set_filter(self, text: str) -> None:
        """Shows what matches; empty ends it."""
        raise NotImplementedError

    def action_filter(self) -> None:
        self.entry.open(self.filter_text)

    @on(Entry.Changed, ".filter")
    def _filter_typed(self, event: Entry.Changed) -> None:
        event.stop()
        self.set_filter(event.value)

    @on(Entry.Submitted, ".filter")
    def _filter_done(self, event: Entry.Submitted) -> None:
        event.stop()
        self.entry.close()
        self.table.focus()

    @on(Entry.Left, ".filter")
    def _filter_left(self, event: Entry.Left) -> None:
        event.stop()
        self.entry.close()
        self.set_filter("")
        self.table.focus()

    def back(self) -> bool:
        """One thing at a time: marks, then the filter."""
        if self.table.marks:
            self.clear_marks()
        elif self.filter_text:
            self.set_filter("")
        else:
            return False
        return True
