"""Services: what a definition says, and the words for how one stands. Pure.

A definition is read from `presets/services.toml` and the user's `services.toml` (adapters); the engine
supervises; front ends see `service_documents`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum

from ainf_tui.domain.jobs import Problem
from ainf_tui.frozen import frozen


class Kind(StrEnum):
    """Whose process it is."""

    MANAGED = "managed"
    """Started by us, under our launcher."""
    ADOPTED = "adopted"
    """It ran already; used and shown, stopped only after a confirmation that names the process."""
    WATCHED = "watched"
    """Only looked at; it cannot be started or stopped from here."""


class ServiceState(StrEnum):
    """What the process does. Whether it does it well is `Health`."""

    STOPPED = "stopped"
    STARTING = "starting"
    """The process lives and no check has passed yet. The first that passes makes it `running`."""
    RUNNING = "running"
    STOPPING = "stopping"
    EXITED = "exited"
    """It ended without being asked to, and is not (or not yet) started again."""
    CRASH_LOOP = "crash-loop"
    """It ended again and again; nothing more is tried until the user says so."""


class Health(StrEnum):
    """What the last check said."""

    UNKNOWN = "unknown"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"
    """It answers, and not as it should."""
    UNREACHABLE = "unreachable"
    """It does not answer within its deadline."""


class Restart(StrEnum):
    """When a service that ended by itself is started again."""

    NEVER = "never"
    ON_FAILURE = "on-failure"
    """After a signal or an exit code that is not 0."""
    ALWAYS = "always"


class Condition(StrEnum):
    """What a dependency must have come to before its dependant starts."""

    STARTED = "started"
    HEALTHY = "healthy"
    EXITED_WELL = "exited-well"
    """It has run and ended with 0 (a preparation)."""


@frozen
class HealthSpec:
    """How a service is checked. Seconds; `{port}` in `target` stands for its first port."""

    kind: str
    """http | tcp | exec | log_line | process (the process lives: where nothing else is declared)"""
    target: str = ""
    """URL, `host:port`, or the regular expression that a line of its log must match once."""
    command: tuple[str, ...] = ()
    """For `exec`: 0 is healthy."""
    identity: str = ""
    """`comfyui`: the answer must also be one of ComfyUI's `/system_stats`."""
    delay: float = 0.0
    """After the start before the first check."""
    period: float | None = None
    """Between two checks; None: the setting `probes.every`."""
    timeout: float = 2.0
    failures: int = 3
    """In a row before a healthy service counts as not healthy."""
    successes: int = 1
    """In a row before it counts as healthy."""
    start_timeout: float = 120.0
    """A start that has not passed a check after so long has failed: the process is stopped."""


@frozen
class StopSpec:
    """The ladder: the command or the signal to the whole group, the time it has, then KILL."""

    signal: str = "TERM"
    timeout: float = 10.0
    command: tuple[str, ...] = ()


@frozen
class RestartSpec:
    """Exponential backoff: `delay`, doubled each time up to `max_delay`; all forgotten after `reset_after`
    seconds of health. `max_restarts` in a row without that make a crash loop.
    """

    policy: Restart = Restart.ON_FAILURE
    delay: float = 1.0
    max_delay: float = 60.0
    reset_after: float = 30.0
    max_restarts: int = 5


@frozen
class Dependency:
    """`depends_on`: another service and what it must have come to."""

    name: str
    condition: Condition = Condition.HEALTHY


@frozen
class ServiceSpec:
    """One `[services.NAME]`. `{port}` in command, env and health stands for the first port."""

    name: str
    title: str = ""
    command: tuple[str, ...] = ()
    """Empty: watched only, unless a `provider` gives the command."""
    provider: str = ""
    """`comfyui`: command, folder, environment and port come from the ComfyUI manager and `[comfyui]`."""
    cwd: str = ""
    env: Mapping[str, str] = field(default_factory=dict, repr=False)
    ports: tuple[int, ...] = ()
    host: str = "127.0.0.1"
    """Where its ports are looked for."""
    depends_on: tuple[Dependency, ...] = ()
    health: HealthSpec = field(default_factory=lambda: HealthSpec("process"))
    stop: StopSpec = field(default_factory=StopSpec)
    restart: RestartSpec = field(default_factory=RestartSpec)
    log_file: str = ""
    """Of its own making, beside what it prints (which always goes to the run's log)."""
    autostart: bool = True
    """Whether `ainf up` starts it."""
    source: str = ""
    """Where it is declared: `FILE` or `built in`."""

    @property
    def watched(self) -> bool:
        """It can only be looked at."""
        return not self.command and not self.provider


@frozen
class Definitions:
    """All services as they are declared now."""

    specs: Mapping[str, ServiceSpec]
    """By name, in the order of declaration. Every dependency is there, and there is no cycle."""
    problems: tuple[Problem, ...] = ()
    """What could not be used; `details["service"]` names the service, empty for a whole file."""


@frozen
class ProcessId:
    """A process that cannot be mistaken for another: pids come again, starts in one boot do not.

    `started`: clock ticks since boot (Linux), hundredths of a second since the epoch (elsewhere).
    """

    pid: int
    started: int
    boot: str
    """First 8 characters of the boot id."""
    host: str = ""

    @property
    def text(self) -> str:
        """`boot:pid:started`, as the ComfyUI adapter tells it."""
        return f"{self.boot}:{self.pid}:{self.started}"


@frozen
class Exit:
    """How a process ended. One of `code` and `signal` is None; both are where only its parent was told."""

    code: int | None = None
    signal: str | None = None
    """`SIGKILL`"""
    at: datetime | None = None
    oom: bool = False
    """The kernel's OOM killer is known to have done it."""

    @property
    def well(self) -> bool:
        return self.code == 0

    @property
    def text(self) -> str:
        """For people: `exit code 3`, `killed by SIGKILL`."""
        if self.code is not None:
            return f"exit code {self.code}"
        if self.signal is not None:
            return f"killed by {self.signal}" + (" (out of memory)" if self.oom else "")
        return "how it ended is not known"
