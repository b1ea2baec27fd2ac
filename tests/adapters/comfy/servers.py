"""Small servers on loopback that answer exactly what a test says, broken or not."""

from __future__ import annotations

import asyncio
import contextlib
import json
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

from tests.adapters.comfy.recordings import DATA

CERTIFICATE = DATA / "tls" / "test-only-cert.pem"


@dataclass(frozen=True)
class Request:
    method: str
    target: str
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return json.loads(self.body)


Respond = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


def reply(status: int, body: bytes | str = b"", kind: str = "application/json", **headers: str) -> bytes:
    content = body.encode() if isinstance(body, str) else body
    lines = [f"HTTP/1.1 {status} X", f"Content-Type: {kind}", f"Content-Length: {len(content)}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
    return "\r\n".join([*lines, "", ""]).encode() + content


def json_reply(data: Any, status: int = 200) -> bytes:
    return reply(status, json.dumps(data), "application/json; charset=utf-8")


@dataclass
class Served:
    url: str
    port: int
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def reached(self, connections: int) -> None:
        """Waits until that many connections have been made."""
        async with self.changed:
            await self.changed.wait_for(lambda: self.connections >= connections)


def tls_context() -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(CERTIFICATE, DATA / "tls" / "test-only-key.pem")
    return context


@contextlib.asynccontextmanager
async def serving(respond: Respond | bytes, *, tls: bool = False) -> AsyncIterator[Served]:
    """An HTTP server. `respond` writes the answer itself, or is the answer to everything."""
    served = Served("", 0)
    tasks: set[asyncio.Task[None] | None] = set()

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        async with served.changed:
            served.connections += 1
            served.changed.notify_all()
        tasks.add(asyncio.current_task())
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            while True:
                request = await read_request(reader)
                served.requests.append(request)
                if isinstance(respond, bytes):
                    writer.write(respond)
                else:
                    await respond(request, writer)
                await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0, ssl=tls_context() if tls else None)
    served.port = server.sockets[0].getsockname()[1]
    served.url = f"http{'s' if tls else ''}://127.0.0.1:{served.port}"
    try:
        yield served
    finally:
        server.close()
        for task in tasks:
            if task is not None:
                task.cancel()
        await asyncio.gather(*(t for t in tasks if t is not None), return_exceptions=True)


async def read_request(reader: asyncio.StreamReader) -> Request:
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    first, *lines = head.strip().split("\r\n")
    method, target, _ = first.split(" ")
    headers = {k.lower(): v.strip() for k, _, v in (line.partition(":") for line in lines)}
    if "chunked" in headers.get("transfer-encoding", ""):
        raise AssertionError("the client sent a chunked body")
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Request(method, target, headers, body)


def closed_port() -> int:
    """A port on which nobody listens."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])
