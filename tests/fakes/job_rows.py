"""Rows of the job list and what stands beside them, with only what a test cares about."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ainf_tui.domain.documents import BackendDocument, ForeignDocument, JobDocument, JobRow
from tests.api.fakes import job
from tests.fakes.rows import row_of

NOW = datetime(2026, 3, 1, 12, 0, 0, tzinfo=UTC)
ENDED = frozenset({"succeeded", "failed", "cancelled"})


def at(seconds: float) -> datetime:
    return NOW + timedelta(seconds=seconds)


def job_row(number: int = 1, state: str = "queued", **fields: Any) -> JobRow:
    """A row; an ended one ended at `number` seconds unless told otherwise."""
    document = job(
        number,
        state,
        id=f"id-{number:06d}",
        prompt=f"picture {number}",
        created_at=NOW,
        finished_at=at(number) if state in ENDED else None,
    )
    return replace(row_of(document), **fields)


def job_document(number: int = 1, state: str = "running", **fields: Any) -> JobDocument:
    """A job on a server, the one of `job_row(number)`."""
    mine: dict[str, Any] = {
        "id": f"id-{number:06d}",
        "prompt": f"picture {number}",
        "created_at": NOW,
        "submitted_at": at(number),
        "backend": "default",
        "attempt": 1,
    }
    return job(number, state, **(mine | fields))


def backend(name: str = "default", *foreign: ForeignDocument, **fields: Any) -> BackendDocument:
    values: dict[str, Any] = {
        "name": name,
        "url": "http://127.0.0.1:8188",
        "reachable": True,
        "version": "0.8.0",
        "latency": 0.012,
        "queue_running": 0,
        "queue_pending": 0,
        "age": None,
        "foreign": foreign,
    }
    return BackendDocument(**(values | fields))
