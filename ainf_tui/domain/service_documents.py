"""The JSON contract of services and run logs; see `documents` for the rules."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.frozen import frozen


@frozen
class PortOwnerDocument:
    """Who listens on a port."""

    port: int
    pid: int | None
    """None: somebody whom this user may not see."""
    command: str = ""
    """Secrets hidden."""
    user: str = ""
    identity: str = ""
    """`boot:pid:started`: what a confirmation must repeat."""
    comfyui: bool = False
    """It answers as a ComfyUI does."""
    service: str = ""
    """The service of ours that it belongs to."""


@frozen
class ServiceDocument:
    """One service as it stands."""

    name: str
    title: str
    kind: str
    """managed | adopted | watched"""
    state: str
    """stopped | starting | running | stopping | exited | crash-loop"""
    health: str
    """unknown | healthy | unhealthy | unreachable"""
    pid: int | None = None
    ports: tuple[int, ...] = ()
    since: datetime | None = None
    """Of the state."""
    health_since: datetime | None = None
    checked_at: datetime | None = None
    """Of the last check that came to an end."""
    restarts: int = 0
    """Automatic ones since it was last started by hand."""
    next_restart: datetime | None = None
    cpu: float | None = None
    """Fraction of one core, of it and its children, rounded to a hundredth; None: not known."""
    memory: int | None = None
    """Bytes (RSS), of it and its children, rounded to a mebibyte."""
    vram: int | None = None
    """Bytes on all GPUs."""
    message: str = ""
    """One line: why it is not running and healthy, or what is being waited for."""
    problem: ProblemDocument | None = None
    """Why it failed: last lines of its log in `details["log"]`, how it ended in `details["exit"]`."""
    log: str = ""
    """Path of the log that it writes to in this run."""
    depends_on: tuple[str, ...] = ()
    actions: tuple[str, ...] = ()
    """What can be done now: start, stop, restart, adopt."""
    identity: str = ""
    """`boot:pid:started` of its process."""
    version: str = ""
    """ComfyUI's."""
    autostart: bool = False
    """Whether `ainf up` starts it."""


@frozen
class ServicesDocument:
    """`ainf services`: all of them, or those that something was done to."""

    services: tuple[ServiceDocument, ...] = ()
    notices: tuple[ProblemDocument, ...] = ()
    """What was left undone, service by service; `details["service"]` names it."""
    run: str = ""
    """The run that goes on, `20261126-140112`; empty if none does."""
    trouble: str = ""
    """Why the run's log cannot be written now; empty if it can. The services run on."""
    schema: str = "ainf.services/1"


@frozen
class ServiceDetailDocument:
    """`ainf services show`: the service and how it is declared. Secrets of the environment are hidden."""

    service: ServiceDocument
    command: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]
    health: Mapping[str, Any]
    stop: Mapping[str, Any]
    restart: Mapping[str, Any]
    source: str
    owners: tuple[PortOwnerDocument, ...] = ()
    events: tuple[Mapping[str, Any], ...] = ()
    """Its newest events of this run, oldest first, as in events.jsonl."""
    log_tail: tuple[str, ...] = ()
    schema: str = "ainf.service/1"


@frozen
class PortsDocument:
    """`ainf services ports`: every declared port and who has it."""

    ports: tuple[PortOwnerDocument, ...]
    """A free port has pid None and an empty command."""
    schema: str = "ainf.ports/1"


@frozen
class LogTextDocument:
    """A piece of a log file. Ask again with `next` for what follows."""

    path: str
    start: int
    """Offset in bytes of the first byte of `text`."""
    next: int
    size: int
    text: str
    """Whole lines where there are any; what is no UTF-8 is replaced."""
    schema: str = "ainf.logtext/1"


@frozen
class RunDocument:
    """One run: from the start of the first service to the end of the last."""

    id: str
    folder: str
    started_at: datetime
    ended_at: datetime | None
    """None: it goes on, or nothing wrote its end."""
    services: tuple[str, ...]
    """Those that have a log in it, or a link to one."""
    bytes: int
    """Of its files; logs that it links to count where they lie."""
    summary: str = ""
    """The beginning of summary.txt."""
    status: str = ""
    """`running`, what its end said, or `cut off` where nothing wrote its end."""


@frozen
class RunsDocument:
    """The runs that are kept, newest first."""

    runs: tuple[RunDocument, ...]
    schema: str = "ainf.runs/1"


@frozen
class ServicesRequest:
    """Start, stop, restart: these services; none named means all (in order of their dependencies)."""

    names: tuple[str, ...] = ()
    port: int | None = None
    """Start one service on another port, this time."""
    vram: str = ""
    """Start or restart ComfyUI with this value of `comfyui.vram`, until it is stopped or started anew."""
    adopt: bool = False
    """Use who holds the port already instead of starting."""
    stop_owner: str = ""
    """Identity (`boot:pid:started`) of the process that may be stopped to free the port."""
    confirmed: tuple[str, ...] = field(default=())
    """Identities of adopted processes that may be stopped."""
    reason: str = ""
    """For the run's log: who asked."""
