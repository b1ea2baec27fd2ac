"""Brings the rows: pages when they are looked at, and every change after that, by its revision."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ainf_tui.domain.documents import JobRow, QueueDocument
from ainf_tui.domain.requests import JobQuery
from ainf_tui.tui.lists.feed import FIRST, PAGE, Page, PagedFeed
from ainf_tui.tui.ports import EngineClient
from ainf_tui.tui.queue.filter import Filter
from ainf_tui.tui.queue.rows import Rows


class Feed(PagedFeed[JobRow]):
    """Fills `rows`; calls `told` with all rows that are news."""

    def __init__(
        self,
        rows: Rows,
        client: Callable[[], EngineClient | None],
        changed: Callable[[], None],
        told: Callable[[Sequence[JobRow]], object],
    ) -> None:
        super().__init__(client, changed)
        self.rows = rows
        self._told = told
        self._queue = QueueDocument()
        self._asked = Filter()

    def __len__(self) -> int:
        return len(self.rows)

    # -- what is wished -----------------------------------------------------------------------
    def filter(self, wanted: Filter) -> None:
        """Shows what matches: at once among the rows that are here, then asks for the others."""
        self.rows.filter = wanted
        self._wanted = FIRST
        for row in list(self.rows.jobs()):
            if not wanted.matches(row):
                self.rows.drop(row.id)
        self._changed()
        self.reload()

    def announce(self, queue: QueueDocument) -> None:
        """The queue's topic: a newer revision means changes, fewer ended jobs that some were removed."""
        before, self._queue = self._queue, queue
        if self._revision is None:
            return
        if queue.ended < before.ended or queue.revision < self._revision:
            self.reload()
        elif queue.revision > self._revision:
            self._wake.set()

    # -- what is asked ------------------------------------------------------------------------
    async def _page(self, client: EngineClient, limit: int, after: str | None) -> Page[JobRow]:
        if after is None:
            self._asked = self.rows.filter
        wanted = self._asked
        query = JobQuery(
            kind="all",
            states=tuple(sorted(wanted.states)),
            held=wanted.held,
            text=wanted.asked,
            limit=limit,
            after=after,
        )
        page = await client.jobs.rows(query)
        return Page(page.rows, page.next, page.revision)

    def _take(self, rows: Sequence[JobRow], *, complete: bool) -> None:
        self._told(rows)
        self.rows.reset((row for row in rows if self._asked.matches(row)), complete=complete)

    def _append(self, rows: Sequence[JobRow], *, complete: bool) -> None:
        self.rows.append((row for row in rows if self._asked.matches(row)), complete=complete)

    async def _news(self, client: EngineClient) -> None:
        if self._revision is not None and self._queue.revision > self._revision:
            await self._catch_up(client, self._revision)

    async def _catch_up(self, client: EngineClient, since: int) -> None:
        while True:
            query = JobQuery(kind="changed", changed_since=since, limit=PAGE)
            page = await client.jobs.rows(query)
            self._told(page.rows)
            self.rows.change(page.rows)
            newest = max((row.revision for row in page.rows), default=since)
            done = len(page.rows) < PAGE or newest <= since
            since = newest
            if done:
                break
        # Announced before we asked: every change up to there was in the answers.
        self._revision = max(since, self._queue.revision)
        self._came()
