"""What is looked at for all services at once: CPU and memory, and who holds the ports of those that rest."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from typing import Protocol

from ainf_tui.domain.ports_services import PortOwner, Verdict
from ainf_tui.domain.services import Kind
from ainf_tui.engine.services.parts import Parts
from ainf_tui.engine.services.unit import Unit

_MIB = 1 << 20


class Supervised(Protocol):
    """The supervisor, as far as it is needed here."""

    parts: Parts

    @property
    def units(self) -> Mapping[str, Unit]: ...
    def service_of(self, pid: int) -> str: ...
    async def adopt(self, unit: Unit, owner: PortOwner) -> None: ...
    def changed(self) -> None: ...
    def publish(self) -> None: ...


class Watching:
    """One look at the process table and one at the sockets, however many services there are."""

    def __init__(self, supervisor: Supervised) -> None:
        self._supervisor = supervisor
        self._parts = supervisor.parts

    async def count(self) -> None:
        """CPU, memory and pids of all services, in one look at the process table."""
        living = {unit.process: unit for unit in self._supervisor.units.values() if unit.process is not None}
        if not living:
            return
        usages = await self._parts.processes.usage(living)
        now = self._parts.clock.monotonic()
        for process, usage in usages.items():
            unit = living[process]
            if unit.process != process:
                continue
            before, unit.cpu_seconds = unit.cpu_seconds, (usage.cpu_seconds, now)
            if before is not None and now > before[1]:
                used = max(0.0, usage.cpu_seconds - before[0])  # a child that ended takes its time along
                unit.cpu = round(used / (now - before[1]), 2)
            unit.memory = round(usage.memory / _MIB) * _MIB
            unit.pids = usage.pids
        self._supervisor.publish()

    async def ports(self) -> None:
        """Who holds the ports of services that do not run; a ComfyUI among them is used as it is."""
        free = [
            unit
            for unit in self._supervisor.units.values()
            if unit.first_port is not None and _not_ours(unit)
        ]
        by_host: dict[str, list[Unit]] = {}
        for unit in free:
            by_host.setdefault(unit.spec.host, []).append(unit)
        for host, units in by_host.items():
            ports = {unit.first_port for unit in units if unit.first_port is not None}
            owners = await self._parts.processes.owners(ports, host)
            await asyncio.gather(*(self._owned(unit, owners.get(unit.first_port or 0)) for unit in units))

    async def _owned(self, unit: Unit, owner: PortOwner | None) -> None:
        if owner is not None and owner.process is not None and self._supervisor.service_of(owner.process.pid):
            owner = None
        comes = unit.spec.health.identity == "comfyui"  # It listens before it answers.
        if owner != unit.owner or (owner is not None and comes):
            verdict = None
            if owner is not None:
                verdict = await self._parts.prober.identify(unit.spec.host, owner.port)
            news = (owner, _said(verdict)) != (unit.owner, _said(unit.owner_verdict))
            unit.owner, unit.owner_verdict = owner, verdict
            if news:
                self._supervisor.changed()
        if owner is not None and _not_ours(unit) and unit.standing.restart_at is None:
            verdict = unit.owner_verdict
            if unit.spec.health.identity == "comfyui" and verdict is not None and verdict.comfyui:
                await self._supervisor.adopt(unit, owner)


def _said(verdict: Verdict | None) -> Verdict | None:
    return None if verdict is None else replace(verdict, latency=None)


def _not_ours(unit: Unit) -> bool:
    return unit.standing.kind is not Kind.WATCHED and not unit.standing.lives and not unit.launching
