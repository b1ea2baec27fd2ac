"""All services: their keepers, what earlier engines left running, who holds which port, and the topic."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta

from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.ports_services import Launched, PortOwner, Record
from ainf_tui.domain.service_documents import ServiceDocument, ServicesDocument
from ainf_tui.domain.services import Definitions, Kind, ServiceSpec, ServiceState
from ainf_tui.domain.services_machine import Standing, adopted, found, resumed
from ainf_tui.engine.services.keeper import Keeper
from ainf_tui.engine.services.parts import Parts, log
from ainf_tui.engine.services.runs import Runs
from ainf_tui.engine.services.unit import Unit
from ainf_tui.engine.services.views import same_but_age, service_document
from ainf_tui.engine.services.watching import Watching
from ainf_tui.errors import AinfError
from ainf_tui.store import Store

_AGE = timedelta(seconds=10)
"""What is told of the age of a check is at most so much too old: ages are counted by who shows them."""
_TOGETHER = 0.02
"""Seconds in which several changes become one."""
_RESTART_PAUSE = 1.0


class Supervisor:
    """Lives as long as the engine. Every method runs in the engine's loop."""

    def __init__(self, parts: Parts, store: Store) -> None:
        self.parts = parts
        self.problems: tuple[Problem, ...] = ()
        """What is wrong with the definitions, and with what earlier engines left."""
        self._store = store
        self._units: dict[str, Unit] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._watching = Watching(self)
        self.runs = Runs(parts.runs, parts.clock, self._units)
        self._left: tuple[Problem, ...] = ()
        self._definitions = Definitions({})
        self._settled = asyncio.Event()
        self._soon = asyncio.Event()
        self._due: asyncio.TimerHandle | None = None

    # -- life --------------------------------------------------------------------------------------
    async def start(self) -> None:
        """Reads the definitions and knows again what earlier engines started."""
        await self.refresh()
        records, problems = await self.parts.records.load()
        for message in problems:
            log.warning("%s", message)
        self._left = tuple(
            Problem("service.bad_record", message, "what it said of a service is lost")
            for message in problems
        )
        self._tell_problems()
        starts = dict(await self.parts.processes.launched())
        for name in {*records, *starts}:
            await self._recover(name, records.get(name), starts.get(name))
        if not self.parts.runs.run and any(unit.run and unit.standing.lives for unit in self._units.values()):
            await self.runs.begin("the engine is back, and the folder of its run is not")
        for unit in self._units.values():
            self._keep(unit)
        self.publish()

    async def run(self) -> None:
        """Counts CPU, memory and owners of ports, and reads the definitions where they have changed."""
        while True:
            await self.refresh()
            await self._watching.count()
            await self._watching.ports()
            self._settled.set()
            await self.runs.keep(tuple(self.documents()), going_on=self.needed)
            self.publish()
            every = self.parts.tuning.count_every
            self._soon.clear()
            with suppress(TimeoutError):
                async with asyncio.timeout(every if self.parts.watched() else every * 5):
                    await self._soon.wait()

    async def settled(self, within: float) -> None:
        """Until the first look at everybody's ports is done."""
        try:
            async with asyncio.timeout(within):
                await self._settled.wait()
        except TimeoutError:
            log.warning("the ports of services have not been looked at within %g s", within)

    async def aclose(self) -> None:
        """The services run on; the next engine knows them again."""
        for task in self._keepers.values():
            task.cancel()
        await asyncio.gather(*self._keepers.values(), return_exceptions=True)
        for unit in self._units.values():
            await unit.save()
        self.publish()
        await self.parts.aclose()

    @property
    def needed(self) -> bool:
        """Something is supervised: a managed service lives or waits to be started again."""
        return any(
            unit.standing.kind is Kind.MANAGED
            and (unit.standing.lives or unit.standing.restart_at is not None)
            for unit in self._units.values()
        )

    # -- what there is -----------------------------------------------------------------------------
    @property
    def units(self) -> Mapping[str, Unit]:
        return self._units

    @property
    def specs(self) -> Mapping[str, ServiceSpec]:
        return self._definitions.specs

    @property
    def standings(self) -> Mapping[str, Standing]:
        return _Standings(self._units)

    def adopted_logs(self) -> tuple[str, ...]:
        """Files that services print to which somebody else started."""
        adopted = (unit for unit in self._units.values() if unit.standing.kind is Kind.ADOPTED)
        return tuple(unit.log for unit in adopted if unit.log and unit.standing.lives)

    def how_ended(self, identity: str) -> str:
        """How the process of that identity ended by itself, in words; empty if that is not known."""
        last = (unit.last_end for unit in self._units.values())
        return next((how for ended, how in last if identity and ended == identity), "")

    def service_of(self, pid: int) -> str:
        """The service whose process, or whose child, that is; empty if none's."""
        for unit in self._units.values():
            if pid in unit.pids or (unit.process is not None and unit.process.pid == pid):
                return unit.name
        return ""

    async def refresh(self) -> None:
        """Takes over what the files say now. A service that lives keeps what it was started by."""
        now = await asyncio.to_thread(self.parts.definitions)
        if now is self._definitions:
            return
        self._definitions = now
        for name, spec in now.specs.items():
            unit = self._units.get(name)
            if unit is None:
                unit = self._add(spec)
                if self._keepers:
                    self._keep(unit)
            unit.declare(spec)
        for name in [name for name in self._units if name not in now.specs]:
            self._undeclare(name)
        self._tell_problems()
        self.publish()

    def _add(self, spec: ServiceSpec) -> Unit:
        unit = self._units[spec.name] = Unit(self.parts, spec, self.changed)
        return unit

    def _undeclare(self, name: str) -> None:
        unit = self._units[name]
        unit.orphan = True
        if not unit.standing.lives:
            self._drop(name)

    def _drop(self, name: str) -> None:
        task = self._keepers.pop(name, None)
        if task is not None:
            task.cancel()
        del self._units[name]

    def _tell_problems(self) -> None:
        self.problems = (*self._definitions.problems, *self._left)

    def _keep(self, unit: Unit) -> None:
        keeper = Keeper(unit, self.standings, self._first_dependant)
        self._keepers[unit.name] = asyncio.create_task(_kept(keeper), name=f"service {unit.name}")

    def _first_dependant(self, name: str) -> str:
        """A service that is being stopped and needs that one until it is."""
        for unit in self._units.values():
            needs = any(dependency.name == name for dependency in unit.declared.depends_on)
            if needs and unit.standing.state is ServiceState.STOPPING:
                return unit.name
        return ""

    # -- what earlier engines left -----------------------------------------------------------------
    async def _recover(self, name: str, record: Record | None, start: Launched | None) -> None:
        unit = self._units.get(name)
        if unit is None:
            unit = self._add(ServiceSpec(name, source="no longer declared"))
            unit.orphan = True
        if record is not None:
            unit.recall(record)
        if start is not None and start.token != unit.token:
            # The engine was killed between the launch and the record. It was going to: somebody wanted it.
            unit.took(start)
            unit.standing = found(unit.standing, self.parts.moment())
        now = self.parts.moment()
        alive = unit.process is not None and await self.parts.processes.alive(unit.process)
        if unit.run and alive:
            await self.parts.runs.resume(unit.run)
        unit.standing = resumed(unit.standing, now, process=unit.process is not None)
        log.info("service %s of an earlier engine: %s, lives: %s", name, unit.standing.state, alive)
        if unit.orphan and not alive and not unit.standing.lives:
            await self.parts.records.remove(name)
            del self._units[name]

    async def adopt(self, unit: Unit, owner: PortOwner) -> None:
        """Uses the process that holds the port from now on, and the file that it prints to as its log."""
        printed, start = await self._printed(owner)
        unit.adopt_definition(None if unit.declared.ports[:1] == (owner.port,) else owner.port)
        unit.token, unit.launcher = "", None
        unit.log, unit.log_start, unit.run = printed, start, self.parts.runs.run if printed else ""
        unit.event(
            "info",
            f"{unit.name} runs already and is adopted",
            pid=owner.process.pid if owner.process else None,
            command=list(owner.command),
        )
        unit.move(adopted(unit.standing, self.parts.moment()))
        unit.process = owner.process
        unit.owner = unit.owner_verdict = unit.problem = None
        unit.wake.set()
        self.changed()
        if printed:
            await self.parts.runs.link(unit.name, printed)

    async def _printed(self, owner: PortOwner) -> tuple[str, int]:
        """Its log, and how long that is: what stands there already may be of others, and old."""
        if not owner.log:
            return "", 0
        try:
            return owner.log, (await self.parts.logs.piece(owner.log, start=None, limit=1)).size
        except AinfError as error:
            log.warning("the log of what is adopted is not read: %s", error.message)
            return "", 0

    # -- the topic ---------------------------------------------------------------------------------
    def changed(self) -> None:
        """What is shown of a service is no longer right."""
        for unit in self._units.values():
            if unit.waits:
                unit.wake.set()  # what it waits for may have come
        if not self.needed:
            self._soon.set()
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(_TOGETHER, self.publish)

    def publish(self) -> None:
        """Sets the topic where it says something new."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        before = {document.name: document for document in self._store.state.services.services}
        documents = tuple(_aged(before.get(d.name), d, _AGE) for d in self.documents())
        self._store.update(
            services=ServicesDocument(documents, run=self.parts.runs.run, trouble=self.parts.runs.trouble)
        )

    def documents(self) -> Iterator[ServiceDocument]:
        """All, as they stand now, in the order of their declaration."""
        order = {name: index for index, name in enumerate(self.specs)}
        names = sorted(self._units, key=lambda name: order.get(name, len(order)))
        vram = self._vram()
        return (service_document(self._units[name], vram.get(name)) for name in names)

    def _vram(self) -> dict[str, int]:
        """Bytes on all GPUs by service, as far as the drivers tell."""
        found: dict[str, int] = {}
        for gpu in self._store.state.host.gpus:
            for process in gpu.processes:
                if process.service and process.vram is not None:
                    found[process.service] = found.get(process.service, 0) + process.vram
        return found


class _Standings(Mapping[str, Standing]):
    """Always those of now."""

    def __init__(self, units: Mapping[str, Unit]) -> None:
        self._units = units

    def __getitem__(self, name: str) -> Standing:
        return self._units[name].standing

    def __iter__(self) -> Iterator[str]:
        return iter(self._units)

    def __len__(self) -> int:
        return len(self._units)


def _aged(before: ServiceDocument | None, now: ServiceDocument, age: timedelta) -> ServiceDocument:
    if before is None or not same_but_age(before, now):
        return now
    if before.checked_at is None or now.checked_at is None:
        return now
    return before if now.checked_at - before.checked_at < age else now


async def _kept(keeper: Keeper) -> None:
    """A bug costs a pause, never the supervision."""
    while True:
        try:
            await keeper.run()
        except Exception:  # noqa: BLE001 - the supervisor of supervisors: logged whole, begun again
            log.exception("the keeper of %s failed and is started again", keeper.unit.name)
        await asyncio.sleep(_RESTART_PAUSE)
