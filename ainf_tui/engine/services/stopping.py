"""Ending a service: its dependants first, the command or the signal, the time it has, then KILL."""

from __future__ import annotations

from ainf_tui.domain.errors.reports import of_service
from ainf_tui.domain.ports_services import Processes
from ainf_tui.domain.services import Exit, Kind, ProcessId, ServiceState
from ainf_tui.domain.services_machine import ended, not_stopped
from ainf_tui.engine.services.trouble import failed, last_lines, of_error
from ainf_tui.engine.services.unit import Unit
from ainf_tui.errors import AinfError, ForbiddenError


class Stopping:
    """What a keeper does of a service in `stopping`, and of one that has ended."""

    def __init__(self, unit: Unit) -> None:
        self._unit = unit

    async def step(self) -> None:
        """Takes it down the ladder to its end, however long that takes."""
        unit, parts = self._unit, self._unit.parts
        process = unit.process
        if process is None:
            unit.move(ended(unit.standing, Exit(at=parts.clock.now()), parts.moment(), unit.spec.restart))
            return
        await unit.save()
        parts.kill.reach("service.before_stop")
        try:
            gone = await self._ladder(process)
        except ForbiddenError as error:
            self._refuse(error)
            return
        if gone:
            await self.ended()
            return
        self._refuse(
            AinfError(
                "service.not_stopped",
                f"{unit.name} (pid {process.pid}) does not end, even by KILL",
                hint="A process that waits for a disk or a device cannot be ended until that answers.",
                details={"service": unit.name, "pid": process.pid},
            )
        )

    def _refuse(self, error: AinfError) -> None:
        unit = self._unit
        unit.failed(of_error(unit, error))
        unit.event("error", error.message, code=error.code)
        unit.again = False
        unit.move(not_stopped(unit.standing, error.code, unit.parts.moment()))

    async def _ladder(self, process: ProcessId) -> bool:
        unit, processes, spec = self._unit, self._unit.parts.processes, self._unit.spec.stop
        if spec.command:
            unit.event("info", f"{unit.name} is stopped by its command", command=list(spec.command))
            code = await processes.run(
                spec.command, cwd=unit.cwd or unit.spec.cwd, env=unit.spec.env, within=spec.timeout
            )
            if code != 0:
                unit.event("warning", f"the stop command of {unit.name} ended with exit code {code}")
                await processes.signal(process, spec.signal)
        else:
            unit.event("info", f"{unit.name} is sent {spec.signal}", pid=process.pid)
            await processes.signal(process, spec.signal)
        unit.parts.kill.reach("service.after_signal")
        if await self._gone(process, spec.timeout):
            return True
        unit.event("warning", f"{unit.name} has not ended within {spec.timeout:g} s: it is sent KILL")
        await processes.signal(process, "KILL")
        return await self._gone(process, self._unit.parts.tuning.kill_patience)

    async def _gone(self, process: ProcessId, within: float) -> bool:
        """Whether it ends in that time."""
        clock, step = self._unit.parts.clock, self._unit.parts.tuning.ladder_step
        give_up = clock.monotonic() + within
        while await self._unit.parts.processes.alive(process):
            if clock.monotonic() >= give_up:
                return False
            await clock.sleep(step)
        return True

    async def ended(self) -> None:
        """Its process is gone: how, what it left behind, and what follows."""
        unit, parts = self._unit, self._unit.parts
        how = await self._how()
        if unit.process is not None and unit.standing.kind is Kind.MANAGED:
            await _sweep(parts.processes, unit)
        lines = await last_lines(unit)
        asked = unit.standing.state is ServiceState.STOPPING and not unit.standing.wanted
        adopted = unit.standing.kind is Kind.ADOPTED
        token, spec = unit.token, unit.spec.restart
        unit.event("info", f"{unit.name} ended: {how.text}", code=how.code, signal=how.signal, asked=asked)
        unit.move(ended(unit.standing, how, parts.moment(), spec))
        if unit.standing.cause:
            unit.failed(failed(unit, lines))
        elif adopted and not asked:
            unit.parts.report(of_service(unit.name, failed(unit, lines), parts.clock.now(), run=unit.run))
        unit.changed()
        await unit.save()
        if token:
            await parts.processes.forget(unit.name, token)

    async def _how(self) -> Exit:
        """What its launcher wrote; it may need a moment for it, and may be gone itself."""
        unit, parts = self._unit, self._unit.parts
        if not unit.token:
            return Exit(at=parts.clock.now())
        give_up = parts.clock.monotonic() + parts.tuning.exit_patience
        while (how := await parts.processes.ended(unit.name, unit.token)) is None:
            launcher = unit.launcher
            lives = launcher is not None and await parts.processes.alive(launcher)
            if not lives:
                how = await parts.processes.ended(unit.name, unit.token)
                return how or Exit(at=parts.clock.now())
            if parts.clock.monotonic() >= give_up:
                return Exit(at=parts.clock.now())
            await parts.clock.sleep(parts.tuning.ladder_step)
        return how


async def _sweep(processes: Processes, unit: Unit) -> None:
    """Its children that still live would hold its port, its GPU memory and its log."""
    process = unit.process
    if process is None:
        return
    left = await processes.group_members(process)
    if not left:
        return
    unit.event("warning", f"{unit.name} left processes behind; they are sent KILL", pids=list(left))
    try:
        await processes.signal(process, "KILL")
    except ForbiddenError as error:
        unit.event("warning", error.message)
