"""uvicorn on one Unix socket, ended by an event instead of by signals."""

from __future__ import annotations

import asyncio
import logging
import os
import socket
import stat
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, cast

import uvicorn
from starlette.types import ASGIApp
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from ainf_tui.api.peers import peer_uid, welcome
from ainf_tui.errors import AinfError

_LOG = logging.getLogger(__name__)

_HEAD_BYTES = 1_048_576
"""A list of a thousand job ids in a query is 50 kB; what is larger than this is no request of ours."""
_KEEP_ALIVE = 75
"""Seconds; longer than a client keeps an idle connection, so that it never sends into a closing one."""
_DRAIN = 4
"""Seconds that running requests get to finish; with the live sockets' goodbye, 5 in all."""


class PeerCheckedProtocol(H11Protocol):
    """HTTP for peers of this user; others are cut off before a byte is read."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError(f"a stream transport is needed, not {type(transport).__name__}")
        super().connection_made(transport)
        sock: socket.socket = transport.get_extra_info("socket")
        try:
            uid = peer_uid(sock)
        except OSError as error:
            _LOG.warning("a peer was refused: the kernel does not say who it is (%s)", error)
            transport.abort()
            return
        if not welcome(uid):
            _LOG.warning("a peer of uid %d was refused", uid)
            transport.abort()


class DroppableLive(WebSocketsSansIOProtocol):
    """A websocket that the app can drop although its peer does not read: closing would wait for it."""

    async def run_asgi(self) -> None:
        """Gives the app the way to drop the connection, then calls it."""
        scope = cast("dict[str, Any]", self.scope)
        scope["ainf.abort"] = self.transport.abort
        await super().run_asgi()


class EngineServer(uvicorn.Server):
    """Serves until `stopped`, then calls `goodbye` and lets running requests finish, bounded."""

    def __init__(self, app: ASGIApp, stopped: asyncio.Event, goodbye: Callable[[], Awaitable[None]]) -> None:
        super().__init__(
            uvicorn.Config(
                app,
                http=PeerCheckedProtocol,
                ws=DroppableLive,
                loop="none",
                lifespan="off",
                log_config=None,
                access_log=False,
                proxy_headers=False,
                server_header=False,
                date_header=False,
                ws_ping_interval=None,
                ws_per_message_deflate=False,
                ws_max_size=_HEAD_BYTES,
                h11_max_incomplete_event_size=_HEAD_BYTES,
                timeout_keep_alive=_KEEP_ALIVE,
                timeout_graceful_shutdown=_DRAIN,
            )
        )
        self._stopped = stopped
        self._goodbye = goodbye

    async def main_loop(self) -> None:
        """Without the base's ten wake-ups a second."""
        await self.on_tick(0)
        await self._stopped.wait()
        await self._goodbye()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """The process around us has its own handlers."""
        yield


@contextmanager
def bound(path: Path) -> Iterator[socket.socket]:
    """A bound socket, 0600, not yet listening; removed at the end. Call it under the engine's lock.

    A socket that lies there is a dead engine's. Raises AinfError(`engine.socket_in_the_way`) for
    anything else, and for a folder that takes none.
    """
    _clear(path)
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    try:
        before = os.umask(0o177)
        try:
            sock.bind(os.fspath(path))
        except OSError as error:
            raise _in_the_way(path, error.strerror or str(error)) from error
        finally:
            os.umask(before)
        try:
            yield sock
        finally:
            path.unlink(missing_ok=True)
    finally:
        sock.close()


def _clear(path: Path) -> None:
    try:
        facts = path.lstat()
    except FileNotFoundError:
        return
    if not stat.S_ISSOCK(facts.st_mode):
        raise _in_the_way(path, "there is something else of that name")
    path.unlink()


def _in_the_way(path: Path, reason: str) -> AinfError:
    return AinfError(
        "engine.socket_in_the_way",
        f"the engine's socket cannot be made at {path}: {reason}",
        hint=f"Look at what is there (ls -ld {path}) and move it away.",
        details={"path": str(path)},
    )
