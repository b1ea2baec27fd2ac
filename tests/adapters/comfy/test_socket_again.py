"""Connections that end, and the next ones: by themselves, and on request."""

from __future__ import annotations

import asyncio
import contextlib
import time
from dataclasses import replace

from ainf_tui.adapters.comfy.dial import SocketTiming
from ainf_tui.domain.comfy import (
    Connected,
    Disconnected,
    QueueStatus,
)
from tests.adapters.comfy.fake_comfy import (
    QUICK,
    by_hand,
    comfy,
    greet_by_hand,
    listening,
    status,
    until,
    url_of,
)
from tests.adapters.comfy.servers import closed_port


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


async def test_an_answer_over_http_cuts_the_waiting_short():
    timing = SocketTiming(backoff_first=600, backoff_most=600, settle_loopback=0.01)
    port = closed_port()
    async with listening(f"http://127.0.0.1:{port}", timing) as (socket, events):
        assert (await anext(events)).refused
        async with comfy(port) as (fake, _):
            socket.hurry()
            await until(events, Connected)
            socket.hurry()  # nothing to do: it is open
            await asyncio.sleep(0.05)
            assert len(fake.ids) == 1


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
