"""Rows of fake engines: made from the documents that they hold."""

from __future__ import annotations

from dataclasses import fields
from typing import Any

from ainf_tui.domain.documents import JobDocument, JobPageDocument, JobRow, JobRowPage

_SAME = {field.name for field in fields(JobRow)} & {field.name for field in fields(JobDocument)}


def row_of(job: JobDocument) -> JobRow:
    """What the engine would tell of the job in a row; texts are neither cut nor put in one line."""
    batch, sweep = job.batch or {}, job.sweep or {}
    values: dict[str, Any] = {name: getattr(job, name) for name in _SAME}
    return JobRow(
        **values
        | {
            "rank": float(job.number),
            "preset": job.preset or "",
            "character": job.character or "",
            "backend": job.backend or job.backend_pin or "",
            "batch_id": str(batch.get("id") or ""),
            "batch_index": batch.get("index"),
            "sweep": " ".join(f"{name}={value}" for name, value in sweep.items()),
            "node": job.node.title if job.node else "",
            "error": f"{job.error.code}: {job.error.message}" if job.error else "",
            "outputs": sum(output.fetched for output in job.outputs),
            "warnings": len(job.warnings),
            "seed_text": "" if job.seed is None else str(job.seed),
        }
    )


def rows_of(page: JobPageDocument) -> JobRowPage:
    """The same page as rows."""
    return JobRowPage(tuple(row_of(job) for job in page.jobs), page.next, page.revision)
