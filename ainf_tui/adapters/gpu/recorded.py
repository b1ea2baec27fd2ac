"""GPUs from a file, for `ainf demo` and tests: a line of JSON a sample, over and over.

`{"gpus": [{"index": 0, "name": "...", "source": "...", "utilization": 0.5, ...}]}`, the fields of
`GpuDocument`. Nobody shall take them for real: each is called DEMO GPU, and its source is `recorded`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import msgspec

from ainf_tui.domain.host_documents import GpuDocument
from ainf_tui.domain.ports_host import GpuReading

NAME = "DEMO GPU"


@dataclass(frozen=True, slots=True)
class _Sample:
    gpus: tuple[GpuDocument, ...] = ()


class RecordedGpus:
    """Implements `GpuSource`. A line that is none is left out and told of."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._samples: tuple[GpuReading, ...] | None = None
        self._next = 0

    def read(self) -> GpuReading:
        if self._samples is None:
            self._samples = self._load()
        reading = self._samples[self._next]
        self._next = (self._next + 1) % len(self._samples)
        return reading

    def close(self) -> None:
        """Nothing is kept open."""

    def _load(self) -> tuple[GpuReading, ...]:
        try:
            lines = self._path.read_bytes().splitlines()
        except OSError as error:
            return (GpuReading((), f"{self._path}: {error.strerror or error}"),)
        found: list[tuple[GpuDocument, ...]] = []
        bad: list[str] = []
        for number, line in enumerate(lines, 1):
            try:
                found.append(msgspec.json.decode(line, type=_Sample).gpus)
            except msgspec.DecodeError as error:
                bad.append(f"{self._path}:{number}: {error}")
        message = bad[0] + (f" (and {len(bad) - 1} more lines)" if len(bad) > 1 else "") if bad else ""
        if not found:
            return (GpuReading((), message or f"{self._path}: no samples"),)
        return tuple(GpuReading(tuple(_labelled(gpu) for gpu in gpus), message) for gpus in found)


def _labelled(gpu: GpuDocument) -> GpuDocument:
    name = gpu.name if gpu.name.startswith(NAME) else f"{NAME} ({gpu.name})" if gpu.name else NAME
    return replace(gpu, name=name, source="recorded")
