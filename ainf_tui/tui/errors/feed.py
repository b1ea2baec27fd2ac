"""Brings the groups: the first page, further ones when they are looked at, and all anew when one has changed.

One loop does one thing at a time; it runs as a worker of the screen and asks nothing while nothing is to be
asked. Under a flood of errors the list is read anew once a second, and more rarely where that takes longer.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from contextlib import suppress

from ainf_tui.domain.error_documents import ErrorQuery, ErrorTotalsDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.errors.filter import Filter
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.ports import EngineClient

FIRST = 100
"""Groups of the first page: more than a screen holds."""
PAGE = 250
MOST = 20_000
"""Groups that are held at most; a filter finds what lies beyond."""
RETRY = 1.0
"""Seconds until a question that failed is asked again."""
AGAIN = 1.0
"""Seconds between two readings at least, where nobody asked for one."""
SHARE = 5.0
"""So many times as long as the last reading took, at least."""


class ErrorFeed:
    """Fills `groups`; calls `changed` after each change. `error`: why it knows nothing newer, if so."""

    def __init__(
        self, groups: Groups, client: Callable[[], EngineClient | None], changed: Callable[[], None]
    ) -> None:
        self.groups = groups
        self.filter = Filter()
        self.order = "inbox"
        self.hidden_too = False
        """Resolved and muted groups, too."""
        self.loading = False
        self.error: AinfError | None = None
        self.read_at = 0.0
        """Monotonic seconds of the last answer; 0: none yet."""
        self._client = client
        self._changed = changed
        self._wake = asyncio.Event()
        self._reload = False
        self._wanted = 0
        self._next: str | None = None
        self._told: int | None = None
        """Revision of the topic that the list is of; None: it was never read."""
        self._totals = ErrorTotalsDocument()
        self._not_before = 0.0

    # -- what is wished -----------------------------------------------------------------------
    def ask(self, wanted: Filter, order: str, *, hidden_too: bool) -> None:
        """Shows these instead."""
        if (wanted, order, hidden_too) != (self.filter, self.order, self.hidden_too):
            self.filter, self.order, self.hidden_too = wanted, order, hidden_too
            self._wanted = FIRST
            self.reload()

    def reload(self) -> None:
        """Everything anew, now: after a connection, a filter, an order of the user's."""
        self._reload = True
        self._wake.set()

    def want(self, count: int) -> None:
        """So many groups are to be there."""
        self._wanted = max(self._wanted, min(count, MOST))
        if self._next is not None and self._wanted > len(self.groups):
            self._wake.set()

    def announce(self, totals: ErrorTotalsDocument) -> None:
        """The topic, while the screen is seen: another revision means changes."""
        self._totals = totals
        if self._stale:
            self._wake.set()

    @property
    def _stale(self) -> bool:
        return self._told is None or self._told != self._totals.revision

    @property
    def complete(self) -> bool:
        return self._next is None and not self._reload and self._told is not None

    @property
    def truncated(self) -> bool:
        """There are more than MOST."""
        return self._next is not None and len(self.groups) >= MOST

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
            except AinfError as error:
                self.error = error
                self.loading = False
                self._changed()
                await self._rest(RETRY)
                self._wake.set()

    async def _step(self, client: EngineClient) -> None:
        if self._stale and not self._reload:
            await self._rest(self._not_before - time.monotonic())
        if self._reload or self._stale:
            await self._load(client)
        while self._next is not None and len(self.groups) < self._wanted and not self._reload:
            await self._more(client)

    async def _rest(self, seconds: float) -> None:
        """So long, unless the user wants something meanwhile."""
        end = time.monotonic() + seconds
        while not self._reload and (left := end - time.monotonic()) > 0:
            with suppress(TimeoutError):
                async with asyncio.timeout(left):
                    await self._wake.wait()
            self._wake.clear()

    async def _load(self, client: EngineClient) -> None:
        """The first page, or as many groups as were there: the cursor's one is among them."""
        self._reload = False
        begun, told = time.monotonic(), self._totals.revision
        wanted = max(FIRST, min(self._wanted, len(self.groups)))
        self.loading = True
        page = await client.errors.listed(self._query(min(wanted, PAGE)))
        found = list(page.errors)
        while page.next is not None and len(found) < wanted and not self._reload:
            page = await client.errors.listed(self._query(PAGE, page.next))
            found += page.errors
        if self._reload:
            self._wake.set()  # asked for something else meanwhile: this is not shown
            return
        self._next, self._told = page.next, told
        self.groups.reset(found)
        self._came(begun)

    async def _more(self, client: EngineClient) -> None:
        begun = time.monotonic()
        self.loading = True
        page = await client.errors.listed(self._query(PAGE, self._next or ""))
        if self._reload:
            self._wake.set()
            return
        self._next = page.next
        self.groups.append(page.errors)
        self._came(begun)

    def _came(self, begun: float) -> None:
        self.read_at = time.monotonic()
        self._not_before = self.read_at + max(AGAIN, SHARE * (self.read_at - begun))
        self.loading = False
        self.error = None
        self._changed()

    def _query(self, limit: int, after: str = "") -> ErrorQuery:
        return self.filter.query(hidden_too=self.hidden_too, order=self.order, limit=limit, after=after)
