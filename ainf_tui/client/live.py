"""Live state across reconnections. However slowly it is read, only the newest of each thing waits."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Collection, Mapping
from contextlib import suppress
from typing import Any, Self

import msgspec

from ainf_tui.client.codec import bad_answer, decode, encode, error_of
from ainf_tui.client.transport import LiveClosedError, LiveSocket, Transport
from ainf_tui.client.versions import check_api
from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.documents import (
    BackendDocument,
    DatabaseDocument,
    EngineDocument,
    HealthDocument,
    JobDocument,
    QueueDocument,
)
from ainf_tui.domain.error_documents import ErrorTotalsDocument
from ainf_tui.domain.host_documents import HostDocument
from ainf_tui.domain.service_documents import ServicesDocument
from ainf_tui.domain.wire import VersionDocument
from ainf_tui.errors import AinfError, UnreachableError
from ainf_tui.frozen import frozen

_FIRST_PAUSE = 0.1
_LAST_PAUSE = 5.0
_TOPICS: Mapping[str, Any] = {
    "engine": EngineDocument,
    "queue": QueueDocument,
    "active": tuple[JobDocument, ...],
    "backends": tuple[BackendDocument, ...],
    "database": DatabaseDocument,
    "health": HealthDocument,
    "services": ServicesDocument,
    "host": HostDocument,
    "checks": tuple[CheckDocument, ...],
    "comfyui": ComfyUIDocument,
    "errors": ErrorTotalsDocument,
}


@frozen
class Connected:
    """The engine answers; the current value of each topic follows."""

    engine: VersionDocument


@frozen
class Lost:
    """It does not; what was told before is of now on old. Told again after each attempt that fails.

    `bye`: the engine's last word (`domain.wire.STOP_*`), empty if it went without one.
    """

    reason: str
    bye: str = ""


@frozen
class Topic:
    """A topic's value; `revision` counts its changes since that engine began."""

    name: str
    revision: int
    value: Any
    """EngineDocument, QueueDocument, tuple[JobDocument, ...], ... as `store.State` has it."""


@frozen
class Preview:
    """The newest picture of a running job."""

    job: str
    media_type: str
    data: bytes


LiveUpdate = Connected | Lost | Topic | Preview


class _Mailbox:
    """What has not been read yet: at most one mark, one value a topic, one picture a job."""

    def __init__(self) -> None:
        self._waiting: dict[tuple[str, str], LiveUpdate] = {}
        self._filled = asyncio.Event()
        self._end: BaseException | None = None

    def put(self, update: LiveUpdate) -> None:
        if isinstance(update, Connected):
            self._waiting.clear()
        if isinstance(update, Topic):
            key = ("topic", update.name)
        elif isinstance(update, Preview):
            key = ("preview", update.job)
        else:
            key = ("mark", "")
            # A mark counts from where it stands: behind what was told before it.
            self._waiting.pop(key, None)
        self._waiting[key] = update
        self._filled.set()

    def end(self, reason: BaseException) -> None:
        self._end = self._end or reason
        self._filled.set()

    async def get(self) -> LiveUpdate:
        while not self._waiting:
            if self._end is not None:
                raise self._end
            self._filled.clear()
            await self._filled.wait()
        return self._waiting.pop(next(iter(self._waiting)))


class Live:
    """An async iterator of LiveUpdates that reconnects by itself; `async with` or `aclose` ends it.

    Raises AinfError only for what no reconnection can mend: an engine of a newer API, a topic that
    it does not have.
    """

    def __init__(
        self,
        transport: Transport,
        topics: Collection[str],
        previews: str | Collection[str] | None = None,
        *,
        jitter: Callable[[], float] = random.random,
    ) -> None:
        self._transport = transport
        self._wish = _wish(topics, previews)
        self._jitter = jitter
        self._mail = _Mailbox()
        self._socket: LiveSocket | None = None
        self._task: asyncio.Task[None] | None = None
        self._again = asyncio.Event()
        self._pause = _FIRST_PAUSE
        self._bye = ""

    async def __aenter__(self) -> Self:
        self._start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> LiveUpdate:
        self._start()
        return await self._mail.get()

    async def get(self, seconds: float | None = None) -> LiveUpdate | None:
        """The next update, or None when there was none for so long."""
        self._start()
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                return await self._mail.get()
        return None

    async def subscribe(self, topics: Collection[str], previews: str | Collection[str] | None = None) -> None:
        """Changes what is told, here and after reconnections."""
        self._wish = _wish(topics, previews)
        if self._socket is not None:
            with suppress(LiveClosedError):  # The next connection begins with the wish.
                await self._socket.send(self._wish)

    def hurry(self) -> None:
        """There is reason to believe that the engine is back: try now."""
        self._again.set()

    async def aclose(self) -> None:
        self._mail.end(StopAsyncIteration())
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)

    def _start(self) -> None:
        if self._task is None:
            self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        try:
            while True:
                reason = await self._attempt()
                self._mail.put(Lost(reason, self._bye))
                with suppress(TimeoutError):
                    async with asyncio.timeout(self._pause * (0.5 + self._jitter() / 2)):
                        await self._again.wait()
                self._again.clear()
                self._pause = min(self._pause * 2, _LAST_PAUSE)
        except Exception as error:  # noqa: BLE001 - it is raised where the updates are read
            self._mail.end(error)

    async def _attempt(self) -> str:
        """One connection, from its beginning to its end; why it ended."""
        try:
            self._socket = await self._transport.websocket("/v1/live")
        except UnreachableError as error:
            return error.message
        try:
            await self._socket.send(self._wish)
            while True:
                self._take(await self._socket.receive())
        except LiveClosedError as error:
            return str(error)
        finally:
            socket, self._socket = self._socket, None
            await socket.aclose()

    def _take(self, frame: str | bytes) -> None:
        if isinstance(frame, bytes):
            self._mail.put(_preview(frame))
            return
        message = decode(frame, dict[str, msgspec.Raw])
        if "hello" in message:
            engine = decode(message["hello"], VersionDocument)
            check_api(engine)
            self._pause = _FIRST_PAUSE
            self._bye = ""
            self._mail.put(Connected(engine))
        elif "topic" in message:
            self._topic(message)
        elif "bye" in message:
            self._bye = decode(message["bye"], str)
        elif "error" in message:
            raise error_of(400, frame.encode())

    def _topic(self, message: Mapping[str, msgspec.Raw]) -> None:
        try:
            name = decode(message["topic"], str)
            kind = _TOPICS[name]
            self._mail.put(Topic(name, decode(message["revision"], int), decode(message["value"], kind)))
        except KeyError as error:
            raise bad_answer(f"a live frame with {error}") from error


def _wish(topics: Collection[str], previews: str | Collection[str] | None) -> str:
    wanted = previews if previews is None or isinstance(previews, str) else tuple(previews)
    return encode({"topics": tuple(topics), "previews": wanted}).decode()


def _preview(frame: bytes) -> Preview:
    length = int.from_bytes(frame[:4], "big")
    header = decode(frame[4 : 4 + length], dict[str, str])
    try:
        return Preview(header["job"], header["media_type"], frame[4 + length :])
    except KeyError as error:
        raise bad_answer(f"a preview without {error}") from error


def is_transient(error: AinfError) -> bool:
    """Whether asking again, of this engine or the next, may help."""
    codes = {"engine.unreachable", "engine.lost", "engine.timeout", "engine.stopping", "connect.failed"}
    return error.code in codes
