"""What can befall the line to a server while a front end watches a job, and what must be seen of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import websockets

from ainf_tui.errors import AinfError
from tests.faults.check import check
from tests.faults.processes import Child
from tests.faults.rounds import Kill, Outcome
from tests.faults.world import STEP, World

Trouble = Callable[[World], Coroutine[Any, Any, None]]


async def cut(world: World, seconds: float = 3.0) -> None:
    assert world.line is not None
    await world.line.cut(seconds)


async def swallowed(world: World) -> None:
    """Everything that is sent disappears, then what was open is reset."""
    assert world.line is not None
    world.line.blackhole()
    await asyncio.sleep(2.0)
    await world.line.restore()
    world.line.drop()


async def deafened(world: World) -> None:
    """The line loses what the server says on the websocket; HTTP works."""
    assert world.line is not None
    assert world.line.deafen() >= 1


async def taken_over(world: World) -> None:
    """A second socket of the same client id comes and goes: the server forgets the first one."""
    async with httpx.AsyncClient(base_url=world.sim.url, trust_env=False) as http:
        queue = (await http.get("/queue")).json()
    client_id = queue["queue_running"][0][3]["client_id"]
    async with websockets.connect(f"{world.sim.ws_url}?clientId={client_id}", max_size=None) as socket:
        await socket.recv()


async def stalled(world: World) -> None:
    """The server answers nothing and nobody; its sockets stay open."""
    await world.sim.faults(stall=3.0)
    await asyncio.sleep(3.0)


async def frozen(world: World) -> None:
    """Another client has stopped reading: no frames for anybody, HTTP answers."""
    await world.sim.faults(freeze_publish=3.0)
    await asyncio.sleep(3.0)


async def reopened(world: World) -> None:
    """The server drops every socket."""
    await world.sim.faults(drop_sockets=True)


async def half_closed(world: World) -> None:
    assert world.line is not None
    world.line.half_close()


TROUBLES: dict[Trouble, float] = {
    cut: 6.0,
    swallowed: 6.0,
    deafened: 18.0,
    taken_over: 18.0,
    stalled: 6.0,
    frozen: 6.0,
    reopened: 5.0,
    half_closed: 5.0,
}
"""With the seconds that the job runs: deafness shows only by a silence that is too long."""


def _fractions(front: Child) -> list[float]:
    """Of the progress lines that the front end has printed."""
    return [line["progress"] or 0.0 for line in front.lines() if line.get("type") == "progress"]


async def _progress(front: Child, above: float, seconds: float = 20.0) -> float:
    """The newest fraction, once it is greater."""
    async with asyncio.timeout(seconds):
        while (newest := max(_fractions(front), default=0.0)) <= above:
            assert front.code is None, front.words()
            await asyncio.sleep(0.02)
    return newest


async def run_through(world: World, trouble: Trouble, seconds: float) -> None:
    """A job of so many seconds with trouble in its middle: seen to go on, ended well, done once."""
    await world.start_engine()
    front, watched = world.front_end(steps=round(seconds / STEP))
    await _progress(front, 0.02)
    others = [await world.submit(), await world.submit()]
    # Nothing moves in the queue any more: only the frames could tell that the job goes on.
    assert await world.until_state(others[0], "submitted")
    await _progress(front, max(_fractions(front)))
    await trouble(world)
    after = await _progress(front, max(_fractions(front)) + 0.01)
    assert after < 1.0, "the end came before any progress: nothing was shown meanwhile"
    await world.settle(60.0)
    assert front.code == 0, front.words()
    last = front.lines()[-1]
    assert (last["type"], [job["state"] for job in last["jobs"]]) == ("result", ["succeeded"])
    watched.id = last["jobs"][0]["id"]
    report = await check(world)
    assert not report.problems, report.problems


LONG_CUT = 10.0
"""Seconds, as the issue has it; the tests of every day make do with less."""


async def play_troubles(folder: Path) -> list[Outcome]:
    """All of them, and the long cut, each in a world of its own."""
    plan = [(trouble.__name__, trouble, seconds) for trouble, seconds in TROUBLES.items()]
    plan.append((f"cut for {LONG_CUT:g} s", partial(cut, seconds=LONG_CUT), 6.0 + LONG_CUT))
    outcomes = []
    for name, trouble, seconds in plan:
        outcome = Outcome(Kill(f"line {name}", victims="line"), jobs=3)
        try:
            async with asyncio.timeout(120), World(folder / name, behind_a_line=True) as world:
                await run_through(world, trouble, seconds)
        except (AssertionError, TimeoutError, AinfError) as error:
            outcome.problems.append(f"{type(error).__name__}: {error}")
        outcomes.append(outcome)
    return outcomes
