"""A machine made of values: no thread, no disk, no driver."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any

from ainf_tui.domain.host_documents import (
    DiskDocument,
    GpuDocument,
    GpuProcessDocument,
    HistoryDocument,
    HostDocument,
    SeriesDocument,
)
from ainf_tui.domain.ports_host import GpuReading, HostCounters

GIB = 1024**3
THEN = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
DISK = DiskDocument("/, outputs, state", "/", 500 * GIB, 200 * GIB)
COUNTERS = HostCounters(
    at=0.0,
    name="box",
    os="Linux",
    release="6.1",
    cpus=8,
    cpu_used=100.0,
    cpu_offered=1000.0,
    load=(0.5, 0.4, 0.3),
    memory_total=64 * GIB,
    memory_used=16 * GIB,
    swap_total=8 * GIB,
    swap_used=0,
    net_received=1_000_000,
    net_sent=2_000_000,
    uptime=7200.0,
)


def gpu(index: int = 0, **changes: Any) -> GpuDocument:
    """One that works at something."""
    document = GpuDocument(
        index=index,
        name="NVIDIA GeForce RTX 4090",
        source="nvml",
        utilization=0.97,
        vram_total=24 * GIB,
        vram_used=18 * GIB,
        temperature=71.0,
        power=402.0,
        power_limit=450.0,
        clock=2610,
        memory_clock=10501,
        fan=0.55,
        throttled=(),
        processes=(GpuProcessDocument(4242, "python3", 17 * GIB, "comfyui", 142),),
        uuid=f"GPU-{index}",
        driver="550.54",
    )
    return replace(document, **changes)


def host_of(**changes: Any) -> HostDocument:
    """A whole document."""
    document = HostDocument(
        name="box",
        os="Linux",
        release="6.1",
        cpus=8,
        cpu=0.42,
        load=(0.5, 0.4, 0.3),
        memory_total=64 * GIB,
        memory_used=16 * GIB,
        swap_total=8 * GIB,
        swap_used=0,
        disks=(DISK,),
        net_received=1_200_000.0,
        net_sent=3000.0,
        uptime=7200.0,
        gpus=(gpu(),),
        sampled_at=THEN,
    )
    return replace(document, **changes)


@dataclass
class FakeMachine:
    """Implements `Machine`; a test sets what it says. `asked` counts the samples."""

    now: Callable[[], float]
    said: HostCounters | None = COUNTERS
    found: Sequence[DiskDocument] = (DISK,)
    reading: GpuReading = field(default_factory=GpuReading)
    asked: int = 0
    closed: bool = False
    gate: asyncio.Event | None = None
    """If given, the counters wait for it."""

    async def counters(self) -> HostCounters | None:
        self.asked += 1
        if self.gate is not None:
            await self.gate.wait()
        return None if self.said is None else replace(self.said, at=self.now())

    async def disks(self) -> tuple[DiskDocument, ...]:
        return tuple(self.found)

    async def gpus(self) -> GpuReading:
        return self.reading

    def close(self) -> None:
        self.closed = True


@dataclass
class FakeHost:
    """Implements `HostService`; `points` is what was asked for."""

    document: HostDocument = field(default_factory=host_of)
    points: list[int] = field(default_factory=list)

    async def host(self) -> HostDocument:
        return self.document

    async def history(self, *, points: int = 0) -> HistoryDocument:
        self.points.append(points)
        series = (SeriesDocument("cpu", "fraction", 1.0, (None, 0.25, 0.5)),)
        return HistoryDocument(THEN, 2.0, series)
