"""The in-process twin: the same requests, handed straight to an ASGI app (`--embedded`, tests)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, MutableMapping, Sequence
from contextlib import asynccontextmanager
from typing import Any
from urllib.parse import unquote

from ainf_tui.client.transport import (
    Answer,
    LiveClosedError,
    LiveSocket,
    lost,
    read_only_headers,
    unreachable,
)

Message = MutableMapping[str, Any]
App = Callable[
    [MutableMapping[str, Any], Callable[[], Awaitable[Message]], Callable[[Message], Awaitable[None]]],
    Awaitable[None],
]

_BUFFERED = 4
"""Messages the app may be ahead of the reader; then it waits, as it would for a socket."""
_CLOSE_SECONDS = 1.0


class _Exchange:
    """One call of the app in a task of its own, with a bounded queue each way."""

    def __init__(self, app: App, scope: MutableMapping[str, Any]) -> None:
        self.incoming: asyncio.Queue[Message] = asyncio.Queue()
        self._outgoing: asyncio.Queue[Message] = asyncio.Queue(maxsize=_BUFFERED)
        self._app = app
        self._scope = scope
        self.complete = False
        """The last message of an HTTP answer has been read."""
        self._task = asyncio.create_task(self._run())

    async def _run(self) -> None:
        await self._app(self._scope, self.incoming.get, self._outgoing.put)

    async def next(self) -> Message | None:
        """The app's next message, or None when it has ended without another."""
        if self._outgoing.empty() and not self._task.done():
            getter = asyncio.ensure_future(self._outgoing.get())
            try:
                await asyncio.wait({getter, self._task}, return_when=asyncio.FIRST_COMPLETED)
                if getter.done():
                    return getter.result()
            finally:
                getter.cancel()
        return None if self._outgoing.empty() else self._outgoing.get_nowait()

    async def expect(self, what: str) -> Message:
        """The app's next message; UnreachableError(`engine.lost`) when there is none."""
        message = await self.next()
        if message is None:
            raise lost(what, self.failure())
        return message

    def failure(self) -> str:
        """How the app ended, once it has."""
        if not self._task.done() or self._task.cancelled():
            return "it ended"
        error = self._task.exception()
        return "it ended" if error is None else f"{type(error).__name__}: {error}"

    async def finish(self, grace: float = 0.0) -> None:
        """Ends the app's call: `grace` seconds to end by itself, then cancelled."""
        if grace:
            await asyncio.wait({self._task}, timeout=grace)
        self._task.cancel()
        await asyncio.gather(self._task, return_exceptions=True)


class AsgiLiveSocket:
    """A LiveSocket whose other end is the app's websocket route."""

    def __init__(self, exchange: _Exchange) -> None:
        self._exchange = exchange
        self._ended: str | None = None

    async def send(self, text: str) -> None:
        if self._ended is not None:
            raise LiveClosedError(self._ended)
        self._exchange.incoming.put_nowait({"type": "websocket.receive", "text": text})

    async def receive(self) -> str | bytes:
        if self._ended is not None:
            raise LiveClosedError(self._ended)
        message = await self._exchange.next()
        if message is None or message["type"] == "websocket.close":
            self._ended = self._exchange.failure() if message is None else f"closed: {message.get('code')}"
            raise LiveClosedError(self._ended)
        text: str | bytes | None = message.get("text")
        return message["bytes"] if text is None else text

    async def aclose(self) -> None:
        self._ended = self._ended or "closed by this side"
        self._exchange.incoming.put_nowait({"type": "websocket.disconnect", "code": 1000})
        await self._exchange.finish(_CLOSE_SECONDS)


class AsgiTransport:
    """A Transport over an ASGI app in this event loop; `read_only` as of `UnixTransport`."""

    def __init__(self, app: App, *, read_only: bool = False) -> None:
        self._app = app
        pairs = read_only_headers(read_only)
        self._headers = [(name.lower().encode("ascii"), value.encode("ascii")) for name, value in pairs]

    @asynccontextmanager
    async def open(self, method: str, target: str, body: bytes | None = None) -> AsyncIterator[Answer]:
        what = f"{method} {target.partition('?')[0]}"
        scope = _scope("http", target, self._headers)
        scope |= {"method": method, "headers": [*scope["headers"], (b"content-type", b"application/json")]}
        exchange = _Exchange(self._app, scope)
        exchange.incoming.put_nowait({"type": "http.request", "body": body or b"", "more_body": False})
        try:
            head = await exchange.expect(what)
            headers = {
                name.decode("ascii").lower(): value.decode("latin-1") for name, value in head["headers"]
            }
            yield Answer(head["status"], headers, _body(exchange, what))
        except BaseException:
            await exchange.finish()
            raise
        # An answer that was read to its end leaves the app with its clearing up (an open file).
        await exchange.finish(_CLOSE_SECONDS if exchange.complete else 0.0)

    async def websocket(self, target: str) -> LiveSocket:
        scope = _scope("websocket", target, self._headers) | {"scheme": "ws", "subprotocols": []}
        exchange = _Exchange(self._app, scope)
        exchange.incoming.put_nowait({"type": "websocket.connect"})
        try:
            first = await exchange.next()
        except BaseException:
            await exchange.finish()
            raise
        if first is None or first["type"] != "websocket.accept":
            await exchange.finish()
            raise unreachable("the engine in this process", "it accepts no live connection")
        return AsgiLiveSocket(exchange)

    async def aclose(self) -> None:
        """Nothing is kept between calls."""


async def _body(exchange: _Exchange, what: str) -> AsyncIterator[bytes]:
    while True:
        message = await exchange.expect(what)
        if message["type"] != "http.response.body":
            continue
        if message.get("body"):
            yield bytes(message["body"])
        if not message.get("more_body", False):
            exchange.complete = True
            return


def _scope(kind: str, target: str, headers: Sequence[tuple[bytes, bytes]]) -> dict[str, Any]:
    path, _, query = target.partition("?")
    return {
        "type": kind,
        "asgi": {"version": "3.0", "spec_version": "2.4"},
        "http_version": "1.1",
        "scheme": "http",
        "path": unquote(path),
        "raw_path": path.encode("ascii"),
        "query_string": query.encode("ascii"),
        "root_path": "",
        "headers": [(b"host", b"ainf"), *headers],
        "client": None,
        "server": None,
        "state": {},
        "extensions": {},
    }
