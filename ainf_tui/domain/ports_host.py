"""What the sampler asks of the machine and its GPUs. Adapters implement these; tests fake them."""

from __future__ import annotations

from typing import Protocol

from ainf_tui.domain.host_documents import DiskDocument, GpuDocument
from ainf_tui.frozen import frozen


@frozen
class HostCounters:
    """The machine at one moment; what grows is turned into a rate by two of them. None: not known."""

    at: float
    """Monotonic seconds."""
    name: str = ""
    os: str = ""
    release: str = ""
    cpus: int | None = None
    cpu_used: float | None = None
    """CPU seconds used so far, of `cpu_offered`."""
    cpu_offered: float | None = None
    cpu_basis: str = "machine"
    """What the two are counted of; those of another basis cannot be compared."""
    load: tuple[float, ...] = ()
    memory_total: int | None = None
    memory_used: int | None = None
    swap_total: int | None = None
    swap_used: int | None = None
    net_received: int | None = None
    """Bytes so far."""
    net_sent: int | None = None
    uptime: float | None = None
    limits: str = ""
    """In words, where a container may use less than the machine has."""


@frozen
class GpuReading:
    """The GPUs at one moment, and why there are none or values are missing."""

    gpus: tuple[GpuDocument, ...] = ()
    message: str = ""


class GpuSource(Protocol):
    """One way to look at GPUs. Blocking; never raises for an outside reason."""

    def read(self) -> GpuReading: ...
    def close(self) -> None: ...


class Machine(Protocol):
    """The machine off the event loop, each part within a deadline of its own, so that a disk or a driver
    that hangs delays nothing else. Never raises for an outside reason.
    """

    async def counters(self) -> HostCounters | None:
        """None: it did not answer in time."""
        ...

    async def disks(self) -> tuple[DiskDocument, ...]:
        """One entry a file system; one that hangs keeps its last values and says so."""
        ...

    async def gpus(self) -> GpuReading: ...
    def close(self) -> None:
        """No question follows. What hangs is left behind."""
        ...
