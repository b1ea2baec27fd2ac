"""Backends and the whole box as documents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any

from ainf_tui import __version__
from ainf_tui.domain.documents import BackendDocument, ForeignDocument
from ainf_tui.domain.host import disk_for
from ainf_tui.domain.host_documents import GpuDocument, HostDocument
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.status_document import StatusDocument
from ainf_tui.domain.text import port_here, redact_url
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Tuning
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
        frames=backend.socket.frames,
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


_OF_ERRORS = ("new", "ongoing", "total", "last_24h", "by_level", "by_source")


def status_document(state: State, flaws: Sequence[Problem], tuning: Tuning, now: datetime) -> StatusDocument:
    """The whole box in one value; `flaws` is what is wrong with the user's files."""
    health = judge(state, flaws, tuning.disk_free)
    return StatusDocument(
        ainf_version=__version__,
        overall=health.overall,
        reasons=health.reasons,
        engine=state.engine,
        host=_host(state.host, str(tuning.outputs)),
        gpus=tuple(_gpus(state)),
        services=state.services.services,
        backends=tuple(with_age(b, now) for b in state.backends),
        queue=state.queue,
        database=state.database,
        errors={name: getattr(state.errors, name) for name in _OF_ERRORS},
    )


def _host(host: HostDocument, outputs: str) -> dict[str, Any]:
    """With the names that the first releases gave to memory and to the outputs' disk."""
    facts = {name: value for name, value in asdict(host).items() if name != "gpus"}
    disk = disk_for("outputs", host)
    total, used = host.memory_total, host.memory_used
    return facts | {
        "memory_available": None if total is None or used is None else total - used,
        "outputs": outputs,
        "disk_total": disk.total if disk else None,
        "disk_free": disk.free if disk else None,
    }


def _gpus(state: State) -> Iterator[dict[str, Any]]:
    """Those of this machine, then those that a ComfyUI alone tells of; `backend`: who uses it."""
    told = [gpu for gpu in state.host.gpus if gpu.source != "comfyui"]
    users: dict[int, str] = {}
    others: list[dict[str, Any]] = []
    for backend in state.backends:
        for device in backend.devices:
            if device.get("type") in {"cpu", None}:
                continue
            same = next((gpu for gpu in told if _is(gpu, device, backend.url)), None)
            if same is None:
                others.append({"source": "comfyui", "backend": backend.name, **device})
            else:
                users.setdefault(same.index, backend.name)
    for gpu in told:
        yield {**asdict(gpu), "backend": users.get(gpu.index, ""), "vram_free": _free(gpu)}
    yield from others


def _is(gpu: GpuDocument, device: Mapping[str, Any], url: str) -> bool:
    """ComfyUI calls it `cuda:0 NVIDIA GeForce RTX 4090 : cudaMallocAsync`, by CUDA's own count. A GPU of that
    name behind another address is another machine's.
    """
    return port_here(url) is not None and gpu.name in str(device.get("name", ""))


def _free(gpu: GpuDocument) -> int | None:
    return None if gpu.vram_total is None or gpu.vram_used is None else gpu.vram_total - gpu.vram_used
