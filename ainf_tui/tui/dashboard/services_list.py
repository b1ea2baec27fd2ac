"""The services as a table's rows: which columns there are and what stands in each. Pure."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime

from ainf_tui.display.format import size
from ainf_tui.domain.service_documents import ServiceDocument
from ainf_tui.tui.lines import Span, safe
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.table import Column

COLUMNS = (
    Column("sign", 1, title=""),
    Column("service", 10, title="SERVICES"),
    Column("state", 10),
    Column("health", 11, drop=1),
    Column("port", 5, right=True),
    Column("pid", 7, right=True, drop=5),
    Column("up", 6, right=True, drop=2),
    Column("cpu", 4, right=True, drop=4),
    Column("memory", 6, right=True, drop=3),
    Column("restarts", 8, right=True, drop=6),
    Column("message", 10, flexible=True, drop=7, title=""),
)
_UP = frozenset({"running", "starting", "stopping"})
_COARSE = 10
"""Seconds: ages below a minute go in such steps, so that a healthy box paints nothing."""


class ServiceList:
    """A Source of `widgets.table.Table` over the services, in the order of their declaration."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs
        self.services: Sequence[ServiceDocument] = ()

    def __len__(self) -> int:
        return len(self.services)

    def id_at(self, index: int) -> str:
        return self.services[index].name

    def index_of(self, row_id: str) -> int | None:
        return next((i for i, service in enumerate(self.services) if service.name == row_id), None)

    def of(self, name: str | None) -> ServiceDocument | None:
        """The service of that name."""
        return next((service for service in self.services if service.name == name), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        service = self.services[index]
        unknown, running = (self.signs.unknown, "muted"), service.state in _UP
        ports = safe(service.ports[0], 12) if service.ports else ""
        return {
            "sign": (self.signs.of(verdict(service)), Signs.style(verdict(service))),
            "service": (safe(service.name, 40), ""),
            "state": state_cell(service),
            "health": health_cell(service),
            "port": (ports + ("+" if len(service.ports) > 1 else ""), "" if running else "muted"),
            "pid": (str(service.pid), "muted") if service.pid is not None else ("", ""),
            "up": (uptime(service, datetime.now(UTC)), ""),
            "cpu": ((core_share(service.cpu), "") if service.cpu is not None else unknown)
            if running
            else ("", ""),
            "memory": ((size(service.memory), "") if service.memory is not None else unknown)
            if running
            else ("", ""),
            "restarts": (str(service.restarts), "warning" if service.restarts else "muted"),
            "message": (safe(service.message, 300), "muted"),
        }


def verdict(service: ServiceDocument) -> str:
    """One word for the sign before it: the state, or the health of one that runs."""
    state = safe(service.state, 20)
    if state == "running" and service.health in {"unhealthy", "unreachable"}:
        return service.health
    if state == "running" and service.health == "unknown":
        return "unknown"
    if state == "exited" and service.problem is None:
        return "stopped"
    return state


def state_cell(service: ServiceDocument) -> Span:
    """What it does; of a process that is not ours, whose it is."""
    state = safe(service.state, 20)
    if state == "running" and service.kind != "managed":
        return safe(service.kind, 20), ""
    look = Signs.style(verdict(service))
    return state, look if look in {"warning", "error"} else "muted" if state == "stopped" else ""


def health_cell(service: ServiceDocument) -> Span:
    """Nothing of one that does not run: it was not asked."""
    if service.state not in _UP:
        return "", ""
    health = safe(service.health, 20)
    look = {"unhealthy": "warning", "unreachable": "warning", "unknown": "muted"}.get(health, "")
    return health, look


def uptime(service: ServiceDocument, now: datetime) -> str:
    """`3d 4h`, `2h 10m`, `5m`, `20s`: since it came to run; nothing where it does not."""
    if service.state not in _UP or service.since is None:
        return ""
    return long_span((now - service.since).total_seconds())


def long_span(seconds: float) -> str:
    """A length of time in two units, in seconds only below a minute, and those in steps."""
    seconds = max(0.0, seconds)
    if seconds < 60:
        return f"{int(seconds) // _COARSE * _COARSE}s"
    minutes = int(seconds // 60)
    if minutes < 60:
        return f"{minutes}m"
    hours, minutes = divmod(minutes, 60)
    if hours < 24:
        return f"{hours}h {minutes}m" if hours < 10 else f"{hours}h"
    days, hours = divmod(hours, 24)
    return f"{days}d {hours}h" if days < 10 else f"{days}d"


def core_share(cpu: float | None) -> str:
    """`12%`, `350%` of one core; a dash where it is not known."""
    if cpu is None or not math.isfinite(cpu):
        return "-"
    return f"{max(0.0, min(cpu, 999.0)) * 100:.0f}%"
