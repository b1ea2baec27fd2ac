"""Waiting for jobs: every change, no final state missed, no more fetched than has changed."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from ainf_tui.client import Client, UnixTransport
from ainf_tui.client.follow import follow
from ainf_tui.domain.documents import JobDocument
from ainf_tui.errors import NotFoundError, UnreachableError
from tests.api.fakes import FakeService, app_of, job, served
from tests.client.conftest import Pair


async def test_every_change_until_the_end(pair: Pair) -> None:
    service = pair.service
    service.put(job(1), job(2), job(3))
    told: list[tuple[int, str, float | None]] = []
    async for found in follow(pair.client, ["id-1", "id-2"]):
        told.append((found.number, found.state, found.progress))
        if told[-1] == (1, "queued", None):
            service.put(job(1, "running"), job(3, "running"))
        elif told[-1] == (1, "running", None):
            service.store.update(active=(job(1, "running", progress=0.5, revision=99),))
        elif told[-1] == (1, "running", 0.5):
            service.store.update(active=())
            service.known["id-1"] = service.known["id-2"]
            del service.known["id-1"]
            service.put(*[job(9)] * 100, job(1, "succeeded"), job(2, "failed"))
    assert (3, "running", None) not in told
    assert told[-2:] == [(1, "succeeded", None), (2, "failed", None)]
    assert (2, "queued", None) in told


async def test_late_progress_does_not_wake_the_dead(pair: Pair) -> None:
    service = pair.service
    service.put(job(1), job(2))
    states: list[tuple[int, str]] = []
    async for found in follow(pair.client, ["id-1", "id-2"]):
        states.append((found.number, found.state))
        if states == [(1, "queued"), (2, "queued")]:
            service.put(job(1, "succeeded"))
        elif states[-1] == (1, "succeeded"):
            late = job(1, "running", progress=0.9, revision=0)
            service.store.update(active=(late, job(2, "running", revision=99)))
        elif states[-1] == (2, "running"):
            service.put(*[job(9)] * 100, job(2, "succeeded"))
    assert states == [(1, "queued"), (2, "queued"), (1, "succeeded"), (2, "running"), (2, "succeeded")]


async def test_a_thousand_jobs_are_not_fetched_again_and_again(pair: Pair) -> None:
    service = pair.service
    service.put(*(job(n) for n in range(1000)))
    ended = 0
    fetched = 0
    async for found in follow(pair.client, [f"id-{n}" for n in range(1000)]):
        ended += found.state == "succeeded"
        fetched += 1
        if fetched == 1000 or (ended and ended % 250 == 0 and ended < 1000):
            service.put(*(job(n, "succeeded") for n in range(ended, ended + 250)))
    assert (ended, fetched) == (1000, 2000)
    queries = [value for name, value in service.asked if name == "jobs"]
    assert len([q for q in queries if q.kind == "all"]) == 5
    assert len(queries) < 20


async def test_jobs_that_were_cleared_are_named_at_the_end(pair: Pair) -> None:
    service = pair.service
    service.put(job(1), job(2), job(3, "succeeded"))
    told: list[tuple[int, str]] = []

    async def wait() -> None:
        async for found in follow(pair.client, ["id-1", "id-2", "id-7"]):
            told.append((found.number, found.state))
            if told[-1] == (2, "queued"):
                service.forget("id-1", "id-3")
                service.put(job(2, "running"))
            elif told[-1] == (2, "running"):
                service.put(job(2, "succeeded"))

    with pytest.raises(NotFoundError) as caught:
        await wait()
    assert caught.value.code == "jobs.gone"
    assert caught.value.details == {"jobs": ["id-1", "id-7"]}
    assert told[-1] == (2, "succeeded")


async def test_a_job_that_ended_and_was_cleared_between_two_updates_is_noticed(pair: Pair) -> None:
    pair.service.put(job(1))

    async def wait() -> None:
        async for _ in follow(pair.client, ["id-1"], look_every=0.05):
            # No announcement at all.
            pair.service.known.clear()

    with pytest.raises(NotFoundError) as caught:
        await wait()
    assert caught.value.details == {"jobs": ["id-1"]}


async def test_nothing_to_wait_for_ends_at_once(tmp_path: Path) -> None:
    async with Client(UnixTransport(tmp_path / "none.sock")) as client:
        assert [found async for found in follow(client, [])] == []


class Box:
    """An engine on a socket that dies and is started again, as often as asked."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.service = FakeService()
        self.starts = 0
        self._end = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def reopen(self) -> None:
        if self._task is not None and not self._task.done():
            return
        self.starts += 1
        old, self.service = self.service, FakeService()
        self.service.known = dict(old.known)
        self.service.store.update(queue=old.store.state.queue)
        self._end, up = asyncio.Event(), asyncio.Event()
        self._task = asyncio.create_task(self._serve(up))
        await up.wait()

    async def _serve(self, up: asyncio.Event) -> None:
        app = app_of(self.service)
        async with served(app, self.path):
            up.set()
            await self._end.wait()

    async def die(self, reason: str = "") -> None:
        assert self._task is not None
        self._end.set()
        await self._task


async def test_an_engine_that_goes_is_brought_back_and_nothing_is_missed(tmp_path: Path) -> None:
    box = Box(tmp_path / "e.sock")
    await box.reopen()
    box.service.put(job(1), job(2))
    told: list[tuple[int, str]] = []
    async with Client(UnixTransport(box.path), reopen=box.reopen) as client:
        async for found in follow(client, ["id-1", "id-2"]):
            told.append((found.number, found.state))
            if told[-1] == (2, "queued"):
                await box.die()
                # What happened while nobody listened.
                box.service.put(job(1, "succeeded"))
            elif told[-1] == (1, "succeeded"):
                await box.die()
                box.service.put(job(2, "failed"))
    assert told == [(1, "queued"), (2, "queued"), (1, "succeeded"), (2, "failed")]
    assert box.starts == 3
    await box.die()


async def test_an_engine_that_the_user_stopped_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "e.sock"
    service = FakeService()
    service.put(job(1))
    app = app_of(service)
    starts: list[int] = []

    async def reopen() -> None:
        starts.append(1)

    told: list[JobDocument] = []

    async def wait(client: Client) -> None:
        async for found in follow(client, ["id-1"], reopen=reopen):
            told.append(found)
            app.state.context.stop("stop")

    async with Client(UnixTransport(path)) as client:
        async with served(app, path):
            waiting = asyncio.create_task(wait(client))
            await app.state.context.stopped.wait()
        with pytest.raises(UnreachableError) as caught:
            await waiting
    assert caught.value.code == "engine.stopped"
    assert (len(told), starts) == (1, [])
