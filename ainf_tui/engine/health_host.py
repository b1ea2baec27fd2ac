"""What is not well with the machine and its GPUs."""

from __future__ import annotations

from collections.abc import Iterator

from ainf_tui.domain.documents import ReasonDocument
from ainf_tui.domain.host_documents import DiskDocument, GpuDocument, HostDocument

GIB = 1024**3
LARGE = frozenset({"outputs", "models"})
"""What grows by gigabytes; the disk of anything else is low only when it is almost full."""
SMALL_LEAST = GIB
SMALL_PART = 0.05
VRAM_LOW = 0.05
"""Part of a GPU's memory below which what is free may not do for the next model."""


def host_reasons(host: HostDocument, disk_free: int) -> Iterator[ReasonDocument]:
    """`disk_free`: bytes below which the disk of outputs or models is low."""
    for disk in host.disks:
        yield from _disk(disk, disk_free)
    if host.message:
        yield ReasonDocument("host.silent", "warning", host.message, "look at the engine's log")
    for gpu in host.gpus:
        yield from _gpu(gpu)


def _disk(disk: DiskDocument, disk_free: int) -> Iterator[ReasonDocument]:
    if disk.message:
        yield ReasonDocument(
            "disk.silent",
            "warning",
            f"the disk of {disk.label} ({disk.path}): {disk.message}",
            "is it a network share whose server is gone? look at it with `df`",
        )
    if disk.free is not None and disk.total is not None and disk.free < _least(disk, disk.total, disk_free):
        yield ReasonDocument(
            "disk.low",
            "warning",
            f"disk space low for {_what(disk)}: {disk.free / GIB:.1f} GB free of {disk.path}",
            "free some space, or set outputs.folder to another disk"
            if "outputs" in _labels(disk)
            else "free some space",
        )


def _least(disk: DiskDocument, total: int, disk_free: int) -> float:
    if LARGE.intersection(_labels(disk)):
        return disk_free
    return min(disk_free, max(SMALL_LEAST, total * SMALL_PART))


def _labels(disk: DiskDocument) -> list[str]:
    return disk.label.split(", ")


def _what(disk: DiskDocument) -> str:
    names = ["the system" if label == "/" else f"the {label}" for label in _labels(disk)]
    return " and ".join(filter(None, (", ".join(names[:-1]), names[-1])))


def _gpu(gpu: GpuDocument) -> Iterator[ReasonDocument]:
    name = f"GPU {gpu.index} ({gpu.name})"
    if gpu.message and gpu.source == "nvml" and gpu.temperature is None and gpu.vram_used is None:
        yield ReasonDocument("gpu.lost", "warning", f"{name}: {gpu.message}", "`nvidia-smi` tells more")
    if gpu.throttled and "thermal" in gpu.throttled:
        heat = "" if gpu.temperature is None else f" at {gpu.temperature:.0f} °C"
        yield ReasonDocument(
            "gpu.hot", "info", f"{name} is slowed down by heat{heat}", "look at its fans and the room"
        )
    if gpu.vram_total and gpu.vram_used is not None:
        free = gpu.vram_total - gpu.vram_used
        if free < gpu.vram_total * VRAM_LOW:
            yield ReasonDocument(
                "gpu.vram_low",
                "info",
                f"{name} has {free / GIB:.1f} GB of {gpu.vram_total / GIB:.1f} GB of memory left",
                "`ainf host` shows which processes have it",
            )
