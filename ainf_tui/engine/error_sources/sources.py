"""All ways in which the engine learns of errors, behind one door: what its parts report, logs, the spool."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace

from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import LogPlace, twin_of_job, worker_died
from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.domain.ports import Clock
from ainf_tui.domain.ports_error_sources import SpoolReader, TailOpener
from ainf_tui.domain.ports_errors import ErrorSink
from ainf_tui.domain.service_causes import WORKER_DIED
from ainf_tui.domain.services import Kind
from ainf_tui.domain.text import port_here
from ainf_tui.engine.error_sources.logs import LogErrors
from ainf_tui.engine.error_sources.own import own_errors
from ainf_tui.engine.error_sources.pairs import Pairs
from ainf_tui.engine.registry import Registry
from ainf_tui.engine.services.supervisor import Supervisor
from ainf_tui.engine.services.unit import Unit
from ainf_tui.errors import AinfError
from ainf_tui.killpoints import KillSwitch

SPOOL = "spool"
"""Checkpoint: which spool was stored, and is to be removed."""
_log = logging.getLogger("ainf.engine.errors")


class ErrorSources:
    """`report` is a `Report` for the engine's parts; a job's failure gets its place in ComfyUI's log."""

    def __init__(
        self,
        sink: ErrorSink,
        *,
        spool: SpoolReader,
        opener: TailOpener,
        clock: Clock,
        kill: KillSwitch,
    ) -> None:
        self._sink = sink
        self._spool = spool
        self._clock = clock
        self._pairs = Pairs()
        self._registry = Registry()
        self._supervisor: Supervisor | None = None
        self._logs = LogErrors(sink, self._pairs, self._current, opener, clock=clock, kill=kill)
        self._logs.heard = self._heard
        self._own = ExitStack()

    def watch(self, registry: Registry, supervisor: Supervisor) -> None:
        """Whose servers and services these are; before `start`."""
        self._registry, self._supervisor = registry, supervisor

    def specs(self) -> tuple[BackendSpec, ...]:
        """Of all servers."""
        return tuple(backend.spec for backend in self._registry.backends)

    async def start(self) -> None:
        """What was left behind while no engine ran comes first."""
        self._own.enter_context(own_errors(self.report))
        try:
            await self._take_spool()
            await self._logs.recall()
        except AinfError as error:
            _log.warning("errors of earlier times are not taken in: %s", error.message)

    async def run(self) -> None:
        """Reads the logs on, until cancelled."""
        await self._logs.run()

    async def aclose(self) -> None:
        self._own.close()
        await self._logs.aclose()

    def report(self, report: ErrorReport) -> None:
        """To the store; a job that failed may wait for its log a little."""
        service = self._service_of(report.backend)
        if service and not report.service and self._supervisor is not None:
            report = replace(report, service=service, run=self._supervisor.units[service].run)
        twin = twin_of_job(report, service) if service and self._logs.reads(service) else None
        if twin is None:
            self._sink.report(report)
            return
        settled = self._pairs.job(report, twin, self._clock.monotonic())
        if settled is not None:
            self._logs.settle(settled)

    # -- which log belongs to which server -----------------------------------------------------------
    def _current(self) -> Iterator[tuple[LogPlace, int]]:
        """The logs of services; of a ComfyUI that runs here and was not started by us what it keeps in its
        memory: that has times, and what was before it was adopted.
        """
        units = self._supervisor.units if self._supervisor is not None else {}
        remembering = set[str]()
        for backend in self._registry.backends:
            found = units.get(self._service_of(backend.name))
            if found is not None and found.standing.lives and _foreign(found):
                remembering.add(found.name)
                yield LogPlace(found.name, found.run, f"{BACKEND}{backend.name}"), 0
        for unit in units.values():
            if unit.log and unit.name not in remembering:
                yield LogPlace(unit.name, unit.run, unit.log), unit.log_start

    def _heard(self, report: ErrorReport) -> None:
        """ComfyUI answers as before when the thread that runs prompts has died: its log alone tells."""
        unit = self._supervisor.units.get(report.service) if self._supervisor is not None else None
        if unit is None or not worker_died(report):
            return
        # A log may tell of an earlier process; what a server has in its memory is its own.
        if report.start is None or (report.file == unit.log and report.start >= unit.log_start):
            unit.is_broken(WORKER_DIED)

    def _service_of(self, backend: str) -> str:
        """The service of this box that is that backend; empty if none is."""
        found = self._registry.get(backend) if backend else None
        if found is None or self._supervisor is None:
            return ""
        return service_at(found.spec.url, self._supervisor)

    # -- what was written while no engine ran ----------------------------------------------------------
    async def _take_spool(self) -> None:
        """Each report once: a crash between the store and the removal is seen by the checkpoint."""
        for _ in range(2):  # One that an earlier engine has set apart, and what has come since.
            taken = await self._spool.take()
            if taken is None:
                return
            if (await self._sink.checkpoints(SPOOL)).get(SPOOL) != taken.name:
                await self._sink.store(taken.reports, {SPOOL: taken.name})
            await self._spool.remove()


def _foreign(unit: Unit) -> bool:
    """Somebody else started it."""
    return unit.standing.kind is not Kind.MANAGED


def service_at(url: str, supervisor: Supervisor) -> str:
    """The service of this box that listens where that URL leads; empty if none does."""
    port = port_here(url)
    return next((u.name for u in supervisor.units.values() if port in u.spec.ports), "")
