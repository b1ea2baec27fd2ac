"""NVIDIA's GPUs: nvidia-ml-py's own code on a driver of our making."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from ainf_tui.adapters.gpu.nvml import AGAIN, NvmlGpus, load_library
from ainf_tui.domain.host_documents import GpuProcessDocument
from tests.fakes.nvml import GIB, LOST, NOT_SUPPORTED, UNINITIALIZED, UNKNOWN_VRAM, WHOLE, FakeDriver, loaded


class Time:
    """Seconds that pass when told."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def driver() -> Iterator[FakeDriver]:
    with loaded(FakeDriver([dict(WHOLE)])) as found:
        yield found


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def gpus(driver: FakeDriver, time: Time) -> NvmlGpus:
    assert driver.initialized == 0
    return NvmlGpus(load=lambda: None, clock=time)


def test_every_value_in_the_units_of_the_document(driver: FakeDriver, gpus: NvmlGpus) -> None:
    driver.gpus[0]["nvmlDeviceGetComputeRunningProcesses_v3"] = ((os.getpid(), 17 * GIB),)
    (gpu,) = gpus.read().gpus
    assert (gpu.index, gpu.name, gpu.uuid, gpu.driver) == (0, "NVIDIA GeForce RTX 4090", "GPU-1", "550.54")
    assert (gpu.source, gpu.utilization, gpu.vram_total, gpu.vram_used) == ("nvml", 0.97, 24 * GIB, 18 * GIB)
    assert (gpu.temperature, gpu.power, gpu.power_limit) == (71, 402, 450)
    assert (gpu.clock, gpu.memory_clock, gpu.fan) == (2610, 2610, 0.55)
    assert gpu.throttled == ("power", "thermal")
    assert {p.pid: p.vram for p in gpu.processes} == {os.getpid(): 17 * GIB, 4242: 17 * GIB, 1: None}
    assert next(p.name for p in gpu.processes if p.pid == os.getpid())
    gpus.close()
    assert driver.initialized == 0


@pytest.mark.parametrize("name", [name for name in WHOLE if name != "nvmlDeviceGetMigMode"])
def test_a_value_that_this_gpu_does_not_tell_takes_no_other_with_it(
    driver: FakeDriver, gpus: NvmlGpus, name: str
) -> None:
    driver.gpus[0][name] = NOT_SUPPORTED
    (gpu,) = gpus.read().gpus
    assert gpu.message == ""
    known = [gpu.utilization, gpu.temperature, gpu.power, gpu.clock, gpu.fan, gpu.throttled]
    assert sum(value is None for value in known) <= 1
    assert gpu.vram_total == 24 * GIB


def test_a_gpu_that_tells_nothing_is_still_there(driver: FakeDriver, gpus: NvmlGpus) -> None:
    driver.gpus[0].clear()
    (gpu,) = gpus.read().gpus
    assert (gpu.name, gpu.utilization, gpu.vram_total, gpu.throttled) == ("GPU 0", None, None, None)
    assert gpu.processes == ()


def test_a_driver_from_before_a_call_was_invented(driver: FakeDriver, gpus: NvmlGpus) -> None:
    for name in (
        "nvmlDeviceGetMemoryInfo_v2",
        "nvmlDeviceGetCurrentClocksEventReasons",
        "nvmlDeviceGetFanSpeed",
    ):
        delattr(driver.lib, name)
    (gpu,) = gpus.read().gpus
    assert (gpu.vram_used, gpu.throttled, gpu.fan) == (19 * GIB, None, None)


def test_zero_is_a_value(driver: FakeDriver, gpus: NvmlGpus) -> None:
    kind = WHOLE["nvmlDeviceGetFanSpeed"][0]
    wide = WHOLE["nvmlDeviceGetCurrentClocksEventReasons"][0]
    driver.gpus[0] |= {
        "nvmlDeviceGetUtilizationRates": (kind, (0, 0)),
        "nvmlDeviceGetFanSpeed": (kind, (0,)),
        "nvmlDeviceGetCurrentClocksEventReasons": (wide, (0,)),
        "nvmlDeviceGetComputeRunningProcesses_v3": (),
        "nvmlDeviceGetGraphicsRunningProcesses_v3": (),
    }
    (gpu,) = gpus.read().gpus
    assert (gpu.utilization, gpu.fan, gpu.throttled, gpu.processes) == (0, 0, (), ())


def test_a_gpu_split_by_mig_shows_the_processes_of_its_parts(driver: FakeDriver, gpus: NvmlGpus) -> None:
    driver.parts = 2
    driver.gpus[0] |= {
        "nvmlDeviceGetMigMode": (*WHOLE["nvmlDeviceGetFanSpeed"][:1], (1,)),
        "nvmlDeviceGetUtilizationRates": NOT_SUPPORTED,
        "nvmlDeviceGetComputeRunningProcesses_v3": NOT_SUPPORTED,
        "nvmlDeviceGetGraphicsRunningProcesses_v3": NOT_SUPPORTED,
        "nvmlDeviceGetComputeRunningProcesses_v3:part": ((7, 3 * GIB),),
    }
    (gpu,) = gpus.read().gpus
    assert gpu.processes == (GpuProcessDocument(7, gpu.processes[0].name, 3 * GIB),)
    assert (gpu.utilization, gpu.message) == (None, "split by MIG into 2: it tells no utilization")


def test_a_driver_that_is_unloaded_is_looked_for_again(
    driver: FakeDriver, gpus: NvmlGpus, time: Time
) -> None:
    assert gpus.read().message == ""
    driver.broken = UNINITIALIZED
    reading = gpus.read()
    assert reading.message == "the NVIDIA driver was unloaded"
    assert (reading.gpus[0].name, reading.gpus[0].utilization) == ("NVIDIA GeForce RTX 4090", None)
    driver.broken, driver.gpus[0]["nvmlDeviceGetName"] = 0, b"another"
    assert gpus.read().message == "the NVIDIA driver was unloaded"  # not tried at every sample
    time.now += AGAIN
    assert gpus.read().gpus[0].name == "another"


def test_one_lost_gpu_leaves_the_other(driver: FakeDriver, gpus: NvmlGpus, time: Time) -> None:
    driver.gpus.append(dict(WHOLE) | {"nvmlDeviceGetUUID": b"GPU-2"})
    assert [gpu.message for gpu in gpus.read().gpus] == ["", ""]
    driver.gpus[0]["nvmlDeviceGetUtilizationRates"] = LOST
    lost, well = gpus.read().gpus
    assert "fallen off the bus" in lost.message
    assert (lost.uuid, lost.vram_used, well.utilization) == ("GPU-1", None, 0.97)
    driver.gpus[0]["nvmlDeviceGetUtilizationRates"] = WHOLE["nvmlDeviceGetUtilizationRates"]
    time.now += AGAIN
    gpus.read()
    assert [gpu.message for gpu in gpus.read().gpus] == ["", ""]
    assert driver.initialized == 1


def test_a_gpu_that_cannot_be_opened_has_its_place(driver: FakeDriver, gpus: NvmlGpus) -> None:
    driver.gpus.insert(0, {"handle": LOST})
    lost, well = gpus.read().gpus
    assert (lost.index, lost.name) == (0, "GPU 0")
    assert "fallen off the bus" in lost.message
    assert (well.index, well.utilization) == (1, 0.97)


@pytest.mark.parametrize(
    ("number", "words"), [(18, "was updated while it runs"), (9, "not loaded"), (999, "NVML: ")]
)
def test_a_driver_that_does_not_begin_says_why(
    driver: FakeDriver, gpus: NvmlGpus, time: Time, number: int, words: str
) -> None:
    driver.init_error = number
    assert words in gpus.read().message
    driver.init_error = 0
    time.now += AGAIN
    assert gpus.read().gpus[0].utilization == 0.97


def test_a_driver_without_a_gpu(driver: FakeDriver, gpus: NvmlGpus) -> None:
    driver.gpus.clear()
    assert gpus.read() == type(gpus.read())((), "the NVIDIA driver sees no GPU")


def test_without_the_library_there_is_no_source_and_nothing_is_raised() -> None:
    def missing() -> None:
        raise OSError("libnvidia-ml.so.1: cannot open shared object file")

    source = NvmlGpus(load=missing)
    assert source.read().message == "no NVIDIA driver"
    source.close()


def test_the_machines_own_library_is_there_or_not() -> None:
    """The real path, whatever this machine has."""
    source = NvmlGpus(load=load_library)
    reading = source.read()
    assert reading.gpus or reading.message
    source.close()


def test_vram_that_windows_does_not_tell(driver: FakeDriver, gpus: NvmlGpus) -> None:
    driver.gpus[0] |= {
        "nvmlDeviceGetComputeRunningProcesses_v3": ((5, UNKNOWN_VRAM),),
        "nvmlDeviceGetGraphicsRunningProcesses_v3": ((5, 2 * GIB),),
    }
    assert [(p.pid, p.vram) for p in gpus.read().gpus[0].processes] == [(5, 2 * GIB)]
