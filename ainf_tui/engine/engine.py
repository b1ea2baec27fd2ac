"""The engine: owns the backends' loops and the publisher, and answers what the API asks."""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Self

from ainf_tui import __version__
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.documents import DatabaseDocument, EngineDocument
from ainf_tui.domain.errors.reports import of_check
from ainf_tui.domain.jobs import ON_SERVER, JobState, Problem
from ainf_tui.domain.ports import BackendMemory, ComfyServer, ComfySocket, JobFilter
from ainf_tui.domain.ports_checks import Inspector
from ainf_tui.domain.ports_errors import ErrorArchive
from ainf_tui.domain.ports_host import Machine
from ainf_tui.domain.services import Kind
from ainf_tui.domain.text import redact_url
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.checks import Checks
from ainf_tui.engine.context import Context, log
from ainf_tui.engine.error_sources.sources import ErrorSources, service_at
from ainf_tui.engine.errors.desk import ErrorDesk
from ainf_tui.engine.estimates import RECENT, Estimates
from ainf_tui.engine.fetch import plan_outputs
from ainf_tui.engine.health import Health
from ainf_tui.engine.host import HostSampler
from ainf_tui.engine.outcomes import Verdicts
from ainf_tui.engine.publisher import Publisher
from ainf_tui.engine.registry import Registry
from ainf_tui.engine.services.supervisor import Supervisor
from ainf_tui.engine.worker import Worker, guarded
from ainf_tui.errors import AinfError, ConflictError

LEASE = "engine"
LEASE_TTL = 30.0
"""Seconds; renewed every third of it."""
MAINTENANCE = 60.0
"""Seconds between checkpoints of an idle database."""


def _new_client_id() -> str:
    return f"ainf-{os.urandom(16).hex()}"


@dataclass(frozen=True, slots=True)
class Catalog:
    """Packs and presets as read from the files; read anew each time they are asked for."""

    packs: tuple[Pack, ...]
    presets: tuple[Preset, ...]
    problems: tuple[Problem, ...] = ()
    """Files that could not be used; each costs itself only."""


Connect = Callable[[BackendSpec, str], tuple[ComfyServer, ComfySocket]]
"""Opens the two connections of a backend under a client id. Nothing is sent yet."""


_TOLD_ELSEWHERE = frozenset({"comfyui", "database", "ports", "services"})
"""Areas of checks."""


def _managed(url: str, services: Supervisor) -> bool:
    """Whether the server there is a service of ours, whose end is told as that."""
    unit = services.units.get(service_at(url, services))
    return unit is not None and unit.standing.kind is not Kind.WATCHED


class Engine:
    """Runs until closed. Use as an async context manager."""

    def __init__(
        self,
        ctx: Context,
        *,
        specs: Sequence[BackendSpec],
        connect: Connect,
        catalog: Callable[[], Catalog],
        services: Supervisor,
        machine: Machine,
        inspector: Inspector,
        archive: ErrorArchive,
        home: str = "",
        label: str = "",
        holder: str = "",
        embedded: bool = False,
        sources: ErrorSources | None = None,
    ) -> None:
        self.ctx, self._sources = ctx, sources
        self.registry = Registry()
        self.estimates = Estimates(ctx, self.registry)
        self.services = services
        self.machine = machine
        self.host = HostSampler(ctx, self.registry, machine, services.service_of)
        self.health = Health(ctx, lambda: (*catalog().problems, *services.problems))
        self.host.on_sample = self.health.update
        self.checks = Checks(inspector, ctx.store, ctx.clock)
        self.checks.on_checked = self.health.update
        self.checks.on_worse = self._check_failed
        self.errors = ErrorDesk(ctx, archive, self.health.update)
        self.publisher = Publisher(ctx, self.registry, self.estimates, self.health)
        self.catalog = catalog
        self._specs = specs
        self._connect = connect
        self._home, self._label = home, label
        self._holder = holder or f"{socket.gethostname()}:{home or os.getpid()}"
        self._embedded = embedded
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.stop_requested, self.stop_reason = asyncio.Event(), ""
        self._idle_since: float | None = None
        self._running: set[str] = set()

    async def start(self) -> None:
        """Read what is stored and start every loop."""
        ctx = self.ctx
        await self._take_lease()
        counts = await ctx.db.jobs.counts(ctx.clock.now())
        ctx.paused = counts.paused
        recent = await ctx.db.jobs.list_ended(JobFilter(states=frozenset({JobState.SUCCEEDED})), limit=RECENT)
        for job in reversed(recent.jobs):
            self.estimates.learn(job)
        ctx.store.update(
            engine=EngineDocument(
                running=True,
                pid=os.getpid(),
                version=__version__,
                since=ctx.clock.now(),
                home=self._home,
                embedded=self._embedded,
                label=self._label,
            ),
            database=DatabaseDocument(
                url=ctx.db.url, reachable=True, revision=await ctx.db.revision(), message=""
            ),
        )
        await self.services.start()
        await self._collect()
        for spec in self._specs:
            await self._set_apart(spec)
        for spec in self._specs:
            await self.add_backend(spec)
        await self._add_retired()
        await self.publisher.publish()
        ctx.store.listen(self._look_where_services_came)
        self._begin()

    def _begin(self) -> None:
        """Every loop that is not a backend's."""
        self._spawn("publish", self.publisher.run)
        self._spawn("services", self.services.run)
        self._spawn("host", self.host.run)
        self.ctx.db.errors.keep(self.ctx.tuning.error_examples)
        self._spawn("errors", self.ctx.errors.run)
        self._spawn("error totals", self.errors.run)
        self._spawn("health", self.health.run)
        self._spawn("checks", self.checks.keep)
        self._spawn("lease", self._renew_lease)
        self._spawn("maintain", self._maintain)

    async def _set_apart(self, spec: BackendSpec) -> None:
        """A name that now means another address: what is on the old server stays with the old address."""
        repo = self.ctx.db.memory
        memory = await repo.backend(spec.name)
        if memory is None or memory.url in {"", spec.url}:
            return
        old_name = f"{spec.name} at {redact_url(memory.url)}"
        log.warning("backend %s is now at %s; it was at %s", spec.name, spec.url, memory.url)
        await repo.move_backend(spec.name, old_name)
        await repo.save_backend(replace(memory, name=old_name))
        await repo.save_backend(BackendMemory(spec.name, client_id=_new_client_id(), url=spec.url))

    async def _add_retired(self) -> None:
        """Servers that still have something of ours though no setting names them any more."""
        jobs = await self.ctx.db.jobs.in_states({*ON_SERVER, JobState.FETCHING})
        for name in {job.backend for job in jobs if self.registry.get(job.backend) is None}:
            memory = await self.ctx.db.memory.backend(name)
            if memory is not None and memory.url:
                await self.add_backend(BackendSpec(name, memory.url), retired=True)

    async def add_backend(self, spec: BackendSpec, *, retired: bool = False) -> Backend:
        """Begin to use a ComfyUI: its client id is the one it knows us by from earlier runs."""
        ctx = self.ctx
        memory = await ctx.db.memory.backend(spec.name)
        if memory is None or memory.url != spec.url:
            client_id = memory.client_id if memory is not None else _new_client_id()
            memory = BackendMemory(spec.name, client_id=client_id, url=spec.url)
            await ctx.db.memory.save_backend(memory)
        server, events = self._connect(spec, memory.client_id)
        backend = Backend(
            ctx,
            spec,
            server,
            events,
            memory,
            Verdicts(ctx.tuning.max_attempts, lambda j, a, f: plan_outputs(ctx, j, a, f)),
        )
        backend.retired = retired
        backend.on_finished = self.estimates.learn
        backend.supervised = lambda: _managed(spec.url, self.services)
        backend.how_ended = self.services.how_ended
        self.registry.add(backend)
        worker = Worker(backend)
        self._spawn(f"backend {spec.name}", worker.run)
        ctx.touch()
        return backend

    def specs_in_use(self) -> tuple[BackendSpec, ...]:
        """Of the backends that jobs may be sent to."""
        return tuple(backend.spec for backend in self.registry.backends if not backend.retired)

    def _look_where_services_came(self, topics: frozenset[str]) -> None:
        """A service that runs now may be the server that did not answer a moment ago."""
        if "services" not in topics:
            return
        running = {s.name for s in self.ctx.store.state.services.services if s.state == "running"}
        if running - self._running:
            for backend in self.registry.backends:
                if not backend.health.reachable:
                    backend.look_soon()
        self._running = running

    async def _collect(self) -> None:
        """From here on errors are collected; first those of the time before."""
        if self._sources is not None:
            self._sources.watch(self.registry, self.services)
            await self._sources.start()
            self._spawn("error sources", self._sources.run)

    def _check_failed(self, check: CheckDocument) -> None:
        """Servers, services and the database tell of themselves."""
        if check.area not in _TOLD_ELSEWHERE:
            at = self.ctx.clock.now()
            self.ctx.report(of_check(check.code, f"{check.title}: {check.evidence}", check.hint, at))

    def _spawn(self, name: str, loop: Callable[[], Awaitable[None]]) -> None:
        self._tasks[name] = asyncio.create_task(guarded(name, loop), name=name)

    async def _take_lease(self) -> None:
        """One engine a database. ConflictError(`database.in_use`) if another's lease has not run out.

        The holder is the state folder, of which only one engine runs at a time: after a crash its next
        engine takes the lease over at once.
        """
        if await self.ctx.db.lease(LEASE, self._holder, LEASE_TTL) is None:
            raise ConflictError(
                "database.in_use",
                f"another engine works on the database {self.ctx.db.url}",
                hint="stop it, or wait half a minute if its box is gone, or give this box its own database",
            )

    async def _renew_lease(self) -> None:
        while True:
            await self.ctx.clock.sleep(LEASE_TTL / 3)
            if await self.ctx.db.lease(LEASE, self._holder, LEASE_TTL) is None:
                self.request_stop("another engine has taken over the database")

    async def _maintain(self) -> None:
        while True:
            await self.ctx.clock.sleep(MAINTENANCE)
            if not self.busy:
                await self.errors.prune()
                await self.ctx.db.idle()

    # -- life --------------------------------------------------------------------------------------
    @property
    def busy(self) -> bool:
        """Something is on a server, being fetched, or waits to be sent."""
        queue = self.ctx.store.state.queue
        return bool(queue.running or queue.submitted or (queue.queued and not queue.paused))

    def idle_since(self) -> float | None:
        """Monotonic time since when nothing is to do; None while something is."""
        if self.busy or self.services.needed:
            self._idle_since = None
        elif self._idle_since is None:
            self._idle_since = self.ctx.clock.monotonic()
        return self._idle_since

    def request_stop(self, reason: str) -> None:
        """End soon. What is on the servers goes on there and is found again at the next start."""
        log.info("stop requested: %s", reason)
        self.stop_reason = reason
        self.stop_requested.set()

    async def aclose(self) -> None:
        """Stop every loop, then close the connections. The database is the caller's; the services run on."""
        for task in self._tasks.values():
            task.cancel()
        for task in self._tasks.values():
            with suppress(asyncio.CancelledError):
                await task
        if self._sources is not None:
            await self._sources.aclose()
        await self.services.aclose()
        await asyncio.gather(
            *(b.socket.aclose() for b in self.registry.backends),
            *(b.server.aclose() for b in self.registry.backends),
        )
        await self.ctx.errors.aclose()
        with suppress(AinfError):  # a database that is gone keeps no lease either
            await self.publisher.save_measured()
            await self.ctx.db.lease(LEASE, self._holder, 0)
        self.machine.close()
        self.ctx.store.update(engine=replace(self.ctx.store.state.engine, running=False))

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()
