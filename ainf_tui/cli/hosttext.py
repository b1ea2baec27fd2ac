"""The machine and its GPUs as lines of text."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from ainf_tui.cli.output import show
from ainf_tui.cli.tables import Cell, Column
from ainf_tui.display.format import duration, percent, size
from ainf_tui.domain.host_documents import DiskDocument, GpuDocument, HostDocument

PROCESS_COLUMNS = (
    Column("GPU", right=True),
    Column("PID", right=True),
    Column("VRAM", right=True),
    Column("PROCESS", flexible=True),
    Column("SERVICE", drop=1),
    Column("JOB", right=True, drop=2),
)


def facts(host: HostDocument) -> Iterator[tuple[str, str]]:
    """Name and text of each line, without what is not known."""
    yield (
        "host",
        "  ".join(filter(None, (show(host.name, 60), show(f"{host.os} {host.release}".strip(), 80)))),
    )
    yield "cpu", _cpu(host)
    yield "memory", _of(host.memory_used, host.memory_total)
    yield "swap", _of(host.swap_used, host.swap_total) if host.swap_total else ""
    for disk in host.disks:
        yield "disk", _disk(disk)
    if host.net_received is not None or host.net_sent is not None:
        yield "network", f"{_rate(host.net_received)} in  {_rate(host.net_sent)} out"
    yield "up", duration(host.uptime) if host.uptime is not None else ""
    yield "limits", show(host.limits)
    for gpu in host.gpus:
        yield f"gpu {gpu.index}", gpu_line(asdict(gpu))
        yield "", _more(gpu)
    if not host.gpus:
        yield "gpu", f"none seen{f': {show(host.gpu_message)}' if host.gpu_message else ''}"


def gpu_line(gpu: Mapping[str, Any]) -> str:
    """Name and values of one GPU, of its document as a mapping."""
    parts = [show(gpu.get("name", "?"), 60)]
    if gpu.get("utilization") is not None:
        parts.append(percent(gpu["utilization"]))
    if gpu.get("vram_total") is not None:
        parts.append(f"VRAM {size(gpu.get('vram_used'))}/{size(gpu['vram_total'])}")
    if gpu.get("temperature") is not None:
        parts.append(f"{gpu['temperature']:.0f} °C")
    if gpu.get("power") is not None:
        limit = gpu.get("power_limit")
        parts.append(f"{gpu['power']:.0f}{'' if limit is None else f'/{limit:.0f}'} W")
    if gpu.get("throttled"):
        parts.append(f"slowed down: {show(', '.join(gpu['throttled']), 60)}")
    if gpu.get("message"):
        parts.append(show(gpu["message"]))
    return "  ".join(parts)


def process_rows(gpus: Sequence[GpuDocument]) -> list[tuple[Cell, ...]]:
    """Every process on every GPU."""
    return [
        (
            Cell(str(gpu.index)),
            Cell(str(process.pid)),
            Cell(size(process.vram)),
            Cell(show(process.name, 60)),
            Cell(show(process.service, 40)),
            Cell("" if process.job is None else f"#{process.job}"),
        )
        for gpu in gpus
        for process in gpu.processes
    ]


def _cpu(host: HostDocument) -> str:
    parts = [percent(host.cpu)] if host.cpu is not None else []
    if host.cpus is not None:
        parts.append(f"of {host.cpus} CPUs")
    if host.load:
        parts.append(f"load {' '.join(f'{value:.1f}' for value in host.load)}")
    return "  ".join(parts)


def _of(used: int | None, total: int | None) -> str:
    return "" if used is None and total is None else f"{size(used)}/{size(total)}"


def _disk(disk: DiskDocument) -> str:
    where = f"{show(disk.label, 60)}  {show(disk.path, 120)}"
    free = f"  {size(disk.free)} free of {size(disk.total)}" if disk.total is not None else ""
    return f"{where}{free}{f'  {show(disk.message)}' if disk.message else ''}"


def _rate(rate: float | None) -> str:
    return f"{size(None if rate is None else int(rate))}/s"


def _more(gpu: GpuDocument) -> str:
    parts = [] if gpu.clock is None else [f"{gpu.clock} MHz"]
    if gpu.memory_clock is not None:
        parts.append(f"memory {gpu.memory_clock} MHz")
    if gpu.fan is not None:
        parts.append(f"fan {percent(gpu.fan)}")
    if gpu.driver:
        parts.append(f"driver {show(gpu.driver, 40)}")
    parts.append(f"by {show(gpu.source, 20)}")
    return "  ".join(parts)
