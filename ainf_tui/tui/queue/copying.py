"""What of a job can be copied. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

import msgspec

from ainf_tui.domain.documents import JobDetailDocument, JobDocument, JobRow
from ainf_tui.domain.text import clip
from ainf_tui.tui import asked
from ainf_tui.tui.frame.options import Option

SHOWN = 60
"""Characters of a text in the choice; it is copied whole."""


def copies(row: JobRow, detail: JobDetailDocument | None) -> list[tuple[Option, str]]:
    """(what is offered, the text), the most useful first. Without `detail` it says which texts are cut."""
    texts = _of_document(detail.job) if detail is not None else _of_row(row)
    return [(Option(name, name, clip(text, SHOWN)), text) for name, text in texts if text]


def _of_document(job: JobDocument) -> Iterator[tuple[str, str]]:
    yield "error", _error(job)
    yield "prompt", job.prompt
    yield "seed", job.seed_text or (str(job.seed) if job.seed is not None else "")
    yield "path", next((output.path for output in job.outputs if output.path), "")
    yield (
        "all paths",
        "\n".join(output.path for output in job.outputs if output.path) * (len(job.outputs) > 1),
    )
    yield "id", job.id
    yield "command", asked.line("queue", "show", str(job.number))
    yield "json", json.dumps(msgspec.to_builtins(job), indent=2, ensure_ascii=False)


def _of_row(row: JobRow) -> Iterator[tuple[str, str]]:
    yield "error (its beginning)" if len(row.error) >= 200 else "error", row.error
    yield "prompt (its beginning)" if len(row.prompt) >= 200 else "prompt", row.prompt
    yield "seed", row.seed_text
    yield "id", row.id
    yield "command", asked.line("queue", "show", str(row.number))


def _error(job: JobDocument) -> str:
    if job.error is None:
        return ""
    where = f"{job.error.node.title} ({job.error.node.cls})" if job.error.node is not None else ""
    parts = [f"#{job.number} {job.pack}  {job.error.code}", job.error.message, where, job.error.hint]
    return "\n".join(part for part in parts if part)
