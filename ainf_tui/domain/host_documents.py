"""The JSON contract of the machine and its GPUs; see `documents` for the rules.

Values are rounded where they are made, so that what does not change on a screen does not travel.
"""

from __future__ import annotations

from datetime import datetime

from ainf_tui.frozen import frozen


@frozen
class DiskDocument:
    """One file system that ainf uses."""

    label: str
    """What it holds: `/`, outputs, models, state."""
    path: str
    total: int | None
    """None: it has never answered."""
    free: int | None
    """Bytes that this user may still write."""
    message: str = ""
    """Why the values are old or missing."""


@frozen
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


@frozen
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
    throttled: tuple[str, ...] | None = None
    """Why it is slower than it could be: power, thermal, hardware; empty: it is not; None: not known."""
    processes: tuple[GpuProcessDocument, ...] = ()
    uuid: str = ""
    driver: str = ""
    message: str = ""
    """Why values are missing."""


@frozen
class HostDocument:
    """The machine as of the last sample. None: not known."""

    name: str = ""
    os: str = ""
    release: str = ""
    """Of the system's kernel."""
    cpus: int | None = None
    cpu: float | None = None
    """0..1 of all processors that may be used, since the sample before."""
    load: tuple[float, ...] = ()
    memory_total: int | None = None
    memory_used: int | None = None
    """Total less available."""
    swap_total: int | None = None
    swap_used: int | None = None
    disks: tuple[DiskDocument, ...] = ()
    net_received: float | None = None
    """Bytes per second over the interfaces that lead out of the machine."""
    net_sent: float | None = None
    uptime: float | None = None
    """Seconds, rounded to a minute."""
    gpus: tuple[GpuDocument, ...] = ()
    gpu_message: str = ""
    """Why there is no GPU to see."""
    limits: str = ""
    """What a container may use, where that is less than the machine has; the values above are of that."""
    message: str = ""
    """Why the values are old or missing."""
    sampled_at: datetime | None = None
    """Of the sample that brought the newest change: a change of the time alone does not travel."""


@frozen
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


@frozen
class HistoryDocument:
    """The last hour: `values[-1]` is of `until`, each earlier one `every` seconds before."""

    until: datetime
    every: float
    series: tuple[SeriesDocument, ...]
    schema: str = "ainf.history/1"
