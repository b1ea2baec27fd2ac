"""What users do while processes die: together the stories reach every kill point."""

from __future__ import annotations

from collections.abc import Callable, Coroutine
from typing import Any

import httpx

from ainf_tui.domain.requests import JobsRequest
from tests.faults.graphs import FOREIGN, graph
from tests.faults.world import Wanted, World

Story = Callable[[World], Coroutine[Any, Any, list[Wanted]]]

LONG = 60
"""Steps of a job that is to be caught running: a second and a half."""


async def plain(world: World) -> list[Wanted]:
    """Four jobs, one after the other."""
    return [await world.submit() for _ in range(4)]


async def cancels(world: World) -> list[Wanted]:
    """A waiting prompt is cancelled, then two running ones; the last job must get through."""
    first, waiting = await world.submit(steps=LONG), await world.submit(steps=LONG)
    second, last = await world.submit(steps=LONG), await world.submit()
    await world.until_state(first, "running")
    await world.until_state(waiting, "submitted")
    await _cancel(world, waiting)
    await world.until_state(waiting, "cancelled")
    await _cancel(world, first)
    await world.until_state(second, "running")
    await _cancel(world, second)
    return [first, waiting, second, last]


async def withdrawals(world: World) -> list[Wanted]:
    """A waiting prompt comes back: for a pause, for a hold, for something more urgent."""
    running, waiting, third = (
        await world.submit(steps=LONG * 3),
        await world.submit(),
        await world.submit(),
    )
    await world.until_state(running, "running")
    await world.until_state(waiting, "submitted")
    await world.act(lambda client: client.queue.pause())
    await world.until_state(waiting, "queued")
    await world.act(lambda client: client.queue.resume())
    await world.until_state(waiting, "submitted")
    await world.act(lambda client: client.jobs.hold(JobsRequest((waiting.id,))))
    await world.until_state(third, "submitted")
    urgent = await world.submit(priority=50)
    await world.until_state(third, "queued")
    await world.act(lambda client: client.jobs.release(JobsRequest((waiting.id,))))
    return [running, waiting, third, urgent]


async def losses(world: World) -> list[Wanted]:
    """The server dies with one prompt running and one waiting, twice."""
    jobs = [await world.submit(steps=LONG), await world.submit(steps=LONG), await world.submit()]
    for job in jobs[:2]:
        await world.until_state(job, "running", seconds=6.0)
        await world.until(lambda found: any(j.state == "submitted" for j in found.values()), seconds=1.0)
        await world.kill_sim()
        await world.until_state(job, "queued", "submitting", "submitted", seconds=6.0)
    return jobs


async def everything(world: World) -> list[Wanted]:
    """A front end that waits, and all that users do, in three seconds."""
    _, watched = world.front_end()
    running, waiting, third = (
        await world.submit(steps=LONG),
        await world.submit(steps=20),
        await world.submit(),
    )
    await world.until_state(running, "running", seconds=1.0)
    await world.act(lambda client: client.queue.pause())
    await world.until_state(waiting, "queued", seconds=0.5)
    await world.act(lambda client: client.queue.resume())
    urgent = await world.submit(priority=50)
    await _cancel(world, waiting)
    last = await world.submit(steps=LONG)
    await world.until_state(last, "running", seconds=2.0)
    await _cancel(world, last)
    return [watched, running, waiting, third, urgent, last]


async def past_a_foreign_prompt(world: World) -> list[Wanted]:
    """Behind a line, the server is another one when the line is back, and somebody else's prompt runs."""
    assert world.line is not None
    jobs = [await world.submit(steps=LONG), await world.submit(steps=LONG)]
    await world.until_state(jobs[0], "running")
    await world.until_state(jobs[1], "submitted")
    await world.line.cut()
    world.keeping = False
    await world.kill_sim()
    await world.start_sim()
    async with httpx.AsyncClient(base_url=world.sim.url, trust_env=False) as http:
        body = {"prompt": graph("a boat", 99, LONG * 2), "prompt_id": FOREIGN, "client_id": "page"}
        assert (await http.post("/prompt", json=body)).status_code == 200
    await world.line.restore()
    world.keeping = True
    return jobs


async def past_a_half_open_socket(world: World) -> list[Wanted]:
    """Behind a line, the server is another one, and the websocket to the old one still looks open."""
    assert world.line is not None
    job = await world.submit(steps=LONG)
    await world.until_state(job, "running")
    assert world.line.half_open() >= 1
    await world.kill_sim()
    return [job]


async def _cancel(world: World, wanted: Wanted) -> None:
    wanted.cancelled = True
    await world.act(lambda client: client.jobs.cancel(JobsRequest((wanted.id,))))


def story_of(point: str) -> tuple[Story, int]:
    """The story that reaches the point, and how often it does so at least."""
    if point == "cancel.after_interrupt":
        return cancels, 2
    if point.startswith("cancel."):
        return cancels, 3
    if point.startswith("withdraw."):
        return withdrawals, 3
    if point.startswith("lost."):
        return losses, 2
    return plain, 4
