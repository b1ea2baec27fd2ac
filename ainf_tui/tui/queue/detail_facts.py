"""The facts of a job in detail: names and values, outputs, attempts. Pure; every value is safe text."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import PurePath
from typing import Any

from ainf_tui.display.format import duration, here, size
from ainf_tui.domain.documents import AttemptDocument, JobDetailDocument, JobDocument, JobRow, OutputDocument
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import Line, safe, wrap
from ainf_tui.tui.signs import Signs

_TOLD_APART = frozenset(
    {"prompt", "negative", "seed", "width", "height", "steps", "cfg", "sampler", "scheduler", "checkpoint"}
)
"""Parameters that have a place of their own; all others follow in their order."""
_SHORT = 12
"""Characters of a hash that are shown in a row of facts; outputs show all."""


@frozen
class Fact:
    """One line of name and value."""

    name: str
    value: str
    look: str = ""


def parameters(
    row: JobRow, job: JobDocument | None, detail: JobDetailDocument | None, signs: Signs
) -> list[Fact]:
    """What the picture was asked to be; of a row alone only its seed is known."""
    if job is None:
        return [Fact("seed", safe(row.seed_text, 40) or signs.unknown)]
    params = job.params
    facts = [Fact("seed", _seed(job, signs))]
    if "width" in params or "height" in params:
        wide, high = _plain(params.get("width"), signs), _plain(params.get("height"), signs)
        facts.append(Fact("size", f"{wide}{signs.times}{high}"))
    facts += [Fact(name, _plain(params[name], signs)) for name in ("steps", "cfg") if name in params]
    drawn = [_plain(params[name], signs) for name in ("sampler", "scheduler") if name in params]
    if drawn:
        facts.append(Fact("sampler", " / ".join(drawn)))
    facts += _models(params, detail, signs)
    facts += [
        Fact(safe(name, 40), _plain(value, signs))
        for name, value in params.items()
        if name not in _TOLD_APART
    ]
    return facts


def _seed(job: JobDocument, signs: Signs) -> str:
    if job.seed is None and not job.seed_text:
        return signs.unknown
    mode = f"  {safe(job.seed_mode, 20)}" if job.seed_mode else ""
    return f"{safe(job.seed_text or job.seed, 40)}{mode}"


def _models(params: Mapping[str, Any], detail: JobDetailDocument | None, signs: Signs) -> list[Fact]:
    """Model files with their hashes; before they are known, the checkpoint's name."""
    found = detail.models if detail is not None else ()
    if not found:
        named = params.get("checkpoint")
        return [Fact("model", safe(named, 300))] if named else []
    facts = []
    for model in found:
        sha = model.get("sha256")
        told = f"sha {safe(sha, 80)[:_SHORT]}" if sha else f"sha {signs.unknown}"
        facts.append(Fact("model", f"{safe(model.get('name'), 300)}  {told}"))
    return facts


def _plain(value: Any, signs: Signs) -> str:
    """A parameter in one line; what is not known is the sign for it, zero is zero."""
    if value is None or value == "":
        return signs.unknown
    return safe(" ".join(str(value).split()), 1000)


def times(row: JobRow, job: JobDocument | None, signs: Signs, now: datetime) -> list[Fact]:
    """When what happened; what has not happened yet is left out, what is not known is a dash."""
    facts = [Fact("created", moment(row.created_at, now, signs))]
    told = job or row
    submitted = job.submitted_at if job is not None else None
    if submitted is not None:
        facts.append(Fact("submitted", moment(submitted, now, signs)))
    if told.started_at is not None or told.finished_at is not None:
        facts.append(Fact("started", moment(told.started_at, now, signs)))
    if told.finished_at is not None:
        facts.append(Fact("finished", moment(told.finished_at, now, signs)))
        took = duration(told.elapsed) if told.elapsed is not None else signs.unknown
        facts.append(Fact("took", took))
    return facts


def moment(at: datetime | None, now: datetime, signs: Signs) -> str:
    """On the reader's clock; the date only where it is another day."""
    if at is None:
        return signs.unknown
    local = here(at)
    same = local.date() == now.astimezone().date()
    return local.strftime("%H:%M:%S" if same else "%Y-%m-%d %H:%M:%S")


def origin(row: JobRow, job: JobDocument | None) -> list[Fact]:
    """Where the job came from and where it stands in the queue."""
    facts: list[Fact] = []
    if row.preset:
        facts.append(Fact("preset", safe(row.preset, 80)))
    if row.batch_id:
        count = (job.batch or {}).get("count") if job is not None else None
        of = f" of {safe(count, 20)}" if count is not None else ""
        facts.append(Fact("batch", f"{(row.batch_index or 0) + 1}{of}"))
    if row.sweep:
        facts.append(Fact("sweep", safe(row.sweep, 300)))
    if row.retry_of is not None:
        facts.append(Fact("retry of", f"#{row.retry_of}"))
    facts.append(Fact("priority", str(row.priority)))
    position = job.position if job is not None else row.position
    if row.finished_at is None and position is not None:
        facts.append(Fact("position", str(position)))
    backend = safe((job.backend or "") if job is not None else row.backend, 80)
    pin = f"pinned to {safe(job.backend_pin, 80)}" if job is not None and job.backend_pin else ""
    if backend or pin:
        facts.append(Fact("backend", "  ".join(part for part in (backend, pin) if part)))
    return facts


def made_of(detail: JobDetailDocument | None, job: JobDocument | None, signs: Signs) -> list[Fact]:
    """By which programs and on what: of the newest attempt."""
    facts: list[Fact] = []
    newest = job.attempts[-1] if job is not None and job.attempts else None
    if newest is not None:
        facts.append(Fact("ComfyUI", safe(newest.comfyui_version, 40) or signs.unknown))
        facts.append(Fact("device", safe(newest.device, 120) or signs.unknown))
        facts.append(Fact("peak VRAM", _size(newest.peak_vram, signs)))
    if detail is not None:
        facts.append(
            Fact("pack", safe(f"version {detail.pack_version}", 80) if detail.pack_version else signs.unknown)
        )
        facts.append(Fact("graph", safe(detail.graph_hash, 80)[:_SHORT] or signs.unknown))
    if job is not None:
        facts.append(Fact("prompt id", safe(job.prompt_id, 80) or signs.unknown))
        facts.append(Fact("job id", safe(job.id, 80)))
    return facts


def _size(count: int | None, signs: Signs) -> str:
    return size(count) if count is not None else signs.unknown


def outputs(job: JobDocument | None, cells: int, signs: Signs) -> list[Line]:
    """Each file: its name with kind and size, then folder and hash."""
    lines: list[Line] = []
    for number, output in enumerate(job.outputs if job is not None else (), 1):
        lines += _output(number, output, cells, signs, ended=job is not None and job.finished_at is not None)
    return lines


def _output(number: int, output: OutputDocument, cells: int, signs: Signs, *, ended: bool) -> list[Line]:
    path = PurePath(output.path)
    state = _size(output.bytes, signs) if output.fetched else "not fetched" if ended else "not fetched yet"
    lines: list[Line] = [
        (("" if index else f"{number} ", "muted"), (part, ""))
        for index, part in enumerate(wrap(safe(path.name or output.path, 1000), max(1, cells - 4), 2))
    ]
    lines.append(((f"  {safe(output.kind, 40)}  {state}  node {safe(output.node, 40)}", "muted"),))
    lines += [((f"  {part}", "muted"),) for part in wrap(safe(str(path.parent), 2000), max(1, cells - 2))]
    sha = safe(output.sha256, 80) or signs.unknown
    lines.append(((f"  sha {sha if len(sha) + 6 <= cells else sha[:16] + signs.ellipsis}", "muted"),))
    return lines


def attempts(job: JobDocument, cells: int, signs: Signs, now: datetime) -> list[Line]:
    """Each prompt that was sent: how it ended, where, when, and why it was the last or not."""
    lines: list[Line] = []
    for attempt in job.attempts:
        lines.append(_attempt(attempt, signs, now))
        if attempt.reason:
            lines += [
                ((f"  {part}", "muted"),) for part in wrap(safe(attempt.reason, 600), max(1, cells - 2))
            ]
    return lines


def _attempt(attempt: AttemptDocument, signs: Signs, now: datetime) -> Line:
    took = signs.unknown
    if attempt.started_at is not None and attempt.ended_at is not None:
        took = duration((attempt.ended_at - attempt.started_at).total_seconds())
    state = safe(attempt.state, 20)
    return (
        (f"{attempt.ordinal} ", "muted"),
        (f"{signs.of(state)} {state}", Signs.style(state)),
        (f"  {safe(attempt.backend, 40)}  {moment(attempt.submitted_at, now, signs)}  {took}", ""),
    )
