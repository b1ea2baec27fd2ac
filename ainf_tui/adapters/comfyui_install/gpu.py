"""Whose GPU is in this machine, as far as the choice of PyTorch goes. Blocking, milliseconds.

NVIDIA: the driver's own library (NVML) tells the newest CUDA it can serve, as 1000 * major + 10 * minor.
AMD: the kernel's compute driver lists GPUs under /sys/class/kfd, one that has
`simd_count` above 0 is a GPU. Apple: an arm64 Mac.
"""

from __future__ import annotations

import ctypes
import platform
import re
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from ainf_tui.domain.comfyui_install import GpuFacts, GpuKind

_LIBRARIES = ("libnvidia-ml.so.1", "nvml.dll")
_TOPOLOGY = Path("/sys/class/kfd/kfd/topology/nodes")


def gpu_facts(
    load: Callable[[str], Any] = ctypes.CDLL,
    topology: Path = _TOPOLOGY,
    machine: tuple[str, str] | None = None,
) -> GpuFacts:
    """What is here. `load` opens a library, `machine` is (system, processor): tests give their own."""
    system, processor = machine or (sys.platform, platform.machine())
    if system == "darwin":
        kind = GpuKind.APPLE if processor == "arm64" else GpuKind.NONE
        return GpuFacts(kind, evidence=f"macOS on {processor}")
    return _nvidia(load) or _amd(topology) or GpuFacts()


def _nvidia(load: Callable[[str], Any]) -> GpuFacts | None:
    for name in _LIBRARIES:
        try:
            library = load(name)
            if library.nvmlInit_v2() != 0:
                continue
        except (OSError, AttributeError):
            continue
        try:
            return _asked(library, name)
        finally:
            library.nvmlShutdown()
    return None


def _asked(library: Any, name: str) -> GpuFacts | None:
    count, version = ctypes.c_uint(0), ctypes.c_int(0)
    if library.nvmlDeviceGetCount_v2(ctypes.byref(count)) != 0 or count.value == 0:
        return None
    told = library.nvmlSystemGetCudaDriverVersion_v2(ctypes.byref(version)) == 0 and version.value > 0
    cuda = (version.value // 1000, version.value % 1000 // 10) if told else None
    return GpuFacts(GpuKind.CUDA, cuda, name)


def _amd(topology: Path) -> GpuFacts | None:
    for properties in sorted(topology.glob("*/properties")):
        try:
            found = re.search(r"^simd_count (\d+)$", properties.read_text(), re.MULTILINE)
        except OSError:
            continue
        if found and int(found[1]) > 0:
            return GpuFacts(GpuKind.ROCM, evidence=str(topology))
    return None
