"""Jobs in detail for the app's tests: documents, and a fake engine that has them."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ainf_tui.domain.documents import JobDetailDocument, JobDocument
from tests.fakes.job_rows import job_document
from tests.fakes.rows import row_of
from tests.fakes.tui_client import FakeEngine

ON_SERVER = frozenset({"submitted", "running", "fetching"})
ENDED = frozenset({"succeeded", "failed", "cancelled"})


def whole_job(number: int = 1, state: str = "succeeded", **fields: Any) -> JobDocument:
    """A job of which nothing is known but what a test cares about."""
    at = job_document(number).submitted_at
    values: dict[str, Any] = {
        "submitted_at": None,
        "backend": None,
        "attempt": 0,
        "seed": None,
        "seed_mode": "",
    }
    if state in ENDED:
        values |= {"started_at": at, "finished_at": at, "elapsed": 3.0}
    return job_document(number, state, **(values | fields))


def detail_of(job: JobDocument, **fields: Any) -> JobDetailDocument:
    """What `show` answers for it, without nodes and models unless they are given."""
    values: dict[str, Any] = {"job": job, "graph": {}, "workflow": None, "bindings": {}, "nodes": ()}
    return JobDetailDocument(**(values | fields))


def put(engine: FakeEngine, *jobs: JobDocument, **detail: Any) -> None:
    """The engine has these jobs now, and tells of them."""
    for job in jobs:
        engine.rows[job.id] = row_of(job)
        engine.put(engine.rows[job.id])
        newest = replace(job, revision=engine.rows[job.id].revision)
        engine.details[job.id] = detail_of(newest, **detail)
    found = [engine.details[row.id].job for row in engine.rows.values() if row.id in engine.details]
    engine.say("active", tuple(job for job in found if job.state in ON_SERVER))


async def until(told: Callable[[], bool], seconds: float = 30.0) -> None:
    """Waits for it; AssertionError when it does not come, on a machine with much else to do."""
    give_up = asyncio.get_running_loop().time() + seconds
    while not told():
        assert asyncio.get_running_loop().time() < give_up, "it did not come"
        await asyncio.sleep(0.01)
