"""Live state: the newest of each thing, across reconnections, on both transports."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.live import Connected, Live, Lost, Preview, Topic
from ainf_tui.client.transport import LiveClosedError, LiveSocket
from ainf_tui.domain.documents import QueueDocument
from ainf_tui.domain.wire import API_REVISION
from ainf_tui.errors import AinfError, ConflictError, UnreachableError, UsageError
from tests.api.fakes import FakeService, app_of, job, served
from tests.client.conftest import Pair


async def until(live: Live, wanted: type) -> object:
    async for update in live:
        if isinstance(update, wanted):
            return update
    raise AssertionError("it ended")


async def test_first_what_is_then_what_changes(pair: Pair) -> None:
    pair.service.store.update(queue=QueueDocument(queued=1))
    async with Live(pair.client.transport, ("queue", "active")) as live:
        hello = await anext(live)
        assert isinstance(hello, Connected)
        assert hello.engine.version == "0.1.0"
        assert await anext(live) == Topic("queue", 1, QueueDocument(queued=1))
        assert await anext(live) == Topic("active", 0, ())
        running = job(1, "running", progress=0.5)
        pair.service.store.update(active=(running,), engine=replace(pair.service.store.state.engine, pid=5))
        # The engine's topic changed too, and is not ours.
        assert await anext(live) == Topic("active", 1, (running,))
        await live.subscribe(("engine",))
        told = await anext(live)
        assert isinstance(told, Topic)
        assert (told.name, told.value.pid) == ("engine", 5)


async def test_many_changes_are_one(pair: Pair) -> None:
    async with Live(pair.client.transport, ("queue",)) as live:
        await until(live, Topic)
        for n in range(1, 501):
            pair.service.store.update(queue=QueueDocument(queued=n))
        seen: list[Topic] = []
        while not seen or seen[-1].value.queued < 500:
            update = await anext(live)
            assert isinstance(update, Topic)
            seen.append(update)
        assert len(seen) <= 2


async def test_previews_come_only_when_wished(pair: Pair) -> None:
    previews = pair.previews
    async with Live(pair.client.transport, ("queue",), previews=["id-1"]) as live:
        await until(live, Topic)
        assert previews.wanted
        previews.publish("id-2", "image/png", b"other")
        previews.publish("id-1", "image/jpeg", b"\x00\xffpicture")
        assert await until(live, Preview) == Preview("id-1", "image/jpeg", b"\x00\xffpicture")
        await live.subscribe(("queue",), previews=None)
        await until(live, Topic)
        assert not previews.wanted
        await live.subscribe(("queue",), previews=[])
        await until(live, Topic)
        assert not previews.wanted
    async with Live(pair.client.transport, (), previews="all") as live:
        await until(live, Connected)
        while not previews.wanted:  # noqa: ASYNC110 - Previews has no event for it
            await asyncio.sleep(0.001)
        previews.publish("id-9", "image/png", b"any")
        assert await until(live, Preview) == Preview("id-9", "image/png", b"any")


async def test_a_topic_that_is_not_there_is_an_error(pair: Pair) -> None:
    async with Live(pair.client.transport, ("weather",)) as live:
        with pytest.raises(UsageError) as caught:
            await until(live, Topic)
    assert caught.value.code == "api.bad_request"
    assert "weather" in caught.value.message


async def test_a_reader_that_lags_gets_the_newest_only(pair: Pair) -> None:
    async with Live(pair.client.transport, ("queue",)) as live:
        await until(live, Topic)
        last: Topic | None = None
        for n in range(1, 30):
            pair.service.store.update(queue=QueueDocument(queued=n))
            await asyncio.sleep(0.005)
        while last is None or last.value.queued < 29:
            update = await anext(live)
            assert isinstance(update, Topic)
            last = update
        assert await live.get(0.1) is None


async def test_it_comes_back_by_itself(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    async with Client(UnixTransport(path)) as client, Live(client.transport, ("queue",)) as live:
        lost = await anext(live)
        assert isinstance(lost, Lost)
        assert not lost.bye
        service = FakeService()
        app = app_of(service)
        async with served(app, path):
            live.hurry()
            await until(live, Connected)
            await until(live, Topic)
            app.state.context.stop("idle")
        told = await until(live, Lost)
        assert isinstance(told, Lost)
        assert told.bye == "idle"
        service.store.update(queue=QueueDocument(queued=4))
        async with served(app_of(service), path):
            live.hurry()
            assert await until(live, Topic) == Topic("queue", 1, QueueDocument(queued=4))


class ScriptedSocket:
    """Says given frames, then ends."""

    def __init__(self, frames: list[str | bytes]) -> None:
        self._frames = frames

    async def send(self, text: str) -> None:
        json.loads(text)

    async def receive(self) -> str | bytes:
        if not self._frames:
            raise LiveClosedError("over")
        return self._frames.pop(0)

    async def aclose(self) -> None:
        self._frames.clear()


class ScriptedTransport:
    """A socket with given frames; nobody answers from the second time on."""

    def __init__(self, frames: list[str | bytes]) -> None:
        self._frames: list[str | bytes] | None = frames

    def open(self, method: str, target: str, body: bytes | None = None):
        raise NotImplementedError

    async def websocket(self, target: str) -> LiveSocket:
        frames, self._frames = self._frames, None
        if frames is None:
            raise UnreachableError("engine.unreachable", "gone")
        return ScriptedSocket(frames)

    async def aclose(self) -> None:
        self._frames = None


@given(st.lists(st.one_of(st.text(max_size=40), st.binary(max_size=40)), max_size=5))
def test_no_frame_breaks_it(frames: list[str | bytes]) -> None:
    async def scenario() -> None:
        async with Live(ScriptedTransport(list(frames)), ("queue",)) as live:
            ended: object = None
            try:
                ended = await until(live, Lost)
            except AinfError as error:
                ended = error.code
            assert ended == "engine.bad_answer" or isinstance(ended, Lost)

    asyncio.run(scenario())


async def test_an_engine_of_a_newer_api_is_not_misread() -> None:
    engine = {"version": "9", "api": API_REVISION + 1, "pid": 1, "since": "2026-05-01T00:00:00Z", "home": ""}
    async with Live(ScriptedTransport([json.dumps({"hello": engine})]), ("queue",)) as live:
        with pytest.raises(ConflictError) as caught:
            await anext(live)
    assert caught.value.code == "engine.newer"
