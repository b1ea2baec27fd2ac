"""Commands on many jobs: few transactions, nothing lost when something changes under them, one order."""

from __future__ import annotations

import random
from typing import Any

import pytest

from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.jobs import Job, JobChange, JobState
from ainf_tui.domain.requests import ClearRequest, JobQuery, JobsRequest, MoveRequest, RetryRequest
from ainf_tui.engine.commands import CHUNK
from tests.fakes.box import Box
from tests.fakes.graphs import failing, picture
from tests.fakes.jobs import new_job


class Writes:
    """Counts the transactions that change jobs; `meddle` is done before one of them."""

    def __init__(self, box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
        self.count = 0
        self.meddle: list[JobChange] = []
        self._apply = box.ctx.db.jobs.apply
        monkeypatch.setattr(box.ctx.db.jobs, "apply", self.apply)

    async def apply(self, *changes: JobChange) -> tuple[Job, ...] | None:
        self.count += 1
        if self.meddle:
            await self._apply(self.meddle.pop())
        return await self._apply(*changes)


@pytest.fixture
async def still(empty: Box) -> Box:
    """A paused queue without any backend."""
    await empty.start()
    await empty.service.pause()
    return empty


def refs(jobs: tuple[Job, ...]) -> JobsRequest:
    return JobsRequest(tuple(str(job.number) for job in jobs))


async def waiting(box: Box) -> list[int]:
    rows = (await box.service.rows(JobQuery(kind="open", limit=1000))).rows
    return [row.number for row in rows]


async def test_five_hundred_jobs_are_few_transactions(still: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    jobs = await still.ctx.db.jobs.add([new_job() for _ in range(500)])
    writes = Writes(still, monkeypatch)
    for number, act in enumerate((still.service.hold, still.service.release, still.service.cancel), 1):
        answer = await act(refs(jobs))
        assert len(answer.jobs) == 500
        assert not answer.notices
        assert writes.count == number * -(-500 // CHUNK)
    await still.until(lambda: still.ctx.store.state.queue.ended == 500)
    counts = still.ctx.store.state.queue
    assert (counts.queued, counts.held, counts.eta) == (0, 0, None)
    assert (await still.service.clear(ClearRequest(refs(jobs).refs))).count == 500


async def test_a_job_that_changes_meanwhile_costs_one_more_look(
    still: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = await still.ctx.db.jobs.add([new_job() for _ in range(50)])
    writes = Writes(still, monkeypatch)
    gone = JobChange(jobs[7].id, frozenset({JobState.QUEUED}), JobState.CANCELLED)
    writes.meddle = [gone]
    answer = await still.service.hold(refs(jobs))
    assert writes.count == 2
    assert [notice.code for notice in answer.notices] == ["job.already_ended"]
    assert sum(job.held for job in answer.jobs) == 49


async def test_several_keep_their_order_wherever_they_go(still: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """In whatever order they are named: a set of marks has none."""
    await still.ctx.db.jobs.add([new_job(priority=5 if n in {2, 3} else 0) for n in range(1, 9)])
    assert await waiting(still) == [2, 3, 1, 4, 5, 6, 7, 8]
    dice = random.Random(3)

    async def move(*numbers: int, **where: Any) -> list[int]:
        named = [str(n) for n in numbers]
        dice.shuffle(named)
        await still.service.move(MoveRequest(tuple(named), **where))
        return await waiting(still)

    assert await move(5, 6, 8, to="top") == [2, 3, 5, 6, 8, 1, 4, 7]
    assert await move(5, 8, 4, to="bottom") == [2, 3, 6, 1, 7, 5, 8, 4]
    assert await move(3, 7, 4, before="1") == [2, 6, 3, 7, 4, 1, 5, 8]
    assert await move(6, 5, 8, after="3") == [2, 3, 6, 5, 8, 7, 4, 1]
    assert await move(7, 2, 5, priority=9) == [2, 5, 7, 3, 6, 8, 4, 1]
    monkeypatch.setattr(still.ctx.db.jobs, "get", None)  # nothing is read or moved one by one
    assert await move(*range(1, 9), to="top") == [2, 5, 7, 3, 6, 8, 4, 1]


async def test_retries_of_several_run_in_the_old_order(box: Box) -> None:
    jobs: list[JobDocument] = [await box.run(failing(str(n))) for n in range(3)]
    for job in jobs:
        await box.reach(job, "failed")
    named = tuple(str(jobs[n].number) for n in (2, 0, 1))
    made = await box.service.retry(RetryRequest("r", named))
    assert [job.retry_of for job in made.jobs] == [job.number for job in jobs]


async def test_a_paused_queue_has_no_eta(box: Box) -> None:
    await box.succeed(await box.run(picture(1)))
    await box.service.pause()
    await box.run_all(picture(2), count=3, seed="1")
    await box.until(lambda: box.ctx.store.state.queue.queued == 3)
    assert box.ctx.store.state.queue.eta is None
    queue = await box.service.resume()
    assert not queue.paused
    await box.until(lambda: box.ctx.store.state.queue.ended == 4)
