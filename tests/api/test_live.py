"""The live websocket at its bytes: frames, wishes, and a reader that does not read."""

from __future__ import annotations

import asyncio
import base64
import json
import os
import socket
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.api.live import Pace, Subscription, parse_subscription, preview_frame
from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.live import Live, Topic
from ainf_tui.domain.documents import DatabaseDocument, QueueDocument
from ainf_tui.errors import UsageError
from ainf_tui.store import TOPICS
from tests.api.fakes import FakeService, app_of, served


@given(st.one_of(st.text(), st.recursive(st.none() | st.text() | st.integers(), st.lists).map(json.dumps)))
def test_no_wish_breaks_the_parser(text: str) -> None:
    with pytest.raises(UsageError):
        parse_subscription(text)


@given(
    st.lists(st.sampled_from(TOPICS)),
    st.one_of(st.none(), st.just("all"), st.lists(st.text(st.characters(exclude_categories=["Cs"])))),
)
def test_every_wish_is_understood(topics: list[str], previews: list[str] | str | None) -> None:
    found = parse_subscription(json.dumps({"topics": topics, "previews": previews}))
    jobs = None if not previews else frozenset() if previews == "all" else frozenset(previews)
    assert found == Subscription(tuple(topics), jobs)


@pytest.mark.parametrize(
    "text", ['{"topics": "queue"}', '{"topics": [], "previews": "some"}', '{"topics": [1]}']
)
def test_half_a_wish_is_refused(text: str) -> None:
    with pytest.raises(UsageError):
        parse_subscription(text)


def test_a_preview_is_header_and_picture() -> None:
    frame = preview_frame("id-1", "image/png", b"\x89PNG")
    assert (
        frame == len(frame[4:-4]).to_bytes(4, "big") + b'{"job":"id-1","media_type":"image/png"}' + b"\x89PNG"
    )


async def deaf(path: Path) -> socket.socket:
    """A websocket client that asks for much and reads nothing of it."""
    loop = asyncio.get_running_loop()
    sock = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    sock.setblocking(False)
    await loop.sock_connect(sock, str(path))
    key = base64.b64encode(os.urandom(16)).decode()
    await loop.sock_sendall(
        sock,
        f"GET /v1/live HTTP/1.1\r\nHost: ainf\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {key}\r\n\r\n".encode(),
    )
    assert b"101" in await loop.sock_recv(sock, 100)
    wish = json.dumps({"topics": ["database"], "previews": None}).encode()
    await loop.sock_sendall(sock, bytes([0x81, 0x80 | len(wish)]) + b"\0\0\0\0" + wish)
    return sock


async def test_a_reader_that_does_not_read_stalls_nobody_and_is_dropped(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = tmp_path / "e.sock"
    service = FakeService()
    app = app_of(service, pace=Pace(interval=0.001, stall=0.5, goodbye=0.5))
    hub = app.state.context.live
    async with served(app, path), Client(UnixTransport(path)) as client:
        with await deaf(path):
            async with Live(client.transport, ("queue",)) as live:
                update = await anext(live)
                while hub.connected < 2:  # noqa: ASYNC110 - the hub has no event for it
                    await asyncio.sleep(0.005)
                sent = 0
                while hub.connected == 2:
                    sent += 1
                    filler = f"{sent}" + "x" * 100_000
                    service.store.update(
                        database=DatabaseDocument(filler, reachable=True, revision=None),
                        queue=QueueDocument(queued=sent),
                    )
                    while not (isinstance(update, Topic) and update.value.queued == sent):
                        update = await anext(live)
    assert hub.connected == 0
    assert "left unread" in caplog.text


async def test_the_last_word_reaches_those_who_read_and_does_not_wait_for_others(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    service = FakeService()
    app = app_of(service, pace=Pace(interval=0.001, stall=60, goodbye=0.2))
    hub = app.state.context.live
    loop = asyncio.get_running_loop()
    async with served(app, path):
        sock = await deaf(path)
        for n in range(30):
            filler = f"{n}" + "x" * 200_000
            service.store.update(database=DatabaseDocument(filler, reachable=True, revision=None))
            await asyncio.sleep(0.005)
        assert hub.connected == 1
        began = loop.time()
    sock.close()
    assert loop.time() - began < 4
    assert hub.connected == 0
