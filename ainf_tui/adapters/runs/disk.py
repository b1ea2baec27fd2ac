"""One thread for all that the run log does on the disk, one thing after the other."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import Future
from queue import SimpleQueue
from threading import Thread
from typing import TypeVar

T = TypeVar("T")


class Disk:
    """Carries out jobs in the order in which they are given.

    A daemon thread: those of a pool are waited for when Python ends, so a disk that never answers would keep
    the engine from ending.
    """

    def __init__(self, name: str) -> None:
        self._name = name
        self._jobs: SimpleQueue[Callable[[], None] | None] = SimpleQueue()
        self._thread: Thread | None = None

    def submit(self, job: Callable[[], T]) -> asyncio.Future[T]:
        """What the job returns or raises."""
        answer: Future[T] = Future()
        self._jobs.put(lambda: _carry_out(job, answer))
        if self._thread is None:
            self._thread = Thread(target=self._work, name=self._name, daemon=True)
            self._thread.start()
        return asyncio.wrap_future(answer)

    def close(self) -> None:
        """Ends the thread behind what it was given; a later job starts another."""
        if self._thread is not None:
            self._jobs.put(None)
            self._thread = None

    def _work(self) -> None:
        while (job := self._jobs.get()) is not None:
            job()


def _carry_out(job: Callable[[], T], answer: Future[T]) -> None:
    if not answer.set_running_or_notify_cancel():
        return
    try:
        result = job()
    except BaseException as error:  # noqa: BLE001 - passed on to who asked
        answer.set_exception(error)
    else:
        answer.set_result(result)
