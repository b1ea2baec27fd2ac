"""Which source is asked, and that a recorded one cannot be taken for a real one."""

from __future__ import annotations

from pathlib import Path

import pytest

from ainf_tui.adapters.gpu.amd import AmdGpus
from ainf_tui.adapters.gpu.choose import FirstOf, NoGpus, gpu_source
from ainf_tui.adapters.gpu.nvml import NvmlGpus
from ainf_tui.adapters.gpu.recorded import RecordedGpus
from ainf_tui.cli.demobox import GPU_SAMPLES
from ainf_tui.domain.ports_host import GpuReading
from ainf_tui.resources import data_dir
from tests.fakes.host import gpu


class Said:
    """A source that says what it is told to."""

    def __init__(self, *readings: GpuReading) -> None:
        self._readings = list(readings)
        self.closed = False

    def read(self) -> GpuReading:
        return self._readings.pop(0) if len(self._readings) > 1 else self._readings[0]

    def close(self) -> None:
        self.closed = True


@pytest.mark.parametrize(
    ("setting", "kind"),
    [
        ("auto", FirstOf),
        ("nvml", NvmlGpus),
        ("amd", AmdGpus),
        ("off", NoGpus),
        ("comfyui", NoGpus),
        ("recorded:/x", RecordedGpus),
    ],
)
def test_the_setting_chooses(setting: str, kind: type) -> None:
    assert type(gpu_source(setting)) is kind


def test_off_says_so() -> None:
    assert gpu_source("off").read() == GpuReading((), "host.gpus is off")
    assert gpu_source("comfyui").read().message == ""


def test_the_first_that_sees_a_gpu_stays() -> None:
    none = GpuReading((), "no NVIDIA driver")
    first, second = Said(none, none, GpuReading((gpu(5),))), Said(GpuReading((), "no AMD GPU"))
    both = FirstOf((first, second))
    assert both.read() == GpuReading((), "no NVIDIA driver; no AMD GPU")
    both.read()
    assert [g.index for g in both.read().gpus] == [5]
    assert (first.closed, second.closed) == (False, True)
    both.close()
    assert first.closed


def test_samples_go_round_and_are_called_a_demo(tmp_path: Path) -> None:
    file = tmp_path / "samples.jsonl"
    file.write_text(
        '{"gpus": [{"index": 0, "name": "RTX 5090", "source": "nvml", "utilization": 0.5}]}\n'
        '{"gpus": [{"index": 0, "name": "", "source": "nvml", "utilization": 0}]}\n'
        "no sample\n"
    )
    source = RecordedGpus(file)
    first, second, third = (source.read() for _ in range(3))
    assert (first.gpus[0].name, first.gpus[0].source) == ("DEMO GPU (RTX 5090)", "recorded")
    assert (second.gpus[0].name, second.gpus[0].utilization) == ("DEMO GPU", 0)
    assert third == first
    assert f"{file}:3" in first.message


@pytest.mark.parametrize("text", [None, "", "\n"])
def test_a_file_without_samples_says_so(tmp_path: Path, text: str | None) -> None:
    file = tmp_path / "samples.jsonl"
    if text is not None:
        file.write_text(text)
    reading = RecordedGpus(file).read()
    assert reading.gpus == ()
    assert str(file) in reading.message


def test_the_demos_samples_are_whole() -> None:
    source = RecordedGpus(data_dir() / GPU_SAMPLES)
    for _ in range(60):
        reading = source.read()
        assert reading.message == ""
        assert [(g.name, g.source) for g in reading.gpus] == [("DEMO GPU", "recorded")]
