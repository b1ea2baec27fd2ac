"""Services as documents, and a run's summary for people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime, timedelta
from typing import Any

from ainf_tui.domain.ports_services import PortOwner
from ainf_tui.domain.present import problem_document
from ainf_tui.domain.service_documents import PortOwnerDocument, ServiceDetailDocument, ServiceDocument
from ainf_tui.domain.services import Health, Kind, ServiceSpec, ServiceState
from ainf_tui.domain.text import redact_arguments, redact_environment, visible
from ainf_tui.engine.services.launching import command_text, who
from ainf_tui.engine.services.unit import Unit


def service_document(unit: Unit, vram: int | None = None) -> ServiceDocument:
    """As it stands now."""
    now, spec = unit.standing, unit.spec
    verdict = unit.verdict
    return ServiceDocument(
        name=unit.name,
        title=unit.declared.title or unit.name,
        kind=str(now.kind),
        state=str(now.state),
        health=str(now.health),
        pid=unit.process.pid if unit.process is not None else None,
        ports=spec.ports,
        since=now.since,
        health_since=now.health_since,
        checked_at=unit.checked_at,
        restarts=now.restarts,
        next_restart=_next_restart(unit),
        cpu=unit.cpu,
        memory=unit.memory,
        vram=vram,
        message=_message(unit),
        problem=problem_document(unit.problem) if unit.problem is not None and _tells(unit) else None,
        log=unit.log,
        depends_on=tuple(dependency.name for dependency in unit.declared.depends_on),
        actions=actions(unit),
        identity=unit.process.text if unit.process is not None else "",
        version=verdict.version if verdict is not None else "",
        autostart=spec.autostart and now.kind is not Kind.WATCHED,
    )


def _tells(unit: Unit) -> bool:
    """A service that is up again keeps the reason of its last end for the log alone."""
    return bool(unit.standing.cause) or unit.standing.health is not Health.HEALTHY


def _next_restart(unit: Unit) -> datetime | None:
    due = unit.standing.restart_at
    if due is None:
        return None
    now = unit.parts.moment()
    return (now.at + timedelta(seconds=max(0.0, due - now.mono))).replace(microsecond=0)


def _message(unit: Unit) -> str:
    now = unit.standing
    if unit.waits:
        return unit.waits
    if now.lives or now.kind is Kind.WATCHED:
        said = unit.verdict.message if unit.verdict is not None else ""
        return "" if now.health is Health.HEALTHY else said
    if unit.owner is not None:
        what = unit.owner_verdict.message if unit.owner_verdict is not None else ""
        return f"port {unit.owner.port} is taken by {who(unit.owner)}" + (f": {what}" if what else "")
    return unit.problem.message if unit.problem is not None else ""


def actions(unit: Unit) -> tuple[str, ...]:
    """What can be done to it now."""
    now = unit.standing
    if now.kind is Kind.WATCHED:
        return ()
    if now.state is ServiceState.STOPPING:
        return ()
    if now.lives:
        return ("stop", "restart")
    waits = ("stop",) if now.restart_at is not None else ()
    return ("start", *waits, *(("adopt",) if unit.owner is not None else ()))


def same_but_age(before: ServiceDocument, now: ServiceDocument) -> bool:
    return replace(before, checked_at=now.checked_at, next_restart=now.next_restart) == now


def owner_document(owner: PortOwner, *, service: str = "", comfyui: bool = False) -> PortOwnerDocument:
    return PortOwnerDocument(
        port=owner.port,
        pid=owner.process.pid if owner.process is not None else None,
        command=command_text(owner),
        user=visible(owner.user, 60),
        identity=owner.process.text if owner.process is not None else "",
        comfyui=comfyui,
        service=service,
    )


def detail_document(
    unit: Unit,
    owners: Sequence[PortOwnerDocument],
    events: Sequence[Mapping[str, Any]],
    log_tail: Sequence[str],
) -> ServiceDetailDocument:
    """The service and how it is declared; secrets of its environment and command are hidden."""
    spec: ServiceSpec = unit.spec
    return ServiceDetailDocument(
        service=service_document(unit),
        command=redact_arguments(spec.command),
        cwd=unit.cwd or spec.cwd,
        env=redact_environment(spec.env),
        health=asdict(spec.health),
        stop=asdict(spec.stop),
        restart=asdict(spec.restart),
        source=spec.source,
        owners=tuple(owners),
        events=tuple(events),
        log_tail=tuple(log_tail),
    )


def summary(documents: Sequence[ServiceDocument], now: datetime) -> tuple[str, ...]:
    """For people: a line a service, and why it failed."""
    width = max((len(d.name) for d in documents), default=0)
    lines = [f"as of {now.astimezone():%Y-%m-%d %H:%M:%S %z}", ""]
    for document in documents:
        port = f"  port {document.ports[0]}" if document.ports else ""
        pid = f"  pid {document.pid}" if document.pid else ""
        restarts = f"  restarts {document.restarts}" if document.restarts else ""
        lines.append(
            f"{document.name:<{width}}  {document.state}, {document.health}{port}{pid}{restarts}".rstrip()
        )
        if document.problem is not None:
            lines.append(f"{'':<{width}}  {document.problem.message}")
    return tuple(lines)
