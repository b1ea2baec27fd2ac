"""A log that is asked for bit by bit, kept in a file without a name so that the rest is as with any other."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from ainf_tui.adapters.logs.spool import Spool
from ainf_tui.domain.logs.recent import Recent, Write
from ainf_tui.errors import AinfError

EVERY = 1.0
"""Seconds between two looks."""


class Asked(Protocol):
    """Who answers."""

    def writes(self) -> Sequence[Write]: ...
    def close(self) -> None: ...


class AskedSpool(Spool):
    """Asks each `every` seconds, `looks` times or until it is stopped; its thread calls `open_source`."""

    def __init__(
        self,
        name: str,
        open_source: Callable[[], Asked],
        every: float | None = None,
        *,
        looks: int | None = None,
    ) -> None:
        super().__init__(name, self._next)
        self._open_source = open_source
        self._every = EVERY if every is None else every
        self._source: Asked | None = None
        self._recent = Recent()
        self._stopped = threading.Event()
        self._looks = looks
        self._asked = 0

    @property
    def dropped(self) -> int:
        """Times at which lines fell out of the server's memory before they were asked for."""
        return self._recent.gaps

    def stop(self) -> None:
        """No more is asked; what is there can be read on."""
        self._stopped.set()

    def _next(self, _size: int) -> bytes:
        """What is new, once there is something; nothing at the end."""
        while self._asked != self._looks and not self._stopped.wait(self._every if self._asked else 0.0):
            self._asked += 1
            try:
                if self._source is None:
                    self._source = self._open_source()
                writes = self._source.writes()
            except AinfError as error:
                self.problem = error
                continue
            self.problem = None
            if self._stopped.is_set():
                break
            if text := self._recent.take(writes):
                return text.encode("utf-8", "backslashreplace")
        if self._source is not None:
            self._source.close()
        return b""
