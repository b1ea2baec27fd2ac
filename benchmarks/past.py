"""A long past: ended jobs, written straight into a database that no engine has open."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from ainf_tui.adapters.db.engine import open as open_database
from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.jobs import Attempt, AttemptState, Job, JobGraph, JobState, NewJob, Output
from benchmarks.box import Home
from benchmarks.graphs import text_to_image

_BATCH = 2_000


async def fill(home: Home, count: int) -> None:
    """`count` jobs that succeeded, one a minute until now, each with an attempt and a picture."""
    locations = home.locations
    locations.prepare()
    database = await open_database(home.settings.database_url(locations.database_file))
    try:
        jobs = past(count)
        for _ in range(0, count, _BATCH):
            await database.jobs.add([job for _, job in zip(range(_BATCH), jobs, strict=False)])
        await database.idle()
    finally:
        await database.aclose()


def past(count: int) -> Iterator[NewJob]:
    """The oldest first."""
    graph = JobGraph(text_to_image(), bindings={"seed": ("3.seed",)})
    newest = datetime.now(UTC)
    for left in range(count, 0, -1):
        yield NewJob(_job(newest - timedelta(minutes=left), left), graph)


def _job(at: datetime, seed: int) -> Job:
    job_id, prompt_id = new_id(), str(uuid.uuid4())
    attempt = Attempt(
        prompt_id=prompt_id,
        job_id=job_id,
        ordinal=1,
        backend="default",
        client_id="ainf-benchmark",
        state=AttemptState.SUCCEEDED,
        created_at=at,
        submitted_at=at,
        started_at=at,
        ended_at=at + timedelta(seconds=20),
    )
    output = _output(job_id, prompt_id, at, seed)
    return Job(
        id=job_id,
        number=0,
        state=JobState.SUCCEEDED,
        created_at=at,
        pack="portrait-basic",
        prompt="a red bicycle against a white wall",
        params={"prompt": "a red bicycle against a white wall", "seed": seed, "steps": 20, "cfg": 7.0},
        seed=seed,
        backend="default",
        graph_hash="benchmark",
        attempts=(attempt,),
        outputs=(output,),
        submitted_at=at,
        started_at=at,
        finished_at=at + timedelta(seconds=22),
    )


def _output(job_id: str, prompt_id: str, at: datetime, seed: int) -> Output:
    return Output(
        id=new_id(),
        job_id=job_id,
        prompt_id=prompt_id,
        source=ServerFile("10", "images", 0, f"bench_{seed:05d}_.png", "", "output"),
        path=f"/outputs/{seed:06d}-portrait-basic.png",
        bytes=1_234_567,
        sha256="0" * 64,
        fetched_at=at + timedelta(seconds=21),
    )
