"""The part of `engine_box.ServicesService` that changes nothing."""

from __future__ import annotations

from collections.abc import Sequence

from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.present import problem_document
from ainf_tui.domain.service_documents import (
    LogTextDocument,
    PortOwnerDocument,
    PortsDocument,
    RunsDocument,
    ServiceDetailDocument,
    ServicesDocument,
)
from ainf_tui.domain.text import visible
from ainf_tui.engine.services.supervisor import Supervisor
from ainf_tui.engine.services.trouble import last_lines
from ainf_tui.engine.services.unit import Unit
from ainf_tui.engine.services.views import detail_document, owner_document
from ainf_tui.errors import NotFoundError

_SETTLED = 3.0
"""Seconds that a first question waits for the first look at the ports."""


class ServiceReads:
    """What can be asked of the supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor
        self._parts = supervisor.parts

    async def listed(self) -> ServicesDocument:
        """Every service, and what is wrong with the definitions."""
        await self._ready()
        problems = tuple(problem_document(problem) for problem in self._supervisor.problems)
        return self._document(tuple(self._supervisor.units), problems)

    async def _ready(self) -> None:
        await self._supervisor.settled(_SETTLED)
        await self._supervisor.refresh()

    def _document(self, names: Sequence[str], notices: tuple[ProblemDocument, ...] = ()) -> ServicesDocument:
        self._supervisor.publish()
        chosen = set(names)
        documents = tuple(d for d in self._supervisor.documents() if d.name in chosen)
        return ServicesDocument(
            documents, notices, run=self._parts.runs.run, trouble=self._parts.runs.trouble
        )

    def _unit(self, name: str) -> Unit:
        unit = self._supervisor.units.get(name)
        if unit is None:
            known = ", ".join(self._supervisor.units) or "no service"
            raise NotFoundError(
                "service.not_found",
                f"there is no service {visible(name, 60)!r}",
                hint=f"There is {known}. docs/services.md tells how to declare one.",
                details={"service": name},
            )
        return unit

    async def show(self, name: str) -> ServiceDetailDocument:
        """The service, its declaration, its newest events, the end of its log."""
        await self._ready()
        unit = self._unit(name)
        owners = await self._owners([unit])
        events = await self._parts.runs.events(service=name, limit=20)
        return detail_document(unit, owners, events, await last_lines(unit))

    async def ports(self) -> PortsDocument:
        """Every declared port, free or not."""
        await self._ready()
        return PortsDocument(tuple(await self._owners(tuple(self._supervisor.units.values()))))

    async def _owners(self, units: Sequence[Unit]) -> list[PortOwnerDocument]:
        found: list[PortOwnerDocument] = []
        for unit in units:
            owners = await self._parts.processes.owners(unit.spec.ports, unit.spec.host)
            for port in unit.spec.ports:
                owner = owners.get(port)
                if owner is None:
                    found.append(PortOwnerDocument(port, None, service=unit.name))
                    continue
                pid = owner.process.pid if owner.process is not None else -1
                whose = self._supervisor.service_of(pid)
                verdict = unit.owner_verdict if not whose else unit.verdict
                comfyui = verdict is not None and verdict.comfyui
                found.append(owner_document(owner, service=whose, comfyui=comfyui))
        return found

    async def log(self, name: str, *, start: int | None, limit: int) -> LogTextDocument:
        """A piece of what it writes."""
        unit = self._unit(name)
        if not unit.log:
            return LogTextDocument("", 0, 0, 0, "")
        piece = await self._parts.logs.piece(unit.log, start=start, limit=limit)
        return LogTextDocument(unit.log, piece.start, piece.next, piece.size, piece.text)

    async def runs(self) -> RunsDocument:
        """The runs that are kept, newest first."""
        return await self._parts.runs.runs()
