"""The Queue screen: every job, and the one under the cursor in detail."""

from __future__ import annotations

from collections.abc import Iterable

from textual import on
from textual.containers import Horizontal, Vertical
from textual.widget import Widget

from ainf_tui.actions import BY_ID, of_area
from ainf_tui.domain.documents import BackendDocument, JobDocument, QueueDocument
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.bars import KeyHint
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.link import AWAY, STOPPED, Link
from ainf_tui.tui.queue.detailed import DetailedScreen
from ainf_tui.tui.queue.feed import MOST, Feed
from ainf_tui.tui.queue.filter import parse_filter
from ainf_tui.tui.queue.hints import able_now, labels_now
from ainf_tui.tui.queue.job import JobScreen
from ainf_tui.tui.queue.kept import Kept
from ainf_tui.tui.queue.list import COLUMNS, JobList
from ainf_tui.tui.queue.removal import Removals
from ainf_tui.tui.queue.rows import SORTS, Rows, Sort
from ainf_tui.tui.queue.title import Told, empty_lines, title_line
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.told import JobsTold
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Table

AHEAD = 40
"""Rows below the last one seen that are fetched before they are needed."""


class QueueScreen(DetailedScreen):
    """Shows `rows`, which `feed` fills; keys are in `steer`."""

    areas = ("queue",)
    AUTO_FOCUS = "#jobs"

    def __init__(self) -> None:
        super().__init__()
        self.rows = Rows()
        self.feed = Feed(
            self.rows, self._client, self._rows_changed, lambda rows: self.post_message(JobsTold(rows))
        )
        self.title_bar = Bar(id="queue-title")
        self.table = Table(COLUMNS, JobList(self.rows, self.app.signs), id="jobs")
        self.kept = Kept(self.app.session, self.table)
        self.entry = Entry(id="filter", placeholder="words, state:failed, #142")
        self.removals = Removals(
            self.rows,
            later=self.set_timer,
            carry_out=lambda refs: self.order("clear", self.carry_out(refs)),
            changed=self._rows_changed,
        )

    def body(self) -> Iterable[Widget]:
        with Horizontal(id="body"):
            with Vertical(id="queue"):
                yield self.title_bar
                yield self.entry
                yield self.table
            yield self.detail

    def on_mount(self) -> None:
        self.table.bind_keys(self.app.keymap.bindings("list"))
        self.watch(self.app, "clients", self.feed.reload)
        self.watch(self.app, "link", self._link_changed)
        self.watch(self.app, "queue", self._queue_changed)
        self.watch(self.app, "active", self._active_changed)
        self.watch(self.app, "backends", self._backends_changed)
        self.watch(self.app, "signs", self._signs_changed, init=False)
        self.watch(self.app, "tick", self._beat, init=False)
        self.rows.resort(self.kept.sort)
        self.set_filter(self.kept.filter)
        self.app.lasting["queue.feed"] = self._run_feed
        self._run_feed()

    def _run_feed(self) -> None:
        in_background(self, self.feed.run(), group="queue.feed", exclusive=True)

    # -- what the engine tells ----------------------------------------------------------------
    def _link_changed(self, before: Link, link: Link) -> None:
        # The first list came with the client; what has changed since is told by the queue's topic.
        if link.live and before.state in {AWAY, STOPPED}:
            self.feed.reload()
        self.show_title()
        self._show_empty()

    def _queue_changed(self, queue: QueueDocument) -> None:
        self.feed.announce(queue)
        self.show_title()
        self.show_footer()

    def _active_changed(self, active: tuple[JobDocument, ...]) -> None:
        self.rows.fold_active(active)
        self.table.update()

    def _backends_changed(self, backends: tuple[BackendDocument, ...]) -> None:
        self.rows.fold_backends(backends)
        self.table.update()

    def _rows_changed(self) -> None:
        self.table.update()
        self.show_title()
        self._show_empty()
        self._prefetch()
        self.kept.place(loaded=self.feed.complete or (len(self.rows) > 0 and not self.feed.loading))
        self.look()

    def _signs_changed(self, signs: Signs) -> None:
        self.table.source = JobList(self.rows, signs)
        self.table.refresh()

    def _beat(self) -> None:
        if not self.hidden:
            self.table.paint()

    def on_screen_resume(self) -> None:
        self.show_title()
        self.table.paint()

    # -- what is seen -------------------------------------------------------------------------
    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        self._prefetch()
        self.kept.note(self.rows.filter.text, self.rows.sort)
        self.follow(self.look)
        self.follow(self.show_footer)

    def _prefetch(self) -> None:
        last = max(self.table.cursor, self.table.scroll_offset.y + self.table.page)
        if self.rows.sort.default:
            self.feed.want(last + AHEAD)
        else:
            self.feed.want(MOST)

    def on_resize(self) -> None:
        self.show_title()

    def show_title(self) -> None:
        self.title_bar.show(title_line(self._told(), self.title_bar.size.width))

    def _told(self) -> Told:
        return Told(
            link=self.app.link,
            queue=self.app.queue,
            shown=len(self.rows),
            marked=len(self.table.marks),
            filter=self.rows.filter,
            sort=self.rows.sort,
            loading=self.feed.loading,
            complete=self.feed.complete,
            truncated=self.feed.truncated,
            error=self.feed.error,
        )

    def _show_empty(self) -> None:
        key = self.app.keymap.shown
        self.table.empty = () if len(self.rows) else empty_lines(self._told(), lambda name: key(BY_ID[name]))

    # -- the footer ---------------------------------------------------------------------------
    def hints(self) -> list[KeyHint]:
        """The declared keys, named by what they would do now."""
        labels = labels_now(self.row, paused=self.app.queue.paused)
        able = able_now(self.row, marked=bool(self.table.marks))
        actions = sorted((a for a in of_area("queue") if a.footer), key=lambda a: a.footer)
        return [self.hint(a, labels.get(a.id, ""), enabled=able.get(a.id, True)) for a in actions]

    # -- keys that change only what is seen ---------------------------------------------------
    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.action_open()

    def action_open(self) -> None:
        """The job under the cursor on the whole screen."""
        if self.row is not None:
            self.app.push_screen(JobScreen.for_list(self, self.row))

    def on_table_at_end(self, event: Table.AtEnd) -> None:
        """`G`: the last job of all, so all are fetched."""
        event.stop()
        self.feed.want(MOST)

    def action_mark(self) -> None:
        row_id = self.table.cursor_id
        if row_id is None or self.rows.row(row_id) is None:
            return
        self.table.marks ^= {row_id}
        self.table.action_down()
        self.table.paint()
        self.show_title()
        self.show_footer()

    def action_mark_all(self) -> None:
        shown = {row.id for row in self.rows.jobs()}
        self.table.marks = set() if shown <= self.table.marks else shown
        self.table.paint()
        self.show_title()
        self.show_footer()

    # -- filter and sort ----------------------------------------------------------------------
    def action_filter(self) -> None:
        self.entry.open(self.rows.filter.text)

    @on(Entry.Changed, "#filter")
    def _filter_typed(self, event: Entry.Changed) -> None:
        event.stop()
        self.set_filter(event.value)

    @on(Entry.Submitted, "#filter")
    def _filter_done(self, event: Entry.Submitted) -> None:
        event.stop()
        self.entry.close()
        self.table.focus()

    @on(Entry.Left, "#filter")
    def _filter_left(self, event: Entry.Left) -> None:
        event.stop()
        self.entry.close()
        self.set_filter("")
        self.table.focus()

    def set_filter(self, text: str) -> None:
        """Shows what matches; empty ends it."""
        wanted = parse_filter(text)
        if wanted != self.rows.filter:
            self.feed.filter(wanted)
            self.rows.fold_backends(self.app.backends)
            self._rows_changed()
            self.kept.note(text, self.rows.sort)

    def back(self) -> bool:
        """One thing at a time: marks, then the filter."""
        if self.table.marks:
            self.clear_marks()
        elif self.rows.filter.text:
            self.set_filter("")
        else:
            return False
        return True

    def action_sort(self) -> None:
        in_background(self, self._choose_sort(), group="queue.sort", exclusive=True, opens=True)

    async def _choose_sort(self) -> None:
        now = self.rows.sort
        options = [
            Option(name, name, "as the engine runs them" if name == SORTS[0] else "") for name in SORTS
        ]
        if chosen := await self.app.choose("Sort by", options, current=now.by):
            self.sort_by(chosen)

    def sort_by(self, name: str) -> None:
        """By that column; if it is by that one already, the other way round."""
        self.set_sort(self.rows.sort.then(name))

    def go_to(self, ref: str) -> None:
        """Puts the cursor on the job of that number; one that is not loaded is asked for by the filter."""
        found = next((row for row in self.rows.jobs() if str(row.number) == ref), None)
        if found is None or not self.table.move_to_id(found.id):
            self.set_filter(f"#{ref}")

    def set_sort(self, sort: Sort) -> None:
        self.rows.resort(sort)
        self.kept.note(self.rows.filter.text, sort)
        self.table.update()
        self.show_title()
        self._prefetch()
