"""What a client needs of the way to an engine. `unix` goes over its socket, `asgi` stays in the process."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from ainf_tui.domain.wire import READ_ONLY_HEADER
from ainf_tui.errors import UnreachableError
from ainf_tui.frozen import frozen

DEADLINE = 30.0
"""Seconds an engine may take for an answer."""


class LiveClosedError(Exception):
    """The websocket has ended; the text says how. Never leaves the client."""


@frozen
class Answer:
    """The head of an answer; `body` may be read once, and only while the answer is open.

    Reading raises UnreachableError(`engine.lost`) when the body ends before its announced length.
    """

    status: int
    headers: Mapping[str, str]
    """Lower-case names."""
    body: AsyncIterator[bytes]

    async def read(self) -> bytes:
        return b"".join([chunk async for chunk in self.body])


class LiveSocket(Protocol):
    """One open websocket. All methods but `aclose` raise LiveClosedError once it has ended."""

    async def send(self, text: str) -> None: ...
    async def receive(self) -> str | bytes: ...
    async def aclose(self) -> None: ...


class Transport(Protocol):
    """Raises UnreachableError for whatever goes wrong on the way; deadlines are the caller's."""

    def open(
        self, method: str, target: str, body: bytes | None = None
    ) -> AbstractAsyncContextManager[Answer]:
        """Sends one request (`target`: path and query, percent-encoded) and awaits the answer's head."""
        ...

    async def websocket(self, target: str) -> LiveSocket: ...
    async def aclose(self) -> None: ...


def read_only_headers(read_only: bool) -> tuple[tuple[str, str], ...]:
    """What a transport adds to each request of a front end that may only look."""
    return ((READ_ONLY_HEADER, "1"),) if read_only else ()


def unreachable(where: str, reason: str) -> UnreachableError:
    """Nobody answers there. Nothing was sent."""
    return UnreachableError(
        "engine.unreachable",
        f"no engine answers on {where}: {reason}",
        hint="`ainf engine start` starts one.",
    )


def lost(what: str, reason: str) -> UnreachableError:
    """The connection ended after something was sent: the request may or may not have been done."""
    return UnreachableError(
        "engine.lost",
        f"the connection to the engine was lost during {what}: {reason}",
        hint="`ainf queue list` shows what has become of it; `ainf engine logs` shows why.",
    )
