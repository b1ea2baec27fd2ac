"""The machine as the engine asks for it: every part off the event loop and within its own deadline."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import replace

import psutil

from ainf_tui.adapters.host.counters import read_counters
from ainf_tui.adapters.host.disks import Disks
from ainf_tui.adapters.host.own_thread import OwnThread
from ainf_tui.domain.host_documents import DiskDocument, GpuDocument
from ainf_tui.domain.ports_host import GpuReading, GpuSource, HostCounters

_LOG = logging.getLogger("ainf.host")
COUNTERS_WITHIN = 2.0
GPUS_WITHIN = 2.0
"""Seconds. NVML takes milliseconds a GPU, and a second while a driver without persistence loads."""


class SystemMachine:
    """Implements `domain.ports_host.Machine`."""

    def __init__(
        self,
        disks: Disks,
        gpus: GpuSource,
        *,
        gpus_within: float = GPUS_WITHIN,
        counters: Callable[[], HostCounters] = read_counters,
    ) -> None:
        self._disks = disks
        self._source = gpus
        self._gpus_within = gpus_within
        self._counters = OwnThread("host", counters)
        self._gpus = OwnThread("gpus", gpus.read)
        self._last = GpuReading()
        self._silent_since: float | None = None
        self._trouble = ""

    async def counters(self) -> HostCounters | None:
        try:
            found = await self._counters.ask(COUNTERS_WITHIN)
        except (OSError, psutil.Error) as error:  # TimeoutError is an OSError
            reason = str(error) or "no answer in time"
            if reason != self._trouble:
                _LOG.warning("the machine's counters cannot be read: %s", reason)
            self._trouble = reason
            return None
        self._trouble = ""
        return found

    async def disks(self) -> tuple[DiskDocument, ...]:
        return await self._disks.read()

    async def gpus(self) -> GpuReading:
        try:
            self._last = await self._gpus.ask(self._gpus_within)
        except TimeoutError:
            return self._silent()
        self._silent_since = None
        return self._last

    def _silent(self) -> GpuReading:
        """Which GPUs there are stays known; their values are not those of now."""
        now = time.monotonic()
        self._silent_since = self._silent_since or now
        minutes = int(now - self._silent_since) // 60
        since = f" for {minutes} min" if minutes else ""
        message = f"the driver has not answered{since}; nothing is known of the GPU meanwhile"
        return GpuReading(tuple(_unknown(gpu, message) for gpu in self._last.gpus), message)

    def close(self) -> None:
        if self._silent_since is None:  # one that hangs would hang here, too
            self._source.close()


def _unknown(gpu: GpuDocument, message: str) -> GpuDocument:
    known = GpuDocument(gpu.index, gpu.name, gpu.source)
    return replace(known, uuid=gpu.uuid, driver=gpu.driver, vram_total=gpu.vram_total, message=message)
