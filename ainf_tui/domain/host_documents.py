"""The JSON contract of the machine and its GPUs; see `documents` for the rules.

Values are rounded where they are made, so that what does not change on a screen does not travel.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class DiskDocument:
    """One file system that ainf uses."""

    label: str
    """What it holds: `/`, outputs, models, state."""
    path: str
    total: int
    free: int
    """Bytes that this user may still write."""


@dataclass(frozen=True, slots=True)
class GpuProcessDocument:
    """A process on a GPU."""

    pid: int
    name: str
    vram: int | None
    """Bytes; None where the driver does not tell (containers, WSL)."""
    service: str = ""
    """The service of ours that it belongs to."""
    job: int | None = None
    """Number of the job that runs in it."""


@dataclass(frozen=True, slots=True)
class GpuDocument:
    """One GPU as of the last sample. None: this GPU or driver does not tell."""

    index: int
    name: str
    source: str
    """nvml | amd | comfyui | recorded"""
    utilization: float | None = None
    """0..1"""
    vram_total: int | None = None
    vram_used: int | None = None
    temperature: float | None = None
    """Degrees Celsius."""
    power: float | None = None
    """Watts."""
    power_limit: float | None = None
    clock: int | None = None
    """MHz of the processors."""
    memory_clock: int | None = None
    fan: float | None = None
    """0..1"""
    throttled: tuple[str, ...] = ()
    """Why it is slower than it could be: power, thermal, hardware; empty: it is not."""
    processes: tuple[GpuProcessDocument, ...] = ()
    uuid: str = ""
    driver: str = ""
    message: str = ""
    """Why values are missing."""


@dataclass(frozen=True, slots=True)
class HostDocument:
    """The machine as of the last sample. None: not known."""

    name: str = ""
    os: str = ""
    cpus: int | None = None
    cpu: float | None = None
    """0..1 of all processors since the sample before."""
    load: tuple[float, ...] = ()
    memory_total: int | None = None
    memory_used: int | None = None
    """Total less available."""
    swap_total: int | None = None
    swap_used: int | None = None
    disks: tuple[DiskDocument, ...] = ()
    net_received: float | None = None
    """Bytes per second over all interfaces but the loopback."""
    net_sent: float | None = None
    uptime: float | None = None
    """Seconds, rounded to a minute."""
    gpus: tuple[GpuDocument, ...] = ()
    gpu_message: str = ""
    """Why there is no GPU to see."""
    sampled_at: datetime | None = None
    """Rounded to 10 s: a change of the time alone must not travel."""


@dataclass(frozen=True, slots=True)
class SeriesDocument:
    """One value over time, oldest first; None where it was not known."""

    name: str
    """cpu | memory | net_received | net_sent | gpu.0.utilization | gpu.0.vram | gpu.0.temperature |
    gpu.0.power
    """
    unit: str
    """fraction | bytes/s | bytes | celsius | watt"""
    maximum: float | None
    """The value of a full scale, where there is one (total VRAM, power limit)."""
    values: tuple[float | None, ...]


@dataclass(frozen=True, slots=True)
class HistoryDocument:
    """The last hour: `values[-1]` is of `until`, each earlier one `every` seconds before."""

    until: datetime
    every: float
    series: tuple[SeriesDocument, ...]
    schema: str = "ainf.history/1"
