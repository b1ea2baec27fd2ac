"""A run whose line is cut, whose socket is deaf, whose server stalls: it goes on and ends right."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from contextlib import suppress
from pathlib import Path
from typing import Any

import httpx
import pytest
import websockets

from tests.faults.check import check
from tests.faults.processes import Child
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


@pytest.mark.parametrize("trouble", TROUBLES, ids=lambda t: t.__name__)
async def test_progress_goes_on_and_nothing_is_done_twice(tmp_path: Path, trouble: Trouble) -> None:
    async with World(tmp_path, behind_a_line=True) as world:
        await run_through(world, trouble, TROUBLES[trouble])


async def _asked(url: str) -> int:
    """The status of a question on a connection of its own."""
    async with httpx.AsyncClient(base_url=url, trust_env=False, timeout=0.5) as http:
        return (await http.get("/queue")).status_code


async def test_the_line_itself(tmp_path: Path) -> None:
    """The proxy does what the tests above believe of it."""
    async with World(tmp_path, behind_a_line=True) as world:
        world.keeping = False
        line = world.line
        assert line is not None
        assert await _asked(line.url) == 200
        await line.cut()
        with pytest.raises(httpx.ConnectError):
            await _asked(line.url)
        await line.restore()
        assert await _asked(line.url) == 200
        line.blackhole()
        with pytest.raises(httpx.ReadTimeout):
            await _asked(line.url)
        await line.restore()
        async with websockets.connect(f"ws://127.0.0.1:{line.port}/ws?clientId=x") as socket:
            await socket.recv()
            assert line.deafen() == 1
            async with httpx.AsyncClient(base_url=line.url, trust_env=False) as http:
                await http.post("/queue", json={"clear": True})
            with suppress(TimeoutError):
                async with asyncio.timeout(0.5):
                    pytest.fail(f"heard {await socket.recv()!r}")
