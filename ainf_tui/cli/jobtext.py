"""Jobs as people read them: labels, the rows of the list, everything about one job."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from ainf_tui.cli.output import show
from ainf_tui.cli.tables import Cell, Column
from ainf_tui.display.format import UNKNOWN, duration, local, pairs, percent, remaining, since, size
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.display.jobs import label
from ainf_tui.domain.documents import (
    AttemptDocument,
    BackendDocument,
    JobDetailDocument,
    JobDocument,
    NodeProgressDocument,
    OutputDocument,
    ProblemDocument,
)

LIST_COLUMNS = (
    Column("job", right=True),
    Column("state"),
    Column("pack", drop=3),
    Column("prompt", flexible=True, drop=6),
    Column("seed", right=True, drop=7),
    Column("done", right=True, drop=1),
    Column("time", right=True, drop=2),
    Column("age", right=True, drop=5),
)


FIELD = 16
"""Cells before a field's value."""
_OWN_LINE = frozenset({"prompt", "negative", "seed"})


def title(job: JobDocument) -> str:
    """`#142 portrait-basic`."""
    return f"#{job.number} {show(job.pack, 40)}".rstrip()


def list_row(job: JobDocument, now: datetime, *, unicode: bool) -> tuple[Cell, ...]:
    """One row under `LIST_COLUMNS`; `time` is the ETA of an open job and what an ended one took."""
    name = label(job)
    ended = job.finished_at is not None
    if ended:
        time = duration(job.elapsed) if job.elapsed is not None else ""
    else:
        time = f"eta {remaining(job.eta)}" if job.eta is not None else ""
    return (
        Cell(f"#{job.number}"),
        Cell(f"{glyph(name, unicode=unicode)} {name}", colour(name)),
        Cell(show(job.pack, 30)),
        Cell(show(job.prompt, 500)),
        Cell(str(job.seed_text or job.seed) if job.seed is not None else ""),
        Cell(percent(job.progress) if job.progress is not None and not ended else ""),
        Cell(time),
        Cell(since(job.finished_at or job.created_at, now), "dim"),
    )


def waits(jobs: Iterable[JobDocument], down: Collection[str]) -> list[str]:
    """Why jobs wait, a line a reason; not for backends that do not answer (`down`), told elsewhere."""
    reasons: dict[str, list[int]] = {}
    for job in jobs:
        if job.blocked and not any(job.blocked.startswith(f"backend {name}: ") for name in down):
            reasons.setdefault(job.blocked, []).append(job.number)
    lines = []
    for reason, numbers in reasons.items():
        more = f" and {len(numbers) - 3} more" if len(numbers) > 3 else ""
        lines.append(f"{', '.join(f'#{number}' for number in numbers[:3])}{more}: {show(reason)}")
    return lines


def foreign_rows(backends: Iterable[BackendDocument], *, unicode: bool) -> list[tuple[Cell, ...]]:
    """Prompts of others on the backends, in the form of `list_row`."""
    mark = glyph("foreign", unicode=unicode)
    return [
        (
            Cell(""),
            Cell(f"{mark} foreign", "dim"),
            Cell(show(backend.name, 30)),
            Cell(f"{show(prompt.state, 20)} there, {prompt.nodes} nodes, of somebody else", "dim"),
            Cell(""),
            Cell(""),
            Cell(f"eta {remaining(prompt.eta)}" if prompt.eta is not None else ""),
            Cell(""),
        )
        for backend in backends
        for prompt in backend.foreign
    ]


# -- everything about one job ----------------------------------------------------------------------
def detail(shown: JobDetailDocument, *, unicode: bool) -> list[str]:
    """Lines for `queue show`, already visible."""
    job = shown.job
    name = label(job)
    lines = [f"{glyph(name, unicode=unicode)} {title(job)}  {name}"]
    lines += _fields(_facts(shown))
    if job.error is not None:
        lines += ["", "error", *_problem(job.error)]
    for problem in job.warnings:
        lines += ["", "warning", *_problem(problem)]
    lines += _section("attempts", [_attempt(attempt, job.prompt_id) for attempt in job.attempts])
    lines += _section(
        "outputs", [_output(output, ended=job.finished_at is not None) for output in job.outputs]
    )
    lines += _section("models", [_model(model) for model in shown.models])
    if any(node.state != "pending" for node in shown.nodes):
        lines += _section("nodes", [_node(node, unicode=unicode) for node in shown.nodes])
    return lines


def _facts(shown: JobDetailDocument) -> list[tuple[str, str]]:
    job = shown.job
    seed = f"{job.seed_text or job.seed} ({job.seed_mode})" if job.seed is not None else ""
    pin = f"pinned to {job.backend_pin}" if job.backend_pin else ""
    return [
        ("id", job.id),
        ("prompt", job.prompt),
        ("in full", _in_full(job)),
        ("seed", seed),
        ("negative", str(job.params.get("negative") or "")),
        ("parameters", pairs({k: v for k, v in job.params.items() if k not in _OWN_LINE})),
        ("preset", job.preset or ""),
        ("pack version", shown.pack_version),
        ("batch", pairs(job.batch or {})),
        ("sweep", pairs(job.sweep or {})),
        ("retry of", f"#{job.retry_of}" if job.retry_of is not None else ""),
        ("backend", " ".join(part for part in (job.backend or "", pin) if part)),
        ("prompt id", job.prompt_id or ""),
        ("priority", str(job.priority) if job.priority else ""),
        ("position", str(job.position) if job.position is not None else ""),
        ("stalled" if job.state == "running" else "waits", job.blocked or ""),
        ("progress", _progress(job) if job.finished_at is None else ""),
        ("created", local(job.created_at)),
        ("submitted", local(job.submitted_at) if job.submitted_at else ""),
        ("started", local(job.started_at) if job.started_at else ""),
        ("finished", local(job.finished_at) if job.finished_at else ""),
        ("elapsed", duration(job.elapsed) if job.elapsed is not None else ""),
        ("graph", f"{len(shown.graph)} nodes, {shown.graph_hash[:16]}"),
    ]


def _in_full(job: JobDocument) -> str:
    """The text that is sent, where a preset has put something around what the user wrote."""
    sent = str(job.params.get("prompt") or "")
    return sent if sent != job.prompt else ""


def _progress(job: JobDocument) -> str:
    if job.progress is None:
        return ""
    parts = [percent(job.progress)]
    if job.node is not None:
        parts.append(job.node.title)
    if job.step is not None and job.steps:
        parts.append(f"{job.step}/{job.steps}")
    if job.eta is not None:
        parts.append(f"eta {remaining(job.eta)} ({job.eta_basis or 'no basis'})")
    return "  ".join(parts)


def _fields(facts: Sequence[tuple[str, str]]) -> list[str]:
    return [f"  {name:<{FIELD - 3}} {show(value)}" for name, value in facts if value]


def _section(name: str, lines: Sequence[str]) -> list[str]:
    return ["", name, *lines] if lines else []


def _problem(problem: ProblemDocument) -> list[str]:
    node = problem.node
    where = f"node {node.id} {node.title} ({node.cls})" if node is not None else ""
    cause = problem.details.get("exception_type")
    return _fields(
        [
            ("code", problem.code),
            ("message", problem.message),
            ("node", where),
            ("cause", str(cause) if cause else ""),
            ("hint", problem.hint),
        ]
    )


def _attempt(attempt: AttemptDocument, told: str | None) -> str:
    took = UNKNOWN
    if attempt.started_at is not None and attempt.ended_at is not None:
        took = duration((attempt.ended_at - attempt.started_at).total_seconds())
    parts = [
        f"{attempt.ordinal}",
        attempt.state,
        f"on {attempt.backend}",
        f"sent {local(attempt.submitted_at)}",
        f"took {took}",
        f"peak {size(attempt.peak_vram)}" if attempt.peak_vram is not None else "",
        f"ComfyUI {attempt.comfyui_version}" if attempt.comfyui_version else "",
        attempt.device,
        attempt.reason,
        attempt.prompt_id if attempt.prompt_id != told else "",
    ]
    return "  " + show("  ".join(part for part in parts if part))


def _output(output: OutputDocument, *, ended: bool) -> str:
    state = size(output.bytes) if output.fetched else "not fetched" if ended else "not fetched yet"
    sha = f"  sha256 {output.sha256}" if output.sha256 else ""
    return f"  {show(output.path)}  {show(output.kind, 40)}  {state}{show(sha, 100)}"


def _model(model: Mapping[str, Any]) -> str:
    sha = model.get("sha256")
    return f"  {show(model.get('input', ''), 80)}  {show(model.get('name', ''), 200)}" + (
        f"  sha256 {show(sha, 80)}" if sha else ""
    )


_NODE_STATES = {
    "pending": "queued",
    "finished": "succeeded",
    "cached": "succeeded",
    "interrupted": "cancelled",
}
"""States of nodes by the states of jobs whose glyph they get."""


def _node(node: NodeProgressDocument, *, unicode: bool) -> str:
    mark = glyph(_NODE_STATES.get(node.state, node.state), unicode=unicode)
    steps = f"  {node.value:g}/{node.max:g}" if node.max > 1 else ""
    return f"  {mark} {show(node.id, 40)} {show(node.title, 60)}  {show(node.state, 20)}{steps}"
