"""Each part of the machine within a deadline of its own."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from ainf_tui.adapters.host.disks import Disks
from ainf_tui.adapters.host.machine import SystemMachine
from ainf_tui.adapters.host.own_thread import OwnThread
from ainf_tui.domain.ports_host import GpuReading, HostCounters
from tests.fakes.host import COUNTERS, gpu


class Driver:
    """A GPU source that hangs while told to."""

    def __init__(self) -> None:
        self.free = threading.Event()
        self.free.set()
        self.reads = 0
        self.closed = False

    def read(self) -> GpuReading:
        self.reads += 1
        self.free.wait()
        return GpuReading((gpu(),))

    def close(self) -> None:
        self.closed = True


@pytest.fixture
def driver() -> Iterator[Driver]:
    found = Driver()
    yield found
    found.free.set()


def machine(driver: Driver, counters: HostCounters | Exception = COUNTERS) -> SystemMachine:
    def ask() -> HostCounters:
        if isinstance(counters, Exception):
            raise counters
        return counters

    return SystemMachine(Disks({}, {}), driver, gpus_within=0.05, counters=ask)


async def test_a_driver_that_hangs_leaves_the_gpus_known_and_their_values_unknown(driver: Driver) -> None:
    box = machine(driver)
    assert (await box.gpus()).gpus[0].utilization == 0.97
    driver.free.clear()
    for _ in range(3):
        reading = await box.gpus()
        (shown,) = reading.gpus
        assert (shown.name, shown.vram_total, shown.uuid) == (gpu().name, gpu().vram_total, "GPU-0")
        assert (shown.utilization, shown.vram_used, shown.processes) == (None, None, ())
        assert "has not answered" in shown.message
    assert driver.reads == 2  # the one that hangs is not asked again
    assert await box.counters() == COUNTERS
    box.close()
    assert not driver.closed  # it would hang there, too
    driver.free.set()
    for _ in range(100):
        reading = await box.gpus()
        if not reading.gpus[0].message:
            break
        await asyncio.sleep(0.01)
    assert reading.gpus[0].utilization == 0.97
    box.close()
    assert driver.closed


async def test_counters_that_cannot_be_read_are_told_once(
    driver: Driver, caplog: pytest.LogCaptureFixture
) -> None:
    box = machine(driver, OSError(5, "Input/output error"))
    with caplog.at_level(logging.WARNING, "ainf.host"):
        assert await box.counters() is None
        assert await box.counters() is None
    assert [record.getMessage() for record in caplog.records] == [
        "the machine's counters cannot be read: [Errno 5] Input/output error"
    ]


async def test_a_mistake_is_no_silence(driver: Driver) -> None:
    with pytest.raises(ZeroDivisionError):
        await machine(driver, ZeroDivisionError()).counters()


async def test_this_machine(tmp_path: Path, driver: Driver) -> None:
    box = SystemMachine(Disks({"outputs": tmp_path}, {}), driver)
    counters, disks = await asyncio.gather(box.counters(), box.disks())
    assert counters is not None
    assert counters.memory_total
    assert disks[0].label == "outputs"


async def test_a_late_failure_is_nobodys(caplog: pytest.LogCaptureFixture) -> None:
    """The loop says nothing about an answer that nobody waits for."""
    go = threading.Event()

    def question() -> int:
        go.wait()
        raise OSError("late")

    thread: OwnThread[int] = OwnThread("late", question)
    with pytest.raises(TimeoutError):
        await thread.ask(0.01)
    go.set()
    await asyncio.sleep(0.05)
    del thread
    await asyncio.sleep(0)
    assert caplog.records == []
