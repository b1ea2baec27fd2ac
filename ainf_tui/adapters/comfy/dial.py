"""Opening and fully closing one websocket to ComfyUI, and why it did not open, in words."""

from __future__ import annotations

import asyncio
import contextlib
import random
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus, WebSocketException

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.failures import Answer, refused, rejection, why
from ainf_tui.domain.text import visible

MAX_FRAME = 64 << 20
"""Bytes: SaveImageWebsocket sends whole pictures, text nodes any size."""
HELLO = '{"type": "feature_flags", "data": {"supports_preview_metadata": true}}'
"""As the first message it makes every preview name its prompt and node."""

Failure = Literal["lost", "refused", "rejected"]
"""lost: no connection, or it broke; refused: no listener; rejected: what answers is no websocket of ours."""


@dataclass(frozen=True, slots=True)
class SocketTiming:
    """Seconds."""

    open: float = 10.0
    greeting: float = 10.0
    """From the handshake to the first `status`."""
    ping_interval: float = 20.0
    ping_timeout: float = 60.0
    """A server whose interpreter is held by a model load answers late: that is no death."""
    close: float = 2.0
    settle_loopback: float = 0.25
    settle_remote: float = 2.0
    """After an unclean end, before the same id connects again: the old handler on the server must end
    first, or it takes the new socket's frames away with it."""
    backoff_first: float = 0.5
    backoff_most: float = 30.0
    rejected_least: float = 5.0
    proven_after: float = 5.0
    """A connection that lived so long starts the backoff anew."""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why there is no connection. `clean`: both sides said goodbye, so that the server's handler is gone."""

    kind: Failure
    reason: str
    clean: bool = False


class _Connect(connect):
    """Never follows a redirect: a login page is no ComfyUI, and a token is not for another host."""

    def process_redirect(self, exc: Exception) -> Exception | str:
        return exc


async def dial(
    address: BackendAddress, client_id: str, context: ssl.SSLContext | None, timing: SocketTiming
) -> ClientConnection | Ending:
    """An open connection whose first message has been sent, or why there is none."""
    try:
        connection = await _Connect(
            address.websocket(client_id),
            additional_headers=address.request_headers(),
            compression=None,
            proxy=None,
            max_queue=None,  # the reader takes what has come at once, or leaves the socket alone
            max_size=MAX_FRAME,
            open_timeout=timing.open,
            close_timeout=timing.close,
            ping_interval=timing.ping_interval,
            ping_timeout=timing.ping_timeout,
            ssl=context,
        )
    except (OSError, EOFError, WebSocketException) as error:
        return _not_open(address, error)
    try:
        # If it is closed already, the reader learns that, after the frames that came before.
        with contextlib.suppress(ConnectionClosed):
            await connection.send(HELLO)
    except asyncio.CancelledError:
        connection.transport.abort()
        raise
    return connection


def _not_open(address: BackendAddress, error: Exception) -> Ending:
    if isinstance(error, InvalidStatus):
        response = error.response
        media_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()
        location = response.headers.get("Location", "")
        answer = Answer(response.status_code, media_type, bytes(response.body or b""), location)
        return Ending("rejected", rejection(address, answer).message)
    if isinstance(error, TimeoutError):
        return Ending("lost", f"{address.shown} did not answer the websocket in time")
    kind: Failure = "refused" if refused(error) else "lost"
    if isinstance(error, ssl.SSLCertVerificationError):
        kind = "rejected"
    return Ending(kind, f"no websocket to {address.shown}: {why(error)}")


async def hang_up(connection: ClientConnection, timing: SocketTiming) -> bool:
    """Closes and waits until the connection is gone, `timing.close` seconds at most; whether both sides
    said goodbye.
    """
    # A stream of frames that nobody takes would hold up the answer to our goodbye.
    drain = asyncio.create_task(_drain(connection), name="comfy-socket drain")
    try:
        async with asyncio.timeout(timing.close):
            await connection.close()
    except TimeoutError:
        connection.transport.abort()
        await connection.wait_closed()
    finally:
        drain.cancel()
        await asyncio.wait([drain])
    return connection.protocol.close_rcvd is not None and connection.protocol.close_sent is not None


async def _drain(connection: ClientConnection) -> None:
    with contextlib.suppress(ConnectionClosed):
        while True:
            await connection.recv()


def ended(address: BackendAddress, error: ConnectionClosed) -> Ending:
    """Why an open connection closed."""
    received = error.rcvd
    if received is not None:
        said = f" ({visible(received.reason, 100)})" if received.reason else ""
        return Ending("lost", f"{address.shown} closed the websocket: {received.code}{said}")
    if error.sent is not None and error.sent.code != 1000:
        return Ending(
            "lost", f"the websocket to {address.shown} was given up: {visible(error.sent.reason, 100)}"
        )
    return Ending("lost", f"the websocket to {address.shown} broke")


class Backoff:
    """Waiting times between tries: full jitter under a ceiling that doubles."""

    def __init__(
        self, timing: SocketTiming, uniform: Callable[[float, float], float] = random.uniform
    ) -> None:
        self._timing = timing
        self._uniform = uniform
        self._tries = 0

    def reset(self) -> None:
        self._tries = 0

    def next(self, *, rejected: bool) -> float:
        """Seconds to wait. `rejected`: something answers and says no, so that haste is of no use."""
        timing = self._timing
        ceiling = min(timing.backoff_most, timing.backoff_first * 2 ** min(self._tries, 20))
        self._tries += 1
        if rejected:
            return self._uniform(timing.rejected_least, max(ceiling, timing.rejected_least))
        return self._uniform(0.0, ceiling)
