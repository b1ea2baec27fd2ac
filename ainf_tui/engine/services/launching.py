"""Starting a service: its dependencies first, a free port, its command, its launcher, its record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from ainf_tui.domain.ports_services import Launched, LaunchSpec, PortOwner
from ainf_tui.domain.services import Kind, ServiceSpec, ServiceState
from ainf_tui.domain.services_machine import Standing, launched, refused
from ainf_tui.domain.services_order import hopeless, unmet
from ainf_tui.domain.text import redact_arguments, visible
from ainf_tui.engine.services.trouble import of_error
from ainf_tui.engine.services.unit import Unit
from ainf_tui.errors import AinfError, ConflictError

DEPENDENCY_AGAIN = 1.0
"""Seconds; changes of a dependency wake who waits for it anyhow."""


@dataclass(frozen=True, slots=True)
class _Command:
    command: tuple[str, ...]
    cwd: str
    env: Mapping[str, str]


class Launching:
    """What a keeper does of a service in `starting` that has no process yet."""

    def __init__(self, unit: Unit, standings: Mapping[str, Standing]) -> None:
        self._unit = unit
        self._standings = standings

    async def step(self) -> float:
        """One attempt; seconds until the next."""
        unit = self._unit
        missing = hopeless(unit.declared, self._standings)
        if missing:
            self._refuse(
                ConflictError(
                    "service.dependency",
                    f"{unit.name} was not started: {missing}, which it depends on, is not there",
                    hint=f"`ainf services show {missing}` tells why.",
                    details={"service": unit.name, "dependency": missing},
                )
            )
            return 0.0
        waits = unmet(unit.declared, self._standings)
        if waits:
            if unit.waits != f"waits for {waits}":
                unit.waits = f"waits for {waits}"
                unit.changed()
            return DEPENDENCY_AGAIN
        unit.launching = True
        try:
            await self._launch()
        except AinfError as error:
            self._refuse(error)
        finally:
            unit.launching = False
        return 0.0

    def _refuse(self, error: AinfError) -> None:
        unit = self._unit
        if unit.standing.state is not ServiceState.STARTING:
            return
        unit.event("error", error.message, code=error.code)
        unit.failed(of_error(unit, error))
        # What was started by a policy is tried again by it; a person is told, and may do so.
        retry = unit.spec.restart if unit.standing.restarts else None
        unit.move(refused(unit.standing, error.code, unit.parts.moment(), retry=retry))

    async def _launch(self) -> None:
        unit, parts = self._unit, self._unit.parts
        unit.waits = "is being started"
        unit.adopt_definition(unit.port)
        command = await command_of(unit)
        if await self._begun_already():
            return
        await self._free_port()
        await parts.runs.begin(f"{unit.name} is started")
        log = await parts.runs.log_path(unit.name)
        start = await self._written(log)
        unit.log, unit.log_start, unit.cwd, unit.run = log, start, command.cwd, parts.runs.run
        unit.last_word = ""
        await unit.save()
        if unit.standing.state is not ServiceState.STARTING:
            return  # Somebody has stopped it meanwhile.
        parts.kill.reach("service.before_launch")
        took = await parts.processes.launch(
            LaunchSpec(unit.name, command.command, command.cwd, command.env, log, parts.tuning.log_max_bytes)
        )
        parts.kill.reach("service.after_launch")
        unit.event("info", f"{unit.name} was started", pid=took.process.pid, command=list(command.command))
        await self._took(took)

    async def _written(self, log: str) -> int:
        """Bytes that are there already. A disk that refuses costs the log, never the service."""
        try:
            return (await self._unit.parts.logs.piece(log, start=None, limit=1)).size
        except AinfError as error:
            self._unit.event("warning", error.message, code=error.code)
            return 0

    async def _begun_already(self) -> bool:
        """A start of an engine that was killed in the middle of it, found by its launcher's own word."""
        unit, processes = self._unit, self._unit.parts.processes
        start = (await processes.launched()).get(unit.name)
        if start is None:
            return False
        if not await processes.alive(start.process):
            await processes.forget(unit.name, start.token)
            return False
        unit.event("info", f"{unit.name} was started by an earlier engine", pid=start.process.pid)
        await self._took(start)
        return True

    async def _took(self, took: Launched) -> None:
        unit, parts = self._unit, self._unit.parts
        unit.took(took)
        unit.started_at = parts.clock.now()
        if took.log_problem:
            unit.event("warning", f"what {unit.name} prints is lost: {took.log_problem}")
        unit.move(launched(unit.standing, parts.moment()))
        unit.waits = "waits for its first check"
        unit.changed()
        await unit.save()
        parts.kill.reach("service.after_record")

    async def _free_port(self) -> None:
        owners = await taken_ports(self._unit)
        for owner in owners.values():
            raise port_taken(self._unit, owner)


async def command_of(unit: Unit) -> _Command:
    """What it is started with. AinfError of its provider, or `service.no_provider`."""
    spec: ServiceSpec = unit.spec
    if not spec.provider:
        return _Command(spec.command, spec.cwd, spec.env)
    provider = unit.parts.providers.get(spec.provider)
    if provider is None:
        raise ConflictError(
            "service.no_provider",
            f"{unit.name} has no command",
            hint=f'Write command = ["program", "argument"] under [services.{unit.name}] in services.toml.',
            details={"service": unit.name},
        )
    provided = await provider(spec, unit.port, unit.vram)
    unit.provided_port(provided.port)
    return _Command(provided.command, provided.cwd, {**provided.env, **spec.env})


async def taken_ports(unit: Unit) -> Mapping[int, PortOwner]:
    """Its ports that somebody else listens on."""
    if not unit.spec.ports:
        return {}
    owners = await unit.parts.processes.owners(unit.spec.ports, unit.spec.host)
    return {port: owner for port, owner in owners.items() if owner.process is None or not _own(unit, owner)}


def _own(unit: Unit, owner: PortOwner) -> bool:
    return unit.process is not None and owner.process == unit.process


def port_taken(unit: Unit, owner: PortOwner, *, service: str = "") -> ConflictError:
    """The refusal that names the owner and what can be done about it."""
    what = who(owner)
    offers = ["port"] if unit.spec.ports else []
    if not service:
        offers.insert(0, "adopt")
    stop = ""
    if owner.process is not None and not service:
        offers.append("stop_owner")
        stop = f", --stop-owner {owner.process.pid} stops it"
    whose = f"service {service}, " if service else ""
    adopt = f"`ainf services start {unit.name} --adopt` uses it as it is, " if "adopt" in offers else ""
    return ConflictError(
        "service.port_taken",
        f"{unit.name} was not started: port {owner.port} is taken by {whose}{what}",
        hint=f"{adopt}--port N takes another port{stop}.",
        details={
            "service": unit.name,
            "owner": {
                "port": owner.port,
                "pid": owner.process.pid if owner.process is not None else None,
                "command": command_text(owner),
                "user": visible(owner.user, 60),
                "identity": owner.process.text if owner.process is not None else "",
                "service": service,
            },
            "offers": offers,
        },
    )


def who(owner: PortOwner) -> str:
    """`pid 4711 (python main.py, user anna)`."""
    if owner.process is None:
        of = f" of user {visible(owner.user, 60)}" if owner.user else ""
        return f"a process{of} that may not be looked at"
    user = f", user {visible(owner.user, 60)}" if owner.user else ""
    return f"pid {owner.process.pid} ({command_text(owner)}{user})"


def command_text(owner: PortOwner) -> str:
    """Its command line without secrets."""
    return visible(" ".join(redact_arguments(tuple(owner.command))) or owner.name, 300)


def startable(unit: Unit) -> None:
    """Raises ConflictError `service.watched` where there is nothing to start."""
    if unit.standing.kind is Kind.WATCHED:
        raise ConflictError(
            "service.watched",
            f"{unit.name} is only watched: it has no command",
            hint=f'Write command = ["program", "argument"] under [services.{unit.name}] to start it.',
            details={"service": unit.name},
        )
