"""A driver's library for NVML in C calls, so that nvidia-ml-py's own code runs on it."""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from ctypes import CFUNCTYPE, c_char_p, c_int, c_uint, c_ulonglong, c_void_p
from dataclasses import dataclass, field
from typing import Any

import pynvml

GIB = 1024**3
NOT_SUPPORTED, INSUFFICIENT_SIZE, LOST, UNINITIALIZED = 3, 7, 15, 1
UNKNOWN_VRAM = 2**64 - 1
WHOLE: Mapping[str, Any] = {
    "nvmlDeviceGetName": b"NVIDIA GeForce RTX 4090",
    "nvmlDeviceGetUUID": b"GPU-1",
    "nvmlDeviceGetUtilizationRates": (c_uint, (97, 40)),
    "nvmlDeviceGetMemoryInfo_v2": (c_ulonglong, (pynvml.nvmlMemory_v2, 24 * GIB, GIB, 5 * GIB, 18 * GIB)),
    "nvmlDeviceGetMemoryInfo": (c_ulonglong, (24 * GIB, 5 * GIB, 19 * GIB)),
    "nvmlDeviceGetTemperature": (c_uint, (71,)),
    "nvmlDeviceGetPowerUsage": (c_uint, (402_000,)),
    "nvmlDeviceGetEnforcedPowerLimit": (c_uint, (450_000,)),
    "nvmlDeviceGetClockInfo": (c_uint, (2610,)),
    "nvmlDeviceGetFanSpeed": (c_uint, (55,)),
    "nvmlDeviceGetCurrentClocksEventReasons": (c_ulonglong, (0x4 | 0x40,)),
    "nvmlDeviceGetComputeRunningProcesses_v3": ((4242, 17 * GIB),),
    "nvmlDeviceGetGraphicsRunningProcesses_v3": ((4242, 17 * GIB), (1, UNKNOWN_VRAM)),
    "nvmlDeviceGetMigMode": NOT_SUPPORTED,
}
"""What one GPU answers to each call: bytes, numbers of a type, processes, or the number of an error."""

_MIDDLE = {"nvmlDeviceGetTemperature", "nvmlDeviceGetClockInfo"}
"""These have an argument between the handle and the answer."""


@dataclass
class FakeDriver:
    """`gpus`: answers by call. `lib` is what ctypes would have loaded."""

    gpus: list[dict[str, Any]]
    initialized: int = 0
    init_error: int = 0
    broken: int = 0
    """If set, every call but the first answers with that error."""
    lib: Any = None
    parts: int = 0
    _kept: list[Any] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.lib = type("Library", (), {})()
        self._put("nvmlInitWithFlags", self._init, c_uint)
        self._put("nvmlShutdown", self._shutdown)
        self._put("nvmlSystemGetDriverVersion", self._version, c_void_p, c_uint)
        self._put("nvmlDeviceGetCount_v2", self._count, c_void_p)
        self._put("nvmlDeviceGetHandleByIndex_v2", self._handle, c_uint, c_void_p)
        self._put("nvmlDeviceGetMaxMigDeviceCount", self._most_parts, c_void_p, c_void_p)
        self._put("nvmlDeviceGetMigDeviceHandleByIndex", self._part, c_void_p, c_uint, c_void_p)
        for name in WHOLE:
            self._put(name, *self._call(name))
        words = CFUNCTYPE(c_char_p, c_int)(lambda number: f"error {number}".encode())
        self.lib.nvmlErrorString = words

    def _put(self, name: str, function: Callable[..., int], *arguments: Any) -> None:
        def checked(*given: Any) -> int:
            if self.broken and name != "nvmlInitWithFlags":
                return self.broken
            return function(*given)

        setattr(self.lib, name, CFUNCTYPE(c_int, *arguments)(checked))

    def _init(self, _: int) -> int:
        if not self.init_error:
            self.initialized += 1
        return self.init_error

    def _shutdown(self) -> int:
        self.initialized -= 1
        return 0

    def _version(self, out: int, size: int) -> int:
        ctypes.memmove(out, b"550.54\0", min(size, 7))
        return 0

    def _count(self, out: int) -> int:
        c_uint.from_address(out).value = len(self.gpus)
        return 0

    def _handle(self, index: int, out: int) -> int:
        error = self.gpus[index].get("handle", 0)
        c_void_p.from_address(out).value = index + 1
        return int(error)

    def _most_parts(self, _: int, out: int) -> int:
        c_uint.from_address(out).value = 7
        return 0

    def _part(self, _: int, index: int, out: int) -> int:
        if index >= self.parts:
            return 6  # not found
        c_void_p.from_address(out).value = 100 + index
        return 0

    def _call(self, name: str) -> tuple[Any, ...]:
        def told(handle: int) -> Any:
            index = 0 if handle >= 100 else handle - 1
            suffix = ":part" if handle >= 100 else ""
            return self.gpus[index].get(name + suffix, NOT_SUPPORTED)

        if name.endswith("Processes_v3"):
            return lambda h, count, out: _processes(told(h), count, out), c_void_p, c_void_p, c_void_p
        if name in {"nvmlDeviceGetName", "nvmlDeviceGetUUID"}:
            return lambda h, out, _: _write(told(h), out), c_void_p, c_void_p, c_uint
        if name in _MIDDLE:
            return lambda h, _, out: _write(told(h), out), c_void_p, c_uint, c_void_p
        if name == "nvmlDeviceGetMigMode":
            return lambda h, now, _: _write(told(h), now), c_void_p, c_void_p, c_void_p
        return lambda h, out: _write(told(h), out), c_void_p, c_void_p


def _write(answer: Any, out: int) -> int:
    if isinstance(answer, int):
        return answer
    if isinstance(answer, bytes):
        ctypes.memmove(out, answer + b"\0", len(answer) + 1)
        return 0
    kind, values = answer
    for place, value in enumerate(values):
        kind.from_address(out + place * ctypes.sizeof(kind)).value = value
    return 0


def _processes(answer: Sequence[tuple[int, int]] | int, count: int, out: int | None) -> int:
    if isinstance(answer, int):
        return answer
    room = c_uint.from_address(count)
    if answer and (out is None or room.value < len(answer)):
        room.value = len(answer)
        return INSUFFICIENT_SIZE
    room.value = len(answer)
    size = ctypes.sizeof(pynvml.c_nvmlProcessInfo_v3_t)
    for place, (pid, vram) in enumerate(answer):
        entry = pynvml.c_nvmlProcessInfo_v3_t.from_address((out or 0) + place * size)
        entry.pid, entry.usedGpuMemory = pid, vram
    return 0


@contextmanager
def loaded(driver: FakeDriver) -> Iterator[FakeDriver]:
    """nvidia-ml-py speaks to it instead of the machine's driver."""
    names = ("nvmlLib", "_nvmlGetFunctionPointer_cache", "_nvmlLib_refcount")
    before = {name: getattr(pynvml, name) for name in names}
    pynvml.nvmlLib, pynvml._nvmlGetFunctionPointer_cache, pynvml._nvmlLib_refcount = driver.lib, {}, 0
    try:
        yield driver
    finally:
        for name, value in before.items():
            setattr(pynvml, name, value)
