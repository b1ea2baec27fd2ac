"""A machine of the test's own for the supervisor: processes that start, listen and end as they are told."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Self

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.ports_services import (
    Launched,
    LaunchSpec,
    Piece,
    PortOwner,
    Provider,
    Record,
    Usage,
    Verdict,
)
from ainf_tui.domain.service_documents import RunsDocument, ServiceDocument
from ainf_tui.domain.services import Definitions, Exit, Health, HealthSpec, ProcessId, ServiceSpec
from ainf_tui.engine.context import SystemClock
from ainf_tui.engine.services.answers import Services
from ainf_tui.engine.services.parts import Parts, ServiceTuning
from ainf_tui.engine.services.supervisor import Supervisor
from ainf_tui.errors import AinfError, ForbiddenError
from ainf_tui.killpoints import KillSwitch
from ainf_tui.store import Store

SECONDS = 8.0
QUICK = ServiceTuning(
    probe_every=0.01,
    probe_unwatched=0.01,
    alive_every=0.01,
    count_every=0.01,
    ladder_step=0.002,
    kill_patience=0.2,
    exit_patience=0.05,
)
BOOT = "0123abcd"
_pids = itertools.count(1000)


@dataclass(slots=True)
class Process:
    """`stubborn`: signals it does not care for; `mine`: False for another user's."""

    id: ProcessId
    spec: LaunchSpec | None = None
    alive: bool = True
    stubborn: frozenset[str] = frozenset()
    mine: bool = True
    signals: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Machine:
    """Implements Processes, Prober, Records and Logs. Survives the engines that use it."""

    processes: dict[ProcessId, Process] = field(default_factory=dict)
    exits: dict[tuple[str, str], Exit] = field(default_factory=dict)
    starts: dict[str, Launched] = field(default_factory=dict)
    listening: dict[int, PortOwner] = field(default_factory=dict)
    verdicts: dict[str, Verdict] = field(default_factory=dict)
    """By target of the check (`name` for services without one)."""
    foreign: Verdict = field(default_factory=lambda: Verdict(Health.UNHEALTHY, "something"))
    """What answers on a port that is not ours."""
    hung: set[str] = field(default_factory=set)
    refuse: Exception | None = None
    """Raised by the next launches."""
    launches: list[LaunchSpec] = field(default_factory=list)
    records: dict[str, Record] = field(default_factory=dict)
    told: list[tuple[str, str, str]] = field(default_factory=list)
    lines: dict[str, str] = field(default_factory=dict)
    ends_at_once: Exit | None = None
    run_id: str = ""
    ended_runs: list[str] = field(default_factory=list)
    trouble: str = ""
    lost_runs: bool = False
    """The folder of an earlier run is gone."""
    linked: list[str] = field(default_factory=list)
    asked_owners: int = 0
    reports: list[ErrorReport] = field(default_factory=list)
    """Errors that services have told of."""

    # -- what a test does --------------------------------------------------------------------------
    def someone(
        self, port: int, *command: str, mine: bool = True, hidden: bool = False, log: str = ""
    ) -> ProcessId:
        """Another program listens on that port, and prints to `log`."""
        process = Process(ProcessId(next(_pids), 7, BOOT), mine=mine)
        self.processes[process.id] = process
        owner = None if hidden else process.id
        told = command or ("python", "other.py")
        self.listening[port] = PortOwner(port, owner, told, "anna", "python", log)
        return process.id

    def end(self, service: str, how: Exit | None = None) -> None:
        """The newest process of that service ends by itself."""
        process = self.of(service)
        process.alive = False
        self.exits[(service, self.starts[service].token)] = how or Exit(code=1)
        self._let_go(process.id)

    def of(self, service: str) -> Process:
        found = [p for p in self.processes.values() if p.spec is not None and p.spec.service == service]
        return found[-1]

    def _let_go(self, process: ProcessId) -> None:
        for port in [port for port, owner in self.listening.items() if owner.process == process]:
            del self.listening[port]

    # -- Processes ---------------------------------------------------------------------------------
    async def launch(self, spec: LaunchSpec) -> Launched:
        await asyncio.sleep(0)
        self.launches.append(spec)
        if self.refuse is not None:
            raise self.refuse
        process = Process(ProcessId(next(_pids), 5, BOOT), spec)
        launcher = ProcessId(next(_pids), 5, BOOT)
        self.processes[process.id] = process
        self.processes[launcher] = Process(launcher, alive=False)
        token = f"t{process.id.pid}"
        self.starts[spec.service] = Launched(process.id, launcher, token)
        if self.ends_at_once is not None:
            process.alive = False
            self.exits[(spec.service, token)] = self.ends_at_once
        return self.starts[spec.service]

    async def launched(self) -> Mapping[str, Launched]:
        return dict(self.starts)

    async def alive(self, process: ProcessId) -> bool:
        found = self.processes.get(process)
        return found is not None and found.alive

    async def ended(self, service: str, token: str) -> Exit | None:
        return self.exits.get((service, token))

    async def forget(self, service: str, token: str) -> None:
        self.exits.pop((service, token), None)
        if service in self.starts and self.starts[service].token == token:
            del self.starts[service]

    async def signal(self, process: ProcessId, name: str) -> bool:
        found = self.processes[process]
        if not found.mine:
            raise ForbiddenError("service.not_permitted", "not yours")
        found.signals.append(name)
        if found.alive and name not in found.stubborn:
            found.alive = False
            if found.spec is not None:
                token = self.starts[found.spec.service].token
                self.exits[(found.spec.service, token)] = Exit(signal=f"SIG{name}")
            self._let_go(process)
        return True

    async def run(self, command: Sequence[str], *, cwd: str, env: Mapping[str, str], within: float) -> int:
        self.told.append(("info", "", f"ran {' '.join(command)}"))
        return 0

    async def usage(self, processes: Collection[ProcessId]) -> Mapping[ProcessId, Usage]:
        return {p: Usage(1.0, 10 << 20, (p.pid,)) for p in processes if self.processes[p].alive}

    async def owners(self, ports: Collection[int], host: str = "127.0.0.1") -> Mapping[int, PortOwner]:
        self.asked_owners += 1
        return {port: owner for port, owner in self.listening.items() if port in ports}

    async def group_members(self, process: ProcessId) -> tuple[int, ...]:
        return ()

    # -- Prober ------------------------------------------------------------------------------------
    async def check(
        self, spec: HealthSpec, *, port: int | None, cwd: str, env: Mapping[str, str], log: str, since: int
    ) -> Verdict:
        if spec.target in self.hung:
            await asyncio.sleep(spec.timeout)
            return Verdict(Health.UNREACHABLE, f"no answer within {spec.timeout:g} s")
        return self.verdicts.get(spec.target, Verdict(Health.HEALTHY))

    async def identify(self, host: str, port: int, within: float = 2.0) -> Verdict:
        return self.foreign

    # -- Records, Logs -----------------------------------------------------------------------------
    async def load(self) -> tuple[Mapping[str, Record], tuple[str, ...]]:
        return dict(self.records), ()

    async def save(self, record: Record) -> None:
        self.records[record.service] = record

    async def remove(self, service: str) -> None:
        self.records.pop(service, None)

    async def piece(self, path: str, *, start: int | None, limit: int) -> Piece:
        if self.trouble:
            raise AinfError("service.log_unreadable", self.trouble)
        text = self.lines.get(path, "")
        return Piece(0, len(text), len(text), text)


class RunLogFake:
    """Implements RunLog; the machine keeps what was told."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine

    @property
    def run(self) -> str:
        return self._machine.run_id

    @property
    def trouble(self) -> str:
        return self._machine.trouble

    async def begin(self, why: str) -> str:
        machine = self._machine
        machine.run_id = machine.run_id or f"20260501-10000{len(machine.ended_runs)}"
        return self.run

    async def resume(self, run: str) -> bool:
        if self._machine.lost_runs:
            self._machine.run_id = ""
            return False
        self._machine.run_id = run
        return True

    async def log_path(self, service: str) -> str:
        return f"/runs/{self.run}/{service}.log"

    async def link(self, service: str, log: str) -> None:
        self._machine.linked.append(service)

    def event(self, level: str, service: str, message: str, **fields: Any) -> None:
        self._machine.told.append((level, service, message))

    async def events(self, *, service: str = "", limit: int = 50) -> tuple[Mapping[str, Any], ...]:
        told = [{"message": m, "service": s} for _, s, m in self._machine.told if service in {"", s}]
        return tuple(told[-limit:])

    async def runs(self) -> RunsDocument:
        return RunsDocument(())

    async def summarize(self, lines: Sequence[str], status: str) -> None: ...

    async def end(self, status: str, lines: Sequence[str]) -> None:
        self._machine.ended_runs.append(status)
        self._machine.run_id = ""

    async def aclose(self) -> None: ...


class Box:
    """One engine's supervisor on a machine; `async with`. Another one there is the next engine."""

    def __init__(
        self,
        machine: Machine,
        *specs: ServiceSpec,
        providers: Mapping[str, Provider] | None = None,
        kill: str = "",
    ) -> None:
        self.machine = machine
        self.definitions = Definitions({spec.name: spec for spec in specs})
        self.store = Store()
        self.supervisor = Supervisor(
            Parts(
                processes=machine,
                prober=machine,
                records=machine,
                runs=RunLogFake(machine),
                logs=machine,
                definitions=lambda: self.definitions,
                clock=SystemClock(),
                providers=providers or {},
                tuning=QUICK,
                report=machine.reports.append,
                kill=KillSwitch(kill),
            ),
            self.store,
        )
        self.services = Services(self.supervisor)
        self._task: asyncio.Task[None] | None = None

    async def __aenter__(self) -> Self:
        await self.supervisor.start()
        self._task = asyncio.create_task(self.supervisor.run())
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        await self.supervisor.aclose()

    def declare(self, *specs: ServiceSpec) -> None:
        self.definitions = Definitions({spec.name: spec for spec in specs})

    def document(self, name: str) -> ServiceDocument:
        return next(d for d in self.store.state.services.services if d.name == name)

    async def until(self, true: Callable[[], object]) -> None:
        async with asyncio.timeout(SECONDS):
            while not true():  # noqa: ASYNC110 - what is waited for tells nobody
                await asyncio.sleep(0.002)

    async def state(self, name: str, state: str, health: str = "") -> ServiceDocument:
        """Waits for it."""
        await self.until(
            lambda: self.document(name).state == state and health in {"", self.document(name).health}
        )
        return self.document(name)


def nothing_supervised(store: Store) -> Supervisor:
    """For engines whose test is about something else."""
    box = Box(Machine())
    return Supervisor(replace(box.supervisor.parts), store)
