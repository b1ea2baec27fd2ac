"""The Queue screen: every job, and the one under the cursor in detail."""

from __future__ import annotations

from ainf_tui.domain.documents import BackendDocument, JobDocument, JobRow, QueueDocument
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.lines import Line
from ainf_tui.tui.link import AWAY, STOPPED, Link
from ainf_tui.tui.lists.browsed import BrowsedScreen
from ainf_tui.tui.lists.feed import MOST
from ainf_tui.tui.lists.title import Key
from ainf_tui.tui.queue.detailed import DetailedScreen
from ainf_tui.tui.queue.feed import Feed
from ainf_tui.tui.queue.filter import parse_filter
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
from ainf_tui.tui.widgets.table import Source, Table


class QueueScreen(BrowsedScreen[JobRow], DetailedScreen):
    """Shows `rows`, which `feed` fills; keys are in `steer`."""

    areas = ("queue",)
    AUTO_FOCUS = "#jobs"
    feed: Feed

    def __init__(self) -> None:
        super().__init__()
        self.rows = Rows()
        self.feed = Feed(
            self.rows, self.client, self._rows_changed, lambda rows: self.post_message(JobsTold(rows))
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

    def on_mount(self) -> None:
        self.watch(self.app, "clients", self.feed.reload)
        self.watch(self.app, "link", self._link_changed)
        self.watch(self.app, "queue", self._queue_changed)
        self.watch(self.app, "active", self._active_changed)
        self.watch(self.app, "backends", self._backends_changed)
        self.watch(self.app, "tick", self._beat, init=False)
        self.rows.resort(self.kept.sort)
        self.set_filter(self.kept.filter)

    # -- what the engine tells ----------------------------------------------------------------
    def _link_changed(self, before: Link, link: Link) -> None:
        # The first list came with the client; what has changed since is told by the queue's topic.
        if link.live and before.state in {AWAY, STOPPED}:
            self.feed.reload()
        self.show_title()
        self.show_empty()

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
        self.show_empty()
        self.prefetch()
        self.kept.place(loaded=self.feed.complete or (len(self.rows) > 0 and not self.feed.loading))
        self.look()

    def source(self, signs: Signs) -> Source:
        return JobList(self.rows, signs)

    def _beat(self) -> None:
        if not self.hidden:
            self.table.paint()

    def on_screen_resume(self) -> None:
        self.show_title()
        self.table.paint()

    # -- what is seen -------------------------------------------------------------------------
    def on_table_moved(self, event: Table.Moved) -> None:
        event.stop()
        self.kept.note(self.rows.filter.text, self.rows.sort)

    def prefetch(self) -> None:
        if self.rows.sort.default:
            super().prefetch()
        else:
            # Only the engine's own order can be shown from its beginning.
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

    def told_empty(self, key: Key) -> tuple[Line, ...]:
        return empty_lines(self._told(), key)

    # -- keys that change only what is seen ---------------------------------------------------
    def action_open(self) -> None:
        if self.row is not None:
            self.app.push_screen(JobScreen.for_list(self, self.row))

    # -- filter and sort ----------------------------------------------------------------------
    @property
    def filter_text(self) -> str:
        return self.rows.filter.text

    def set_filter(self, text: str) -> None:
        wanted = parse_filter(text)
        if wanted != self.rows.filter:
            self.feed.filter(wanted)
            self.rows.fold_backends(self.app.backends)
            self._rows_changed()
            self.kept.note(text, self.rows.sort)

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
        self.prefetch()
