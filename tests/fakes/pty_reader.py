"""Reads a pty as fast as it comes, as slowly as wanted, or not at all; and knows when each piece came."""

from __future__ import annotations

import os
import queue
import select
import threading
import time
from collections.abc import Callable

PIECE = 65536
BEAT = 0.02
"""Seconds between two reads of a slow line."""


class Reader:
    """`take(moment, data)` is called for each piece, in a thread of its own, in order."""

    def __init__(self, descriptor: int, take: Callable[[float, bytes], None]) -> None:
        self.bytes = 0
        self.rate: int | None = None
        """Bytes a second; None: all that comes."""
        self._descriptor = descriptor
        self._take = take
        self._pieces: queue.SimpleQueue[tuple[float, bytes]] = queue.SimpleQueue()
        self._going = threading.Event()
        self._going.set()
        self._closing = False
        self._wake, self._waker = os.pipe()
        self._threads = [threading.Thread(target=deed, daemon=True) for deed in (self._read, self._draw)]
        for thread in self._threads:
            thread.start()

    def pause(self) -> None:
        self._going.clear()

    def resume(self) -> None:
        self._going.set()

    def drain(self, timeout: float) -> None:
        """Waits until the program's side is closed and all has been taken, or time is up."""
        give_up = time.monotonic() + timeout
        for thread in self._threads:
            thread.join(max(0.0, give_up - time.monotonic()))

    def close(self) -> None:
        """Stops both threads; the descriptor stays open."""
        self._closing = True
        self._going.set()
        os.write(self._waker, b"x")
        for thread in self._threads:
            thread.join()
        os.close(self._wake)
        os.close(self._waker)

    def _read(self) -> None:
        while self._going.wait() and not self._closing:
            ready, _, _ = select.select([self._descriptor, self._wake], [], [])
            if self._wake in ready or not self._going.is_set():
                continue
            try:
                data = os.read(self._descriptor, self._allowed())
            except OSError:  # EIO: no process has the terminal open any more
                break
            if not data:
                break
            self.bytes += len(data)
            self._pieces.put((time.monotonic(), data))
            if self.rate is not None:
                time.sleep(len(data) / self.rate)
        self._pieces.put((time.monotonic(), b""))

    def _allowed(self) -> int:
        return PIECE if self.rate is None else max(1, int(self.rate * BEAT))

    def _draw(self) -> None:
        while True:
            moment, data = self._pieces.get()
            if not data:
                return
            self._take(moment, data)
