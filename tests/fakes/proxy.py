"""A line between a client and a server that a test can cut, swallow, deafen, slow down and half close."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from types import TracebackType
from typing import Self

_CHUNK = 65_536
_UPGRADE = b"upgrade: websocket"


class _Connection:
    """One client's connection and the one made for it to the server."""

    def __init__(self, line: Line, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._line = line
        self._reader = reader
        self._writer = writer
        self._server: asyncio.StreamWriter | None = None
        self.websocket = False
        self.deaf = False
        self.held = False
        """The client is not told when the server's end is gone."""

    async def run(self) -> None:
        """Both directions until one of them ends."""
        try:
            await self._line.passable()
            incoming, self._server = await asyncio.open_connection("127.0.0.1", self._line.server_port)
        except OSError:
            self.reset()
            return
        up = asyncio.create_task(self._up(self._server))
        down = asyncio.create_task(self._down(incoming))
        try:
            await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
            if self.held and not up.done():
                await up
        finally:
            for task in (up, down):
                task.cancel()
            await asyncio.gather(up, down, return_exceptions=True)
            for writer in (self._server, self._writer):
                writer.close()

    def reset(self) -> None:
        """Both ends see a reset (RST), as when a cable's far end forgets the connection."""
        for writer in (self._writer, self._server):
            if writer is None:
                continue
            raw = writer.get_extra_info("socket")
            if raw is not None:
                with suppress(OSError):
                    raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            writer.transport.abort()

    def half_close(self) -> None:
        """The client hears that nothing more will come; what it sends still arrives."""
        with suppress(OSError):
            self._writer.write_eof()

    async def _up(self, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while data := await self._reader.read(_CHUNK):
                self.websocket = self.websocket or _UPGRADE in data.lower()
                if not writer.is_closing() and await self._line.lets_through():
                    self._line.bytes_up += len(data)
                    await _pass_on(writer, data, until_gone=self.held)

    async def _down(self, reader: asyncio.StreamReader) -> None:
        with suppress(OSError):
            while data := await reader.read(_CHUNK):
                if self.deaf or not await self._line.lets_through():
                    continue
                self._line.bytes_down += len(data)
                self._writer.write(data)
                await self._writer.drain()


async def _pass_on(writer: asyncio.StreamWriter, data: bytes, *, until_gone: bool) -> None:
    """Raises OSError when the other end is gone, unless nobody is to notice."""
    try:
        writer.write(data)
        await writer.drain()
    except OSError:
        if not until_gone:
            raise


class Line:
    """Listens on a free port of 127.0.0.1 and passes bytes to `server_port` there, until told otherwise."""

    def __init__(self, server_port: int) -> None:
        self.server_port = server_port
        self.port = 0
        self.delay = 0.0
        """Seconds that every piece of data is held back, each way."""
        self.bytes_up = 0
        self.bytes_down = 0
        self._swallows = False
        self._listener: asyncio.Server | None = None
        self._connections: dict[_Connection, asyncio.Task[None]] = {}

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def websockets(self) -> int:
        """How many are open and heard."""
        return sum(c.websocket and not c.deaf for c in self._connections)

    async def restore(self) -> None:
        """A good line again, on the same port. Connections that were deafened stay deaf."""
        self._swallows = False
        self.delay = 0.0
        if self._listener is None:
            self._listener = await asyncio.start_server(
                self._accepted, "127.0.0.1", self.port, reuse_address=True
            )
            self.port = self._listener.sockets[0].getsockname()[1]

    async def cut(self, seconds: float | None = None) -> None:
        """Resets what is open and refuses what is new, for so long or until `restore`."""
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        self.drop()
        if seconds is not None:
            await asyncio.sleep(seconds)
            await self.restore()

    def drop(self) -> None:
        """Resets what is open; new connections are welcome."""
        for connection in tuple(self._connections):
            connection.reset()

    def blackhole(self) -> None:
        """Connections are taken and stay open, and nothing that is sent ever arrives."""
        self._swallows = True

    def deafen(self) -> int:
        """Nothing that the server says reaches the websockets now open, for good; how many there were."""
        open_ones = [c for c in self._connections if c.websocket]
        for connection in open_ones:
            connection.deaf = True
        return len(open_ones)

    def half_open(self) -> int:
        """Deafens, and keeps the client's end open whatever becomes of the server: how many there were."""
        found = self.deafen()
        for connection in self._connections:
            connection.held = connection.held or connection.deaf
        return found

    def half_close(self) -> None:
        for connection in tuple(self._connections):
            connection.half_close()

    async def passable(self) -> None:
        """Waits while nothing may pass: a swallowed connection is never made to the server."""
        while self._swallows:  # noqa: ASYNC110 - a flag that a test sets; nothing waits for speed
            await asyncio.sleep(0.02)

    async def lets_through(self) -> bool:
        """After the delay: whether this piece of data may go on."""
        if self.delay:
            await asyncio.sleep(self.delay)
        return not self._swallows

    def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = _Connection(self, reader, writer)
        task = asyncio.get_running_loop().create_task(connection.run(), name="line")
        self._connections[connection] = task
        task.add_done_callback(lambda _: self._connections.pop(connection, None))

    async def __aenter__(self) -> Self:
        await self.restore()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.cut()
        tasks = list(self._connections.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
