"""NVIDIA's GPUs by NVML, the driver's own library (nvidia-ml-py).

Every value is optional: a laptop's GPU tells no power limit, a data center's has no fan, one that is split
by MIG tells no utilization. A driver that goes away (an update, a crash) is looked for again.
"""

from __future__ import annotations

import ctypes
import importlib
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

from ainf_tui.adapters.gpu.names import process_name
from ainf_tui.domain.host_documents import GpuDocument, GpuProcessDocument
from ainf_tui.domain.ports_host import GpuReading

AGAIN = 30.0
"""Seconds until a driver that does not work is tried again: each try costs up to a second of it."""
_LIBRARY = "nvml.dll" if sys.platform == "win32" else "libnvidia-ml.so.1"

# Numbers of nvml.h: nvmlReturn_t and nvmlClocksEventReasons.
_UNINITIALIZED, _DRIVER_NOT_LOADED, _GPU_IS_LOST, _RESET_REQUIRED, _MISMATCH = 1, 9, 15, 16, 18
_DRIVER_GONE = frozenset({_UNINITIALIZED, _DRIVER_NOT_LOADED, _MISMATCH})
_GPU_GONE = frozenset({_GPU_IS_LOST, _RESET_REQUIRED})
_WORDS: Mapping[int, str] = {
    _UNINITIALIZED: "the NVIDIA driver was unloaded",
    _DRIVER_NOT_LOADED: "the NVIDIA driver is not loaded",
    _GPU_IS_LOST: "the GPU has fallen off the bus; the machine must be restarted",
    _RESET_REQUIRED: "the GPU must be reset",
    _MISMATCH: "the NVIDIA driver was updated while it runs; restart the machine",
}
_REASONS = (("power", 0x4 | 0x80), ("thermal", 0x20 | 0x40), ("hardware", 0x8))
_GRAPHICS_CLOCK, _MEMORY_CLOCK, _CORE_SENSOR = 0, 2, 0


class _GoneError(Exception):
    """The driver or a GPU is lost; `args` are NVML's number and what it says."""

    @property
    def number(self) -> int:
        return int(self.args[0])

    @property
    def words(self) -> str:
        return _WORDS.get(self.number, str(self.args[1]))


@dataclass(frozen=True, slots=True)
class _Device:
    handle: Any
    known: GpuDocument
    """What of it does not change."""


def load_library() -> None:
    """OSError where there is no NVIDIA driver."""
    ctypes.CDLL(_LIBRARY)


class NvmlGpus:
    """Implements `GpuSource`."""

    def __init__(
        self, load: Callable[[], None] = load_library, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._load = load
        self._clock = clock
        self._nvml: Any = None
        self._devices: tuple[_Device, ...] = ()
        self._open = False
        self._again_at = float("-inf")
        self._message = ""

    def read(self) -> GpuReading:
        if not self._open and self._clock() >= self._again_at:
            self._message = self._begin()
        if not self._open:
            return self._gone(self._message)
        found = []
        for device in self._devices:
            try:
                found.append(self._gpu(device))
            except _GoneError as error:
                if error.number in _DRIVER_GONE:
                    self._message = error.words
                    self.close()
                    return self._gone(self._message)
                found.append(replace(device.known, message=error.words))
        if any(gpu.message in _WORDS.values() for gpu in found):
            self._look_again()
        return GpuReading(tuple(found), self._message)

    def _gone(self, message: str) -> GpuReading:
        """The GPUs that there were, without values."""
        return GpuReading(tuple(replace(d.known, message=message) for d in self._devices), message)

    def _look_again(self) -> None:
        """A lost GPU comes back only to a new session with the driver."""
        if self._clock() >= self._again_at:
            self.close()
            self._again_at = float("-inf")

    def close(self) -> None:
        if self._open:
            self._open = False
            self._again_at = self._clock() + AGAIN
            with suppress(self._nvml.NVMLError):  # a driver that is gone has nothing to shut down
                self._nvml.nvmlShutdown()

    # -- beginning ---------------------------------------------------------------------------------
    def _begin(self) -> str:
        """A session with the driver; why there is none, or no GPU in it."""
        self._again_at = self._clock() + AGAIN
        try:
            self._load()
        except OSError:
            return "no NVIDIA driver"
        # 27 ms and 2 MB that a box without the driver need not spend.
        self._nvml = self._nvml or importlib.import_module("pynvml")
        try:
            self._nvml.nvmlInit()
            self._open = True
            driver = self._value("nvmlSystemGetDriverVersion") or ""
            self._devices = tuple(self._enumerated(str(driver)))
        except self._nvml.NVMLError as error:
            self.close()
            return _WORDS.get(error.value, f"NVML: {error}")
        except _GoneError as error:
            self.close()
            return error.words
        return "" if self._devices else "the NVIDIA driver sees no GPU"

    def _enumerated(self, driver: str) -> Iterator[_Device]:
        for index in range(self._nvml.nvmlDeviceGetCount()):
            known = GpuDocument(index, f"GPU {index}", "nvml", driver=driver)
            try:
                handle = self._nvml.nvmlDeviceGetHandleByIndex(index)
                name = self._value("nvmlDeviceGetName", handle) or known.name
                uuid = self._value("nvmlDeviceGetUUID", handle) or ""
            except (self._nvml.NVMLError, _GoneError) as error:
                number = int(error.args[0]) if isinstance(error, _GoneError) else error.value
                if number in _DRIVER_GONE:
                    raise
                yield _Device(None, replace(known, message=_WORDS.get(number, f"NVML: {error}")))
                continue
            yield _Device(handle, replace(known, name=str(name), uuid=str(uuid)))

    # -- values ------------------------------------------------------------------------------------
    def _value(self, function: str, *arguments: Any) -> Any:
        """None where this GPU, driver or library does not tell. _GoneError."""
        try:
            return getattr(self._nvml, function)(*arguments)
        except (self._nvml.NVMLLibraryMismatchError, UnicodeDecodeError):
            return None
        except self._nvml.NVMLError as error:
            if error.value in _DRIVER_GONE | _GPU_GONE:
                raise _GoneError(error.value, str(error)) from error
            return None

    def _gpu(self, device: _Device) -> GpuDocument:
        handle, value = device.handle, self._value
        if handle is None:
            return device.known
        rates = value("nvmlDeviceGetUtilizationRates", handle)
        memory = self._memory(handle)
        parts = tuple(self._parts(handle))
        return replace(
            device.known,
            utilization=None if rates is None else rates.gpu / 100,
            vram_total=None if memory is None else int(memory.total),
            vram_used=None if memory is None else int(memory.used),
            temperature=_scaled(value("nvmlDeviceGetTemperature", handle, _CORE_SENSOR), 1),
            power=_scaled(value("nvmlDeviceGetPowerUsage", handle), 1000),
            power_limit=_scaled(value("nvmlDeviceGetEnforcedPowerLimit", handle), 1000),
            clock=value("nvmlDeviceGetClockInfo", handle, _GRAPHICS_CLOCK),
            memory_clock=value("nvmlDeviceGetClockInfo", handle, _MEMORY_CLOCK),
            fan=_scaled(value("nvmlDeviceGetFanSpeed", handle), 100),
            throttled=self._throttled(handle),
            processes=tuple(self._processes((handle, *parts))),
            message=f"split by MIG into {len(parts)}: it tells no utilization" if parts else "",
        )

    def _memory(self, handle: Any) -> Any:
        """Version 2 leaves out what the driver keeps for itself; drivers before 510 have it not."""
        newer = self._value("nvmlDeviceGetMemoryInfo", handle, self._nvml.nvmlMemory_v2)
        return newer if newer is not None else self._value("nvmlDeviceGetMemoryInfo", handle)

    def _throttled(self, handle: Any) -> tuple[str, ...] | None:
        reasons = self._value("nvmlDeviceGetCurrentClocksEventReasons", handle)
        if reasons is None:  # its name in drivers before 535
            reasons = self._value("nvmlDeviceGetCurrentClocksThrottleReasons", handle)
        return None if reasons is None else tuple(name for name, bits in _REASONS if reasons & bits)

    def _parts(self, handle: Any) -> Iterator[Any]:
        """The instances of a GPU that MIG has split; each has the processes on it."""
        mode = self._value("nvmlDeviceGetMigMode", handle)
        if not mode or not mode[0]:
            return
        for index in range(self._value("nvmlDeviceGetMaxMigDeviceCount", handle) or 0):
            part = self._value("nvmlDeviceGetMigDeviceHandleByIndex", handle, index)
            if part is not None:
                yield part

    def _processes(self, handles: tuple[Any, ...]) -> Iterator[GpuProcessDocument]:
        """A process that draws and computes is told twice, with the same memory."""
        found: dict[int, int | None] = {}
        for handle in handles:
            for function in ("nvmlDeviceGetComputeRunningProcesses", "nvmlDeviceGetGraphicsRunningProcesses"):
                for process in self._value(function, handle) or ():
                    sizes = (found.get(process.pid), process.usedGpuMemory)
                    known = [int(size) for size in sizes if size is not None]
                    found[int(process.pid)] = max(known, default=None)
        for pid, vram in sorted(found.items()):
            yield GpuProcessDocument(pid, process_name(pid), vram)


def _scaled(value: int | None, unit: int) -> float | None:
    return None if value is None else value / unit
