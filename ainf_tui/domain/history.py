"""The last hour of a few values, in memory: a slot each few seconds, a float a slot."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterator, Mapping, Sequence

from ainf_tui.domain.host_documents import HostDocument, SeriesDocument

_UNKNOWN = math.nan


class History:
    """`length` slots of `every` seconds for each name; 4 bytes a slot.

    A name comes with its first value: before it, it is unknown.
    """

    def __init__(self, every: float, length: int) -> None:
        self.every = every
        self._length = length
        self._slots: dict[str, array[float]] = {}
        self._newest: int | None = None

    @property
    def bytes(self) -> int:
        """What the values take."""
        return sum(len(slots) * slots.itemsize for slots in self._slots.values())

    def add(self, at: float, values: Mapping[str, float | None], reach: float) -> None:
        """Values of the monotonic moment `at`. They count for the slots since the last ones as well, if
        those are not more than `reach` seconds ago: a rate is of the whole time in between.
        """
        slot = int(at // self.every)
        if self._newest is not None and slot < self._newest:
            return
        first = slot if self._newest is None else self._newest + 1
        if (slot - first) * self.every > reach:
            self._forget(first, slot)
            first = slot
        for name in values:
            if name not in self._slots:
                self._slots[name] = array("f", [_UNKNOWN]) * self._length
        for name, slots in self._slots.items():
            value = values.get(name)
            for each in range(min(first, slot), slot + 1):
                slots[each % self._length] = _UNKNOWN if value is None else value
        self._newest = slot

    def _forget(self, first: int, last: int) -> None:
        for slots in self._slots.values():
            for each in range(max(first, last - self._length + 1), last + 1):
                slots[each % self._length] = _UNKNOWN

    def values(self, name: str) -> tuple[float | None, ...]:
        """Oldest first; empty for an unknown name."""
        slots = self._slots.get(name)
        if slots is None or self._newest is None:
            return ()
        begin = (self._newest + 1) % self._length
        return tuple(None if math.isnan(v) else v for v in (*slots[begin:], *slots[:begin]))

    def names(self) -> tuple[str, ...]:
        return tuple(self._slots)


def resampled(values: Sequence[float | None], points: int) -> tuple[float | None, ...]:
    """At most `points` averages of equally many values each, the last of the newest; unknown ones do not
    count. 0: as they are.
    """
    if points <= 0 or len(values) <= points:
        return tuple(values)
    size = group(len(values), points)
    first = len(values) % size
    begins = [*([0] if first else []), *range(first, len(values), size)]
    ends = [*begins[1:], len(values)]
    return tuple(_mean(values[begin:end]) for begin, end in zip(begins, ends, strict=True))


def group(count: int, points: int) -> int:
    """How many values make one of at most `points`."""
    return 1 if points <= 0 else max(1, -(-count // points))


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def sampled(host: HostDocument) -> dict[str, float | None]:
    """What of a sample is kept."""
    values: dict[str, float | None] = {
        "cpu": host.cpu,
        "memory": host.memory_used,
        "net_received": host.net_received,
        "net_sent": host.net_sent,
    }
    for gpu in host.gpus:
        values |= {
            f"gpu.{gpu.index}.utilization": gpu.utilization,
            f"gpu.{gpu.index}.vram": gpu.vram_used,
            f"gpu.{gpu.index}.temperature": gpu.temperature,
            f"gpu.{gpu.index}.power": gpu.power,
        }
    return values


def series(history: History, host: HostDocument, points: int) -> Iterator[SeriesDocument]:
    """Every value of the history; `host` knows what a full scale is."""
    scales: dict[str, float | None] = {"cpu": 1.0, "memory": host.memory_total}
    for gpu in host.gpus:
        scales |= {
            f"gpu.{gpu.index}.utilization": 1.0,
            f"gpu.{gpu.index}.vram": gpu.vram_total,
            f"gpu.{gpu.index}.power": gpu.power_limit,
        }
    for name in history.names():
        values = tuple(_short(v) for v in resampled(history.values(name), points))
        yield SeriesDocument(name, _UNITS[name.rpartition(".")[2]], scales.get(name), values)


_UNITS = {
    "cpu": "fraction",
    "memory": "bytes",
    "net_received": "bytes/s",
    "net_sent": "bytes/s",
    "utilization": "fraction",
    "vram": "bytes",
    "temperature": "celsius",
    "power": "watt",
}


def _short(value: float | None) -> float | None:
    """Without the digits that a float of 4 bytes makes up, which would travel."""
    return None if value is None else round(value, 3)
