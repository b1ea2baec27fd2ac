"""Brings the groups: pages when they are looked at, and all anew when one has changed.

Under a flood of errors the list is read anew once a second, and more rarely where that takes longer.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from ainf_tui.domain.error_documents import ErrorGroupDocument, ErrorTotalsDocument
from ainf_tui.tui.errors.filter import Filter
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.lists.feed import FIRST, Page, PagedFeed
from ainf_tui.tui.ports import EngineClient

AGAIN = 1.0
"""Seconds between two readings at least, where nobody asked for one."""
SHARE = 5.0
"""So many times as long as the last reading took, at least."""


class ErrorFeed(PagedFeed[ErrorGroupDocument]):
    """Fills `groups`."""

    def __init__(
        self, groups: Groups, client: Callable[[], EngineClient | None], changed: Callable[[], None]
    ) -> None:
        super().__init__(client, changed)
        self.groups = groups
        self.filter = Filter()
        self.order = "inbox"
        self.hidden_too = False
        """Resolved and muted groups, too."""
        self.read_at = 0.0
        """Monotonic seconds of the last answer; 0: none yet."""
        self._totals = ErrorTotalsDocument()
        self._begun = 0.0
        self._not_before = 0.0

    def __len__(self) -> int:
        return len(self.groups)

    # -- what is wished -----------------------------------------------------------------------
    def ask(self, wanted: Filter, order: str, *, hidden_too: bool) -> None:
        """Shows these instead."""
        if (wanted, order, hidden_too) != (self.filter, self.order, self.hidden_too):
            self.filter, self.order, self.hidden_too = wanted, order, hidden_too
            self._wanted = FIRST
            self.reload()

    def announce(self, totals: ErrorTotalsDocument) -> None:
        """The topic, while the screen is seen: another revision means changes."""
        self._totals = totals
        if self._stale:
            self._wake.set()

    @property
    def _stale(self) -> bool:
        return self._revision is None or self._revision != self._totals.revision

    # -- what is asked ------------------------------------------------------------------------
    async def _step(self, client: EngineClient) -> None:
        if self._stale and not self._reload:
            await self._rest(self._not_before - time.monotonic())
        self._reload = self._reload or self._stale
        self._begun = time.monotonic()
        await super()._step(client)

    async def _page(self, client: EngineClient, limit: int, after: str | None) -> Page[ErrorGroupDocument]:
        revision = self._totals.revision
        query = self.filter.query(
            hidden_too=self.hidden_too, order=self.order, limit=limit, after=after or ""
        )
        page = await client.errors.listed(query)
        return Page(page.errors, page.next, revision)

    def _take(self, rows: Sequence[ErrorGroupDocument], *, complete: bool) -> None:
        del complete
        self.groups.reset(rows)

    def _append(self, rows: Sequence[ErrorGroupDocument], *, complete: bool) -> None:
        del complete
        self.groups.append(rows)

    def _came(self) -> None:
        self.read_at = time.monotonic()
        self._not_before = self.read_at + max(AGAIN, SHARE * (self.read_at - self._begun))
        self._begun = self.read_at
        super()._came()
