"""Which processes have memory on a GPU, by the kernel's DRM usage statistics.

/proc/PID/fdinfo/FD of an open GPU (Documentation/gpu/drm-usage-stats.rst): `drm-pdev`, `drm-client-id` and
`drm-memory-vram` (or `drm-resident-vram`, which follows it), in bytes, KiB or MiB.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from ainf_tui.adapters.gpu.names import process_name
from ainf_tui.adapters.listeners import read
from ainf_tui.domain.host_documents import GpuProcessDocument

EVERY = 10.0
"""Seconds: it is a look at every open file of every process."""
_UNITS = {"": 1, "KiB": 1024, "MiB": 1024**2, "GiB": 1024**3}


class DrmProcesses:
    """What was found last, looked for anew when it is old."""

    def __init__(self, proc: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self._proc = proc
        self._clock = clock
        self._looked_at = float("-inf")
        self._found: Mapping[str, tuple[GpuProcessDocument, ...]] = {}

    def of(self, pci: str) -> tuple[GpuProcessDocument, ...]:
        """By the GPU's place on the bus, `0000:03:00.0`."""
        if self._clock() - self._looked_at >= EVERY:
            self._looked_at = self._clock()
            self._found = self._look()
        return self._found.get(pci, ())

    def _look(self) -> Mapping[str, tuple[GpuProcessDocument, ...]]:
        found: dict[str, list[GpuProcessDocument]] = {}
        for folder in sorted(self._proc.glob("[0-9]*"), key=lambda each: int(each.name)):
            pid = int(folder.name)
            for pci, vram in _memory(folder).items():
                found.setdefault(pci, []).append(GpuProcessDocument(pid, process_name(pid), vram))
        return {pci: tuple(each) for pci, each in found.items()}


def _memory(process: Path) -> Mapping[str, int]:
    """PCI address -> bytes. Copies of a descriptor are one client and count once."""
    clients: dict[tuple[str, str], int] = {}
    for descriptor in _gpu_files(process / "fd"):
        lines = (line.partition(":") for line in read(process / "fdinfo" / descriptor).splitlines())
        facts = {name.strip(): value.strip() for name, _, value in lines}
        pci, client = facts.get("drm-pdev", ""), facts.get("drm-client-id", descriptor)
        size = facts.get("drm-memory-vram") or facts.get("drm-resident-vram")
        if pci and size:
            clients[pci, client] = _bytes(size)
    totals: dict[str, int] = {}
    for (pci, _), size_bytes in clients.items():
        totals[pci] = totals.get(pci, 0) + size_bytes
    return totals


def _gpu_files(folder: Path) -> Iterator[str]:
    """Descriptors of /dev/dri/*. Another user's process, or one that just ended, has none to see."""
    with suppress(OSError):
        for descriptor in folder.iterdir():
            with suppress(OSError):
                if str(descriptor.readlink()).startswith("/dev/dri/"):
                    yield descriptor.name


def _bytes(text: str) -> int:
    number, _, unit = text.partition(" ")
    return int(number) * _UNITS.get(unit.strip(), 1) if number.isdigit() else 0
