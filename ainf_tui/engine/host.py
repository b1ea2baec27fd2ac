"""The machine, sampled once for all who look: the topic `host`, and the last hour in memory."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta

from ainf_tui.domain.history import History, group, sampled, series
from ainf_tui.domain.host import attributed, gpus_of_devices, host_document, steady
from ainf_tui.domain.host_documents import HistoryDocument, HostDocument
from ainf_tui.domain.ports_host import GpuReading, HostCounters, Machine
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Context
from ainf_tui.engine.registry import Registry

UNWATCHED = 10.0
"""Seconds between two samples while nobody looks."""
FRESH = 1.0
"""Seconds: an older sample is taken anew for somebody who asks."""
HOUR = 3600.0
LEAST_SLOT = 2.0
"""Seconds of a slot of the history: 1,800 of them, 7 kB a value; a box with one GPU has eight."""
SILENT = "the machine does not answer; the values are from before"


class HostSampler:
    """Implements `domain.engine_box.HostService`. `service_of` tells the service of ours of a process."""

    def __init__(
        self,
        ctx: Context,
        registry: Registry,
        machine: Machine,
        service_of: Callable[[int], str] = lambda _: "",
    ) -> None:
        self._ctx = ctx
        self._registry = registry
        self._machine = machine
        self._every = ctx.tuning.sample_every
        self._ask_comfyui = ctx.tuning.ask_comfyui
        self.service_of = service_of
        self.on_sample: Callable[[], None] = lambda: None
        slot = max(LEAST_SLOT, self._every)
        self._history = History(slot, int(HOUR / slot))
        self._counters: HostCounters | None = None
        self._exact = HostDocument()
        self._at: float | None = None
        self._one = asyncio.Lock()
        self._looked = asyncio.Event()
        ctx.store.interest.listen(self._somebody)

    async def run(self) -> None:
        while True:
            await self.sample()
            await self._rest()

    async def host(self) -> HostDocument:
        """A fresh sample, unless the last is of this second."""
        if self._at is None or self._ctx.clock.monotonic() - self._at >= FRESH:
            await self.sample()
        return self._ctx.store.state.host

    async def history(self, *, points: int = 0) -> HistoryDocument:
        """The last hour; see `domain.engine_box.HostService`."""
        length = int(HOUR / self._history.every)
        age = 0.0 if self._at is None else self._ctx.clock.monotonic() - self._at
        return HistoryDocument(
            until=self._ctx.clock.now() - timedelta(seconds=age),
            every=self._history.every * group(length, points),
            series=tuple(series(self._history, self._exact, points)),
        )

    async def sample(self) -> None:
        """One look at everything, published where it differs. Whoever comes meanwhile gets that one."""
        if self._one.locked():
            async with self._one:
                return
        async with self._one:
            await self._sample()

    async def _sample(self) -> None:
        machine, store = self._machine, self._ctx.store
        counters, disks, reading = await asyncio.gather(machine.counters(), machine.disks(), machine.gpus())
        reading = self._attributed(self._or_comfyui(reading))
        if counters is None:
            exact = replace(self._exact, disks=disks, gpus=reading.gpus, message=SILENT, cpu=None)
        else:
            exact = host_document(counters, self._counters, disks, reading)
            self._counters = counters
        self._exact, self._at = exact, self._ctx.clock.monotonic()
        self._history.add(self._at, sampled(exact), reach=2 * max(UNWATCHED, self._every))
        store.update(host=steady(store.state.host, replace(exact, sampled_at=self._ctx.clock.now())))
        self.on_sample()

    def _or_comfyui(self, reading: GpuReading) -> GpuReading:
        """Where no driver tells of a GPU, a ComfyUI that answers may."""
        if reading.gpus or not self._ask_comfyui:
            return reading
        devices = {
            backend.name: backend.stats.devices
            for backend in self._registry.backends
            if backend.stats is not None and backend.health.reachable
        }
        return replace(reading, gpus=gpus_of_devices(devices))

    def _attributed(self, reading: GpuReading) -> GpuReading:
        return replace(reading, gpus=attributed(reading.gpus, self.service_of, self._jobs()))

    def _jobs(self) -> Mapping[int, int]:
        """Pid of a server on this machine -> number of the job that runs there."""
        found: dict[int, int] = {}
        for backend in self._registry.backends:
            pid, flight = pid_of(backend), backend.running
            if pid is not None and flight is not None:
                found[pid] = flight.job.number
        return found

    def _somebody(self, topics: frozenset[str]) -> None:
        if "host" in topics:
            self._looked.set()

    async def _rest(self) -> None:
        """Until the next sample is due; somebody who begins to look does not wait for it."""
        watched = self._ctx.store.interest.wanted("host")
        sleeping = asyncio.ensure_future(self._ctx.clock.sleep(self._every if watched else UNWATCHED))
        looking = asyncio.ensure_future(self._looked.wait())
        try:
            await asyncio.wait((sleeping, looking), return_when=asyncio.FIRST_COMPLETED)
        finally:
            sleeping.cancel()
            looking.cancel()
            await asyncio.gather(sleeping, looking, return_exceptions=True)
        self._looked.clear()


def pid_of(backend: Backend) -> int | None:
    """Of the server's process, where it is one of this machine (`boot:pid:started`)."""
    parts = backend.epoch.split(":")
    return int(parts[1]) if len(parts) == 3 and parts[1].isdigit() else None
