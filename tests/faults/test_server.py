"""A server that loses answers, forgets, lies and cuts short: each job still ends right, and once."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from ainf_tui.client.client import Client
from ainf_tui.domain.requests import JobsRequest
from tests.faults.check import check
from tests.faults.stories import LONG, Story, past_a_foreign_prompt, past_a_half_open_socket
from tests.faults.world import World

QUICK = {"AINF_TIMEOUTS_PROMPT": "1"}


async def _well(world: World, *, attempts: int | None = 1) -> None:
    """Settled, every invariant holds, each job took so many attempts."""
    await world.settle()
    report = await check(world)
    assert not report.problems, report.problems
    if attempts is not None:
        jobs = await world.jobs()
        assert {job.attempt for job in jobs.values()} == {attempts}, world.engine_words()


@pytest.mark.parametrize(
    "lie",
    [
        {"post_drop": 1},
        {"post_500": 1},
        {"delay_answer": 3.0},
        {"history_delay": 1.0},
        {"truncate_view": 2},
        {"duplicate": 40},
        {"reorder": 40},
        {"garble": 20},
        {"half_frame": True},
    ],
    ids=lambda lie: next(iter(lie)),
)
async def test_one_attempt_is_enough(tmp_path: Path, lie: Mapping[str, Any]) -> None:
    """Nothing of this is a reason to render anything again."""
    async with World(tmp_path, settings=QUICK) as world:
        await world.start_engine()
        await world.sim.faults(**lie)
        for _ in range(2):
            await world.submit(steps=20)
        await _well(world)


async def test_a_prompt_that_appears_late_does_not_run_beside_its_successor(tmp_path: Path) -> None:
    """Not there in two looks, so another is sent; when it turns up after all, it is taken off."""
    async with World(tmp_path, settings=QUICK) as world:
        await world.start_engine()
        await world.sim.faults(delay_accept=4.0)
        wanted = await world.submit(steps=LONG * 2)
        await world.settle()
        async with asyncio.timeout(15):
            while len(world.sim.events("accepted")) < 2:  # noqa: ASYNC110 - a file of another process
                await asyncio.sleep(0.05)
        job = (await world.jobs())[wanted.id]
        assert [attempt.state for attempt in job.attempts] == ["lost", "succeeded"]
        late = job.attempts[0].prompt_id
        async with asyncio.timeout(15):
            while late in await _on_server(world):  # noqa: ASYNC110 - as above
                await asyncio.sleep(0.05)
        ends = {event["prompt_id"]: event["outcome"] for event in world.sim.events("finished")}
        assert ends.get(late) in {None, "execution_interrupted"}
        assert len(list(world.locations.outputs_dir.rglob("*.png"))) == 1


async def _on_server(world: World) -> set[str]:
    async with httpx.AsyncClient(base_url=world.sim.url, trust_env=False) as http:
        queue = (await http.get("/queue")).json()
    return {item[1] for item in (*queue["queue_running"], *queue["queue_pending"])}


@pytest.mark.parametrize("story", [past_a_foreign_prompt, past_a_half_open_socket], ids=lambda s: s.__name__)
async def test_a_restart_behind_a_line_is_seen(tmp_path: Path, story: Story) -> None:
    """No process can be looked at there, and what there is to see points the other way."""
    async with World(tmp_path, behind_a_line=True) as world:
        await world.start_engine()
        jobs = await story(world)
        await world.settle()
        found = await world.jobs()
        assert [found[job.id].state for job in jobs] == ["succeeded"] * len(jobs), world.engine_words()
        assert [a.state for a in found[jobs[0].id].attempts] == ["lost", "succeeded"]


async def test_out_of_memory_is_tried_again(tmp_path: Path) -> None:
    async with World(tmp_path) as world:
        await world.start_engine()
        await world.sim.faults(oom={"class": "KSampler", "count": 1})
        wanted = await world.submit()
        await world.settle()
        job = (await world.jobs())[wanted.id]
        assert (job.state, [a.state for a in job.attempts]) == ("succeeded", ["failed", "succeeded"])


async def test_what_somebody_deletes_is_not_run_again(tmp_path: Path) -> None:
    """A waiting prompt is deleted on the web page: the job ends cancelled and says why."""
    async with World(tmp_path) as world:
        await world.start_engine()
        running, waiting = await world.submit(steps=LONG), await world.submit()
        await world.until_state(running, "running")
        await world.until_state(waiting, "submitted")
        prompt = (await world.jobs())[waiting.id].prompt_id
        async with httpx.AsyncClient(base_url=world.sim.url, trust_env=False) as http:
            await http.post("/queue", json={"delete": [prompt]})
        await world.settle()
        job = (await world.jobs())[waiting.id]
        assert job.state == "cancelled"
        assert job.error is not None
        assert job.error.code == "job.removed_on_server"
        assert (await world.jobs())[running.id].state == "succeeded"


async def test_a_cancel_right_after_the_start_is_carried_out(tmp_path: Path) -> None:
    """The engine reads its jobs while the first command comes in: neither may be lost to the other."""
    async with World(tmp_path) as world:
        await world.start_engine()
        for _ in range(3):
            job = await world.submit(steps=LONG * 4)
            await world.until_state(job, "running")
            await world.replace_engine()
            job.cancelled = True
            await world.act(partial(_cancel, job.id))
            assert await world.until_state(job, "cancelled", seconds=4.0), world.engine_words()
        await _well(world)


async def _cancel(ref: str, client: Client) -> None:
    await client.jobs.cancel(JobsRequest((ref,)))
