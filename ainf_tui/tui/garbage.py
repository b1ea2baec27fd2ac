"""Python's collections of garbage, made when nobody waits for a key.

By itself Python collects when enough has been made, which is while much is done: of 30 keys that opened the
help the slowest two waited 40 ms longer, all of it for a collection. A dialog that was closed leaves some
7,000 objects that only a collection finds.
"""

from __future__ import annotations

import asyncio
import gc
import time
from typing import Protocol

from textual._styles_cache import StylesCache

BACKSTOP = 200_000
"""New containers at which Python collects by itself, whoever waits."""
WORTH = 4_000
"""New containers below which a collection is not worth it."""
QUIET = 0.15
"""Seconds since the last key: whoever reads, or thinks."""
REST = 100.0
"""Times as long as a collection took that found little until the next one: much is alive, not much gone."""


class Collector(Protocol):
    """The module `gc`, as far as it is used."""

    def set_threshold(self, threshold0: int, threshold1: int = ..., threshold2: int = ..., /) -> None: ...
    def get_count(self) -> tuple[int, int, int]: ...
    def freeze(self) -> None: ...
    def collect(self) -> int: ...


class Garbage:
    """Of a process that has one app only: it changes how Python collects.

    `settled`: seconds until all is made that lives as long as the app. It is not looked at any more: a
    collection walks through what came later.
    """

    def __init__(self, settled: float, collector: Collector = gc) -> None:
        collector.set_threshold(BACKSTOP, 10, 10)
        self._gc = collector
        self._settles_at = time.monotonic() + settled
        self._settled = False
        self._key_at = 0.0
        self._due: asyncio.TimerHandle | None = None
        self._not_before = 0.0

    def key(self) -> None:
        """One has come: what it leaves is looked at once no other follows."""
        self._key_at = time.monotonic()
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(QUIET, self._after_keys)

    def _after_keys(self) -> None:
        self._due = None
        left = self._key_at + QUIET - time.monotonic()
        if left > 0:
            self._due = asyncio.get_running_loop().call_later(left, self._after_keys)
        else:
            self.look()

    def look(self) -> None:
        """Collects if it is worth it, and quiet."""
        now = time.monotonic()
        if now - self._key_at < QUIET or now < self._settles_at:
            return
        if not self._settled:
            self._settled = True
            self._gc.freeze()
        if self._gc.get_count()[0] > WORTH and now >= self._not_before:
            # A cache of Textual's keeps, with two colours, each of the last 1024 widgets that asked for them,
            # and all lines of it: of dialogs that were closed an hour ago.
            StylesCache.get_inner_outer.cache_clear()
            found = self._gc.collect()
            ended = time.monotonic()
            self._not_before = ended + (REST * (ended - now) if found < WORTH else 0.0)
