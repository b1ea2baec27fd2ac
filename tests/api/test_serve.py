"""The engine's process: lock, socket, peers, log, and how it ends."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import re
import signal
import socket
import stat
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import Self

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.api import peers, server
from ainf_tui.api.lock import held
from ainf_tui.api.logs import LineFormatter
from ainf_tui.api.serve import _undisturbed, embedded, serve
from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.client.live import Live, Lost
from ainf_tui.client.process import lock_holder
from ainf_tui.error_spool import SpoolFile
from ainf_tui.errors import AinfError, ConflictError, UnreachableError
from ainf_tui.locations import Locations, locate
from ainf_tui.settings import Settings
from tests.api.fakes import FakeRuntime, opened


@pytest.fixture
def place(tmp_path: Path) -> Locations:
    return locate({"AINF_HOME": str(tmp_path / "home")})


class Engine:
    """`serve` in a task, with its runtime at hand."""

    def __init__(self, place: Locations, settings: Settings | None = None) -> None:
        self.place = place
        self.settings = settings or Settings()
        self.runtime: FakeRuntime | None = None
        self.task: asyncio.Task[None] | None = None
        self.client = Client(UnixTransport(place.engine_socket))

    @asynccontextmanager
    async def _opened(self, settings: Settings, place: Locations) -> AsyncIterator[FakeRuntime]:
        async with opened(settings, place) as self.runtime:
            yield self.runtime

    async def __aenter__(self) -> Self:
        self.task = asyncio.create_task(serve(self.settings, self.place, opener=self._opened))
        while not self.task.done():
            try:
                await self.client.engine.version()
            except UnreachableError:
                await asyncio.sleep(0.005)
            else:
                return self
        await self.task
        raise AssertionError("it ended at once")

    async def __aexit__(self, *_: object) -> None:
        await self.client.aclose()
        assert self.task is not None
        if not self.task.done():
            os.kill(os.getpid(), signal.SIGTERM)
        await self.task


async def test_only_this_user_can_reach_the_socket(place: Locations) -> None:
    async with Engine(place):
        assert stat.S_IMODE(place.engine_socket.stat().st_mode) == 0o600
        assert stat.S_IMODE(place.engine_socket.parent.stat().st_mode) == 0o700
        assert lock_holder(place.engine_lock) == os.getpid()
    assert not place.engine_socket.exists()
    assert lock_holder(place.engine_lock) is None


async def test_a_peer_of_another_user_is_cut_off(place: Locations, monkeypatch: pytest.MonkeyPatch) -> None:
    async with Engine(place) as engine:
        monkeypatch.setattr(server, "welcome", lambda _uid: False)
        async with Client(UnixTransport(place.engine_socket)) as stranger:
            with pytest.raises(UnreachableError):
                await stranger.engine.version()
        monkeypatch.undo()
        assert engine.runtime is not None
        assert engine.runtime.service.asked == []
        assert (await engine.client.engine.version()).pid == os.getpid()
    assert "was refused" in place.engine_log.read_text()


def test_the_kernel_says_who_the_peer_is() -> None:
    ours, theirs = socket.socketpair(socket.AF_UNIX)
    with ours, theirs:
        assert peers.peer_uid(ours) == os.geteuid()
    assert peers.welcome(os.geteuid())
    assert not peers.welcome(os.geteuid() + 4242)


async def test_a_second_engine_is_refused_and_harms_nothing(place: Locations) -> None:
    async with Engine(place) as engine:
        with pytest.raises(ConflictError) as caught:
            await serve(Settings(), place, opener=opened)
        assert caught.value.code == "engine.running"
        assert caught.value.details["pid"] == os.getpid()
        assert (await engine.client.engine.version()).pid == os.getpid()
        with pytest.raises(ConflictError):
            async with embedded(Settings(), place, opener=opened):
                pass


async def test_a_dead_engines_socket_is_replaced(place: Locations) -> None:
    place.prepare()
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(place.engine_socket))
    async with Engine(place) as engine:
        assert (await engine.client.engine.version()).pid == os.getpid()


@pytest.mark.parametrize("kind", ["file", "folder", "link"])
async def test_what_is_no_socket_is_left_alone(place: Locations, kind: str) -> None:
    place.prepare()
    path = place.engine_socket
    if kind == "file":
        path.write_text("mine")
    elif kind == "folder":
        path.mkdir()
    else:
        path.symlink_to("/etc/hostname")
    with pytest.raises(AinfError) as caught:
        await serve(Settings(), place, opener=opened)
    assert caught.value.code == "engine.socket_in_the_way"
    assert str(path) in caught.value.message
    assert path.lstat()
    assert "socket_in_the_way" in place.engine_log.read_text() or str(path) in place.engine_log.read_text()


async def test_stop_says_goodbye_and_lets_requests_finish(place: Locations) -> None:
    async with Engine(place) as engine:
        assert engine.runtime is not None
        assert engine.task is not None
        engine.runtime.service.patience = asyncio.Event()
        asked = asyncio.create_task(engine.client.status())
        while not engine.runtime.service.asked:  # noqa: ASYNC110 - the fake has no event for it
            await asyncio.sleep(0.005)
        async with Live(engine.client.transport, ("queue",)) as live:
            await anext(live)
            await engine.client.engine.stop()
            update = await anext(live)
            while not isinstance(update, Lost):
                update = await anext(live)
        assert update.bye == "stop"
        engine.runtime.service.patience.set()
        assert (await asked).overall == "ok"
        await engine.task


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGHUP])
async def test_signals_end_it(place: Locations, number: signal.Signals) -> None:
    async with Engine(place) as engine:
        assert engine.task is not None
        os.kill(os.getpid(), number)
        await engine.task
    assert "engine ends: signal" in place.engine_log.read_text()


async def test_it_ends_when_nobody_needs_it_and_not_before(place: Locations) -> None:
    settings = replace(Settings(), engine=replace(Settings().engine, idle_timeout=0.2))
    async with Engine(place, settings) as engine:
        assert engine.runtime is not None
        assert engine.task is not None
        began = time.monotonic()
        async with Live(engine.client.transport, ("queue",)) as live:
            await anext(live)
            await asyncio.wait({engine.task}, timeout=0.4)
            assert not engine.task.done(), "somebody is connected"
            engine.runtime.busy = True
        await asyncio.wait({engine.task}, timeout=0.4)
        assert not engine.task.done(), "there is work"
        engine.runtime.busy = False
        await engine.task
        assert time.monotonic() - began > 0.8
    assert "engine ends: idle" in place.engine_log.read_text()


async def test_the_engines_own_end_ends_the_process(place: Locations) -> None:
    async with Engine(place) as engine:
        assert engine.runtime is not None
        assert engine.task is not None
        engine.runtime.stop_requested.set()
        await engine.task


async def test_embedded_is_the_same_api(place: Locations) -> None:
    async with embedded(Settings(), place, opener=opened) as app, Client(AsgiTransport(app)) as client:
        assert (await client.engine.version()).home == str(place.home)
        async with Live(client.transport, ("queue",)) as live:
            await anext(live)
        assert lock_holder(place.engine_lock) == os.getpid()
    assert lock_holder(place.engine_lock) is None
    assert not place.engine_socket.exists()


async def test_the_lock_waits_for_a_passing_look(tmp_path: Path) -> None:
    path = tmp_path / "lock"
    async with held(path):
        pass
    for _ in range(50):
        assert lock_holder(path) is None
    async with held(path):
        assert lock_holder(path) == os.getpid()
    assert lock_holder(tmp_path / "none") is None


async def test_the_log_is_private_and_a_line_an_event(place: Locations) -> None:
    async with Engine(place) as engine:
        assert engine.runtime is not None
        engine.runtime.service.failure = RuntimeError("two\nlines \x1b]52;c;x\x07")
        with pytest.raises(AinfError):
            await engine.client.status()
    assert stat.S_IMODE(place.engine_log.stat().st_mode) == 0o600
    lines = place.engine_log.read_text().splitlines()
    assert all(re.match(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z [A-Z]+ [\w.]+: ", line) for line in lines)
    assert [line for line in lines if "Traceback" in line and "two\\nlines \\x1b]52" in line]


@given(st.text())
def test_no_text_leaves_its_line(text: str) -> None:
    record = logging.LogRecord("x", logging.INFO, "", 0, "%s", (text,), None)
    line = LineFormatter(lambda found: found.replace("hunter2", "***")).format(record)
    assert line.isprintable()
    assert "hunter2" not in line


@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (KeyError("no"), "engine.bug"),
        (UnreachableError("database.unreachable", "gone"), "database.unreachable"),
    ],
)
async def test_what_ends_the_engine_is_left_for_the_next_one(
    place: Locations, trouble: Exception, code: str
) -> None:
    @asynccontextmanager
    async def broken(_settings: Settings, _place: Locations) -> AsyncIterator[FakeRuntime]:
        raise trouble
        yield

    with pytest.raises(type(trouble)):
        await serve(Settings(), place, opener=broken)
    taken = await SpoolFile(place.error_spool).take()
    assert taken is not None
    (report,) = taken.reports
    assert (report.code, report.source, report.level) == (code, "engine", "critical")


def test_while_it_serves_little_holds_the_loop_up() -> None:
    before = sys.getswitchinterval(), gc.get_freeze_count()
    with _undisturbed():
        assert sys.getswitchinterval() < before[0]
        assert gc.get_freeze_count() > before[1]
    assert (sys.getswitchinterval(), gc.get_freeze_count()) == (before[0], 0)
