"""What issue 2 promises a user to see: three pictures by one command; two shells, one engine."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

from tests.faults.graphs import embedded_prompt, text_and_seed
from tests.faults.processes import Child
from tests.faults.world import World


async def _document(front: Child, seconds: float = 40.0) -> dict[str, Any]:
    """The one document that it printed."""
    assert await front.ended(seconds) == 0, front.words()
    document: dict[str, Any] = json.loads(front.out.read_text())
    return document


async def _engine(world: World) -> dict[str, Any]:
    engine: dict[str, Any] = (await _document(world.ainf("engine", "status", "--json")))["engine"]
    return engine


async def test_three_pictures_with_text_and_seed(tmp_path: Path) -> None:
    """`ainf run portrait-basic` against `ainf simulator`: no engine runs before, none is asked for."""
    async with World(tmp_path) as world:
        world.keeping = False
        words = ("portrait-basic", "--prompt", "a red bicycle", "--seed", "7", "--count", "3")
        front = world.ainf("run", *words, "--set", "steps=4", "--wait", "--json")
        assert await front.ended(60.0) == 0, front.words() + world.engine_words()
        result = front.lines()[-1]
        assert result["type"] == "result"
        assert [(job["state"], job["seed"]) for job in result["jobs"]] == [
            ("succeeded", 7),
            ("succeeded", 8),
            ("succeeded", 9),
        ]
        pictures = [Path(output["path"]) for job in result["jobs"] for output in job["outputs"]]
        assert len(set(pictures)) == 3
        told = [text_and_seed(embedded_prompt(path)) for path in pictures]
        assert told == [("a red bicycle", 7), ("a red bicycle", 8), ("a red bicycle", 9)]
        assert max((await world.sim.executions()).values()) == 1


async def test_two_shells_see_the_same_and_one_engine(tmp_path: Path) -> None:
    """Two lists beside a third shell that submits; all started at once, without an engine."""
    async with World(tmp_path) as world:
        world.keeping = False
        front, _ = world.front_end(steps=160)
        lists = [world.ainf("queue", "list", "--json") for _ in range(2)]
        for shell in lists:
            await _document(shell)
        async with asyncio.timeout(30):
            while not any(line.get("type") == "progress" for line in front.lines()):
                assert front.code is None, front.words()
                await asyncio.sleep(0.05)
        one, other = [
            await _document(shell) for shell in [world.ainf("queue", "list", "--json") for _ in range(2)]
        ]
        assert [job["id"] for job in one["jobs"]] == [job["id"] for job in other["jobs"]]
        assert len(one["jobs"]) == 1
        pids = {(await _engine(world))["pid"] for _ in range(2)}
        assert pids == {world.engine_pid}
        await world.settle()
        assert front.code == 0, front.words()


async def test_a_stopped_engine_is_started_again_and_goes_on(tmp_path: Path) -> None:
    """Stopped in mid-run: ComfyUI goes on, the next command starts an engine that finds everything."""
    async with World(tmp_path) as world:
        world.keeping = False
        await world.start_engine()
        jobs = [await world.submit(steps=120), await world.submit(), await world.submit()]
        await world.until_state(jobs[0], "running")
        before = world.engine_pid
        assert await world.ainf("engine", "stop").ended(20.0) == 0
        assert world.engine_pid is None
        listed = await _document(world.ainf("queue", "list", "--json"))
        assert {job["id"] for job in listed["jobs"]} == {job.id for job in jobs}
        assert world.engine_pid not in {None, before}
        wait = world.ainf("queue", "wait", "--json")
        assert await wait.ended(40.0) == 0, wait.words() + world.engine_words()
        found = await world.jobs()
        assert [found[job.id].state for job in jobs] == ["succeeded"] * 3
        assert [found[job.id].attempt for job in jobs] == [1, 1, 1]
        assert max((await world.sim.executions()).values()) == 1
