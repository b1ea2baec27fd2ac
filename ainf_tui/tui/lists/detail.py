"""Brings the detail of the row that is looked at: after the cursor has come to rest, and again when the
row has changed, never more than once a second.
"""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections import OrderedDict
from collections.abc import Callable, Hashable
from typing import Generic, Protocol, TypeVar

from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.ports import EngineClient

Row = TypeVar("Row")
Detail = TypeVar("Detail")
State = TypeVar("State")

REST = 0.12
"""Seconds that the cursor rests before anything is asked."""
REST_SLOW = 0.6
"""The same on a slow line."""
FIRST = 0.01
"""The same for the first row of all."""
AGAIN = 1.0
"""Seconds between two questions for the same row at least."""
KEPT = 50
"""Details that are kept."""


class Stoppable(Protocol):
    """A timer."""

    def stop(self) -> None: ...


@frozen
class Ways:
    """What a screen lends to its feed: `later(seconds, call)` starts a timer, `run()` starts `fetch` as a
    worker, `changed()` shows what is known now, `slow()` says whether the line is.
    """

    client: Callable[[], EngineClient | None]
    later: Callable[[float, Callable[[], None]], Stoppable]
    run: Callable[[], object]
    changed: Callable[[], None]
    slow: Callable[[], bool]


class DetailFeed(ABC, Generic[Row, Detail, State]):
    """Subclasses say how one is asked for (`_ask`), what of the row decides about asking again (`_state`),
    and when a detail is old (`_moved`, `_outdated`).
    """

    def __init__(self, ways: Ways, cache: OrderedDict[Hashable, Detail] | None = None) -> None:
        self._ways = ways
        self.cache: OrderedDict[Hashable, Detail] = OrderedDict() if cache is None else cache
        self.error = ""
        """Why the detail of the row that is looked at could not be read."""
        self._row: Row | None = None
        self._timer: Stoppable | None = None
        self._asked: dict[Hashable, tuple[State, float]] = {}
        """The last question for a row: its state then, and when (monotonic)."""

    # -- what a kind of row decides -----------------------------------------------------------
    @abstractmethod
    def _key(self, row: Row) -> Hashable:
        """By which it is kept."""

    @abstractmethod
    def _state(self, row: Row) -> State:
        """What is known of the row now, as far as another of it is news."""

    @abstractmethod
    def _moved(self, before: State, now: State) -> bool:
        """Whether the row is to be asked for again, which was asked for in the state `before`."""

    @abstractmethod
    def _outdated(self, known: Detail, row: Row) -> bool:
        """Whether a detail that another screen brought is older than the row."""

    @abstractmethod
    async def _ask(self, client: EngineClient, row: Row) -> Detail:
        """AinfError: it cannot be had now."""

    # -- what is looked at --------------------------------------------------------------------
    def look_at(self, row: Row | None) -> None:
        """The row to show now; None: none."""
        before, self._row = self._row, row
        if (None if before is None else self._key(before)) != (None if row is None else self._key(row)):
            self.error = ""
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
        self._plan()

    def again(self) -> None:
        """The engine is back: what failed is asked once more."""
        self.error = ""
        if self._row is not None:
            self._asked.pop(self._key(self._row), None)
        self._plan()

    def found(self) -> Detail | None:
        """The detail of the row that is looked at, as far as it is here."""
        return self.cache.get(self._key(self._row)) if self._row is not None else None

    # -- when it is asked for -----------------------------------------------------------------
    def _plan(self) -> None:
        if self._timer is None and self._stale():
            self._timer = self._ways.later(self._pause(), self._due)

    def _stale(self) -> bool:
        row = self._row
        if row is None:
            return False
        asked, known = self._asked.get(self._key(row)), self.found()
        if asked is not None:
            return self._moved(asked[0], self._state(row))
        return known is None or self._outdated(known, row)

    def _pause(self) -> float:
        asked = self._asked.get(self._key(self._row)) if self._row is not None else None
        # The first of all is asked for at once: nobody moves yet, and the screen is complete the sooner.
        rest = FIRST if not self._asked and not self.cache else REST_SLOW if self._ways.slow() else REST
        return rest if asked is None else max(rest, asked[1] + AGAIN - time.monotonic())

    def _due(self) -> None:
        self._timer = None
        if self._stale():
            self._ways.run()

    async def fetch(self) -> None:
        """Asks for the row that is looked at; the worker's work."""
        row, client = self._row, self._ways.client()
        if row is None or client is None:
            return
        key = self._key(row)
        self._asked[key] = (self._state(row), time.monotonic())
        try:
            found = await self._ask(client, row)
        except AinfError as error:
            if self._row is not None and self._key(self._row) == key:
                self.error = error.message
                self._ways.changed()
            return
        self.error = ""
        self._keep(key, found)
        self._ways.changed()
        self._plan()

    def _keep(self, key: Hashable, found: Detail) -> None:
        self.cache[key] = found
        self.cache.move_to_end(key)
        while len(self.cache) > KEPT:
            gone, _ = self.cache.popitem(last=False)
            self._asked.pop(gone, None)
