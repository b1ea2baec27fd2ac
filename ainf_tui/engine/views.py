"""Backends and the whole box as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from ainf_tui import __version__
from ainf_tui.domain.documents import BackendDocument, ForeignDocument, ReasonDocument, StatusDocument
from ainf_tui.domain.jobs import JobState, Problem
from ainf_tui.domain.text import redact_url
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.estimates import Estimates, before, foreign
from ainf_tui.store import State

DISK_LOW = 20 * 1024**3
"""Free bytes on the outputs' disk below which status warns (a model or two, some thousand images)."""


def backend_document(backend: Backend, estimates: Estimates) -> BackendDocument:
    """One backend; `age` is left to the reader's clock (`checked_at`)."""
    health, queue = backend.health, backend.queue
    link = backend.link_message
    return BackendDocument(
        name=backend.name,
        url=redact_url(backend.spec.url),
        reachable=health.reachable,
        version=backend.stats.version if backend.stats else None,
        latency=health.latency,
        queue_running=len(queue.running) if queue and health.reachable else None,
        queue_pending=len(queue.pending) if queue and health.reachable else None,
        age=None,
        connected=backend.socket.connected,
        message=health.message or link,
        hint=health.hint or backend.link_hint,
        devices=tuple(asdict(d) for d in backend.stats.devices) if backend.stats else (),
        foreign=tuple(_foreign(backend, estimates)),
        since=health.since,
        checked_at=health.answered_at,
    )


def _foreign(backend: Backend, estimates: Estimates) -> Iterator[ForeignDocument]:
    if backend.queue is None:
        return
    others = set(foreign(backend))
    for items, state in ((backend.queue.running, "running"), (backend.queue.pending, "pending")):
        for item in items:
            if item.prompt_id in others:
                ahead = len(before(backend, item.prompt_id))
                eta = None if estimates.middling is None else estimates.middling * (ahead + 1)
                yield ForeignDocument(item.prompt_id, state, ahead, item.nodes, eta)


def with_age(document: BackendDocument, now: datetime) -> BackendDocument:
    """The same with `age` filled in."""
    if document.checked_at is None:
        return document
    return replace(document, age=max(0.0, (now - document.checked_at).total_seconds()))


def status_document(
    state: State, host: Mapping[str, Any], flaws: Sequence[Problem], now: datetime
) -> StatusDocument:
    """The whole box in one value; `host` is what the machine says of itself, `flaws` of the user's files."""
    own = tuple(ReasonDocument(p.code, "warning", p.message, p.hint) for p in flaws)
    reasons = (*_reasons(state, host), *own)
    severities = {reason.severity for reason in reasons}
    overall = "error" if "error" in severities else "warning" if "warning" in severities else "ok"
    return StatusDocument(
        ainf_version=__version__,
        overall=overall,
        reasons=reasons,
        engine=state.engine,
        host=host,
        gpus=tuple(_gpus(state)),
        services=(),
        backends=tuple(with_age(b, now) for b in state.backends),
        queue=state.queue,
        database=state.database,
        errors={"new": 0, "total": 0, "last_24h": 0, "by_level": {}, "by_source": {}},
    )


def _gpus(state: State) -> Iterator[dict[str, Any]]:
    for backend in state.backends:
        for device in backend.devices:
            if device.get("type") not in {"cpu", None}:
                yield {"backend": backend.name, **device}


def _reasons(state: State, host: Mapping[str, Any]) -> Iterator[ReasonDocument]:
    """Everything that is not well, worst first."""
    yield from sorted(_all_reasons(state, host), key=lambda r: ("error", "warning", "info").index(r.severity))


def _all_reasons(state: State, host: Mapping[str, Any]) -> Iterator[ReasonDocument]:
    if not state.database.reachable:
        yield ReasonDocument(
            "database.unreachable",
            "error",
            f"the database does not answer: {state.database.message}",
            "see `ainf db info`",
        )
    down = [b for b in state.backends if not b.reachable]
    none_left = len(down) == len(state.backends)
    if none_left:
        yield ReasonDocument(
            "backend.none_reachable",
            "error",
            "no backend answers" if state.backends else "no backend is configured",
            "start ComfyUI, or name its address: AINF_COMFYUI_URL=http://HOST:8188, or [backends.NAME] url "
            "in the file that `ainf config path` prints; `ainf simulator` stands in for one",
        )
    for backend in down:
        yield ReasonDocument(
            "backend.unreachable",
            "info" if none_left else "warning",
            f"backend {backend.name}{_where(backend)}: {backend.message}",
            backend.hint,
        )
    yield from _link_reasons(state)
    yield from _job_reasons(state)
    if state.queue.paused:
        yield ReasonDocument("queue.paused", "info", "the queue is paused", "`ainf queue resume` goes on")
    if host["disk_free"] < DISK_LOW:
        free = host["disk_free"] / 1024**3
        yield ReasonDocument(
            "disk.low",
            "warning",
            f"disk space low for the outputs: {free:.1f} GB free of {host['outputs']}",
            "free some space, or set outputs.folder to another disk",
        )


def _where(backend: BackendDocument) -> str:
    return "" if backend.url in backend.message else f" at {backend.url}"


def _job_reasons(state: State) -> Iterator[ReasonDocument]:
    """Results that cannot be brought home, the same reason once."""
    stuck: dict[str, list[int]] = {}
    for job in state.active:
        if job.state == JobState.FETCHING and job.blocked:
            stuck.setdefault(job.blocked, []).append(job.number)
    for reason, numbers in stuck.items():
        first, more = min(numbers), f" and {len(numbers) - 1} more" if len(numbers) > 1 else ""
        yield ReasonDocument(
            "job.not_fetched",
            "warning",
            f"job {first}{more}: {reason}",
            f"`ainf queue show {first}` tells more; `ainf queue cancel {first}`, twice, gives it up",
        )


def _link_reasons(state: State) -> Iterator[ReasonDocument]:
    for backend in state.backends:
        if not backend.reachable:
            continue
        if not backend.connected:
            yield ReasonDocument(
                "backend.no_websocket",
                "warning",
                f"backend {backend.name} answers, but its websocket is not open",
                "progress comes by polling meanwhile; a proxy in between must let websockets through",
            )
        elif backend.message:
            yield ReasonDocument(
                "backend.link", "warning", f"backend {backend.name}: {backend.message}", backend.hint
            )
