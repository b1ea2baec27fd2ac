"""Which way to look at GPUs, by the setting `host.gpus`."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ainf_tui.adapters.gpu.amd import AmdGpus
from ainf_tui.adapters.gpu.nvml import NvmlGpus
from ainf_tui.adapters.gpu.recorded import RecordedGpus
from ainf_tui.domain.ports_host import GpuReading, GpuSource


def gpu_source(setting: str) -> GpuSource:
    """For a value that the settings allow."""
    kind, _, path = setting.partition(":")
    if kind == "recorded":
        return RecordedGpus(Path(path))
    if kind == "nvml":
        return NvmlGpus()
    if kind == "amd":
        return AmdGpus()
    if kind == "auto":
        return FirstOf((NvmlGpus(), AmdGpus()))
    return NoGpus("host.gpus is off" if kind == "off" else "")


class NoGpus:
    """Implements `GpuSource` where nobody is to look."""

    def __init__(self, message: str) -> None:
        self._reading = GpuReading((), message)

    def read(self) -> GpuReading:
        return self._reading

    def close(self) -> None:
        """Nothing is kept open."""


class FirstOf:
    """The first source that sees a GPU, from then on alone: what it loses must not turn into another's."""

    def __init__(self, sources: Sequence[GpuSource]) -> None:
        self._sources = tuple(sources)

    def read(self) -> GpuReading:
        messages = []
        for source in self._sources:
            reading = source.read()
            if reading.gpus:
                for other in self._sources:
                    if other is not source:
                        other.close()
                self._sources = (source,)
                return reading
            messages.append(reading.message)
        return GpuReading((), "; ".join(message for message in messages if message))

    def close(self) -> None:
        for source in self._sources:
            source.close()
