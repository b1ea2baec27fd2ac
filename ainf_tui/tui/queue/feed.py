"""Brings the rows: the first page, further ones when they are looked at, and every change after that.

One loop does one thing at a time, so that answers never overtake each other; it runs as a worker of the
screen and asks nothing while there is nothing to ask.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress

from ainf_tui.domain.documents import JobRow, QueueDocument
from ainf_tui.domain.requests import JobQuery
from ainf_tui.errors import AinfError
from ainf_tui.tui.ports import EngineClient
from ainf_tui.tui.queue.filter import Filter
from ainf_tui.tui.queue.rows import Rows

FIRST = 100
"""Rows of the first page: more than a screen holds."""
PAGE = 250
MOST = 20_000
"""Rows that are held at most; a filter finds what lies beyond."""
RETRY = 1.0
"""Seconds until a question that failed is asked again."""


class Feed:
    """Fills `rows`; calls `changed` after each change, and `told` with all rows that are news.

    `error`: why it knows nothing newer, if so.
    """

    def __init__(
        self,
        rows: Rows,
        client: Callable[[], EngineClient | None],
        changed: Callable[[], None],
        told: Callable[[Sequence[JobRow]], object],
    ) -> None:
        self.rows = rows
        self.loading = False
        self.truncated = False
        """There are more than MOST."""
        self.error: AinfError | None = None
        self._client = client
        self._changed = changed
        self._told = told
        self._wake = asyncio.Event()
        self._reload = False
        self._wanted = 0
        self._next: str | None = None
        self._revision: int | None = None
        self._queue = QueueDocument()
        self._asked = Filter()

    # -- what is wished -----------------------------------------------------------------------
    def reload(self) -> None:
        """Everything anew: after a connection, a filter, a list that was cleared."""
        self._reload = True
        self._wake.set()

    def want(self, count: int) -> None:
        """So many rows are to be there."""
        if count > self._wanted:
            self._wanted = min(count, MOST)
        if self._next is not None and self._wanted > len(self.rows):
            self._wake.set()

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

    @property
    def complete(self) -> bool:
        return self._next is None and not self._reload and self._revision is not None

    # -- the loop -----------------------------------------------------------------------------
    async def run(self) -> None:
        """Until cancelled."""
        while True:
            await self._wake.wait()
            self._wake.clear()
            client = self._client()
            if client is None:
                continue  # the connection's return wakes it with a reload
            try:
                await self._step(client)
                self.error = None
            except AinfError as error:
                self.error = error
                self._changed()
                with suppress(TimeoutError):
                    async with asyncio.timeout(RETRY):
                        await self._wake.wait()
                self._wake.set()

    async def _step(self, client: EngineClient) -> None:
        if self._reload:
            await self._load(client)
        if self._revision is not None and self._queue.revision > self._revision:
            await self._catch_up(client, self._revision)
        while self._next is not None and len(self.rows) < self._wanted and not self._reload:
            await self._more(client)

    async def _load(self, client: EngineClient) -> None:
        """The first page, or as many rows as were there: the cursor's row is among them."""
        self._reload = False
        self._asked = self.rows.filter
        wanted = max(FIRST, min(self._wanted, len(self.rows)))
        self.loading = True
        page = await client.jobs.rows(self._query(limit=min(wanted, PAGE)))
        revision = page.revision
        found = list(page.rows)
        while page.next is not None and len(found) < wanted and not self._reload:
            page = await client.jobs.rows(self._query(limit=PAGE, after=page.next))
            found += page.rows
        self._told(found)
        self._next = page.next
        self._revision = revision
        self.rows.reset((row for row in found if self._asked.matches(row)), complete=page.next is None)
        self.loading = False
        self._changed()

    async def _more(self, client: EngineClient) -> None:
        self.loading = True
        page = await client.jobs.rows(self._query(limit=PAGE, after=self._next))
        if self._reload:
            return
        self._next = page.next
        self.rows.append((row for row in page.rows if self._asked.matches(row)), complete=page.next is None)
        self.truncated = page.next is not None and len(self.rows) >= MOST
        self.loading = False
        self._changed()

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
        self._changed()

    def _query(self, *, limit: int, after: str | None = None) -> JobQuery:
        wanted = self._asked
        return JobQuery(
            kind="all",
            states=tuple(sorted(wanted.states)),
            held=wanted.held,
            text=wanted.asked,
            limit=limit,
            after=after,
        )
