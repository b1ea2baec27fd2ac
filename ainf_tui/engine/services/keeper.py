"""Keeps one service: looks, checks, starts, stops. One loop a service, so that none waits for another."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import replace

from ainf_tui.domain.ports_services import Verdict
from ainf_tui.domain.services import Exit, Health, Kind, ServiceState
from ainf_tui.domain.services_machine import Standing, again, asked, checked, ended, late
from ainf_tui.engine.services.launching import Launching
from ainf_tui.engine.services.stopping import Stopping
from ainf_tui.engine.services.unit import Unit

JITTER = 0.1
"""Checks come this fraction earlier or later, so that fifty of them do not come together."""
_FOREVER: float | None = None


class Keeper:
    """`dependants`: names of services that must be gone before this one is stopped."""

    def __init__(
        self, unit: Unit, standings: Mapping[str, Standing], dependants: Callable[[str], str]
    ) -> None:
        self.unit = unit
        self._dependants = dependants
        self._launching = Launching(unit, standings)
        self._stopping = Stopping(unit)
        self._check: asyncio.Task[Verdict] | None = None
        self._check_at = 0.0
        """Monotonic time of the next check."""

    async def run(self) -> None:
        """Until cancelled."""
        try:
            while True:
                pause = await self._step()
                await self.unit.save()
                if pause == 0.0:
                    continue
                with suppress(TimeoutError):
                    async with asyncio.timeout(pause):
                        await self.unit.wake.wait()
                self.unit.wake.clear()
        finally:
            await self._drop_check()

    async def _step(self) -> float | None:
        """What the present state asks for; seconds until the next look, None: until somebody wakes it."""
        unit = self.unit
        state = unit.standing.state
        if unit.again and not unit.standing.lives:
            unit.again = False
            unit.move(asked(unit.standing, unit.parts.moment()))
            return 0.0
        if unit.standing.kind is Kind.WATCHED:
            return await self._watch()
        if state is ServiceState.STARTING and unit.process is None:
            self._check_at = 0.0
            return await self._launching.step()
        if state in {ServiceState.STARTING, ServiceState.RUNNING}:
            return await self._look()
        await self._drop_check()
        if state is ServiceState.STOPPING:
            return await self._stop()
        return self._wait_for_restart()

    # -- alive and well ----------------------------------------------------------------------------
    async def _look(self) -> float:
        unit, parts = self.unit, self.unit.parts
        if unit.process is not None and not await parts.processes.alive(unit.process):
            await self._drop_check()
            if unit.standing.lives:
                await self._stopping.ended()
            return 0.0
        due = await self._watch()
        standing = late(unit.standing, parts.moment(), unit.spec.health)
        if standing is not unit.standing:
            unit.event("error", f"{unit.name} was not up in time", seconds=unit.spec.health.start_timeout)
            unit.move(standing)
            return 0.0
        if unit.process is None and unit.standing.health is Health.UNREACHABLE:
            # Adopted from a user who hides his processes: what no longer answers is gone.
            how = Exit(at=parts.clock.now())
            unit.move(ended(unit.standing, how, parts.moment(), unit.spec.restart))
        return min(parts.tuning.alive_every, due)

    async def _watch(self) -> float:
        """Begins a check when it is time, takes in one that has ended; seconds until the next."""
        unit, parts = self.unit, self.unit.parts
        if self._check is not None and self._check.done():
            self._take(self._check.result())
            self._check = None
        now = parts.clock.monotonic()
        if self._check_at == 0.0:
            self._check_at = now + unit.spec.health.delay
        if self._check is None and now >= self._check_at:
            self._check = asyncio.create_task(self._checked(), name=f"check {unit.name}")
            self._check.add_done_callback(lambda _: unit.wake.set())
            self._check_at = now + self._period()
        return max(0.02, self._check_at - now) if self._check is None else self._period()

    def _period(self) -> float:
        tuning = self.unit.parts.tuning
        fast = self.unit.parts.watched() or self.unit.standing.state is ServiceState.STARTING
        period = tuning.probe_every if fast else tuning.probe_unwatched
        own = self.unit.spec.health.period
        if own is not None:
            period = own if fast else max(own, period)
        if self.unit.standing.state is ServiceState.STARTING:
            period = min(period, 0.5)
        return period * random.uniform(1 - JITTER, 1 + JITTER)

    async def _checked(self) -> Verdict:
        unit = self.unit
        return await unit.parts.prober.check(
            unit.spec.health,
            port=unit.first_port,
            cwd=unit.cwd or unit.spec.cwd,
            env=unit.spec.env,
            log=unit.log,
            since=unit.log_start,
        )

    def _take(self, verdict: Verdict) -> None:
        unit, now, spec = self.unit, self.unit.parts.moment(), self.unit.spec.health
        if unit.fault is not None and verdict.health is Health.HEALTHY:
            verdict = replace(verdict, health=Health.UNHEALTHY, message=unit.fault.message)
            spec = replace(spec, failures=1)  # It is certain.
        unit.checked_at = now.at
        said = unit.verdict
        unit.verdict = verdict
        if verdict.health is not Health.HEALTHY:
            unit.last_word = verdict.message
        unit.move(checked(unit.standing, verdict.health, now, spec, unit.spec.restart))
        if said is None or replace(said, latency=None) != replace(verdict, latency=None):
            unit.changed()

    async def _drop_check(self) -> None:
        check, self._check, self._check_at = self._check, None, 0.0
        if check is not None:
            check.cancel()
            with suppress(asyncio.CancelledError):
                await check

    # -- the end, and what follows -----------------------------------------------------------------
    async def _stop(self) -> float:
        unit = self.unit
        first = self._dependants(unit.name)
        if first:
            if unit.waits != f"waits for {first} to stop":
                unit.waits = f"waits for {first} to stop"
                unit.changed()
            return 0.2
        await self._stopping.step()
        return 0.0

    def _wait_for_restart(self) -> float | None:
        unit = self.unit
        if unit.standing.restart_at is None:
            return _FOREVER
        now = unit.parts.moment()
        if now.mono < unit.standing.restart_at:
            return unit.standing.restart_at - now.mono + 0.001
        unit.move(again(unit.standing, now))
        unit.event("info", f"{unit.name} is started again", restarts=unit.standing.restarts)
        return 0.0
