"""Events between a reader that never waits and a consumer that may: bounded where it can be."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator

from ainf_tui.domain.comfy import (
    ComfyEvent,
    MalformedMessage,
    Preview,
    Progress,
    ProgressState,
    QueueStatus,
    UnknownMessage,
)

COLLAPSE_AT = 100_000
RESULTS = "image/png"
_BREATH = 100
"""Events handed out in one go before other tasks get a turn."""


class Inbox:
    """A queue that drops what newer events make worthless, and nothing else.

    A preview replaces a waiting one of its prompt; a PNG does not, because SaveImageWebsocket sends its
    results as such (previews of samplers are JPEG). Beyond `collapse_at` waiting events, only the newest
    progress of each prompt and node and the newest queue status stay, and messages that were not
    understood go (the socket keeps the last of them).
    """

    def __init__(self, collapse_at: int = COLLAPSE_AT) -> None:
        self._events: deque[ComfyEvent | None] = deque()
        self._previews: dict[str | None, Preview] = {}
        self._places: deque[str | None] = deque()
        self._collapse_at = self._limit = collapse_at
        self._wake = asyncio.Event()
        self._closed = False
        self._failure: BaseException | None = None

    def __len__(self) -> int:
        return len(self._events)

    def put(self, event: ComfyEvent) -> None:
        if isinstance(event, Preview) and event.media_type != RESULTS:
            waiting = event.prompt_id in self._previews
            self._previews[event.prompt_id] = event
            if waiting:
                return
            # None marks the place of a preview in the order; its prompt waits in `_places`.
            self._events.append(None)
            self._places.append(event.prompt_id)
        else:
            self._events.append(event)
        if len(self._events) > self._limit:
            self._collapse()
        self._wake.set()

    def close(self, failure: BaseException | None = None) -> None:
        """Ends the consumer after what is waiting; with a failure by raising it."""
        if not self._closed:
            self._closed, self._failure = True, failure
        self._wake.set()

    async def events(self) -> AsyncIterator[ComfyEvent]:
        handed = 0
        while True:
            while self._events:
                yield self._take()
                handed += 1
                if handed % _BREATH == 0:
                    await asyncio.sleep(0)
            if self._closed:
                break
            self._wake.clear()
            await self._wake.wait()
        if self._failure is not None:
            raise self._failure

    def _take(self) -> ComfyEvent:
        event = self._events.popleft()
        return self._previews.pop(self._places.popleft()) if event is None else event

    def _collapse(self) -> None:
        seen: set[tuple[str | None, ...]] = set()
        kept: deque[ComfyEvent | None] = deque()
        for event in reversed(self._events):
            if isinstance(event, UnknownMessage | MalformedMessage):
                continue
            key = _replaceable(event)
            if key is None or key not in seen:
                kept.appendleft(event)
            if key is not None:
                seen.add(key)
        self._events = kept
        # What cannot be collapsed may itself be long: look again only when it has doubled.
        self._limit = max(self._collapse_at, 2 * len(kept))


def _replaceable(event: ComfyEvent | None) -> tuple[str | None, ...] | None:
    """What a later event of the same key says better; None for events that stand for themselves."""
    if isinstance(event, ProgressState):
        return ("state", event.prompt_id)
    if isinstance(event, Progress):
        return ("step", event.prompt_id, event.node)
    return ("queue",) if isinstance(event, QueueStatus) else None
