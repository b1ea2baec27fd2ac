"""From stored values to the documents of the JSON contract."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

from ainf_tui.domain.documents import (
    AttemptDocument,
    JobDocument,
    NodeDocument,
    NodeProgressDocument,
    OutputDocument,
    ProblemDocument,
)
from ainf_tui.domain.eta import Eta
from ainf_tui.domain.jobs import Attempt, Job, JobState, NodeRef, Output, Problem
from ainf_tui.domain.progress import NodeState, Snapshot
from ainf_tui.frozen import frozen

JSON_EXACT = 2**53
"""Integers up to here survive readers that hold JSON numbers as doubles."""


@frozen
class Live:
    """What only the engine's memory knows of a job."""

    snapshot: Snapshot | None = None
    eta: Eta | None = None
    position: int | None = None
    stalled: str = ""
    """Why to doubt that it goes on."""


NOTHING_LIVE = Live()


class Timed(Protocol):
    """A job as a whole or as a row: what its progress depends on."""

    @property
    def state(self) -> str: ...
    @property
    def ended(self) -> bool: ...
    @property
    def started_at(self) -> datetime | None: ...
    @property
    def finished_at(self) -> datetime | None: ...


def node_document(node: NodeRef | None) -> NodeDocument | None:
    return None if node is None else NodeDocument(node.id, node.title, node.cls)


def problem_document(problem: Problem) -> ProblemDocument:
    return ProblemDocument(
        problem.code, problem.message, problem.hint, node_document(problem.node), dict(problem.details)
    )


def output_document(output: Output) -> OutputDocument:
    return OutputDocument(
        path=output.path,
        kind=output.source.kind,
        bytes=output.bytes,
        sha256=output.sha256,
        node=output.source.node,
        fetched=output.fetched,
    )


def attempt_document(attempt: Attempt) -> AttemptDocument:
    return AttemptDocument(
        ordinal=attempt.ordinal,
        prompt_id=attempt.prompt_id,
        backend=attempt.backend,
        state=attempt.state.value,
        reason=attempt.reason,
        submitted_at=attempt.submitted_at,
        started_at=attempt.started_at,
        ended_at=attempt.ended_at,
        number=attempt.number,
        comfyui_version=attempt.comfyui_version,
        device=attempt.device,
        peak_vram=attempt.peak_vram,
    )


def node_progress_document(node: NodeState) -> NodeProgressDocument:
    return NodeProgressDocument(
        node.ref.id, node.ref.title, node.ref.cls, node.state, float(node.value), float(node.max)
    )


def job_document(job: Job, now: datetime, live: Live = NOTHING_LIVE) -> JobDocument:
    """The Job of the contract. `now` is for `elapsed` of a job that runs."""
    attempt = job.attempt
    return JobDocument(
        id=job.id,
        number=job.number,
        state=job.state.value,
        held=job.held,
        pack=job.pack,
        prompt=job.prompt,
        prompt_id=attempt.prompt_id if attempt else None,
        backend=job.backend or None,
        backend_pin=job.backend_pin or None,
        attempt=attempt.ordinal if attempt else 0,
        attempts=tuple(attempt_document(a) for a in job.attempts),
        priority=job.priority,
        position=live.position,
        created_at=job.created_at,
        submitted_at=job.submitted_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        params=dict(job.params),
        seed=job.seed,
        seed_text=str(job.seed) if job.seed is not None and job.seed > JSON_EXACT else None,
        seed_mode=job.seed_mode,
        preset=job.preset or None,
        character=job.character or None,
        batch=dict(job.batch) or None,
        sweep=dict(job.sweep) or None,
        retry_of=job.retry_of,
        cancel_requested=job.cancel_requested,
        blocked=job.blocked or live.stalled or None,
        warnings=tuple(problem_document(p) for p in job.warnings),
        outputs=tuple(output_document(o) for o in job.outputs),
        error=problem_document(job.error) if job.error else None,
        revision=job.revision,
        **_progress_fields(job, now, live),
    )


def _progress_fields(job: Job, now: datetime, live: Live) -> Mapping[str, Any]:
    running, eta = running_snapshot(job, live), live.eta
    return {
        "elapsed": elapsed(job, now),
        "progress": fraction(job, running),
        "step": running.step if running else None,
        "steps": running.steps if running else None,
        "rate": running.rate if running else None,
        "node": node_document(running.node) if running else None,
        "eta": None if eta is None or job.ended else eta.seconds,
        "eta_basis": None if eta is None or job.ended else eta.basis,
    }


def running_snapshot(job: Timed, live: Live) -> Snapshot | None:
    """The snapshot of a job that has begun and not ended."""
    snapshot = live.snapshot
    return snapshot if snapshot is not None and snapshot.started and not job.ended else None


def fraction(job: Timed, running: Snapshot | None) -> float | None:
    """0..1 of the whole job; None where it is not known."""
    if job.ended:
        return 1.0 if job.state == JobState.SUCCEEDED else None
    if job.state == JobState.FETCHING:
        return 1.0
    return running.fraction if running else None


def elapsed(job: Timed, now: datetime) -> float | None:
    """Seconds since the newest attempt started on the server, to its end or to now."""
    if job.started_at is None:
        return None
    return max(0.0, ((job.finished_at or now) - job.started_at).total_seconds())
