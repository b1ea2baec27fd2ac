"""What is not well with the services. docs/services.md has the rule."""

from __future__ import annotations

from collections.abc import Iterator

from ainf_tui.domain.documents import ReasonDocument
from ainf_tui.domain.service_causes import WORKER_DIED
from ainf_tui.domain.service_documents import ServiceDocument, ServicesDocument
from ainf_tui.domain.services import Health, Kind, ServiceState

_WATCHED = "it is only watched: start it where it belongs"


def service_reasons(services: ServicesDocument) -> Iterator[ReasonDocument]:
    """An error: what somebody asked for is not there, or of no use, and will not come by itself. A warning:
    it is not there yet, or not well. A service that nobody started is no reason at all.
    """
    if services.trouble:
        yield ReasonDocument(
            "runs.not_written",
            "warning",
            f"the run's log cannot be written: {services.trouble}",
            "make room, or set runs.folder to another disk; what happens is in engine.log meanwhile",
        )
    for service in services.services:
        reason = _reason(service)
        if reason is not None:
            yield reason


def _reason(service: ServiceDocument) -> ReasonDocument | None:
    name, problem = service.name, service.problem
    if service.state == ServiceState.CRASH_LOOP and problem is not None:
        return ReasonDocument("service.crash_loop", "error", problem.message, problem.hint)
    if service.next_restart is not None:
        why = problem.message if problem is not None else f"{name} ended"
        hint = problem.hint if problem is not None else ""
        return ReasonDocument("service.exited", "warning", f"{why}; it is started again by itself", hint)
    if problem is not None and service.state in {ServiceState.EXITED, ServiceState.STOPPED}:
        return ReasonDocument(problem.code, "error", problem.message, problem.hint)
    if service.state == ServiceState.RUNNING and service.health in {Health.UNHEALTHY, Health.UNREACHABLE}:
        return _unwell(service)
    gone = service.kind == Kind.WATCHED and service.state == ServiceState.STOPPED
    if gone and service.checked_at is not None:
        why = f"{name} does not answer: {service.message}"
        return ReasonDocument("service.unreachable", "warning", why, _WATCHED)
    return None


def _unwell(service: ServiceDocument) -> ReasonDocument:
    if service.problem is not None and service.problem.code == WORKER_DIED.code:
        return ReasonDocument(service.problem.code, "error", service.problem.message, service.problem.hint)
    why = f": {service.message}" if service.message else ""
    hint = f"`ainf services restart {service.name}` starts it anew" if service.actions else _WATCHED
    code = "service.unhealthy" if service.health == Health.UNHEALTHY else "service.unreachable"
    return ReasonDocument(code, "warning", f"{service.name} runs and is {service.health}{why}", hint)
