"""The system check: at the start, when servers and services come or go, every ten minutes while somebody
looks, and when it is asked for.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from ainf_tui.domain.check_documents import CheckDocument, ChecksDocument, FixedDocument, FixRequest
from ainf_tui.domain.checks.judge import judge
from ainf_tui.domain.checks.verdict import ERROR, OK, overall
from ainf_tui.domain.ports import Clock
from ainf_tui.domain.ports_checks import Inspector
from ainf_tui.errors import ConflictError, NotFoundError
from ainf_tui.store import Store

FIRST = 5.0
"""Seconds after the start: an engine that starts has more urgent things to do."""
EVERY = 600.0
SETTLED = 3.0
"""Seconds after a server or a service came or went: others follow it."""
TOPICS = frozenset({"checks", "health"})
Status = Callable[[], Awaitable[Mapping[str, Any]]]


class Checks:
    """Implements `domain.engine_box.ChecksService` and keeps the topic `checks`: those that are not ok."""

    def __init__(self, inspector: Inspector, store: Store, clock: Clock) -> None:
        self._inspector = inspector
        self._store = store
        self._clock = clock
        self.status: Status | None = None
        """For the bundle: what the engine tells of itself."""
        self._latest: tuple[CheckDocument, ...] = ()
        self._one = asyncio.Lock()
        self._looked = asyncio.Event()
        self.on_checked: Callable[[], None] = lambda: None
        self.on_worse: Callable[[CheckDocument], None] = lambda _: None
        """Told each check that has become an error since the look before; not what the first one finds."""
        self._bad: frozenset[str] | None = None
        self._news = asyncio.Event()
        self._seen = self._box()
        store.interest.listen(self._somebody)
        store.listen(self._something)

    async def keep(self) -> None:
        """The loop; never ends."""
        await self._clock.sleep(FIRST)
        while True:
            await self.run()
            await self._pause()
            if not any(self._store.interest.wanted(topic) for topic in TOPICS):
                self._looked.clear()
                await self._looked.wait()

    def _somebody(self, topics: frozenset[str]) -> None:
        if topics & TOPICS:
            self._looked.set()

    async def _pause(self) -> None:
        """Until the next look is due."""
        waits = [asyncio.ensure_future(wait) for wait in (self._clock.sleep(EVERY), self._news.wait())]
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()
            await asyncio.gather(*waits, return_exceptions=True)
        if self._news.is_set():
            await self._clock.sleep(SETTLED)

    def _something(self, topics: frozenset[str]) -> None:
        if topics & {"backends", "services"} and self._box() != self._seen:
            self._news.set()

    def _box(self) -> tuple[frozenset[tuple[str, object]], ...]:
        """What there is to look at."""
        state = self._store.state
        servers = frozenset((b.name, b.reachable) for b in state.backends)
        services = frozenset((s.name, s.pid is not None) for s in state.services.services)
        return servers, services

    async def run(self) -> ChecksDocument:
        """One look at a time; who comes meanwhile waits for it and gets one of his own."""
        async with self._one:
            return await self._run()

    async def _run(self) -> ChecksDocument:
        begun = self._clock.monotonic()
        self._seen = self._box()
        self._news.clear()
        checks = judge(await self._inspector.look(), self._inspector.thresholds)
        self._latest = checks
        self._store.update(checks=tuple(check for check in checks if check.severity != OK))
        self._tell_worse(checks)
        self.on_checked()
        seconds = round(self._clock.monotonic() - begun, 2)
        return ChecksDocument(overall(checks), checks, self._clock.now(), seconds)

    def _tell_worse(self, checks: tuple[CheckDocument, ...]) -> None:
        bad = [check for check in checks if check.severity == ERROR]
        if self._bad is not None:
            for check in bad:
                if check.code not in self._bad:
                    self.on_worse(check)
        self._bad = frozenset(check.code for check in bad)

    async def latest(self) -> tuple[CheckDocument, ...]:
        return self._latest

    async def fix(self, request: FixRequest) -> FixedDocument:
        """Looks first: what was shown must still hold. NotFoundError `check.no_fix`, ConflictError
        `check.fix_changed`, AinfError `check.fix_failed`.
        """
        async with self._one:
            found = next((c for c in (await self._run()).checks if c.fix and c.fix.id == request.id), None)
            if found is None or found.fix is None:
                raise NotFoundError(
                    "check.no_fix",
                    f"no check offers the fix {request.id!r} now",
                    hint="It may be well already: ainf doctor.",
                    details={"fix": request.id},
                )
            if found.fix.steps != request.steps:
                raise ConflictError(
                    "check.fix_changed",
                    f"{found.fix.title}: it is no longer what was shown",
                    hint="Look at the steps again: ainf doctor --fix.",
                    details={"fix": request.id, "steps": list(found.fix.steps)},
                )
            output = await self._inspector.carry_out(found.fix)
            after = next((c for c in (await self._run()).checks if c.code == found.code), None)
            done = after is None or after.fix is None or after.fix.id != request.id
            return FixedDocument(request.id, done, output, after)

    async def bundle(self) -> bytes:
        """Of a fresh look."""
        checks = await self.run()
        status = await self.status() if self.status is not None else None
        return await self._inspector.bundle(checks, status)
