"""A question that may hang, asked in a thread of its own.

Not in the loop's pool: its threads are waited for at the end of the process, and a network disk that is
gone would keep the engine from ending.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from contextlib import suppress
from typing import Generic, TypeVar

T = TypeVar("T")


class OwnThread(Generic[T]):
    """Asks `question` again and again, never twice at a time."""

    def __init__(self, name: str, question: Callable[[], T]) -> None:
        self._name = name
        self._question = question
        self._asked: asyncio.Future[T] | None = None

    async def ask(self, within: float) -> T:
        """Its answer, or what it raises. TimeoutError after `within` seconds, and at once while an earlier
        question still hangs.
        """
        hangs = self._asked is not None and not self._asked.done()
        if self._asked is None or self._asked.done():
            self._asked = self._begin()
        asked = self._asked
        if hangs:
            raise TimeoutError
        await asyncio.wait({asked}, timeout=within)
        if not asked.done():
            raise TimeoutError
        return asked.result()

    def _begin(self) -> asyncio.Future[T]:
        loop = asyncio.get_running_loop()
        future: asyncio.Future[T] = loop.create_future()
        future.add_done_callback(_seen)

        def answer(done: Callable[[], None]) -> None:
            if not future.done():
                done()

        def run() -> None:
            try:
                found = self._question()
            except Exception as error:  # noqa: BLE001 - it is raised where the answer is waited for
                reason = error
                done: Callable[[], None] = lambda: future.set_exception(reason)  # noqa: E731 - two of a kind
            else:
                done = lambda: future.set_result(found)  # noqa: E731 - as above
            with suppress(RuntimeError):  # the loop has ended before it
                loop.call_soon_threadsafe(answer, done)

        threading.Thread(target=run, name=self._name, daemon=True).start()
        return future


def _seen(future: asyncio.Future[T]) -> None:
    """An answer that came after its time may be a failure; nobody waits for it any more."""
    if not future.cancelled():
        future.exception()
