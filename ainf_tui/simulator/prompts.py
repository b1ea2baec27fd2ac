"""The prompt queue and the history: memory only, a heap, one prompt at a time."""

from __future__ import annotations

import asyncio
import heapq
import time
from collections.abc import Callable
from typing import Any

from ainf_tui.simulator.journal import Journal

MOST_HISTORY = 10000
SHOWN = 5
"""Elements of an item that clients see; the sixth holds what must not be shown."""

Item = tuple[float, str, dict[str, Any], dict[str, Any], list[str], dict[str, Any]]
"""number, prompt id, graph, extra_data, outputs to execute, secrets."""


class PromptQueue:
    """`changed()` is called on every put, get, delete, clear and end, as the server's status frames are."""

    def __init__(self, journal: Journal, changed: Callable[[], None]) -> None:
        self.number = 0
        self._journal = journal
        self._changed = changed
        self._pending: list[Item] = []
        self._running: Item | None = None
        self._history: dict[str, dict[str, Any]] = {}
        self._visible_at: dict[str, float] = {}
        self._arrived = asyncio.Event()

    @property
    def remaining(self) -> int:
        return len(self._pending) + (self._running is not None)

    @property
    def running(self) -> Item | None:
        return self._running

    def next_number(self, *, front: bool) -> float:
        """The server's counter; a front prompt gets it negative, so that later ones go first."""
        number = -self.number if front else self.number
        self.number += 1
        return number

    def put(self, item: Item) -> None:
        """Raises `TypeError` for an equal number and id (the heap compares the graphs), having added it."""
        self._journal.write("accepted", item[1])
        heapq.heappush(self._pending, item)
        self._changed()
        self._arrived.set()

    async def arrival(self) -> None:
        """Returns when something is pending."""
        while not self._pending:
            self._arrived.clear()
            await self._arrived.wait()

    def take(self) -> Item | None:
        """The next item, now running; None if it was deleted meanwhile.

        Raises `TypeError` as `put` does, and then loses an innocent item.
        """
        if not self._pending:
            return None
        item = heapq.heappop(self._pending)
        self._journal.write("started", item[1])
        self._running = item
        self._changed()
        return item

    def done(
        self, outputs: dict[str, Any], meta: dict[str, Any], status: dict[str, Any], hidden: float
    ) -> None:
        """Move the running item to the history, where it shows after `hidden` seconds."""
        if self._running is None:
            return
        item, self._running = self._running, None
        if len(self._history) > MOST_HISTORY:
            self._history.pop(next(iter(self._history)))
        entry = {"prompt": list(item[:SHOWN]), "outputs": outputs, "status": status, "meta": meta}
        self._history[item[1]] = entry
        self._visible_at[item[1]] = time.monotonic() + hidden
        self._journal.write("finished", item[1], outcome=status["messages"][-1][0])
        self._changed()

    def forget(self) -> None:
        """As after a restart: nothing queued, nothing done, numbers from 0."""
        self._pending.clear()
        self._running = None
        self._history.clear()
        self.number = 0
        self._changed()

    def clear(self) -> None:
        self._pending = []
        self._changed()

    def delete(self, prompt_id: str) -> None:
        """Remove the first pending item of that id; unknown and running ones are left alone."""
        for index, item in enumerate(self._pending):
            if item[1] != prompt_id:
                continue
            if len(self._pending) == 1:
                self.clear()  # the server tells the status twice when it deletes the only item
            else:
                self._pending.pop(index)
                heapq.heapify(self._pending)
            self._changed()
            return

    def document(self) -> dict[str, Any]:
        """`GET /queue`; pending items in heap order, which is not the order they run in."""
        running = [list(self._running[:SHOWN])] if self._running is not None else []
        return {"queue_running": running, "queue_pending": [list(item[:SHOWN]) for item in self._pending]}

    def history(self, max_items: int | None = None, offset: int = -1) -> dict[str, Any]:
        """The newest `max_items`, or from `offset` counted from the oldest."""
        shown = {key: entry for key, entry in self._history.items() if self._visible(key)}
        if offset < 0 and max_items is not None:
            offset = len(shown) - max_items
        first = max(offset, 0)
        last = None if max_items is None else first + max_items
        return dict(list(shown.items())[first:last])

    def entry(self, prompt_id: str) -> dict[str, Any]:
        """`{id: entry}`, or `{}` for an unknown id."""
        shown = prompt_id in self._history and self._visible(prompt_id)
        return {prompt_id: self._history[prompt_id]} if shown else {}

    def clear_history(self) -> None:
        self._history.clear()

    def delete_history(self, prompt_id: str) -> None:
        self._history.pop(prompt_id, None)

    def _visible(self, prompt_id: str) -> bool:
        return time.monotonic() >= self._visible_at.get(prompt_id, 0.0)
