"""One kill and what follows: at a named point, at a named moment of the server, or at random."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ainf_tui.errors import AinfError
from ainf_tui.killpoints import POINTS
from tests.faults.check import check
from tests.faults.processes import Child
from tests.faults.stories import everything, losses, plain, story_of
from tests.faults.world import Wanted, World

MOMENTS = ("after_accept", "mid_step:2", "before_history", "after_history")
"""Where the simulator can be told to die (`die_at`)."""
STORIES = 3
"""Times that a story is told before its point counts as not reached."""
VICTIMS = ("engine", "engine+simulator", "engine+front end", "engine", "engine+simulator+front end")
"""Who dies when a kill point is reached, by repetition."""


@dataclass(frozen=True, slots=True)
class Kill:
    """One line of the plan. `nth`: which arrival at the point is the last. `seed`: of a random round."""

    name: str
    nth: int = 1
    victims: str = "engine"
    seed: int = 0


@dataclass(slots=True)
class Outcome:
    """What became of one round."""

    kill: Kill
    jobs: int = 0
    deaths: int = 0
    recovery: float = 0.0
    """Seconds from the last death to the end of all work."""
    problems: list[str] = field(default_factory=list)

    @property
    def ok(self) -> bool:
        return not self.problems


def named(repeats: int) -> list[Kill]:
    """Every kill point so often, at different arrivals, with different victims."""
    return [
        Kill(point, 1 + i % story_of(point)[1], VICTIMS[i % len(VICTIMS)])
        for i in range(repeats)
        for point in POINTS
    ]


def moments(repeats: int) -> list[Kill]:
    """Every moment of the simulator so often."""
    return [Kill(f"simulator {moment}", 1 + i, "simulator") for i in range(repeats) for moment in MOMENTS]


def at_random(seed: int, count: int) -> list[Kill]:
    """So many rounds of one kill each, of all three kinds of process."""
    choice = random.Random(seed)
    kinds = ("engine", "engine", "simulator", "front end")
    return [Kill("random", victims=choice.choice(kinds), seed=seed * 100_000 + i) for i in range(count)]


async def play(world: World, kill: Kill) -> Outcome:
    """One round in a world that has settled. Never raises for what a round can find."""
    outcome = Outcome(kill)
    before = set(world.wanted)
    deaths = world.sim_deaths
    try:
        async with asyncio.timeout(100):
            if kill.name == "random":
                await _random(world, kill)
            elif kill.name.startswith("simulator "):
                await _moment(world, kill)
            else:
                await _point(world, kill)
            outcome.recovery = await world.settle()
            ours = [w for text, w in world.wanted.items() if text not in before]
            report = await check(world, await _identified(world, ours))
        outcome.jobs = len(ours)
        outcome.problems.extend(report.problems)
    except (AssertionError, TimeoutError, AinfError) as error:
        outcome.problems.append(f"{type(error).__name__}: {error}\n{world.engine_words()}")
    outcome.deaths = world.sim_deaths - deaths + (kill.victims != "simulator")
    return outcome


async def _identified(world: World, ours: list[Wanted]) -> list[Wanted]:
    """Front ends' jobs are known by their text only: find their ids."""
    for item in ours:
        if item.id:
            continue
        for job in (await world.jobs()).values():
            if job.seed == item.seed or job.prompt == item.text:
                item.id = job.id
    return ours


async def _point(world: World, kill: Kill) -> None:
    """The story, told again if a busy machine kept it from the point: arrivals are counted on."""
    story, _ = story_of(kill.name)
    engine = await world.replace_engine(f"{kill.name}:{kill.nth}")
    front = world.front_end()[0] if "front end" in kill.victims else None
    striking = asyncio.create_task(_strike(world, engine, kill.victims, front), name="strike")
    try:
        for _ in range(STORIES):
            await story(world)
            with suppress(TimeoutError):
                await engine.ended(8.0)
                break
        assert engine.was_killed, f"{kill.name}:{kill.nth} was not reached: {engine.words()}"
        await striking
    finally:
        striking.cancel()


async def _strike(world: World, engine: Child, victims: str, front: Child | None) -> None:
    """The other victims die with the engine."""
    while engine.code is None:  # noqa: ASYNC110 - as in processes
        await asyncio.sleep(0.005)
    if front is not None:
        front.kill()
    if "simulator" in victims:
        await world.kill_sim()


async def _moment(world: World, kill: Kill) -> None:
    if world.engine_pid is None:
        await world.start_engine()
    deaths = world.sim_deaths
    moment = kill.name.partition(" ")[2]
    for _ in range(kill.nth - 1):
        await world.submit()
    await world.sim.faults(die_at=moment)
    await plain(world)
    async with asyncio.timeout(20):
        while world.sim_deaths == deaths:  # noqa: ASYNC110 - as in processes
            await asyncio.sleep(0.02)


async def _random(world: World, kill: Kill) -> None:
    """At a moment that the seed tells, while everything goes on."""
    choice = random.Random(kill.seed)
    story = choice.choice((everything, everything, losses))
    front, _ = world.front_end()
    moment = choice.uniform(0.0, 3.0)
    telling = asyncio.create_task(story(world), name="story")
    try:
        await asyncio.sleep(moment)
        if kill.victims == "engine":
            world.kill_engine()
        elif kill.victims == "simulator":
            await world.kill_sim()
        else:
            front.kill()
            world.last_blow = time.monotonic()
        await telling
    finally:
        telling.cancel()


async def play_all(
    folder: Path,
    kills: list[Kill],
    *,
    first_seed: int = 1000,
    told: Callable[[Outcome], None] = lambda _: None,
) -> list[Outcome]:
    """The kills one after the other in one world; a round that failed leaves it, the next gets a new one."""
    outcomes: list[Outcome] = []
    left = list(kills)
    number = 0
    while left:
        number += 1
        seed = first_seed + number * 10_000
        async with World(folder / f"world-{number}", first_seed=seed) as world:
            while left:
                outcomes.append(await play(world, left.pop(0)))
                told(outcomes[-1])
                if not outcomes[-1].ok:
                    break
    return outcomes
