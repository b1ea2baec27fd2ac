"""What it costs the engine to take in the frames of a fast sampler."""

from __future__ import annotations

import asyncio
import time
import uuid
from statistics import median

from ainf_tui.domain.requests import RunRequest
from benchmarks.box import Engine, Home, comfy, engine
from benchmarks.figures import Figure, Lab
from benchmarks.graphs import long_running

RATE = 1000.0
ROUNDS = 3
SECONDS = 10.0
_STARTING = 30.0


async def frames_share(lab: Lab) -> Figure:
    """Share of one core that the whole engine takes while 1,000 frames a second of a running job come;
    nobody watches. Scaled to the exact rate where the sender did not keep it.
    """
    rounds, seconds = lab.amount(ROUNDS), SECONDS / 5 if lab.quick else SECONDS
    async with (
        comfy(lab.folder / "pacer", "--rate", str(RATE), module="benchmarks.pacer") as server,
        engine(Home(lab.folder / "frames", server.url)) as running,
    ):
        idle = await _idle(running, seconds / 2)
        request = RunRequest(request_id=str(uuid.uuid4()), graph=long_running(3600.0), seed="1")
        number = (await running.client.jobs.submit(request)).jobs[0].number
        await _until_running(running, number)
        measured = [await _measure(running, number, seconds) for _ in range(rounds)]
    shares = [share * RATE / rate for share, rate in measured]
    rate = median(rate for _, rate in measured)
    note = f"{rate:.0f} frames/s came; {idle:.1f}% when idle"
    return Figure(median(shares), note, {"frames_per_second": rate, "idle_percent": idle})


async def _idle(running: Engine, seconds: float) -> float:
    before = running.cpu()
    await asyncio.sleep(seconds)
    return (running.cpu() - before) / seconds * 100


async def _measure(running: Engine, number: int, seconds: float) -> tuple[float, float]:
    """Percent of a core, and frames a second that were really taken in (two a step)."""
    step, cpu, began = await _step(running, number), running.cpu(), time.perf_counter()
    await asyncio.sleep(seconds)
    cpu, took = running.cpu() - cpu, time.perf_counter() - began
    frames = 2 * (await _step(running, number) - step)
    if not frames:
        raise RuntimeError("no frame reached the job")
    return cpu / took * 100, frames / took


async def _step(running: Engine, number: int) -> int:
    return (await running.client.jobs.show(number)).job.step or 0


async def _until_running(running: Engine, number: int) -> None:
    async with asyncio.timeout(_STARTING):
        while await _step(running, number) < RATE / 2:  # noqa: ASYNC110 - another process's
            await asyncio.sleep(0.1)
