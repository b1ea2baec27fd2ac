"""The log in a ComfyUI's own memory as a log of a view: polled while somebody looks, by its real route."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import httpx
import pytest

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.serverlog import ServerLog
from ainf_tui.adapters.logs import asked
from ainf_tui.adapters.logs.asked import AskedSpool
from ainf_tui.adapters.logs.views import Desk, Places, View
from ainf_tui.domain.errors.playbook import Playbook
from ainf_tui.domain.log_documents import LogOpenRequest, LogPageRequest
from ainf_tui.domain.logs.recent import BUFFER, Write
from ainf_tui.errors import AinfError, NotFoundError
from tests.fakes.sim import SimTask


class Memory:
    """A server's buffer."""

    def __init__(self) -> None:
        self.kept: list[Write] = []
        self.away = ""
        self.asked = 0
        self.closed = False

    def say(self, *texts: str) -> None:
        self.kept += [Write(f"2026-11-26T10:00:00.{len(self.kept):06d}", text) for text in texts]

    def writes(self) -> list[Write]:
        self.asked += 1
        if self.away:
            raise AinfError("logs.backend_away", self.away)
        return self.kept[-BUFFER:]

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def memory() -> Memory:
    return Memory()


@pytest.fixture
def desk(tmp_path: Path, memory: Memory, monkeypatch: pytest.MonkeyPatch) -> Desk:
    monkeypatch.setattr(asked, "EVERY", 0.01)
    extra = tmp_path / "extra.log"
    extra.write_text("of the settings\n")
    return Desk(
        Places(
            runs=tmp_path / "runs",
            engine_log=tmp_path / "engine.log",
            playbook=lambda: Playbook([]),
            files=lambda: (str(extra), str(tmp_path / "none-*.log")),
            backends=lambda: {"far": lambda: memory},
        )
    )


@pytest.fixture
def view(desk: Desk) -> Iterator[View]:
    opened = desk.open(LogOpenRequest(("backend:far",)))
    yield opened
    opened.close()


def until(true: Callable[[], object]) -> None:
    end = time.monotonic() + 20.0
    while not true():
        assert time.monotonic() < end
        time.sleep(0.005)


def texts(view: View) -> list[str]:
    return [row.text[27:] for row in view.page(LogPageRequest(before=100)).rows]


def test_what_can_be_chosen(desk: Desk, tmp_path: Path) -> None:
    found = {source.id: (source.name, source.kind) for source in desk.sources().sources}
    assert found == {
        "backend:far": ("far", "comfyui"),
        f"file:{tmp_path / 'extra.log'}": ("extra.log", "file"),
    }
    with pytest.raises(NotFoundError, match="no ComfyUI near"):
        desk.open(LogOpenRequest(("backend:near",)))


def test_it_is_followed_and_what_is_lost_is_told(view: View, memory: Memory) -> None:
    memory.say("got prompt\n", "Traceback (most recent call last):\n  File x\nValueError: boom\n")
    until(lambda: texts(view))
    until(lambda: "got prompt" in texts(view)[0])
    memory.say("done\n")
    until(lambda: texts(view)[-1] == "done")
    assert view.state().dropped == 0
    with_many = [f"line {n}\n" for n in range(BUFFER + 50)]
    memory.say(*with_many)
    until(lambda: texts(view)[-1] == f"line {BUFFER + 49}")
    until(lambda: view.state().dropped == 1)


def test_a_server_that_is_away_is_told_and_asked_again(view: View, memory: Memory) -> None:
    memory.away = "far: nobody listens"
    until(lambda: "far: nobody listens" in view.state().messages)
    memory.away = ""
    memory.say("back\n")
    until(lambda: texts(view) == ["back"])


def test_nobody_is_asked_once_the_view_is_closed(desk: Desk, memory: Memory) -> None:
    opened = desk.open(LogOpenRequest(("backend:far",)))
    until(lambda: memory.asked > 2)
    opened.close()
    until(lambda: memory.closed)
    known = memory.asked
    time.sleep(0.05)
    assert memory.asked == known


async def test_by_the_servers_own_route(tmp_path: Path) -> None:
    async with SimTask(tmp_path) as sim:
        async with httpx.AsyncClient(trust_env=False) as client:
            await client.post(f"{sim.url}/interrupt", json={})
        log = ServerLog("sim", BackendAddress(sim.url))
        spool = AskedSpool("sim", lambda: log, 0.01)
        writes = await asyncio.to_thread(log.writes)
        assert writes
        assert all(write.at and write.text for write in writes)
        spool.start()
        await asyncio.to_thread(until, lambda: spool.log.size)
        spool.stop()
        assert await asyncio.to_thread(spool.wait, 20.0)
    with pytest.raises(AinfError, match="log of sim cannot be asked") as away:
        await asyncio.to_thread(ServerLog("sim", BackendAddress(sim.url)).writes)
    assert away.value.code == "logs.backend_away"
