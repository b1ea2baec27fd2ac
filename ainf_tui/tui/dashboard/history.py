"""Values over time for the graphs: told once by the engine, then taken from the topic `host`. Pure.

A bucket is a piece of time; its value is the mean of what was seen in it. A graph shows whole buckets only,
so it moves once a bucket and not with every sample.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from datetime import datetime

from ainf_tui.domain.host_documents import HistoryDocument, HostDocument

EVERY = 15.0
"""Seconds of a bucket."""
POINTS = 240
"""Buckets of an hour."""


class History:
    """An hour of each series, by the names of `SeriesDocument`."""

    def __init__(self) -> None:
        self._buckets: dict[str, dict[int, float]] = {}
        self._sums: dict[str, tuple[float, int]] = {}
        self._scales: dict[str, float] = {}
        self._now: int | None = None
        """The bucket that is being filled."""

    @property
    def newest(self) -> int | None:
        """The bucket that was seen last; None before the first."""
        return self._now

    def take(self, told: HistoryDocument) -> None:
        """What the engine kept; what was seen here meanwhile stays."""
        until = bucket_of(told.until)
        step = min(told.every, 3600.0) if told.every > 0 else EVERY
        for series in told.series[:100]:
            known = self._buckets.setdefault(series.name, {})
            if series.maximum:
                self._scales[series.name] = series.maximum
            for back, value in enumerate(reversed(series.values[-POINTS * 20 :])):
                bucket = until - int(back * step // EVERY)
                if value is not None and math.isfinite(value):
                    known.setdefault(bucket, value)
        self._forget(max(until, self._now or until))

    def sample(self, at: datetime, host: HostDocument) -> bool:
        """Once a second; True when a bucket has become whole."""
        bucket, whole = bucket_of(at), False
        if self._now is not None and bucket != self._now:
            for name, (total, count) in self._sums.items():
                self._buckets.setdefault(name, {})[self._now] = total / count
            self._sums.clear()
            self._forget(bucket)
            whole = True
        self._now = bucket
        for name, value in values_of(host).items():
            total, count = self._sums.get(name, (0.0, 0))
            self._sums[name] = (total + value, count + 1)
        return whole

    def graph(self, name: str, cells: int, *, hour: bool) -> list[float | None]:
        """`cells` values of 0..1, oldest first; of the last hour, or as long as a cell a bucket reaches."""
        if cells <= 0:
            return []
        known, now = self._buckets.get(name, {}), self._now
        if now is None or not known:
            return [None] * cells
        per = max(1, math.ceil(POINTS / cells)) if hour else 1
        # Cells begin at the same bucket however many have come since: the graph moves cell by cell.
        last = (now // per) * per
        scale = self._scale(name, known)
        return [
            _mean([known.get(first + i) for i in range(per)], scale)
            for first in range(last - cells * per, last, per)
        ]

    def _scale(self, name: str, known: Mapping[int, float]) -> float:
        if name in self._scales:
            return self._scales[name]
        fraction = name == "cpu" or name.endswith("utilization")
        return 1.0 if fraction else max([*known.values(), 1e-9])

    def _forget(self, now: int) -> None:
        for known in self._buckets.values():
            for bucket in [b for b in known if b <= now - 2 * POINTS]:
                del known[bucket]


def bucket_of(at: datetime) -> int:
    """Buckets since the epoch; the ends of the calendar are moments, too."""
    return int((at - datetime(1970, 1, 1, tzinfo=at.tzinfo)).total_seconds() // EVERY)


def values_of(host: HostDocument) -> Mapping[str, float]:
    """What of a sample goes into which series; what is not known is left out."""
    return {name: value for name, value in _values(host) if value is not None and math.isfinite(value)}


def _values(host: HostDocument) -> Iterator[tuple[str, float | None]]:
    yield "cpu", host.cpu
    yield "memory", host.memory_used
    yield "net_received", host.net_received
    yield "net_sent", host.net_sent
    for gpu in host.gpus:
        name = f"gpu.{gpu.index}."
        yield f"{name}utilization", gpu.utilization
        yield f"{name}vram", gpu.vram_used
        yield f"{name}temperature", gpu.temperature
        yield f"{name}power", gpu.power


def _mean(values: list[float | None], scale: float) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) / scale if known else None
