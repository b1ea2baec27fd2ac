"""The socket against servers that drop, deafen, stall, refuse and answer with something else."""

from __future__ import annotations

import asyncio
import contextlib
import json
import time
from dataclasses import replace

import pytest
from websockets.asyncio.server import Server, ServerConnection, serve
from websockets.exceptions import ConnectionClosed

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.dial import SocketTiming
from ainf_tui.adapters.comfy.socket import WebComfySocket
from ainf_tui.domain.comfy import (
    Connected,
    Disconnected,
    ExecutionStart,
    FeatureFlags,
    MalformedMessage,
    Preview,
    QueueStatus,
    UnknownMessage,
)
from tests.adapters.comfy.servers import CERTIFICATE, closed_port, reply, serving, tls_context

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


# -- well ------------------------------------------------------------------------------------------
async def test_connects_says_hello_and_passes_frames_in_order():
    async with comfy() as (fake, server), listening(url_of(server)) as (socket, events):
        assert not socket.connected
        assert socket.last_frame == 0.0
        assert await anext(events) == Connected("client-1", 3)
        assert (socket.connected, socket.connections, fake.ids) == (True, 1, ["client-1"])
        ws = await fake.sockets.get()
        before = time.monotonic()
        for frame in (start("a"), status(2), b"\0\0\0\1\0\0\0\1\xff\xd8", start("b")):
            await ws.send(frame)
        got = [await anext(events) for _ in range(4)]
        assert got == [
            ExecutionStart("a", 1.0),
            QueueStatus(2),
            Preview(None, None, None, "image/jpeg", b"\xff\xd8"),
            ExecutionStart("b", 1.0),
        ]
        assert socket.last_frame >= before
        assert json.loads(fake.hellos[0]) == {
            "type": "feature_flags",
            "data": {"supports_preview_metadata": True},
        }
        assert "origin" not in ws.request.headers
        assert "sec-websocket-extensions" not in ws.request.headers


async def test_prefix_token_and_tls():
    async with comfy(ssl=tls_context()) as (fake, server):
        url = url_of(server, "https") + "/pre/fix"
        async with listening(url, token="t", tls_ca=str(CERTIFICATE)) as (_, events):
            await until(events, Connected)
            ws = await fake.sockets.get()
            assert ws.request.path == "/pre/fix/ws?clientId=client-1"
            assert ws.request.headers["authorization"] == "Bearer t"


async def test_frames_of_three_megabytes_come_through():
    picture = b"\0\0\0\1\0\0\0\2" + bytes(3 << 20)
    async with comfy() as (fake, server), listening(url_of(server)) as (_, events):
        ws = await fake.sockets.get()
        await ws.send(picture)
        await ws.send(json.dumps({"type": "text", "data": "x" * (3 << 20)}))
        got = await until(events, UnknownMessage)
        assert [len(e.data) for e in got if isinstance(e, Preview)] == [3 << 20]


async def test_what_is_not_understood_is_counted_and_the_last_kept():
    async with comfy() as (fake, server), listening(url_of(server)) as (socket, events):
        ws = await fake.sockets.get()
        for n in range(60):
            await ws.send(json.dumps({"type": f"kind-{n}", "data": {}}))
        await ws.send("{")
        got = await until(events, MalformedMessage)
        assert len([e for e in got if isinstance(e, UnknownMessage)]) == 60
        assert socket.unknown_count == 61
        assert len(socket.unknown) == 50
        assert socket.unknown[-2].kind == "kind-59"


async def test_a_frame_before_the_greeting_follows_connected():
    async with comfy() as (fake, server):
        fake.greet = False
        async with listening(url_of(server)) as (_, events):
            ws = await fake.sockets.get()
            await ws.send('{"type": "feature_flags", "data": {"x": 1}}')
            await ws.send(status(1))
            assert await anext(events) == Connected("client-1", 1)
            assert await anext(events) == FeatureFlags({"x": 1})


async def test_events_have_one_consumer_and_end_with_aclose():
    async with comfy() as (_, server), listening(url_of(server)) as (socket, events):
        await until(events, Connected)
        with pytest.raises(RuntimeError, match="one consumer"):
            socket.events()
        await socket.aclose()
        assert [e async for e in events] == []
        assert not socket.connected


async def test_aclose_before_and_while_connecting():
    async with comfy() as (_, server):
        idle = WebComfySocket(BackendAddress(url_of(server)), "c")
        await idle.aclose()
        starting = WebComfySocket(BackendAddress(url_of(server)), "c")
        starting.start()
        await asyncio.sleep(0)
        await starting.aclose()
        await starting.aclose()


# -- ends and new beginnings -----------------------------------------------------------------------
async def test_an_abrupt_end_is_told_and_the_same_id_comes_back():
    async with comfy() as (fake, server), listening(url_of(server)) as (socket, events):
        ws = await fake.sockets.get()
        ws.transport.abort()
        _, gone, back = await until(events, Disconnected) + await until(events, Connected)
        assert isinstance(gone, Disconnected)
        assert not gone.refused
        assert gone.reason
        assert back == Connected("client-1", 3)
        assert socket.connections == 2
        assert (fake.ids, fake.most_open) == (["client-1", "client-1"], 1)


async def test_a_close_frame_with_a_reason_is_told_in_its_words():
    async with comfy() as (fake, server), listening(url_of(server)) as (_, events):
        ws = await fake.sockets.get()
        await ws.close(1012, "restart\x1b[31m")
        gone = (await until(events, Disconnected))[-1]
        assert "1012 (restart\u241b[31m)" in gone.reason


async def test_an_unclean_end_gives_the_old_handler_time_before_the_same_id_connects():
    timing = SocketTiming(close=0.3, settle_loopback=0.4, backoff_first=0.01, backoff_most=0.01)
    async with comfy() as (fake, server), listening(url_of(server), timing) as (_, events):
        (await fake.sockets.get()).transport.abort()
        await until(events, Disconnected)
        ended = time.monotonic()
        await until(events, Connected)
        assert time.monotonic() - ended >= 0.35


async def test_refused_then_accepted():
    port = closed_port()
    async with listening(f"http://127.0.0.1:{port}") as (socket, events):
        gone = await anext(events)
        assert isinstance(gone, Disconnected)
        assert gone.refused
        assert not await socket.wait_connected(0.15)
        async with comfy(port) as (fake, _):
            # Many tries were refused meanwhile; the outage was told once.
            assert isinstance(await anext(events), Connected)
            assert await socket.wait_connected(1)
            (await fake.sockets.get()).transport.abort()
            await until(events, Disconnected)


async def test_a_broken_connection_whose_port_closes_is_told_again_as_refused():
    async with contextlib.AsyncExitStack() as stack:
        fake, server = await stack.enter_async_context(comfy())
        async with listening(url_of(server)) as (_, events):
            ws = await fake.sockets.get()
            await until(events, Connected)
            server.close(close_connections=False)
            ws.transport.abort()
            first, second = [await anext(events) for _ in range(2)]
            assert (first.refused, second.refused) == (False, True)


async def test_a_name_with_two_addresses_that_both_refuse_is_refused():
    async with listening(f"http://localhost:{closed_port()}") as (_, events):
        assert (await anext(events)).refused


async def test_half_open_a_server_that_answers_no_ping_is_given_up():
    timing = SocketTiming(ping_interval=0.1, ping_timeout=0.2, close=0.2, settle_loopback=0.01)
    release = asyncio.Event()

    async def deaf_to_pings(reader, writer):
        await greet_by_hand(reader, writer)
        await release.wait()
        writer.close()

    async with by_hand(deaf_to_pings) as url, listening(url, timing) as (_, events):
        got = await until(events, Disconnected)
        assert isinstance(got[0], Connected)
        assert "ping" in got[-1].reason
        release.set()


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


async def test_half_a_frame_and_then_the_end():
    async def half(reader, writer):
        await greet_by_hand(reader, writer)
        writer.write(b"\x81\x7e\x01\x00" + b"{")
        await writer.drain()
        writer.close()

    async with by_hand(half) as url, listening(url) as (_, events):
        got = await until(events, Disconnected)
        assert [type(e) for e in got] == [Connected, Disconnected]


async def test_a_server_that_never_greets_is_given_up_and_told():
    async with comfy() as (fake, server):
        fake.greet = False
        async with listening(url_of(server), replace(QUICK, greeting=0.2)) as (socket, events):
            gone = await anext(events)
            assert isinstance(gone, Disconnected)
            assert "said nothing" in gone.reason
            assert not socket.connected
            fake.greet = True
            assert await socket.wait_connected(10)


# -- something else answers ------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("answer", "part"),
    [
        (reply(200, "<html>hello</html>", "text/html"), "web page"),
        (reply(302, Location="https://login.example/?token=geheim"), "login.example"),
        (reply(401), "401"),
        (reply(403), "403"),
        (reply(404), "404"),
        (reply(503, "starting", "text/plain"), "503"),
    ],
)
async def test_answers_that_are_no_websocket_are_told_and_tried_again(answer, part):
    async with serving(answer) as served, listening(served.url) as (_, events):
        gone = await anext(events)
        assert isinstance(gone, Disconnected)
        assert part in gone.reason
        assert "geheim" not in gone.reason
        assert not gone.refused
        await served.reached(3)


async def test_a_redirect_is_never_followed():
    async with comfy() as (fake, server):
        target = url_of(server, "ws") + "/ws"
        async with serving(reply(302, Location=target)) as served, listening(served.url) as (_, events):
            await until(events, Disconnected)
            await served.reached(3)
        assert fake.ids == []


async def test_plain_text_to_a_tls_port_and_an_untrusted_certificate():
    async with comfy(ssl=tls_context()) as (_, server):
        async with listening(url_of(server)) as (_, events):
            assert isinstance(await anext(events), Disconnected)
        async with listening(url_of(server, "https")) as (_, events):
            assert "not trusted" in (await anext(events)).reason
        async with listening(url_of(server, "https"), tls_verify=False) as (_, events):
            assert isinstance(await anext(events), Connected)


async def test_the_environments_proxies_are_not_used(monkeypatch):
    monkeypatch.setenv("ws_proxy", f"http://127.0.0.1:{closed_port()}")
    monkeypatch.setenv("all_proxy", f"http://127.0.0.1:{closed_port()}")
    async with comfy() as (_, server), listening(url_of(server)) as (_, events):
        assert isinstance(await anext(events), Connected)


# -- reconnecting on request -----------------------------------------------------------------------
async def test_a_deaf_socket_is_fully_closed_before_the_next_one_opens():
    async with comfy() as (fake, server), listening(url_of(server)) as (socket, events):
        await until(events, Connected)
        await socket.reconnect("it is deaf")
        assert fake.open == 0
        gone, back = await anext(events), await anext(events)
        assert gone == Disconnected("it is deaf")
        assert back == Connected("client-1", 3)
        assert (fake.most_open, socket.connections) == (1, 2)


async def test_a_fresh_client_id_is_in_use_when_the_call_returns():
    async with comfy() as (fake, server), listening(url_of(server)) as (socket, events):
        await until(events, Connected)
        await socket.reconnect("deaf again", new_client_id=True)
        fresh = socket.client_id
        assert fresh != "client-1"
        assert (await until(events, Connected))[-1] == Connected(fresh, 3, fresh_id=True)
        assert fake.ids == ["client-1", fresh]
        await socket.reconnect("once more")
        assert (await until(events, Connected))[-1] == Connected(fresh, 3)


async def test_reconnecting_while_frames_pour_in_closes_cleanly():
    timing = SocketTiming(close=5.0, settle_loopback=30.0, backoff_first=0.01)
    async with comfy() as (fake, server), listening(url_of(server), timing) as (socket, events):
        await until(events, Connected)
        ws = await fake.sockets.get()

        async def pour():
            with contextlib.suppress(Exception):
                while True:
                    await ws.send(status(1))

        pouring = asyncio.create_task(pour())
        await until(events, QueueStatus)
        # An unclean end would have to wait for 30 s.
        await socket.reconnect("to see")
        await until(events, Connected, limit=1_000_000)
        await pouring


async def test_reconnecting_while_away_cuts_the_waiting_short():
    timing = SocketTiming(backoff_first=600, backoff_most=600, settle_loopback=0.01)
    port = closed_port()
    async with listening(f"http://127.0.0.1:{port}", timing) as (socket, events):
        assert (await anext(events)).refused
        async with comfy(port):
            await socket.reconnect("the user asks", new_client_id=True)
            assert (await until(events, Connected))[-1].fresh_id


async def test_a_server_that_does_not_say_goodbye_is_left_after_a_while():
    release = asyncio.Event()

    async def mute(reader, writer):
        await greet_by_hand(reader, writer)
        await release.wait()
        writer.close()

    async with by_hand(mute) as url, listening(url) as (socket, events):
        await until(events, Connected)
        async with asyncio.timeout(5):
            await socket.reconnect("hung")
        await until(events, Connected)
        release.set()


# -- a consumer that waits -------------------------------------------------------------------------
async def test_a_consumer_that_waits_slows_nothing_and_finds_the_newest_preview():
    meta = json.dumps({"node_id": "3", "prompt_id": "a", "image_type": "image/png"}).encode()
    async with comfy() as (fake, server), listening(url_of(server)) as (socket, events):
        await until(events, Connected)
        ws = await fake.sockets.get()
        for n in range(300):
            await ws.send(b"\0\0\0\4" + len(meta).to_bytes(4) + meta + n.to_bytes(4) + bytes(30_000))
        await ws.send(start("end"))
        # The server is through with all of it before anything is taken.
        await (await ws.ping())
        got = await until(events, ExecutionStart)
        previews = [int.from_bytes(e.data[:4]) for e in got if isinstance(e, Preview)]
        assert previews == [299]
        assert socket.connections == 1
