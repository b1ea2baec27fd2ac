"""The app while work goes on: what four jobs at once take of its process and of the line, and what a
flood of frames into the engine changes about it.
"""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from statistics import median

from ainf_tui.domain.requests import RunRequest
from benchmarks.box import Engine, Home, comfy, engine
from benchmarks.figures import Figure, Lab
from benchmarks.graphs import long_running
from benchmarks.programs import Program, ainf_queue, floor
from benchmarks.sitting import Idle, idle_of, opened, still

BACKENDS = 4
STEPS_PER_SECOND = 4
JOB_STEPS = 100
"""One percent a step: the bar moves with each."""
JOB_SECONDS = JOB_STEPS / STEPS_PER_SECOND
JOBS_EACH = 20
RUNNING = r"\d+%"
"""Progress is on the screen."""
SECONDS = 10.0
FEW, MANY = 10, 1000
_PATIENCE = 90.0
PACER = "benchmarks.pacer"


@asynccontextmanager
async def four_jobs(lab: Lab, name: str) -> AsyncIterator[Engine]:
    """An engine with four ComfyUIs, each running one job after the other, a step each quarter second."""
    words = ("--rate", str(2 * STEPS_PER_SECOND), "--most", str(JOB_STEPS))
    async with AsyncExitStack() as stack:
        servers = {
            f"gpu{number}": await stack.enter_async_context(
                comfy(lab.folder / f"{name}-comfy-{number}", *words, module=PACER)
            )
            for number in range(BACKENDS)
        }
        home = Home(lab.folder / name, url="")
        home.configure({backend: server.url for backend, server in servers.items()})
        running = await stack.enter_async_context(engine(home))
        for backend in servers:
            await _submit(running, JOB_SECONDS, JOBS_EACH, backend)
        await _until_running(running, BACKENDS)
        yield running


async def four_cpu(lab: Lab) -> Figure:
    """The app's CPU with four jobs on the screen, against four bars that an app draws by hand."""
    ours, base = await _fours(lab)
    note = f"{ours.percent:.2f}% of a core, hand-drawn bars {base.percent:.2f}%; {ours.wakeups:.0f} wakeups/s"
    return Figure(ours.percent / base.percent, note, {"percent": ours.percent, "base_percent": base.percent})


async def four_bytes(lab: Lab) -> Figure:
    """What four jobs write to the line, against the same."""
    ours, base = await _fours(lab)
    note = f"{ours.bytes / 1e3:.2f} kB/s, hand-drawn bars {base.bytes / 1e3:.2f} kB/s"
    return Figure(ours.bytes / base.bytes, note, {"bytes": ours.bytes, "base_bytes": base.bytes})


async def _fours(lab: Lab) -> tuple[Idle, Idle]:
    """Medians over the rounds; both programs run in turn."""

    async def measure() -> list[tuple[Idle, Idle]]:
        async with four_jobs(lab, "four") as running:
            seconds = SECONDS / (4 if lab.quick else 1)
            found = []
            for turn in range(lab.rounds):
                lab.say(f"four live jobs, round {turn + 1}")
                ours = await asyncio.to_thread(_watched, ainf_queue(running.home), RUNNING, seconds)
                base = await asyncio.to_thread(_watched, floor("bars"), "KSampler", seconds)
                found.append((ours, base))
            return found

    pairs = await lab.once("four", measure)
    return _middle([ours for ours, _ in pairs]), _middle([base for _, base in pairs])


def _watched(program: Program, text: str, seconds: float) -> Idle:
    with opened(program) as terminal:
        terminal.wait_text(program.until)
        terminal.wait_text(text)
        still(terminal, 1000)
        return idle_of(terminal, seconds)


def _middle(found: list[Idle]) -> Idle:
    return Idle(
        median(idle.percent for idle in found),
        median(idle.bytes for idle in found),
        median(idle.wakeups for idle in found),
    )


async def flood_share(lab: Lab) -> Figure:
    """What engine and app take together at 1,000 frames a second, against bars that an app draws by hand."""
    (_, few_engine, few_app), (_, engine_share, app) = await _floods(lab)
    _, base = await _fours(lab)
    note = (
        f"engine {engine_share:.1f}% of a core, app {app.percent:.1f}%, hand-drawn bars {base.percent:.1f}%; "
        f"at {FEW} frames/s {few_engine:.1f}% and {few_app.percent:.1f}%"
    )
    details = {"engine": engine_share, "app": app.percent, "base": base.percent}
    return Figure((engine_share + app.percent) / base.percent, note, details)


async def flood_bytes(lab: Lab) -> Figure:
    """Bytes a second to the terminal at 1,000 frames a second against those at 10."""
    (_, _, few), (_, _, many) = await _floods(lab)
    note = f"{many.bytes / 1e3:.2f} kB/s, {few.bytes / 1e3:.2f} kB/s at {FEW} frames/s"
    return Figure(many.bytes / few.bytes, note, {"many": many.bytes, "few": few.bytes})


Flood = tuple[int, float, Idle]


async def _floods(lab: Lab) -> tuple[Flood, Flood]:
    """At few and at many frames a second: the rate, the engine's percent of a core, the app's figures."""

    async def measure() -> tuple[Flood, Flood]:
        return await _flood(lab, FEW), await _flood(lab, MANY)

    return await lab.once("flood", measure)


async def _flood(lab: Lab, rate: int) -> Flood:
    words = ("--rate", str(rate))
    async with (
        comfy(lab.folder / f"flood-comfy-{rate}", *words, module=PACER) as server,
        engine(Home(lab.folder / f"flood-{rate}", server.url)) as running,
    ):
        await _submit(running, 3600.0, 1)
        await _until_running(running, 1)
        found = []
        for turn in range(lab.rounds):
            lab.say(f"{rate} frames a second, round {turn + 1}")
            found.append(await asyncio.to_thread(_flooded, running, SECONDS / (4 if lab.quick else 1)))
        return rate, median(share for share, _ in found), _middle([idle for _, idle in found])


def _flooded(running: Engine, seconds: float) -> tuple[float, Idle]:
    program = ainf_queue(running.home)
    with opened(program) as terminal:
        terminal.wait_text(program.until)
        still(terminal, 1000)
        cpu, began = running.cpu(), time.monotonic()
        idle = idle_of(terminal, seconds)
        return (running.cpu() - cpu) / (time.monotonic() - began) * 100, idle


async def _submit(running: Engine, seconds: float, count: int, backend: str = "") -> None:
    request = RunRequest(
        request_id=str(uuid.uuid4()),
        graph=long_running(seconds),
        name="bench.json",
        count=count,
        seed="1",
        backend=backend,
    )
    await running.client.jobs.submit(request)


async def _until_running(running: Engine, jobs: int) -> None:
    async with asyncio.timeout(_PATIENCE):
        while (await running.client.status()).queue.running < jobs:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.1)
