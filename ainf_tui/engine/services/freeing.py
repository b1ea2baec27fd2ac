"""Ending the process that holds a port, where the user has named it and asked for that."""

from __future__ import annotations

from ainf_tui.domain.ports_services import PortOwner
from ainf_tui.domain.services import ProcessId
from ainf_tui.engine.services.launching import who
from ainf_tui.engine.services.supervisor import Supervisor
from ainf_tui.engine.services.unit import Unit
from ainf_tui.errors import ConflictError

PATIENCE = 5.0
"""Seconds that it has after TERM, and again after KILL."""


class Freeing:
    """TERM, then KILL, then the port must be free."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._parts = supervisor.parts

    async def stop(self, unit: Unit, owner: PortOwner) -> None:
        """ConflictError `service.port_taken` where it stays; ForbiddenError `service.not_permitted`."""
        process = owner.process
        if process is None:
            return
        unit.event("warning", f"{who(owner)} is ended to free port {owner.port}", pid=process.pid)
        for name in ("TERM", "KILL"):
            await self._parts.processes.signal(process, name)
            if await self._free(unit, owner.port, process):
                return
        raise ConflictError(
            "service.port_taken",
            f"{unit.name} was not started: {who(owner)} does not let go of port {owner.port}",
            hint="Start it on another port: --port N.",
            details={"service": unit.name, "offers": ["port"]},
        )

    async def _free(self, unit: Unit, port: int, process: ProcessId) -> bool:
        clock = self._parts.clock
        give_up = clock.monotonic() + PATIENCE
        while True:
            alive = await self._parts.processes.alive(process)
            if not alive and not await self._parts.processes.owners([port], unit.spec.host):
                return True
            if clock.monotonic() >= give_up:
                return False
            await clock.sleep(self._parts.tuning.ladder_step)
