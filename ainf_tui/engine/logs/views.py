"""Views of logs that somebody looks at: opened, asked in threads, ended when nobody asks any more."""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Self, TypeVar

from ainf_tui.domain.log_documents import (
    LogFindRequest,
    LogFoundDocument,
    LogHistogramDocument,
    LogOpenRequest,
    LogPageDocument,
    LogPageRequest,
    LogRecordDocument,
    LogSearchRequest,
    LogSourcesDocument,
    LogStateDocument,
    LogViewDocument,
)
from ainf_tui.domain.ports_logs import LogDesk, OpenLogs
from ainf_tui.errors import NotFoundError

UNASKED = 60.0
"""Seconds after the last question; then a view ends."""
MOST = 32
"""Views at once; the one that was not asked for the longest time makes room."""
_SWEEP = 5.0

_Answer = TypeVar("_Answer")


@dataclass(slots=True)
class _Entry:
    logs: OpenLogs
    asked: float
    lock: asyncio.Lock = field(default_factory=asyncio.Lock)


class LogViews:
    """Implements `domain.ports_logs.LogReading` where the files are. Close it."""

    def __init__(self, desk: LogDesk, clock: Callable[[], float] = time.monotonic) -> None:
        self._desk = desk
        self._clock = clock
        self._views: dict[str, _Entry] = {}
        self._sweeper: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    @property
    def count(self) -> int:
        """Views that are open."""
        return len(self._views)

    async def aclose(self) -> None:
        """Ends all views."""
        if self._sweeper is not None:
            self._sweeper.cancel()
            await asyncio.gather(self._sweeper, return_exceptions=True)
        for view in list(self._views):
            await self.close(view)

    async def sources(self) -> LogSourcesDocument:
        return await asyncio.to_thread(self._desk.sources)

    async def open(self, request: LogOpenRequest) -> LogViewDocument:
        opened = await asyncio.to_thread(self._desk.open, request)
        while len(self._views) >= MOST:
            await self.close(min(self._views, key=lambda view: self._views[view].asked))
        name = os.urandom(8).hex()
        self._views[name] = _Entry(opened, self._clock())
        if self._sweeper is None or self._sweeper.done():
            self._sweeper = asyncio.create_task(self._sweep(), name="log views")
        return LogViewDocument(name, opened.sources)

    async def page(self, view: str, request: LogPageRequest) -> LogPageDocument:
        return await self._ask(view, lambda logs: logs.page(request))

    async def find(self, view: str, request: LogFindRequest) -> LogFoundDocument:
        return await self._ask(view, lambda logs: logs.find(request))

    async def record(self, view: str, file: str, start: int) -> LogRecordDocument:
        return await self._ask(view, lambda logs: logs.record(file, start))

    async def search(self, view: str, request: LogSearchRequest) -> LogStateDocument:
        return await self._ask(view, lambda logs: logs.search(request))

    async def state(self, view: str) -> LogStateDocument:
        return await self._ask(view, lambda logs: logs.state())

    async def histogram(self, view: str, buckets: int = 60) -> LogHistogramDocument:
        return await self._ask(view, lambda logs: logs.histogram(buckets))

    async def close(self, view: str) -> None:
        entry = self._views.pop(view, None)
        if entry is not None:
            async with entry.lock:
                await asyncio.to_thread(entry.logs.close)

    async def expire(self) -> None:
        """Ends the views that nobody has asked for a while."""
        now = self._clock()
        for view, entry in list(self._views.items()):
            if now - entry.asked > UNASKED and not entry.lock.locked():
                await self.close(view)

    async def _ask(self, view: str, ask: Callable[[OpenLogs], _Answer]) -> _Answer:
        entry = self._views.get(view)
        if entry is None:
            raise _no_view()
        entry.asked = self._clock()
        async with entry.lock:
            if view not in self._views:
                raise _no_view()
            # A question whose asker has gone is answered to its end: two threads in one view never meet.
            return await _to_its_end(lambda: ask(entry.logs))

    async def _sweep(self) -> None:
        while self._views:
            await asyncio.sleep(_SWEEP)
            await self.expire()


async def _to_its_end(call: Callable[[], _Answer]) -> _Answer:
    task = asyncio.ensure_future(asyncio.to_thread(call))
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        await asyncio.wait([task])
        raise


def _no_view() -> NotFoundError:
    return NotFoundError(
        "logs.no_view",
        "this view of logs has ended",
        hint="It ends a minute after the last question. Open it again.",
    )
