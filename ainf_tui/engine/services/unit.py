"""One service as the engine knows it: its definition, its standing, its process, and what is remembered."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from ainf_tui.domain.errors.reports import of_health, of_service
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.ports_services import Launched, PortOwner, Record, Verdict
from ainf_tui.domain.service_causes import WORKER_DIED
from ainf_tui.domain.services import Exit, Health, Kind, ProcessId, ServiceSpec, ServiceState
from ainf_tui.domain.services_machine import Standing, fresh, turned_bad
from ainf_tui.domain.services_order import on_port
from ainf_tui.engine.services.parts import Parts, log
from ainf_tui.errors import AinfError


class Unit:
    """Changed by its keeper, and by those who ask something of it; both in the engine's loop."""

    def __init__(self, parts: Parts, spec: ServiceSpec, changed: Callable[[], None]) -> None:
        self.parts = parts
        self.declared = spec
        """As the files have it now; taken over at the next start."""
        self.orphan = False
        """No file declares it any more; it is kept while its process lives."""
        self.standing = fresh(Kind.WATCHED if spec.watched else Kind.MANAGED, parts.moment())
        self.port: int | None = None
        """Where it was started on another port than declared."""
        self.process: ProcessId | None = None
        self.launcher: ProcessId | None = None
        self.token = ""
        self.started_at: datetime | None = None
        self.log, self.log_start, self.run, self.cwd = "", 0, "", ""
        self.verdict: Verdict | None = None
        """Of the last check that came to an end."""
        self.checked_at: datetime | None = None
        self.cpu: float | None = None
        self.memory: int | None = None
        self.cpu_seconds: tuple[float, float] | None = None  # used so far, and the monotonic time of that
        self.pids: tuple[int, ...] = ()
        self.problem: Problem | None = None
        """Why it failed last."""
        self.last_end = "", ""  # identity of the process that ended by itself last, and how
        self.fault: Problem | None = None  # what its log has told of this process and no check sees
        self.owner: PortOwner | None = None
        """Who holds its port while it is not ours."""
        self.owner_verdict: Verdict | None = None
        self.vram = ""
        """The use of the GPU's memory that was asked for at this start; empty: as the settings say."""
        self.waits = ""  # what is being waited for, in words
        self.last_word = ""
        """Why the last check of this start that failed did."""
        self.launching = False
        self.again = False  # to be started once it has stopped
        self.wake = asyncio.Event()
        self._spec = spec
        self._filled = on_port(spec, None)
        self._changed = changed
        self._saved: Record | None = None

    # -- what it is --------------------------------------------------------------------------------
    @property
    def name(self) -> str:
        return self.declared.name

    @property
    def spec(self) -> ServiceSpec:
        """What it was started by, with every placeholder filled in."""
        return self._filled

    def adopt_definition(self, port: int | None) -> None:
        """From here on the definition as the files have it now, on that port."""
        self._spec, self.port = self.declared, port
        self._filled = on_port(self._spec, port)

    def provided_port(self, port: int | None) -> None:
        """Its provider starts it there."""
        if port is not None and self._filled.ports[:1] != (port,):
            self.adopt_definition(port)

    def declare(self, spec: ServiceSpec) -> None:
        """The files say this of it now."""
        changed = spec != self.declared
        self.declared, self.orphan = spec, False
        if changed and not self.standing.lives:
            self.adopt_definition(None)
            watched = spec.watched
            if watched != (self.standing.kind is Kind.WATCHED):
                self.move(fresh(Kind.WATCHED if watched else Kind.MANAGED, self.parts.moment()))
            self.wake.set()
            self.changed()

    @property
    def first_port(self) -> int | None:
        return self.spec.ports[0] if self.spec.ports else None

    # -- changes -----------------------------------------------------------------------------------
    def move(self, new: Standing) -> bool:
        """Takes a new standing; True if it is another one. Tells the run's log of what matters."""
        old, self.standing = self.standing, new
        if replace(new, successes=0, failures=0) == replace(old, successes=0, failures=0):
            return False  # Only counted.
        if new.state is not old.state:
            self.waits = ""
            if not new.lives:
                self._without_process(new.exit if old.state is not ServiceState.STOPPING else None)
            self.event(_LEVELS.get(new.state, "info"), f"{self.name} is {new.state}", state=str(new.state))
        elif new.health is not old.health:
            level = "info" if new.health in {Health.HEALTHY, Health.UNKNOWN} else "warning"
            why = self.verdict.message if self.verdict is not None else ""
            self.event(level, f"{self.name} is {new.health}", health=str(new.health), reason=why)
        if turned_bad(old, new) and self.fault is None:  # A fault was told by the log already.
            at, why = self.parts.clock.now(), self.last_word
            self.parts.report(of_health(self.name, str(new.health), why, self.run, at))
        if new.health is Health.HEALTHY and not new.cause:
            self.problem = None
        self.changed()
        return True

    def _without_process(self, how: Exit | None) -> None:
        """`how` it ended by itself."""
        if self.process is not None and how is not None and (how.signal or how.code is not None):
            self.last_end = self.process.text, how.text
        self.process = self.launcher = self.fault = None
        self.cpu = self.memory = self.cpu_seconds = None
        self.pids = ()
        self.verdict = self.checked_at = None

    def event(self, level: str, message: str, **fields: object) -> None:
        self.parts.runs.event(level, self.name, message, **fields)

    def failed(self, problem: Problem) -> None:
        """It has ended, or was not started or stopped: kept, and told to who collects errors."""
        self.problem = problem
        at = self.parts.clock.now()
        self.parts.report(of_service(self.name, problem, at, run=self.run, log=self.log))

    def is_broken(self, fault: Problem) -> None:
        """Its log tells that this process is of no use any more, however well it answers."""
        if self.fault is None and self.standing.lives:
            self.fault = self.problem = fault
            self.event("error", fault.message)
            self.wake.set()

    def changed(self) -> None:
        """What is shown of it is no longer right."""
        self._changed()

    def took(self, launched: Launched) -> None:
        """Its process is there."""
        self.process, self.launcher, self.token = launched.process, launched.launcher, launched.token

    # -- what outlives the engine ------------------------------------------------------------------
    def record(self) -> Record | None:
        """What the next engine must know; None if it need know nothing."""
        now = self.standing
        nothing = now.state is ServiceState.STOPPED and not now.wanted and not now.cause and not self.again
        if now.kind is Kind.WATCHED or nothing:
            return None
        return Record(
            service=self.name,
            kind=str(now.kind),
            wanted=now.wanted,
            process=self.process,
            launcher=self.launcher,
            token=self.token,
            started_at=self.started_at,
            restarts=now.restarts,
            streak=now.streak,
            port=self.port,
            vram=self.vram,
            log=self.log,
            log_start=self.log_start,
            state=str(now.state),
            state_since=now.since,
            run=self.run,
            exit=now.exit,
            cause=now.cause,
            again=self.again,
            worker_died=self.fault is not None,
        )

    async def save(self) -> None:
        """Writes the record where it has changed. A disk that refuses is told and tried again."""
        record = self.record()
        if record == self._saved:
            return
        try:
            if record is None:
                await self.parts.records.remove(self.name)
            else:
                await self.parts.records.save(record)
        except AinfError as error:
            log.warning("%s", error.message)
            self.event("warning", error.message)
            return
        self._saved = record

    def recall(self, record: Record) -> None:
        """What an earlier engine wrote. Whether the process lives is not known yet."""
        self._saved = record
        self.port, self.vram, self.token = record.port, record.vram, record.token
        self.process, self.launcher = record.process, record.launcher
        self.started_at, self.log, self.log_start = record.started_at, record.log, record.log_start
        self.run, self.again = record.run, record.again
        self.fault = self.problem = WORKER_DIED if record.worker_died else None
        self.adopt_definition(record.port)
        kind = Kind(record.kind)
        self.standing = replace(
            self.standing,
            kind=kind,
            state=ServiceState(record.state),
            since=record.state_since or self.standing.since,
            wanted=record.wanted,
            restarts=record.restarts,
            streak=record.streak,
            exit=record.exit,
            cause=record.cause,
        )


_LEVELS = {ServiceState.EXITED: "warning", ServiceState.CRASH_LOOP: "error"}
