"""The light list: what a table shows of a job, without its graph, parameters, attempts and files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from ainf_tui.domain.documents import JobRow
from ainf_tui.domain.jobs import JobSummary, Problem
from ainf_tui.domain.present import NOTHING_LIVE, Live, elapsed, fraction, running_snapshot
from ainf_tui.domain.text import clip

TEXT_LENGTH = 200
"""Characters of a prompt, a sweep or an error in a row."""


def job_row(job: JobSummary, now: datetime, live: Live = NOTHING_LIVE) -> JobRow:
    """The row of the contract. `now` is for `elapsed` of a job that runs."""
    snapshot = running_snapshot(job, live)
    node = snapshot.node if snapshot else None
    return JobRow(
        id=job.id,
        number=job.number,
        state=job.state,
        held=job.held,
        cancel_requested=job.cancel_requested,
        pack=job.pack,
        prompt=clip(job.prompt, TEXT_LENGTH),
        preset=job.preset,
        character=job.character,
        priority=job.priority,
        rank=job.rank,
        batch_id=job.batch_id,
        batch_index=job.batch_index,
        sweep=sweep_text(job.sweep) if job.sweep else "",
        backend=job.backend or job.backend_pin,
        progress=fraction(job, snapshot),
        step=snapshot.step if snapshot else None,
        steps=snapshot.steps if snapshot else None,
        rate=snapshot.rate if snapshot else None,
        node=node.title if node else "",
        eta=None if live.eta is None or job.ended else live.eta.seconds,
        elapsed=elapsed(job, now),
        position=live.position,
        created_at=job.created_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        error=error_line(job.error) if job.error else "",
        outputs=job.outputs,
        warnings=job.warnings,
        seed_text=job.seed or "",
        retry_of=job.retry_of,
        revision=job.revision,
    )


def sweep_text(sweep: Mapping[str, Any]) -> str:
    """`cfg=7 steps=20`: what tells this job of a sweep from its neighbours."""
    return _one_line(" ".join(f"{name}={value}" for name, value in sweep.items()))


def error_line(problem: Problem) -> str:
    """Code and message in one line."""
    return _one_line(f"{problem.code}: {problem.message}")


def _one_line(text: str) -> str:
    return clip(" ".join(text.split()), TEXT_LENGTH)
