"""The websocket side of one ComfyUI: `ports.ComfySocket`, a reader that never stops.

One task opens, reads, closes fully, waits and opens again. Never two sockets of one client id: on the
server the end of the first takes the frames of the second away for good.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections import deque
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass

from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.burst import Burst
from ainf_tui.adapters.comfy.dial import Backoff, Ending, SocketTiming, dial, ended, hang_up
from ainf_tui.adapters.comfy.inbox import Inbox
from ainf_tui.adapters.comfy.pace import GULP, Pace
from ainf_tui.adapters.comfy.wire import parse_frame
from ainf_tui.domain.comfy import (
    ComfyEvent,
    Connected,
    Disconnected,
    MalformedMessage,
    QueueStatus,
    UnknownMessage,
)
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.text import visible

KEPT_UNKNOWN = 50
_DEFAULT_TIMING = SocketTiming()


@dataclass(slots=True)
class _Request:
    """A reconnection that somebody asked for; `closed` is done when the old socket is gone."""

    reason: str
    new_client_id: bool
    closed: asyncio.Future[None]


class WebComfySocket:
    """Built in a running event loop; connects at the first `start`, `events` or `wait_connected`."""

    def __init__(
        self,
        address: BackendAddress,
        client_id: str,
        *,
        timing: SocketTiming = _DEFAULT_TIMING,
        make_id: Callable[[], str] = new_id,
    ) -> None:
        self.address = address
        self.unknown: deque[UnknownMessage | MalformedMessage] = deque(maxlen=KEPT_UNKNOWN)
        """The newest messages that were not understood, for the curious."""
        self.unknown_count = 0
        self._client_id = client_id
        self._timing = timing
        self._make_id = make_id
        self._context = address.ssl_context()
        self._inbox = Inbox()
        self._backoff = Backoff(timing)
        self._task: asyncio.Task[None] | None = None
        self._connection: ClientConnection | None = None
        self._requests: list[_Request] = []
        self._asked = asyncio.Event()
        self._cut = asyncio.Event()
        """The wait before the next try has no reason any more."""
        self._up = asyncio.Event()
        self._told: set[str] = set()
        self._consumed = False
        self._fresh_id = False
        self._connections = 0
        self._last_frame = 0.0
        self._frames = 0

    # -- what others see ---------------------------------------------------------------------------
    @property
    def client_id(self) -> str:
        return self._client_id

    @property
    def connected(self) -> bool:
        return self._up.is_set()

    @property
    def connections(self) -> int:
        return self._connections

    @property
    def last_frame(self) -> float:
        return self._last_frame

    @property
    def frames(self) -> int:
        return self._frames

    def start(self) -> None:
        """Begins to connect. Once begun it goes on until `aclose`."""
        if self._task is None:
            self._task = asyncio.create_task(self._run(), name=f"comfy-socket {self.address.shown}")
            self._task.add_done_callback(self._task_ended)

    def events(self) -> AsyncIterator[ComfyEvent]:
        """See the port. A second call is a mistake: events would be torn apart between two readers."""
        if self._consumed:
            raise RuntimeError("events() of a ComfySocket has one consumer")
        self._consumed = True
        self.start()
        return self._inbox.events()

    async def reconnect(self, reason: str, *, new_client_id: bool = False) -> None:
        """Returns when the old socket is fully closed and `client_id` is the one to use from now on;
        `wait_connected` tells when the new one is open.
        """
        self.start()
        closed = asyncio.get_running_loop().create_future()
        self._requests.append(_Request(visible(reason, 200), new_client_id, closed))
        self._asked.set()
        self._cut.set()
        await closed

    def hurry(self) -> None:
        """The server answers again: try at once instead of when the backoff ends."""
        if not self.connected:
            self._cut.set()

    async def answers(self, within: float) -> bool:
        connection = self._connection
        if connection is None or not self.connected:
            return False
        try:
            async with asyncio.timeout(within):
                await (await connection.ping())
        except (TimeoutError, ConnectionClosed):
            return False
        return connection is self._connection

    async def wait_connected(self, timeout: float) -> bool:  # noqa: ASYNC109 - the port's name for it
        self.start()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(timeout):
                await self._up.wait()
        return self.connected

    async def aclose(self) -> None:
        """Closes fully and ends `events`. May be called again."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])
        if self._connection is not None:
            connection, self._connection = self._connection, None
            await hang_up(connection, self._timing)
        self._inbox.close()

    # -- the one task ------------------------------------------------------------------------------
    def _task_ended(self, task: asyncio.Task[None]) -> None:
        self._up.clear()
        for request in self._requests:
            request.closed.cancel()
        self._inbox.close(None if task.cancelled() else task.exception())

    async def _run(self) -> None:
        while True:
            self._take_requests()
            opened = await dial(self.address, self._client_id, self._context, self._timing)
            if isinstance(opened, Ending):
                ending, asked = opened, False
            else:
                ending, asked = await self._live(opened)
            self._tell(ending)
            self._take_requests()
            await self._pause(ending, asked=asked)

    async def _live(self, connection: ClientConnection) -> tuple[Ending, bool]:
        """Reads until the connection ends or a reconnection is asked for; closed fully on return."""
        self._connection = connection
        self._connections += 1
        reader = asyncio.create_task(self._read(connection), name="comfy-socket reader")
        asked = asyncio.create_task(self._asked.wait())
        try:
            await asyncio.wait([reader, asked], return_when=asyncio.FIRST_COMPLETED)
        finally:
            self._up.clear()
            asked.cancel()
            reader.cancel()
            await asyncio.wait([reader, asked])
        wanted = self._asked.is_set()
        ending = Ending("lost", self._requests[-1].reason) if wanted else reader.result()
        clean = await hang_up(connection, self._timing)
        self._connection = None
        return Ending(ending.kind, ending.reason, clean), wanted

    async def _read(self, connection: ClientConnection) -> Ending:
        opened = time.monotonic()
        pace = Pace(opened)
        burst = Burst(self._parse, self._inbox.put)
        early: list[ComfyEvent] = []
        greeted = False
        try:
            async with asyncio.timeout(self._timing.greeting) as greeting:
                while not self._up.is_set():
                    early += self._parse(await connection.recv())
                    self._frames += 1
                    self._last_frame = time.monotonic()
                    if self._greet(early):
                        greeting.reschedule(None)
            while True:
                burst.take(await connection.recv())
                self._last_frame = time.monotonic()
                self._frames += 1
                if not greeted:
                    greeted = True
                    self._backoff.reset()
                if pace.pause(self._last_frame):
                    await _breathe(connection)
                    pace.resumed(time.monotonic())
        except TimeoutError:
            return Ending("rejected", f"{self.address.shown} opened a websocket and said nothing")
        except ConnectionClosed as error:
            if time.monotonic() - opened >= self._timing.proven_after:
                self._backoff.reset()
            return ended(self.address, error)
        finally:
            burst.flush()

    def _greet(self, early: list[ComfyEvent]) -> bool:
        """The first `status` makes the connection; what came before it (nothing, so far) follows it."""
        status = next((e for e in early if isinstance(e, QueueStatus)), None)
        if status is None:
            return False
        self._told.clear()
        self._inbox.put(Connected(self._client_id, status.queue_remaining, self._fresh_id))
        self._fresh_id = False
        self._cut.clear()
        self._up.set()
        for event in early:
            if event is not status:
                self._inbox.put(event)
        return True

    def _parse(self, raw: str | bytes) -> tuple[ComfyEvent, ...]:
        events = parse_frame(raw)
        for event in events:
            if isinstance(event, UnknownMessage | MalformedMessage):
                self.unknown.append(event)
                self.unknown_count += 1
        return events

    def _tell(self, ending: Ending) -> None:
        """Once an outage, and again when a new kind of reason shows: a refusal is news."""
        if ending.kind not in self._told:
            self._told.add(ending.kind)
            self._inbox.put(Disconnected(ending.reason, refused=ending.kind == "refused"))

    def _take_requests(self) -> None:
        """The old socket is gone: grants what was asked."""
        requests, self._requests = self._requests, []
        self._asked.clear()
        if any(r.new_client_id for r in requests):
            self._client_id, self._fresh_id = self._make_id(), True
        for request in requests:
            if not request.closed.done():
                request.closed.set_result(None)

    async def _pause(self, ending: Ending, *, asked: bool) -> None:
        """Backs off, which a request or an answer over HTTP cuts short; lets the server's old handler end,
        which nothing does.
        """
        settle = 0.0
        if not ending.clean and ending.kind != "refused":
            settle = self._timing.settle_loopback if self.address.loopback else self._timing.settle_remote
        delay = 0.0 if asked else self._backoff.next(rejected=ending.kind == "rejected")
        await asyncio.sleep(settle)
        if delay > settle:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(delay - settle):
                    await self._cut.wait()
        self._cut.clear()


async def _breathe(connection: ClientConnection) -> None:
    connection.transport.pause_reading()
    try:
        await asyncio.sleep(GULP)
    finally:
        connection.transport.resume_reading()
