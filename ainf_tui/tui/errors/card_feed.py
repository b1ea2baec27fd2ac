"""Brings the detail of the group that is looked at: after the cursor has come to rest, and again when the
group has changed, never more than once a second.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import replace
from typing import Protocol

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorGroupDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.ports import EngineClient

REST = 0.12
"""Seconds that the cursor rests before anything is asked."""
REST_SLOW = 0.6
"""The same on a slow line."""
FIRST = 0.01
"""The same for the first group of all."""
AGAIN = 1.0
"""Seconds between two questions for the same group at least."""
KEPT = 50
"""Details that are kept."""


class Stoppable(Protocol):
    """A timer."""

    def stop(self) -> None: ...


Cache = OrderedDict[int, ErrorDetailDocument]


class CardFeed:
    """`later(seconds, call)` starts a timer; `run()` starts `fetch` as a worker; `changed()` shows it."""

    def __init__(
        self,
        client: Callable[[], EngineClient | None],
        *,
        later: Callable[[float, Callable[[], None]], Stoppable],
        run: Callable[[], object],
        changed: Callable[[], None],
        slow: Callable[[], bool],
        cache: Cache | None = None,
    ) -> None:
        self._client = client
        self._later = later
        self._run = run
        self._changed = changed
        self._slow = slow
        self.cache: Cache = OrderedDict() if cache is None else cache
        self.error = ""
        """Why the detail of the group that is looked at could not be read."""
        self._group: ErrorGroupDocument | None = None
        self._timer: Stoppable | None = None
        self._asked: dict[int, tuple[ErrorGroupDocument, float]] = {}
        """The last question for a group: as it was then, and when (monotonic)."""

    def look_at(self, group: ErrorGroupDocument | None) -> None:
        """The group to show now; None: none."""
        moved = (group.id if group else None) != (self._group.id if self._group else None)
        self._group = group
        if moved:
            self.error = ""
            if self._timer is not None:
                self._timer.stop()
                self._timer = None
        self._plan()

    def again(self) -> None:
        """The engine is back: what failed is asked once more."""
        self.error = ""
        if self._group is not None:
            self._asked.pop(self._group.id, None)
        self._plan()

    def found(self) -> ErrorDetailDocument | None:
        """The detail of the group that is looked at, as far as it is here."""
        return self.cache.get(self._group.id) if self._group is not None else None

    def _plan(self) -> None:
        if self._timer is None and self._stale():
            self._timer = self._later(self._pause(), self._due)

    def _stale(self) -> bool:
        if self._group is None:
            return False
        asked, known = self._asked.get(self._group.id), self.cache.get(self._group.id)
        if asked is None:
            return known is None or _news(known.group, self._group)
        return _news(asked[0], self._group)

    def _pause(self) -> float:
        asked = self._asked.get(self._group.id) if self._group is not None else None
        # The first of all is asked for at once: nobody moves yet, and the screen is complete the sooner.
        rest = FIRST if not self._asked and not self.cache else REST_SLOW if self._slow() else REST
        return rest if asked is None else max(rest, asked[1] + AGAIN - time.monotonic())

    def _due(self) -> None:
        self._timer = None
        if self._stale():
            self._run()

    async def fetch(self) -> None:
        """Asks for the group that is looked at; the worker's work."""
        group, client = self._group, self._client()
        if group is None or client is None:
            return
        self._asked[group.id] = (group, time.monotonic())
        try:
            found = await client.errors.show(str(group.id))
        except AinfError as error:
            if self._group is not None and self._group.id == group.id:
                self.error = error.message
                self._changed()
            return
        self.error = ""
        self._keep(group.id, found)
        self._changed()
        self._plan()

    def _keep(self, number: int, found: ErrorDetailDocument) -> None:
        self.cache[number] = found
        self.cache.move_to_end(number)
        while len(self.cache) > KEPT:
            gone, _ = self.cache.popitem(last=False)
            self._asked.pop(gone, None)


def _news(before: ErrorGroupDocument, now: ErrorGroupDocument) -> bool:
    """Whether there may be other examples, another note, another card: what is only counted is no news."""
    # The trend moves with the clock, and `unseen` with this screen.
    return _lasting(before) != _lasting(now)


def _lasting(group: ErrorGroupDocument) -> ErrorGroupDocument:
    return replace(group, trend=(), count_24h=0, unseen=False)
