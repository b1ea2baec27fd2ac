"""The live websocket over the engine's Unix socket."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from websockets.asyncio.client import ClientConnection, unix_connect
from websockets.exceptions import ConnectionClosed, WebSocketException

from ainf_tui.client.transport import LiveClosedError, LiveSocket, unreachable

_FRAME_BYTES = 64 * 1024 * 1024
_OPEN_SECONDS = 10.0
_CLOSE_SECONDS = 1.0
_PING_SECONDS = 20.0
"""A forwarded socket (ssh) can die without a sign; the engine itself answers pings always."""


class UnixLiveSocket:
    """A LiveSocket of the websockets library."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection

    async def send(self, text: str) -> None:
        try:
            await self._connection.send(text)
        except ConnectionClosed as error:
            raise LiveClosedError(str(error)) from error

    async def receive(self) -> str | bytes:
        try:
            return await self._connection.recv()
        except ConnectionClosed as error:
            raise LiveClosedError(str(error)) from error

    async def aclose(self) -> None:
        await self._connection.close()


async def connect(path: Path, target: str, headers: Sequence[tuple[str, str]] = ()) -> LiveSocket:
    """Raises UnreachableError(`engine.unreachable`)."""
    try:
        connection = await unix_connect(
            str(path),
            f"ws://ainf{target}",
            additional_headers=headers,
            compression=None,
            open_timeout=_OPEN_SECONDS,
            close_timeout=_CLOSE_SECONDS,
            ping_interval=_PING_SECONDS,
            ping_timeout=_PING_SECONDS,
            max_size=_FRAME_BYTES,
            user_agent_header=None,
        )
    except (OSError, WebSocketException, EOFError) as error:
        raise unreachable(str(path), str(error) or type(error).__name__) from error
    return UnixLiveSocket(connection)
