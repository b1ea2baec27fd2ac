"""`engine_box.ServicesService`: what is asked of the services, begun at once and answered at once."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import replace

from ainf_tui.domain.comfyui_install import VRAM
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.errors.reports import of_service
from ainf_tui.domain.ports_services import PortOwner, Verdict
from ainf_tui.domain.service_documents import (
    ServicesDocument,
    ServicesRequest,
)
from ainf_tui.domain.services import Kind
from ainf_tui.domain.services_machine import asked, asked_stop
from ainf_tui.domain.services_order import dependants, start_order, stop_order
from ainf_tui.domain.text import visible
from ainf_tui.engine.services.freeing import Freeing
from ainf_tui.engine.services.launching import command_of, port_taken, startable, taken_ports, who
from ainf_tui.engine.services.reads import ServiceReads
from ainf_tui.engine.services.supervisor import Supervisor
from ainf_tui.engine.services.trouble import of_error
from ainf_tui.engine.services.unit import Unit
from ainf_tui.errors import AinfError, ConflictError, UsageError

_EXPECTED = frozenset({"comfyui.elsewhere", "comfyui.not_installed"})
"""Why a service is not started on a box that is as it should be."""


class Services(ServiceReads):
    """Implements `engine_box.ServicesService` over the supervisor."""

    def __init__(self, supervisor: Supervisor) -> None:
        super().__init__(supervisor)
        self._freeing = Freeing(supervisor)
        # One at a time: two that start the same service would both find its port free.
        self._turn = asyncio.Lock()

    # -- starting ----------------------------------------------------------------------------------
    async def start(self, request: ServicesRequest) -> ServicesDocument:
        """See `ServicesService.start`: with what they depend on, each after it."""
        async with self._turn:
            await self._ready()
            for name in request.names:
                startable(self._unit(name))
            names = request.names or self._all()
            _only_one(request)
            alone = request.names[0] if len(request.names) == 1 else ""
            return await self._start_all(start_order(self._supervisor.specs, names), request, alone)

    def _all(self) -> tuple[str, ...]:
        return tuple(u.name for u in self._supervisor.units.values() if u.standing.kind is not Kind.WATCHED)

    async def _start_all(
        self, order: Sequence[str], request: ServicesRequest, alone: str = ""
    ) -> ServicesDocument:
        """`alone`: the one service that was asked for; what keeps it from starting is raised."""
        notices: list[ProblemDocument] = []
        for name in order:
            unit = self._unit(name)
            if unit.standing.kind is Kind.WATCHED:
                continue
            own = request if name == alone else ServicesRequest(reason=request.reason)
            try:
                notices += await self._start_one(unit, own)
            except AinfError as error:
                unit.event("error", error.message, code=error.code, asked=request.reason)
                if error.code not in _EXPECTED:
                    at = self._parts.clock.now()
                    self._parts.report(of_service(name, of_error(unit, error), at, run=unit.run))
                if name == alone:
                    raise
                details = {**error.details, "service": name}
                notices.append(ProblemDocument(error.code, error.message, error.hint, None, details))
        return self._document(order, tuple(notices))

    async def _start_one(self, unit: Unit, request: ServicesRequest) -> list[ProblemDocument]:
        if unit.standing.lives or unit.launching:
            unit.event("info", f"{unit.name} runs already: nothing was done", asked=request.reason)
            return []
        unit.adopt_definition(request.port)
        unit.vram = _vram(unit, request)
        owner = await self._first_owner(unit)
        if owner is None or not await self._comfyui(unit, owner):
            await command_of(unit)
            owner = await self._first_owner(unit)
        if owner is not None and await self._settle_owner(unit, owner, request):
            return []
        unit.problem = None
        unit.again = False
        unit.owner = unit.owner_verdict = None
        await self._parts.runs.begin(request.reason or f"{unit.name} is started")
        unit.event("info", f"{unit.name}: start asked for", asked=request.reason)
        unit.move(asked(unit.standing, self._parts.moment()))
        unit.wake.set()
        await unit.save()  # What was asked for outlives us from here on.
        return []

    async def _first_owner(self, unit: Unit) -> PortOwner | None:
        return next(iter((await taken_ports(unit)).values()), None)

    async def _comfyui(self, unit: Unit, owner: PortOwner) -> bool:
        """A ComfyUI holds the port of a service that is one: it can be used whoever started it."""
        if unit.spec.health.identity != "comfyui":
            return False
        return (await self._parts.prober.identify(unit.spec.host, owner.port)).comfyui

    async def _settle_owner(self, unit: Unit, owner: PortOwner, request: ServicesRequest) -> bool:
        """True: it is used as it is. False: it is gone. Else ConflictError `service.port_taken`."""
        whose = self._supervisor.service_of(owner.process.pid) if owner.process is not None else ""
        if not whose and (request.adopt or await self._comfyui(unit, owner)):
            await self._adopt(unit, owner)
            return True
        asked_for = owner.process is not None and request.stop_owner in {
            owner.process.text,
            str(owner.process.pid),
        }
        if not asked_for or whose:
            raise port_taken(unit, owner, service=whose)
        await self._freeing.stop(unit, owner)
        return False

    async def up(self, request: ServicesRequest) -> ServicesDocument:
        """All that start by themselves, in order; begins a run where there is something to start."""
        async with self._turn:
            await self._ready()
            names = tuple(name for name in self._all() if self._unit(name).declared.autostart)
            waiting = [n for n in names if not self._unit(n).standing.lives]
            if waiting:
                documents = tuple(self._supervisor.documents())
                await self._supervisor.runs.anew(request.reason or "ainf up", documents)
            order = start_order(self._supervisor.specs, names)
            return await self._start_all(order, ServicesRequest(reason=request.reason or "ainf up"))

    # -- adopting ----------------------------------------------------------------------------------
    async def adopt(self, request: ServicesRequest) -> ServicesDocument:
        """See `ServicesService.adopt`."""
        async with self._turn:
            await self._ready()
            if not request.names:
                raise UsageError("service.one_only", "no service was named", hint="Name one service.")
            for name in request.names:
                unit = self._unit(name)
                startable(unit)
                if unit.standing.lives:
                    unit.event("info", f"{unit.name} runs already: nothing was done", asked=request.reason)
                    continue
                unit.adopt_definition(request.port)
                owner = await self._first_owner(unit)
                if owner is None:
                    raise _nothing_to_adopt(unit)
                whose = self._supervisor.service_of(owner.process.pid) if owner.process else ""
                if whose:
                    raise port_taken(unit, owner, service=whose)
                await self._adopt(unit, owner)
            return self._document(request.names)

    async def _adopt(self, unit: Unit, owner: PortOwner) -> None:
        verdict: Verdict = await self._parts.prober.identify(unit.spec.host, owner.port)
        if unit.spec.health.identity == "comfyui" and not verdict.comfyui:
            raise ConflictError(
                "service.not_the_same",
                f"{unit.name} was not adopted: {who(owner)} on port {owner.port} is no ComfyUI "
                f"({verdict.message})",
                hint="Stop it, or give this service another port.",
                details={"service": unit.name, "pid": owner.process.pid if owner.process else None},
            )
        await self._supervisor.adopt(unit, owner)

    # -- stopping ----------------------------------------------------------------------------------
    async def stop(self, request: ServicesRequest) -> ServicesDocument:
        """See `ServicesService.stop`: these and what needs them, each after those that depend on it."""
        return await self._end(request, self._stop_one, needing=True)

    async def restart(self, request: ServicesRequest) -> ServicesDocument:
        """Stops and starts again; one that does not run is started."""
        _only_one(request)
        stopped = replace(request, port=None, adopt=False, stop_owner="")
        names = request.names or self._all()
        resting = tuple(name for name in names if not self._unit(name).standing.lives)
        done = await self._end(stopped, self._restart_one)
        if not resting:
            return done
        more = await self.start(ServicesRequest(resting, vram=request.vram, reason=request.reason))
        return self._document(names, (*done.notices, *more.notices))

    async def down(self, request: ServicesRequest) -> ServicesDocument:
        """All of them; an adopted one only where it was confirmed, else it is told and left."""
        return await self._end(
            ServicesRequest(confirmed=request.confirmed, reason=request.reason or "ainf down"), self._stop_one
        )

    async def _end(
        self,
        request: ServicesRequest,
        one: Callable[[Unit, ServicesRequest], Awaitable[None]],
        *,
        needing: bool = False,
    ) -> ServicesDocument:
        """`needing`: also those that run and depend on one of these."""
        async with self._turn:
            await self._ready()
            for name in request.names:
                startable(self._unit(name))
            names = request.names or self._all()
            known = {**self._supervisor.specs, **{n: u.spec for n, u in self._supervisor.units.items()}}
            if needing:
                more = dependants(known, names)
                names = (*names, *(n for n in more if self._unit(n).standing.lives))
            notices: list[ProblemDocument] = []
            for name in stop_order(known, names):
                try:
                    await one(self._unit(name), request)
                except ConflictError as error:
                    if len(request.names) == 1:
                        raise
                    notices.append(
                        ProblemDocument(error.code, error.message, error.hint, None, dict(error.details))
                    )
            return self._document(names, tuple(notices))

    async def _stop_one(self, unit: Unit, request: ServicesRequest, *, again: bool = False) -> None:
        self._confirm(unit, request)
        if not unit.standing.lives and unit.standing.restart_at is None:
            unit.event("info", f"{unit.name} does not run: nothing to stop", asked=request.reason)
        else:
            unit.event("info", f"{unit.name}: stop asked for", asked=request.reason)
        unit.again = again
        unit.problem = None
        process = unit.process is not None or unit.launching
        unit.move(asked_stop(unit.standing, self._parts.moment(), process=process))
        unit.wake.set()
        await unit.save()  # Else the next engine would keep alive what was to end.

    async def _restart_one(self, unit: Unit, request: ServicesRequest) -> None:
        if not unit.standing.lives:
            return
        self._confirm(unit, request)
        before, unit.vram = unit.vram, _vram(unit, request) or unit.vram
        try:
            await command_of(unit)  # What cannot be started again is not stopped.
        except AinfError:
            unit.vram = before
            raise
        await self._stop_one(unit, request, again=True)

    def _confirm(self, unit: Unit, request: ServicesRequest) -> None:
        """An adopted process belongs to somebody: it must be named by who ends it."""
        process = unit.process
        if unit.standing.kind is not Kind.ADOPTED:
            return
        if process is not None and process.text in request.confirmed:
            return
        named = f"pid {process.pid}" if process is not None else "a process that may not be looked at"
        raise ConflictError(
            "service.confirm",
            f"{unit.name} was not started by ainf: {named} would be ended",
            hint=f"Confirm it: `ainf services stop {unit.name} --yes`.",
            details={
                "service": unit.name,
                "identity": process.text if process is not None else "",
                "pid": process.pid if process is not None else None,
            },
        )


def _only_one(request: ServicesRequest) -> None:
    """UsageError `service.one_only`."""
    special = request.port is not None or request.adopt or request.stop_owner or request.vram
    if special and len(request.names) != 1:
        raise UsageError(
            "service.one_only",
            "a port, adoption, the GPU's memory and the end of a port's owner are asked for one service at a "
            "time",
            hint="Name one service.",
        )


def _vram(unit: Unit, request: ServicesRequest) -> str:
    """The use of the GPU's memory that is asked for. UsageError `service.bad_vram`."""
    if not request.vram:
        return ""
    if not unit.declared.provider:
        raise UsageError(
            "service.bad_vram",
            f"{unit.name} has a command of its own: how it uses the GPU's memory stands there",
            hint=f"Add --{visible(request.vram, 40)} to the command under [services.{unit.name}].",
        )
    if request.vram not in VRAM:
        raise UsageError(
            "service.bad_vram",
            f"{visible(request.vram, 60)} is no way to use the GPU's memory",
            hint=f"One of: {', '.join(VRAM)}.",
        )
    return request.vram


def _nothing_to_adopt(unit: Unit) -> ConflictError:
    where = f"port {unit.first_port}" if unit.first_port is not None else "any port"
    return ConflictError(
        "service.nothing_to_adopt",
        f"{unit.name} was not adopted: nothing listens on {where}",
        hint=f"`ainf services start {unit.name}` starts it.",
        details={"service": unit.name},
    )
