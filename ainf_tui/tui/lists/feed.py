"""Brings the rows of a list: the first page, and further ones when they are looked at.

One loop does one thing at a time, so that answers never overtake each other; it runs as a worker of the
screen and asks nothing while there is nothing to ask.
"""

from __future__ import annotations

import asyncio
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.ports import EngineClient

Row = TypeVar("Row")

FIRST = 100
"""Rows of the first page: more than a screen holds."""
PAGE = 250
MOST = 20_000
"""Rows that are held at most; a filter finds what lies beyond."""
RETRY = 1.0
"""Seconds until a question that failed is asked again."""


@frozen
class Page(Generic[Row]):
    """`revision`: of the list when it was read; `next`: what the page after it is asked for by."""

    rows: Sequence[Row]
    next: str | None
    revision: int


class PagedFeed(ABC, Generic[Row]):
    """Calls `changed` after each change. `error`: why it knows nothing newer, if so.

    Subclasses ask for a page (`_page`) and take what came (`_take`, `_append`); `__len__` is what they hold.
    """

    def __init__(self, client: Callable[[], EngineClient | None], changed: Callable[[], None]) -> None:
        self.loading = False
        self.error: AinfError | None = None
        self._client = client
        self._changed = changed
        self._wake = asyncio.Event()
        self._reload = False
        self._owed = False
        """A reload was begun and has not come to its end."""
        self._wanted = 0
        self._next: str | None = None
        self._revision: int | None = None
        """Of the list as it is here; None: it was never read."""

    # -- what a kind of list decides ----------------------------------------------------------
    @abstractmethod
    def __len__(self) -> int:
        """Rows that are held."""

    @abstractmethod
    async def _page(self, client: EngineClient, limit: int, after: str | None) -> Page[Row]:
        """AinfError: it cannot be had now."""

    @abstractmethod
    def _take(self, rows: Sequence[Row], *, complete: bool) -> None:
        """These in place of all that were here; `complete`: there are no more."""

    @abstractmethod
    def _append(self, rows: Sequence[Row], *, complete: bool) -> None:
        """The next page."""

    async def _news(self, client: EngineClient) -> None:
        """Brings what has changed in the list as it is here."""

    # -- what is wished -----------------------------------------------------------------------
    def reload(self) -> None:
        """Everything anew, now: after a connection, a filter, an order of the user's."""
        self._reload = True
        self._wake.set()

    def want(self, count: int) -> None:
        """So many rows are to be there."""
        self._wanted = max(self._wanted, min(count, MOST))
        if self._next is not None and self._wanted > len(self):
            self._wake.set()

    @property
    def complete(self) -> bool:
        """All there are have been read."""
        return self._next is None and not self._reload and self._revision is not None

    @property
    def truncated(self) -> bool:
        """There are more than MOST."""
        return self._next is not None and len(self) >= MOST

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
                self.error, self.loading = error, False
                self._changed()
                await self._rest(RETRY)
                # What was asked for is still owed: a list of another filter must not pass for the answer.
                self._reload = self._reload or self._owed
                self._wake.set()

    async def _step(self, client: EngineClient) -> None:
        if self._reload:
            await self._load(client)
        await self._news(client)
        while self._next is not None and len(self) < self._wanted and not self._reload:
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
        """The first page, or as many rows as were there: the cursor's row is among them."""
        self._reload, self._owed, self.loading = False, True, True
        wanted = max(FIRST, min(self._wanted, len(self)))
        first = page = await self._page(client, min(wanted, PAGE), None)
        found = list(page.rows)
        while page.next is not None and len(found) < wanted and not self._reload:
            page = await self._page(client, PAGE, page.next)
            found += page.rows
        if self._reload:
            self._wake.set()  # asked for something else meanwhile: this is not shown
            return
        self._owed = False
        # Of the first page: what changed while the others were read is still to come.
        self._next, self._revision = page.next, first.revision
        self._take(found, complete=page.next is None)
        self._came()

    async def _more(self, client: EngineClient) -> None:
        self.loading = True
        page = await self._page(client, PAGE, self._next)
        if self._reload:
            self._wake.set()
            return
        self._next = page.next
        self._append(page.rows, complete=page.next is None)
        self._came()

    def _came(self) -> None:
        self.loading, self.error = False, None
        self._changed()
