"""What ainf adds to each job: database, dispatch, frames, history, transfer, provenance."""

from __future__ import annotations

import asyncio
import itertools
import os
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path
from statistics import median

from ainf_tui.client.live import Live, Topic
from ainf_tui.domain.documents import JobDocument, QueueDocument
from ainf_tui.domain.requests import JobQuery, RunRequest
from benchmarks.bare import seconds_a_prompt
from benchmarks.box import Engine, Home, comfy, engine
from benchmarks.figures import Figure, Lab
from benchmarks.graphs import text_to_image

JOBS = 1000
SLICES = 5
_PAGE = 500
_NO_PREVIEWS = {"AINF_PREVIEWS_METHOD": "none"}
_SYNCS = 50
_PATIENCE = 600.0
"""Seconds for all jobs together."""


async def overhead(lab: Lab) -> Figure:
    """Wall time of a job in a long queue, less that of the same prompt sent by the barest client.

    Both keep two prompts on the simulator, where nothing takes time, and want no previews, which it
    would paint. The bare client runs before and after; of the queue, the middle of its slices counts.
    How long a write takes to reach the disk (fsync) is told beside it: a job waits for several.
    """
    jobs = lab.amount(JOBS)
    seeds = itertools.count(10**9)
    async with comfy(lab.folder / "jobs-comfy", "--instant") as server:

        async def bare() -> list[float]:
            counts = [jobs // SLICES] * 3
            return [
                await seconds_a_prompt(server.url, [text_to_image(next(seeds)) for _ in range(count)])
                for count in counts
            ]

        lab.say("prompts by a bare client")
        alone = await bare()
        async with engine(Home(lab.folder / "jobs", server.url, _NO_PREVIEWS)) as running:
            lab.say(f"{jobs} jobs")
            cpu, server_cpu = running.cpu(), server.cpu()
            slices = await _run(running, jobs)
            cpu, server_cpu = (running.cpu() - cpu) / jobs, (server.cpu() - server_cpu) / jobs
        alone += await bare()
    each, base = median(slices), median(alone)
    sync = await asyncio.to_thread(_fsync_seconds, lab.folder)
    note = (
        f"{each * 1e3:.1f} ms a job, {base * 1e3:.1f} ms bare; {cpu * 1e3:.1f} ms of CPU in the engine; "
        f"an fsync takes {sync * 1e3:.1f} ms"
    )
    details = {"job_ms": each * 1e3, "bare_ms": base * 1e3, "fsync_ms": sync * 1e3, "jobs": jobs}
    cpus = {"engine_cpu_ms": cpu * 1e3, "comfy_cpu_ms": server_cpu * 1e3}
    return Figure((each - base) * 1e3, note, details | cpus)


def _fsync_seconds(folder: Path) -> float:
    """Median of a few, each of one block. Blocking."""
    taken = []
    with (folder / "fsync").open("wb", buffering=0) as file:
        for _ in range(_SYNCS):
            file.write(bytes(4096))
            began = time.perf_counter()
            os.fsync(file.fileno())
            taken.append(time.perf_counter() - began)
    return median(taken)


async def _run(running: Engine, jobs: int) -> list[float]:
    """Seconds a job in each slice of the queue, by the times at which they were done."""
    request = RunRequest(
        request_id=str(uuid.uuid4()), graph=text_to_image(), count=jobs, seed="1", allow_many=True
    )
    began = datetime.now(UTC)
    async with asyncio.timeout(_PATIENCE):
        await running.client.jobs.submit(request)
        await _until_ended(running, jobs)
    ended = await _ended(running, jobs)
    failed = [job for job in ended if job.state != "succeeded"]
    if failed:
        raise RuntimeError(f"{len(failed)} of {jobs} jobs did not succeed: {failed[0].error}")
    moments = [began, *sorted(job.finished_at for job in ended if job.finished_at is not None)]
    size = jobs // SLICES
    edges = moments[::size]
    return [(late - early).total_seconds() / size for early, late in itertools.pairwise(edges)]


async def _until_ended(running: Engine, jobs: int) -> None:
    """As a front end waits that shows the queue and nothing else."""
    async with Live(running.client.transport, ("queue",)) as live:
        while True:
            update = await live.get(None)
            queue = update.value if isinstance(update, Topic) else None
            if isinstance(queue, QueueDocument) and queue.ended >= jobs:
                return


async def _ended(running: Engine, jobs: int) -> list[JobDocument]:
    found: list[JobDocument] = []
    after: str | None = None
    while len(found) < jobs:
        page = await running.client.jobs.list(JobQuery(kind="ended", limit=_PAGE, after=after))
        found += page.jobs
        after = page.next
        if after is None:
            break
    return found
