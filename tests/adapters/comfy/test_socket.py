"""The socket against servers that serve well, answer with something else, or are not read in time."""

from __future__ import annotations

import asyncio
import json
import time

import pytest

from ainf_tui.adapters.comfy.address import BackendAddress
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
from tests.adapters.comfy.fake_comfy import (
    comfy,
    listening,
    start,
    status,
    until,
    url_of,
)
from tests.adapters.comfy.servers import CERTIFICATE, closed_port, reply, serving, tls_context


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


# -- a consumer that waits -------------------------------------------------------------------------
async def test_a_consumer_that_waits_slows_nothing_and_finds_the_newest_preview():
    meta = json.dumps({"node_id": "3", "prompt_id": "a", "image_type": "image/jpeg"}).encode()
    async with comfy() as (fake, server), listening(url_of(server)) as (socket, events):
        await until(events, Connected)
        ws = await fake.sockets.get()
        for n in range(300):
            await ws.send(b"\0\0\0\4" + len(meta).to_bytes(4) + meta + n.to_bytes(4) + bytes(30_000))
        await ws.send(start("end"))
        # All of it is in before anything is taken: one preview and the start.
        async with asyncio.timeout(30):
            while len(socket._inbox) < 2:  # noqa: ASYNC110 - the inbox tells nobody but its consumer
                await asyncio.sleep(0.001)
        got = await until(events, ExecutionStart)
        previews = [int.from_bytes(e.data[:4]) for e in got if isinstance(e, Preview)]
        assert previews == [299]
        assert socket.connections == 1
