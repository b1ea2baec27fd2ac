"""Backends and the whole box as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from ainf_tui import __version__
from ainf_tui.domain.documents import BackendDocument, ForeignDocument
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.status_document import StatusDocument
from ainf_tui.domain.text import redact_url
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.estimates import Estimates, before, foreign
from ainf_tui.engine.health import judge
from ainf_tui.store import State


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
    health = judge(state, host, flaws)
    return StatusDocument(
        ainf_version=__version__,
        overall=health.overall,
        reasons=health.reasons,
        engine=state.engine,
        host=host,
        gpus=tuple(_gpus(state)),
        services=state.services.services,
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
