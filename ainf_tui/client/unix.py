"""HTTP/1.1 over the engine's Unix socket, by h11: a full HTTP library takes 100 ms to import."""

from __future__ import annotations

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path

import h11

from ainf_tui.client.transport import Answer, LiveSocket, lost, read_only_headers, unreachable

_CHUNK = 65_536
_KEPT = 4
_KEPT_SECONDS = 30.0
"""Less than the server's own patience with an idle connection, so that it is we who end it."""
_HEAD_BYTES = 65_536
_HOST = ("Host", "ainf")


class _Stale(Exception):  # noqa: N818 - not an error: it says "take a fresh connection"
    """A kept connection was closed by the server before anything of the request was sent."""


class _Connection:
    """One socket with its HTTP state. The loop's own socket calls tell exactly what was sent."""

    def __init__(self, sock: socket.socket) -> None:
        self._socket = sock
        self._http = h11.Connection(h11.CLIENT, max_incomplete_event_size=_HEAD_BYTES)
        self._kept_since = 0.0

    @classmethod
    async def dial(cls, path: Path) -> _Connection:
        sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        try:
            sock.setblocking(False)
            await asyncio.get_running_loop().sock_connect(sock, os.fspath(path))
        except OSError as error:
            sock.close()
            raise unreachable(str(path), error.strerror or str(error)) from error
        except BaseException:
            sock.close()
            raise
        return cls(sock)

    @property
    def alive(self) -> bool:
        """Whether the server has neither closed it nor said something unasked for."""
        if time.monotonic() - self._kept_since > _KEPT_SECONDS:
            return False
        try:
            self._socket.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            return True
        except OSError:
            return False
        return False

    def keep(self) -> bool:
        """Makes it ready for another request; False if it has to be closed."""
        if self._http.our_state is not h11.DONE or self._http.their_state is not h11.DONE:
            return False
        self._http.start_next_cycle()
        self._kept_since = time.monotonic()
        return True

    def close(self) -> None:
        self._socket.close()

    async def send(
        self, method: str, target: str, body: bytes | None, more: Sequence[tuple[str, str]], *, what: str
    ) -> None:
        headers = [_HOST, ("Accept", "application/json"), *more]
        if body is not None:
            headers += [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        parts = [self._http.send(h11.Request(method=method, target=target, headers=headers)) or b""]
        if body:
            parts.append(self._http.send(h11.Data(data=body)) or b"")
        parts.append(self._http.send(h11.EndOfMessage()) or b"")
        data = b"".join(parts)
        try:
            sent = self._socket.send(data)
        except BlockingIOError:
            sent = 0
        except OSError as error:
            raise _Stale(str(error)) from error
        if sent == len(data):
            return
        try:
            await asyncio.get_running_loop().sock_sendall(self._socket, memoryview(data)[sent:])
        except OSError as error:
            raise lost(what, error.strerror or str(error)) from error

    async def head(self, what: str) -> h11.Response:
        event = await self._event(what)
        while isinstance(event, h11.InformationalResponse):
            event = await self._event(what)
        if not isinstance(event, h11.Response):
            raise lost(what, "it ended before the answer")
        return event

    async def body(self, what: str) -> AsyncIterator[bytes]:
        while True:
            event = await self._event(what)
            if isinstance(event, h11.Data):
                yield bytes(event.data)
            elif isinstance(event, h11.EndOfMessage):
                return
            else:
                raise lost(what, "it ended in the middle of the answer")

    async def _event(self, what: str) -> h11.Event:
        try:
            while True:
                event = self._http.next_event()
                if event is h11.PAUSED:
                    raise lost(what, "more came than was asked for")
                if isinstance(event, h11.Event):
                    return event
                data = await asyncio.get_running_loop().sock_recv(self._socket, _CHUNK)
                self._http.receive_data(data)
        except OSError as error:
            raise lost(what, error.strerror or str(error)) from error
        except h11.RemoteProtocolError as error:
            raise lost(what, str(error)) from error


class UnixTransport:
    """Keeps a few idle connections. A request is sent a second time only when nothing of it was sent.

    `read_only`: the engine refuses every change that is asked for over it.
    """

    def __init__(self, path: Path, *, read_only: bool = False) -> None:
        self.path = path
        self._headers = read_only_headers(read_only)
        self._kept: list[_Connection] = []

    @asynccontextmanager
    async def open(self, method: str, target: str, body: bytes | None = None) -> AsyncIterator[Answer]:
        what = f"{method} {target.partition('?')[0]}"
        connection = await self._sent(method, target, body, what)
        try:
            head = await connection.head(what)
            headers = {name.decode("ascii"): value.decode("latin-1") for name, value in head.headers}
            yield Answer(head.status_code, headers, connection.body(what))
        except BaseException:
            connection.close()
            raise
        if len(self._kept) < _KEPT and connection.keep():
            self._kept.append(connection)
        else:
            connection.close()

    async def _sent(self, method: str, target: str, body: bytes | None, what: str) -> _Connection:
        while True:
            connection = self._take()
            fresh = connection is None
            if connection is None:
                connection = await _Connection.dial(self.path)
            try:
                await connection.send(method, target, body, self._headers, what=what)
            except _Stale as stale:
                connection.close()
                if fresh:
                    raise unreachable(str(self.path), str(stale)) from stale
            except BaseException:
                connection.close()
                raise
            else:
                return connection

    def _take(self) -> _Connection | None:
        while self._kept:
            connection = self._kept.pop()
            if connection.alive:
                return connection
            connection.close()
        return None

    async def websocket(self, target: str) -> LiveSocket:
        from ainf_tui.client.unix_live import connect  # noqa: PLC0415 - loads websockets, 30 ms

        return await connect(self.path, target, self._headers)

    async def aclose(self) -> None:
        while self._kept:
            self._kept.pop().close()
