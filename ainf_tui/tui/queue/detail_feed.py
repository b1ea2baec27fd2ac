"""Brings the detail of the job that is looked at: after the cursor has come to rest, and again when the
job has changed, never more than once a second.
"""

from __future__ import annotations

import time
from collections import OrderedDict
from collections.abc import Callable
from typing import Protocol

from ainf_tui.domain.documents import JobDetailDocument, JobDocument, JobRow
from ainf_tui.errors import AinfError
from ainf_tui.frozen import frozen
from ainf_tui.tui.ports import EngineClient

REST = 0.12
"""Seconds that the cursor rests before anything is asked."""
REST_SLOW = 0.6
"""The same on a slow line."""
FIRST = 0.01
"""The same for the first job of all."""
AGAIN = 1.0
"""Seconds between two questions for the same job at least."""
KEPT = 50
"""Details that are kept."""


class Stoppable(Protocol):
    """A timer."""

    def stop(self) -> None: ...


@frozen
class _Asked:
    """The last question for a job: at which revision and running node, and when (monotonic)."""

    revision: int
    node: str
    at: float
    queue: int = 0
    """The queue's revision, of a job that waits: what moves before it is no change of its own."""


Cache = OrderedDict[str, JobDetailDocument]


class DetailFeed:
    """`later(seconds, call)` starts a timer; `run()` starts `fetch` as a worker; `changed()` shows it;
    `queue()` is the newest revision of the queue.
    """

    def __init__(
        self,
        client: Callable[[], EngineClient | None],
        *,
        later: Callable[[float, Callable[[], None]], Stoppable],
        run: Callable[[], object],
        changed: Callable[[], None],
        slow: Callable[[], bool],
        queue: Callable[[], int],
        cache: Cache | None = None,
    ) -> None:
        self._client = client
        self._later = later
        self._run = run
        self._changed = changed
        self._slow = slow
        self._queue = queue
        self.cache: Cache = OrderedDict() if cache is None else cache
        self.error = ""
        """Why the detail of the job that is looked at could not be read."""
        self._row: JobRow | None = None
        self._live: JobDocument | None = None
        self._timer: Stoppable | None = None
        self._asked: dict[str, _Asked] = {}

    def look_at(self, row: JobRow | None, live: JobDocument | None) -> None:
        """The job to show now (None: none), as its row and its topic tell it."""
        moved = (row.id if row else None) != (self._row.id if self._row else None)
        self._row, self._live = row, live
        if moved:
            self.error = ""
            self._stop()
        self._plan()

    def again(self) -> None:
        """The engine is back: what failed is asked once more."""
        self.error = ""
        if self._row is not None:
            self._asked.pop(self._row.id, None)
        self._plan()

    def found(self) -> JobDetailDocument | None:
        """The detail of the job that is looked at, as far as it is here."""
        return self.cache.get(self._row.id) if self._row is not None else None

    def _plan(self) -> None:
        if self._timer is None and self._stale():
            self._timer = self._later(self._pause(), self._due)

    def _stale(self) -> bool:
        if self._row is None:
            return False
        asked, known = self._asked.get(self._row.id), self.cache.get(self._row.id)
        if self._row.state == "queued" and (asked is None or self._queue() != asked.queue):
            return True
        if asked is None:
            return known is None or known.job.revision < self._newest()
        return self._newest() > asked.revision or self._node() != asked.node

    def _pause(self) -> float:
        asked = self._asked.get(self._row.id) if self._row is not None else None
        # The first of all is asked for at once: nobody moves yet, and the screen is complete the sooner.
        rest = FIRST if not self._asked and not self.cache else REST_SLOW if self._slow() else REST
        return rest if asked is None else max(rest, asked.at + AGAIN - time.monotonic())

    def _newest(self) -> int:
        """The newest revision that was told of the job."""
        row = self._row.revision if self._row is not None else 0
        return max(row, self._live.revision if self._live is not None else 0)

    def _node(self) -> str:
        return self._live.node.id if self._live is not None and self._live.node is not None else ""

    def _stop(self) -> None:
        if self._timer is not None:
            self._timer.stop()
            self._timer = None

    def _due(self) -> None:
        self._timer = None
        if self._stale():
            self._run()

    async def fetch(self) -> None:
        """Asks for the job that is looked at; the worker's work."""
        row, client = self._row, self._client()
        if row is None or client is None:
            return
        self._asked[row.id] = _Asked(self._newest(), self._node(), time.monotonic(), self._queue())
        try:
            found = await client.jobs.show(row.id, brief=True)
        except AinfError as error:
            if self._row is not None and self._row.id == row.id:
                self.error = error.message
                self._changed()
            return
        self.error = ""
        self._keep(found)
        self._changed()
        self._plan()

    def _keep(self, found: JobDetailDocument) -> None:
        self.cache[found.job.id] = found
        self.cache.move_to_end(found.job.id)
        while len(self.cache) > KEPT:
            gone, _ = self.cache.popitem(last=False)
            self._asked.pop(gone, None)
