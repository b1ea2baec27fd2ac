"""Jobs, attempts and outputs for database tests, with only what a test cares about."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.jobs import (
    Attempt,
    AttemptState,
    Job,
    JobChange,
    JobGraph,
    JobState,
    NewJob,
    Output,
)

NOW = datetime(2026, 3, 1, 12, 0, 0, 123456, tzinfo=UTC)
GRAPH: dict[str, Any] = {
    "3": {"class_type": "KSampler", "inputs": {"seed": 1, "steps": 20, "model": ["4", 0]}},
    "4": {"class_type": "CheckpointLoaderSimple", "inputs": {"ckpt_name": "a.safetensors"}},
}


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def new_job(*, graph: JobGraph | None = None, request_id: str = "", **fields: Any) -> NewJob:
    values: dict[str, Any] = {"id": new_id(), "number": 0, "state": JobState.QUEUED, "created_at": NOW}
    return NewJob(Job(**(values | fields)), graph or JobGraph(GRAPH), request_id)


def ended_job(seconds: float, state: JobState = JobState.SUCCEEDED, **fields: Any) -> NewJob:
    return new_job(state=state, finished_at=at(seconds), **fields)


def attempt_for(job: Job, ordinal: int = 1, **fields: Any) -> Attempt:
    values: dict[str, Any] = {
        "prompt_id": new_id(),
        "job_id": job.id,
        "ordinal": ordinal,
        "backend": "default",
        "client_id": "client",
        "state": AttemptState.SUBMITTING,
        "created_at": NOW,
    }
    return Attempt(**(values | fields))


def output_for(job: Job, prompt_id: str, index: int = 0, **fields: Any) -> Output:
    values: dict[str, Any] = {
        "id": new_id(),
        "job_id": job.id,
        "prompt_id": prompt_id,
        "source": ServerFile("9", "images", index, filename=f"a_{index}.png"),
        "path": f"/outputs/a_{index}.png",
    }
    return Output(**(values | fields))


def claim(job: Job, attempt: Attempt | None = None) -> JobChange:
    return JobChange(
        job.id,
        frozenset({JobState.QUEUED}),
        JobState.SUBMITTING,
        expect_queue_open=True,
        attempt=attempt or attempt_for(job),
        backend="default",
    )


def step(job: Job, old: JobState, new: JobState | None = None, **fields: Any) -> JobChange:
    return JobChange(job.id, frozenset({old}), new, **fields)
