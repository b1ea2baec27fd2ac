"""What the supervisor of services is built of: the ports it uses, its settings, the clock."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from ainf_tui.domain.errors.playbook import Playbook
from ainf_tui.domain.errors.reports import Report, unheard
from ainf_tui.domain.ports import Clock
from ainf_tui.domain.ports_services import Logs, Prober, Processes, Provider, Records, RunLog
from ainf_tui.domain.services import Definitions
from ainf_tui.domain.services_machine import Moment
from ainf_tui.killpoints import KillSwitch
from ainf_tui.playbook import playbook as shipped

log = logging.getLogger("ainf.services")


@dataclass(frozen=True, slots=True)
class ServiceTuning:
    """Seconds and bytes."""

    probe_every: float = 2.0
    """Between two checks of a service while somebody looks."""
    probe_unwatched: float = 10.0
    alive_every: float = 0.5
    """Between two looks at whether a process lives."""
    count_every: float = 2.0
    """Between two looks at CPU, memory and the owners of ports; five times that while nobody looks."""
    ladder_step: float = 0.05
    """Between two looks at a process that is being ended."""
    kill_patience: float = 5.0
    """For KILL to have an effect."""
    exit_patience: float = 2.0
    """For the launcher to write how a process ended."""
    log_max_bytes: int = 67_108_864


async def _nothing() -> None: ...


@dataclass(frozen=True, slots=True)
class Parts:
    """Given by the wiring; tests give others."""

    processes: Processes
    prober: Prober
    records: Records
    runs: RunLog
    logs: Logs
    definitions: Callable[[], Definitions]
    """Blocking; reads the files anew where they have changed."""
    clock: Clock
    watched: Callable[[], bool] = lambda: True
    """Whether somebody looks at the services."""
    providers: Mapping[str, Provider] = field(default_factory=dict)
    tuning: ServiceTuning = ServiceTuning()
    aclose: Callable[[], Awaitable[None]] = _nothing
    """Closes what the wiring has opened."""
    playbook: Playbook = field(default_factory=shipped)
    """What the end of a failed service's log may mean."""
    report: Report = unheard
    """Told of services that fail."""
    kill: KillSwitch = field(default_factory=lambda: KillSwitch(""))

    def moment(self) -> Moment:
        return Moment(self.clock.now(), self.clock.monotonic())
