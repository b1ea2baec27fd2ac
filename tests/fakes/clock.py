"""A clock that stands until a test moves it."""

from __future__ import annotations

import asyncio
from datetime import datetime, timedelta

from tests.fakes.host import THEN

TURNS = 50
"""Turns of the loop after which whoever was woken has gone to sleep again."""


class FakeClock:
    """Implements `Clock`. `sleeps` are the naps asked for, in order."""

    def __init__(self) -> None:
        self._passed = 0.0
        self.sleeps: list[float] = []
        self._waiting: list[tuple[float, asyncio.Future[None]]] = []

    def now(self) -> datetime:
        return THEN + timedelta(seconds=self._passed)

    def monotonic(self) -> float:
        return 1000.0 + self._passed

    async def sleep(self, seconds: float) -> None:
        self.sleeps.append(seconds)
        future: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._waiting.append((self._passed + seconds, future))
        await future

    async def pass_(self, seconds: float) -> None:
        """Everybody whose nap is over by then goes on."""
        self._passed += seconds
        due = [future for at, future in self._waiting if at <= self._passed]
        self._waiting = [(at, future) for at, future in self._waiting if at > self._passed]
        for future in due:
            if not future.done():
                future.set_result(None)
        await settled()


async def settled() -> None:
    for _ in range(TURNS):
        await asyncio.sleep(0)
