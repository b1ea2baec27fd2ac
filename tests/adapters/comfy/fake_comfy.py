"""A websocket server that accepts as ComfyUI does; a test plays the rest."""

from __future__ import annotations

import asyncio
import contextlib
import json

from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.dial import SocketTiming
from ainf_tui.adapters.comfy.socket import WebComfySocket

QUICK = SocketTiming(
    close=0.5,
    settle_loopback=0.02,
    backoff_first=0.01,
    backoff_most=0.05,
    rejected_least=0.01,
)


def status(remaining=0, **more):
    return json.dumps(
        {"type": "status", "data": {"status": {"exec_info": {"queue_remaining": remaining}}, **more}}
    )


def start(prompt):
    return json.dumps({"type": "execution_start", "data": {"prompt_id": prompt, "timestamp": 1000}})


class FakeComfy:
    """Accepts sockets as ComfyUI does; a test plays the rest on `sockets`."""

    def __init__(self):
        self.sockets: asyncio.Queue[ServerConnection] = asyncio.Queue()
        self.ids: list[str] = []
        self.hellos: list[str] = []
        self.open = 0
        self.most_open = 0
        self.greet = True

    async def handle(self, ws):
        self.ids.append(ws.request.path.partition("clientId=")[2])
        self.open += 1
        self.most_open = max(self.most_open, self.open)
        try:
            if self.greet:
                await ws.send(status(3, sid=self.ids[-1]))
            await self.sockets.put(ws)
            async for message in ws:
                self.hellos.append(message)
        except ConnectionClosed:
            pass
        finally:
            self.open -= 1


@contextlib.asynccontextmanager
async def comfy(port=0, **options):
    fake = FakeComfy()
    async with serve(fake.handle, "127.0.0.1", port, max_size=None, **options) as server:
        yield fake, server


def url_of(server: Server, scheme="http"):
    return f"{scheme}://127.0.0.1:{next(iter(server.sockets)).getsockname()[1]}"


@contextlib.asynccontextmanager
async def listening(url, timing=QUICK, **options):
    socket = WebComfySocket(BackendAddress(url, **options), "client-1", timing=timing)
    try:
        yield socket, socket.events()
    finally:
        await socket.aclose()


async def until(events, kind, limit=100):
    """The events up to the first of that kind, which is the last."""
    got = []
    async with asyncio.timeout(10):
        for _ in range(limit):
            got.append(await anext(events))
            if isinstance(got[-1], kind):
                return got
    raise AssertionError(got)


@contextlib.asynccontextmanager
async def by_hand(handle):
    server = await asyncio.start_server(handle, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        server.close()


async def greet_by_hand(reader, writer):
    """A websocket server without its library: it can do everything wrong."""
    from websockets.http11 import Request
    from websockets.server import ServerProtocol

    protocol = ServerProtocol()
    protocol.receive_data(await reader.readuntil(b"\r\n\r\n"))
    (request,) = protocol.events_received()
    assert isinstance(request, Request)
    protocol.send_response(protocol.accept(request))
    protocol.send_text(status(0).encode())
    for data in protocol.data_to_send():
        writer.write(data)
    await writer.drain()
