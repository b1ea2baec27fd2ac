"""What a long queue takes of the engine's memory."""

from __future__ import annotations

import asyncio
import uuid
from statistics import median

from ainf_tui.domain.requests import JobQuery, RunRequest
from benchmarks.box import Comfy, Engine, Home, comfy, engine
from benchmarks.figures import Figure, Lab
from benchmarks.graphs import text_to_image

JOBS = 10_000
ROUNDS = 3
MB = 1_000_000
_SETTLE = 2.0
"""Seconds for what follows an answer: publishing, dropping what was needed for it."""


async def queue_memory(lab: Lab) -> Figure:
    """Private bytes of an engine that has just taken in 10,000 jobs, over those of one that was asked
    the same questions about an empty queue. Each round has new engines and databases.
    """
    jobs = lab.amount(JOBS)
    rounds = []
    async with comfy(lab.folder / "memory-comfy", "--instant") as server:
        for turn in range(lab.amount(ROUNDS)):
            lab.say(f"{jobs} queued jobs, round {turn + 1}")
            rounds.append(await _round(lab, server, turn, jobs))
    empty, full, again = (median(column) for column in zip(*rounds, strict=True))
    note = f"{full / MB:.0f} MB, {empty / MB:.0f} MB empty; {(again - empty) / MB:.1f} MB after a restart"
    details = {"empty_mb": empty / MB, "full_mb": full / MB, "restarted_mb": again / MB, "jobs": jobs}
    return Figure((max(full, again) - empty) / MB, note, details)


async def _round(lab: Lab, server: Comfy, turn: int, jobs: int) -> tuple[float, float, float]:
    """Bytes of: an engine with an empty queue, with all those jobs, and with them after a restart."""
    home = Home(lab.folder / f"memory-{turn}", server.url)
    async with engine(home) as running:
        await running.client.queue.pause()
        empty = await _settled(running)
        request = RunRequest(
            request_id=str(uuid.uuid4()), graph=text_to_image(), count=jobs, seed="1", allow_many=True
        )
        made = await running.client.jobs.submit(request)
        if len(made.jobs) != jobs:
            raise RuntimeError(f"{len(made.jobs)} of {jobs} jobs were made")
        full = await _settled(running)
    async with engine(home) as running:
        again = await _settled(running)
    return empty, full, again


async def _settled(running: Engine) -> float:
    """After the questions that a front end asks when it shows the queue."""
    for _ in range(3):
        await running.client.status()
        await running.client.jobs.list(JobQuery(kind="open", limit=100))
    await asyncio.sleep(_SETTLE)
    return running.memory()
