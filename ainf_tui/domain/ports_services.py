"""What the supervisor asks of processes, ports, probes and run logs. Adapters implement these; tests fake
them. As in `ports`: AinfError children only, and every call has its own deadline.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import field
from datetime import datetime
from typing import Any, Protocol

from ainf_tui.domain.service_documents import RunsDocument
from ainf_tui.domain.services import Exit, Health, HealthSpec, ProcessId, ServiceSpec
from ainf_tui.frozen import frozen


@frozen
class LaunchSpec:
    """What is to be started, with every placeholder filled in."""

    service: str
    command: tuple[str, ...]
    cwd: str
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    """Over the engine's own environment."""
    log: str = ""
    """What it prints is appended to this file."""
    log_max_bytes: int = 67_108_864
    """The launcher rotates the log at this size (LOG, LOG.1, ...); no line is lost."""


@frozen
class Launched:
    """A started service. `launcher` is its parent, `process` leads its own session and group."""

    process: ProcessId
    launcher: ProcessId
    token: str
    """Names the exit record: another start of the same service has another."""
    log_problem: str = ""
    """Why its log could not be opened: it runs, and what it prints is lost."""


@frozen
class Usage:
    """Of a process and all that descend from it."""

    cpu_seconds: float
    """Used so far; the supervisor makes a rate of two of them."""
    memory: int
    """Bytes (RSS)."""
    pids: tuple[int, ...]
    ports: tuple[int, ...] = ()
    """TCP ports that they listen on."""


@frozen
class PortOwner:
    """Who listens. `process` None: a user that may not be looked at."""

    port: int
    process: ProcessId | None
    command: tuple[str, ...] = ()
    user: str = ""
    name: str = ""
    log: str = ""
    """The file that it prints to; empty: none, or not to be known."""


class Processes(Protocol):
    """Starting, knowing, counting and ending processes."""

    async def launch(self, spec: LaunchSpec) -> Launched:
        """Starts it under a launcher of its own, in a session of its own, its output in the log.

        Raises AinfError `service.no_command` (with the reason: not found, not executable, no such folder).
        """
        ...

    async def alive(self, process: ProcessId) -> bool:
        """A zombie, another boot and a process of the same pid that began at another time are not alive."""
        ...

    async def ended(self, service: str, token: str) -> Exit | None:
        """What the launcher of that start wrote; None if it wrote nothing (yet)."""
        ...

    async def forget(self, service: str, token: str) -> None:
        """The exit record has been read and is no longer needed."""
        ...

    async def signal(self, process: ProcessId, name: str) -> bool:
        """Sends the signal (`TERM`) to its group (only to itself if it leads none); False if it is gone.

        Raises ForbiddenError `service.not_permitted`.
        """
        ...

    async def run(self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], within: float) -> int:
        """A stop command or an exec check: its exit code; 124 where its group had to be killed."""
        ...

    async def usage(self, processes: Collection[ProcessId]) -> Mapping[ProcessId, Usage]:
        """Of those that live; one look at the process table for all."""
        ...

    async def owners(self, ports: Collection[int], host: str = "127.0.0.1") -> Mapping[int, PortOwner]:
        """Who listens on which of these ports, any address family; free ports are absent. One look."""
        ...

    async def launched(self) -> Mapping[str, Launched]:
        """The newest start of each service that was not forgotten, by its launcher's own word. An engine
        that was killed between the launch and the record finds the service here; whether it still lives
        must be asked.
        """
        ...

    async def group_members(self, process: ProcessId) -> tuple[int, ...]:
        """Pids that still live in the session of that process, itself included, though it may be gone."""
        ...


@frozen
class Verdict:
    """What one check found."""

    health: Health
    message: str = ""
    """Why not; one line, no secrets."""
    version: str = ""
    """ComfyUI's, where the check met one."""
    comfyui: bool = False
    latency: float | None = None


class Prober(Protocol):
    """Carries out one check of a service; never raises for an outside reason, never outlives its timeout."""

    async def check(
        self, spec: HealthSpec, *, port: int | None, cwd: str, env: Mapping[str, str], log: str, since: int
    ) -> Verdict:
        """`log`, `since`: the file and the offset from which a `log_line` counts. `spec` is filled in."""
        ...

    async def identify(self, host: str, port: int, within: float = 2.0) -> Verdict:
        """Who answers there: a ComfyUI, another HTTP server, something else."""
        ...


@frozen
class Record:
    """What must be known of a service by the next engine; a file a service in the state folder."""

    service: str
    kind: str
    wanted: bool
    """Somebody started it and nobody stopped it: what a restart policy may act on."""
    process: ProcessId | None = None
    launcher: ProcessId | None = None
    token: str = ""
    started_at: datetime | None = None
    restarts: int = 0
    """Automatic ones since a person started it."""
    streak: int = 0
    """Of them in a row, for the backoff and the crash loop."""
    port: int | None = None
    """Where it was started on another port than declared."""
    vram: str = ""
    """It was started with another use of the GPU's memory than the settings say."""
    log: str = ""
    log_start: int = 0
    state: str = ""
    state_since: datetime | None = None
    run: str = ""
    exit: Exit | None = None
    cause: str = ""
    """The error code of what went wrong last."""
    again: bool = False
    """It is being restarted: to be started once it has stopped."""
    worker_died: bool = False
    """Its log has told that this process runs no prompt any more."""


class Records(Protocol):
    """The records, written whole or not at all. A corrupt one is set aside and told of."""

    async def load(self) -> tuple[Mapping[str, Record], tuple[str, ...]]:
        """By service, and what could not be read (one message each)."""
        ...

    async def save(self, record: Record) -> None: ...
    async def remove(self, service: str) -> None: ...


@frozen
class Piece:
    """A part of a log file: whole lines where there are any."""

    start: int
    """Offset in bytes of the first byte."""
    next: int
    size: int
    """Of the whole file now."""
    text: str


class Logs(Protocol):
    """Reading what services have written."""

    async def piece(self, path: str, *, start: int | None, limit: int) -> Piece:
        """From `start` on, or the end of it: at most `limit` bytes. Of a file that is not there: nothing.

        Raises AinfError `service.log_unreadable`.
        """
        ...


@frozen
class Provided:
    """What a provider gives to start a service with."""

    command: tuple[str, ...]
    cwd: str
    port: int | None = None
    env: Mapping[str, str] = field(default_factory=dict, repr=False)


Provider = Callable[[ServiceSpec, int | None, str], Awaitable[Provided]]
"""Gives the command of a service whose definition names a provider, for that port and that use of the GPU's
memory (a value of `comfyui.vram`) where one is asked for (None, empty).

Raises AinfError where it cannot be started, with the reason and the next step.
"""


class RunLog(Protocol):
    """The run that goes on: folder, events, summary. Never raises for an outside reason: a disk that refuses
    is a message. No call waits longer than a few seconds for one that does not answer.
    """

    @property
    def run(self) -> str:
        """Its id, `20261126-140112` (UTC); empty between runs."""
        ...

    @property
    def trouble(self) -> str:
        """Why writing does not work now; empty if it does. Events go to the engine's log meanwhile, and are
        written as soon as they can be.
        """
        ...

    async def begin(self, why: str) -> str:
        """Starts a run unless one goes on; its id. The oldest runs go where there are too many."""
        ...

    async def resume(self, run: str) -> bool:
        """Goes on with a run that an earlier engine began; False if it is gone, or another goes on."""
        ...

    async def log_path(self, service: str) -> str:
        """Where a service that starts now writes to; begins a run if none goes on."""
        ...

    async def link(self, service: str, log: str) -> None:
        """A service that outlives its run keeps its file; the new run links to it. The run that it lies in is
        not removed while this one goes on, nor while anybody writes there.
        """
        ...

    def event(self, level: str, service: str, message: str, **fields: Any) -> None:
        """`level`: debug | info | warning | error; `service` is empty for what concerns the run. Written
        soon, in order, by one writer. Between runs it goes to the engine's log. Call it on the event loop.
        """
        ...

    async def events(self, *, service: str = "", limit: int = 50) -> tuple[Mapping[str, Any], ...]:
        """The newest of this run, oldest first: ts (ms), seq, run, level, service, message, fields."""
        ...

    async def runs(self) -> RunsDocument:
        """The runs that are kept, newest first."""
        ...

    async def summarize(self, lines: Sequence[str], status: str) -> None:
        """Writes summary.txt anew: what is known of the run by now."""
        ...

    async def end(self, status: str, lines: Sequence[str]) -> None:
        """The last event and summary. `run` is empty from now on."""
        ...

    async def aclose(self) -> None:
        """The engine ends, the run goes on: the next engine resumes it."""
        ...
