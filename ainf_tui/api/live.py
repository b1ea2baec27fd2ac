"""The live websocket: current values first, then what changes, never a backlog.

The client says `{"topics": [...], "previews": null | "all" | [job id, ...]}`, again whenever that
changes. The server says `{"hello": VersionDocument}` first, then
`{"topic": name, "revision": n, "value": ...}` for each topic, later only for changed ones; a preview
is a binary frame: 4 bytes big-endian length of a JSON header `{"job", "media_type"}`, the header, the
image. `{"error": ...}` answers a message that was not understood, `{"bye": reason}` is the last word.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Coroutine
from contextlib import suppress
from dataclasses import dataclass, fields
from typing import Any

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from ainf_tui.api.codec import encode
from ainf_tui.domain.wire import VersionDocument
from ainf_tui.errors import UsageError
from ainf_tui.store import Previews, State, Store

_LOG = logging.getLogger(__name__)
_TOPICS = tuple(item.name for item in fields(State))


@dataclass(frozen=True, slots=True)
class Pace:
    """Seconds. `interval`: shortest time between two bursts to one connection; `stall`: how long a
    reader may leave a frame unread; `goodbye`: what all connections together get for the last word.
    """

    interval: float = 0.25
    stall: float = 60.0
    goodbye: float = 1.0


@dataclass(frozen=True, slots=True)
class Subscription:
    """What a connection wants. `previews`: None for none, empty for those of every job."""

    topics: tuple[str, ...] = ()
    previews: frozenset[str] | None = None


def parse_subscription(text: str) -> Subscription:
    """Raises UsageError(`api.bad_request`) for anything but the documented message."""
    try:
        raw = msgspec.json.decode(text)
        topics = msgspec.convert(raw["topics"], tuple[str, ...])
        wish = msgspec.convert(raw.get("previews"), tuple[str, ...] | str | None)
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise _misunderstood(f"not a subscription ({type(error).__name__}: {error})") from error
    unknown = [topic for topic in topics if topic not in _TOPICS]
    if unknown:
        raise _misunderstood(f"no topic {unknown[0]!r}; there are {', '.join(_TOPICS)}")
    if isinstance(wish, str) and wish != "all":
        raise _misunderstood('previews is null, "all" or a list of job ids')
    # No job at all is a list too: it must not turn into "of every job".
    if not wish:
        return Subscription(topics)
    return Subscription(topics, frozenset() if wish == "all" else frozenset(wish))


def _misunderstood(reason: str) -> UsageError:
    return UsageError("api.bad_request", f"live: {reason}", hint="See docs/api.md, The live websocket.")


def preview_frame(job_id: str, media_type: str, data: bytes) -> bytes:
    header = encode({"job": job_id, "media_type": media_type})
    return len(header).to_bytes(4, "big") + header + data


class TopicFrames:
    """Each topic's frame, encoded once for all connections."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._cache: dict[str, tuple[int, str]] = {}

    def text(self, topic: str) -> str:
        revision = self._store.revision(topic)
        cached = self._cache.get(topic)
        if cached is not None and cached[0] == revision:
            return cached[1]
        value = getattr(self._store.state, topic)
        frame = encode({"topic": topic, "revision": revision, "value": value}).decode()
        self._cache[topic] = (revision, frame)
        return frame


class LiveConnection:
    """One client's socket: a reader for its wishes, a writer that only ever sends the newest."""

    def __init__(
        self, socket: WebSocket, store: Store, previews: Previews, *, frames: TopicFrames, pace: Pace
    ) -> None:
        self._socket = socket
        self._store = store
        self._previews = previews
        self._frames = frames
        self._pace = pace
        self._wanted = Subscription()
        self._dirty: set[str] = set()
        self._pictures: dict[str, tuple[str, bytes]] = {}
        self._error: str | None = None
        self._bye: str | None = None
        self._wake = asyncio.Event()
        self._urgent = asyncio.Event()
        self._pump: asyncio.Task[None] | None = None
        self._release: Callable[[], None] = lambda: None

    async def run(self, hello: str) -> None:
        """Returns when the client is gone, has stalled, or the last word is said."""
        await self._socket.accept()
        unlisten = self._store.listen(self._changed)
        tasks = [asyncio.create_task(self._write(hello)), asyncio.create_task(self._read())]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        except TimeoutError:
            _LOG.warning("live: a frame was left unread for %.0f s; connection closed", self._pace.stall)
            self.abort()
        except WebSocketDisconnect:
            pass  # The client is gone: the usual end.
        finally:
            unlisten()
            try:
                await _finish(*tasks, self._pump)
            finally:
                self._release()

    def bye(self, reason: str) -> None:
        """Say so and end."""
        self._bye = reason
        self._hurry()

    def abort(self) -> None:
        """Drop the connection with what is still to be written (the in-process twin has nothing)."""
        drop: Callable[[], None] | None = self._socket.scope.get("ainf.abort")
        if drop is not None:
            drop()

    def _hurry(self) -> None:
        self._urgent.set()
        self._wake.set()

    def _changed(self, topics: frozenset[str]) -> None:
        concerned = topics.intersection(self._wanted.topics)
        if concerned:
            self._dirty |= concerned
            self._wake.set()

    async def _read(self) -> None:
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                raise WebSocketDisconnect(message.get("code", 1006))
            try:
                wanted = parse_subscription(message.get("text") or "")
            except UsageError as error:
                self._error = encode({"error": error.document()}).decode()
            else:
                await self._subscribe(wanted)
            self._hurry()

    async def _subscribe(self, wanted: Subscription) -> None:
        if wanted.previews != self._wanted.previews:
            await _finish(self._pump)
            self._pictures.clear()
            self._pump = None
            if wanted.previews is not None:
                self._pump = asyncio.create_task(self._collect(wanted.previews or None))
        self._dirty = set(wanted.topics)
        self._wanted = wanted
        before, self._release = self._release, self._store.interest.hold(wanted.topics)
        before()

    async def _collect(self, jobs: frozenset[str] | None) -> None:
        queue = self._previews.subscribe(jobs)
        try:
            while True:
                job_id, media_type, data = await queue.get()
                self._pictures[job_id] = (media_type, data)
                self._wake.set()
        finally:
            self._previews.unsubscribe(queue)

    async def _write(self, hello: str) -> None:
        await self._send(self._socket.send_text(hello))
        while self._bye is None:
            await self._wake.wait()
            self._wake.clear()
            self._urgent.clear()
            await self._flush()
            with suppress(TimeoutError):
                await asyncio.wait_for(self._urgent.wait(), self._pace.interval)
        await self._send(self._socket.send_text(encode({"bye": self._bye}).decode()))
        await self._send(self._socket.close(1001))

    async def _flush(self) -> None:
        """What is dirty now; what changes meanwhile is dirty again, once, however often it changes."""
        if self._error is not None:
            error, self._error = self._error, None
            await self._send(self._socket.send_text(error))
        for topic in _TOPICS:
            if topic in self._dirty:
                self._dirty.discard(topic)
                await self._send(self._socket.send_text(self._frames.text(topic)))
        pictures, self._pictures = self._pictures, {}
        for job_id, (media_type, data) in pictures.items():
            await self._send(self._socket.send_bytes(preview_frame(job_id, media_type, data)))

    async def _send(self, sending: Coroutine[Any, Any, None]) -> None:
        async with asyncio.timeout(self._pace.stall):
            await sending


class LiveHub:
    """All live connections of one engine."""

    def __init__(
        self,
        store: Store,
        previews: Previews,
        describe: Callable[[], VersionDocument],
        pace: Pace | None = None,
    ) -> None:
        self._store = store
        self._previews = previews
        self._describe = describe
        self._pace = pace or Pace()
        self._frames = TopicFrames(store)
        self._connections: dict[LiveConnection, asyncio.Event] = {}
        self._reason: str | None = None

    @property
    def connected(self) -> int:
        return len(self._connections)

    async def serve(self, socket: WebSocket) -> None:
        """One connection, from its beginning to its end."""
        connection = LiveConnection(socket, self._store, self._previews, frames=self._frames, pace=self._pace)
        gone = self._connections[connection] = asyncio.Event()
        if self._reason is not None:
            connection.bye(self._reason)
        try:
            await connection.run(encode({"hello": self._describe()}).decode())
        finally:
            del self._connections[connection]
            gone.set()

    async def close(self, reason: str) -> None:
        """The last word to everybody, and an end; those who do not read are dropped."""
        self._reason = reason
        waiting = dict(self._connections)
        for connection in waiting:
            connection.bye(reason)
        with suppress(TimeoutError):
            async with asyncio.timeout(self._pace.goodbye):
                for gone in waiting.values():
                    await gone.wait()
        for connection, gone in waiting.items():
            if not gone.is_set():
                connection.abort()


async def _finish(*tasks: asyncio.Task[None] | None) -> None:
    """Cancel and wait; how they ended has been seen or no longer matters."""
    running = [task for task in tasks if task is not None]
    for task in running:
        task.cancel()
    await asyncio.gather(*running, return_exceptions=True)
