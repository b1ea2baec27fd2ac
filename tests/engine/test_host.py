"""One sampler for all who look, on a machine made of values and a clock that stands still."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import cast

import pytest

from ainf_tui.domain.documents import HealthDocument, ReasonDocument
from ainf_tui.domain.host_documents import DiskDocument, GpuProcessDocument
from ainf_tui.domain.ports import Database
from ainf_tui.domain.ports_host import GpuReading
from ainf_tui.engine.context import Context, Tuning
from ainf_tui.engine.health import judge
from ainf_tui.engine.host import SILENT, UNWATCHED, HostSampler
from ainf_tui.engine.registry import Registry
from ainf_tui.store import Previews, State, Store
from tests.fakes.box import Box
from tests.fakes.clock import FakeClock, settled
from tests.fakes.graphs import picture
from tests.fakes.host import COUNTERS, DISK, GIB, FakeMachine, gpu, host_of


class Sampled:
    """A sampler and all that it works with."""

    def __init__(self, sample_every: float = 2.0) -> None:
        self.clock = FakeClock()
        self.ctx = Context(
            db=cast("Database", None),  # it has no business with one
            store=Store(),
            previews=Previews(),
            tuning=Tuning(sample_every=sample_every),
            clock=self.clock,
        )
        self.machine = FakeMachine(self.clock.monotonic)
        self.sampler = HostSampler(self.ctx, Registry(), self.machine)

    @property
    def store(self) -> Store:
        return self.ctx.store

    @asynccontextmanager
    async def running(self) -> AsyncIterator[None]:
        task = asyncio.create_task(self.sampler.run())
        await settled()
        yield
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


@pytest.fixture
def box_of() -> Sampled:
    return Sampled()


async def test_rarely_for_nobody_often_for_one_who_looks_and_at_once_when_he_comes(box_of: Sampled) -> None:
    async with box_of.running():
        assert (box_of.machine.asked, box_of.clock.sleeps) == (1, [UNWATCHED])
        await box_of.clock.pass_(3)
        assert box_of.machine.asked == 1
        leave = box_of.store.interest.hold(("queue", "host"))
        await settled()
        assert (box_of.machine.asked, box_of.clock.sleeps[1:]) == (2, [2.0])
        second = box_of.store.interest.hold(("host",))
        await settled()
        assert box_of.machine.asked == 2  # one sampler for all viewers
        await box_of.clock.pass_(2)
        assert box_of.machine.asked == 3
        leave()
        await box_of.clock.pass_(2)
        assert box_of.clock.sleeps[-1] == 2.0
        second()
        await box_of.clock.pass_(2)
        assert box_of.clock.sleeps[-1] == UNWATCHED


async def test_an_idle_box_publishes_nothing(box_of: Sampled) -> None:
    box_of.machine.reading = GpuReading((gpu(),))
    await box_of.sampler.sample()
    await box_of.clock.pass_(2)
    box_of.machine.said = replace(COUNTERS, cpu_offered=1016.0)
    await box_of.sampler.sample()
    seen: list[frozenset[str]] = []
    box_of.store.listen(seen.append)
    first = box_of.store.state.host
    for turn in range(2, 30):
        await box_of.clock.pass_(2)
        box_of.machine.said = replace(COUNTERS, cpu_offered=1000.0 + 16 * turn, uptime=7200.0 + turn)
        box_of.machine.reading = GpuReading((gpu(temperature=71.0 + turn % 2 / 2),))
        await box_of.sampler.sample()
    assert seen == []
    assert box_of.store.state.host is first


async def test_whoever_asks_gets_this_second(box_of: Sampled) -> None:
    await box_of.sampler.host()
    await box_of.clock.pass_(0.5)
    await box_of.sampler.host()
    assert box_of.machine.asked == 1
    await box_of.clock.pass_(0.5)
    await box_of.sampler.host()
    assert box_of.machine.asked == 2


async def test_many_who_ask_at_once_share_one_sample(box_of: Sampled) -> None:
    box_of.machine.gate = asyncio.Event()
    asking = [asyncio.create_task(box_of.sampler.host()) for _ in range(20)]
    await settled()
    box_of.machine.gate.set()
    found = await asyncio.gather(*asking)
    assert box_of.machine.asked == 1
    assert {host.name for host in found} == {"box"}


async def test_a_machine_that_does_not_answer_says_so_and_keeps_the_rest(box_of: Sampled) -> None:
    await box_of.sampler.sample()
    box_of.machine.said = None
    box_of.machine.found = (replace(DISK, free=GIB),)
    await box_of.clock.pass_(2)
    await box_of.sampler.sample()
    host = box_of.store.state.host
    assert (host.message, host.name, host.cpu) == (SILENT, "box", None)
    assert host.disks[0].free == GIB  # disks are sampled apart
    box_of.machine.said = COUNTERS
    await box_of.clock.pass_(2)
    await box_of.sampler.sample()
    assert box_of.store.state.host.message == ""


async def test_the_history_is_of_the_last_hour_in_averages(box_of: Sampled) -> None:
    box_of.machine.reading = GpuReading((gpu(power=100.0),))
    for _ in range(3):
        await box_of.sampler.sample()
        await box_of.clock.pass_(2)
    box_of.machine.reading = GpuReading((gpu(power=300.0),))
    await box_of.sampler.sample()
    await box_of.clock.pass_(1)
    found = await box_of.sampler.history()
    series = {each.name: each for each in found.series}
    assert (found.every, len(series["gpu.0.power"].values)) == (2.0, 1800)
    assert series["gpu.0.power"].values[-4:] == (100.0, 100.0, 100.0, 300.0)
    assert (found.until - box_of.clock.now()).total_seconds() == -1
    few = await box_of.sampler.history(points=900)
    assert (few.every, few.series[-1].name) == (4.0, "gpu.0.power")
    assert few.series[-1].values[-2:] == (100.0, 200.0)


async def test_a_slower_sampler_has_fewer_slots() -> None:
    box = Sampled(sample_every=60.0)
    await box.sampler.sample()
    found = await box.sampler.history()
    assert (found.every, len(found.series[0].values)) == (60.0, 60)


async def test_a_failure_of_the_sampler_is_no_silence(box_of: Sampled) -> None:
    """What is not foreseen ends the loop with its reason; nothing swallows it."""
    box_of.machine.found = cast("tuple[DiskDocument, ...]", 5)
    with pytest.raises(TypeError):
        await box_of.sampler.run()


async def test_the_process_on_the_gpu_is_that_of_the_job_that_runs(empty: Box) -> None:
    await empty.add_sim()
    empty.wire.identity = "boot:4242:99"
    process = GpuProcessDocument(4242, "python3", 17 * GIB)
    machine = FakeMachine(lambda: asyncio.get_running_loop().time())
    machine.reading = GpuReading(
        (
            gpu(
                processes=(process, replace(process, pid=1)),
            ),
        )
    )
    empty.machine = machine
    await empty.start()
    empty.engine.host.service_of = {4242: "comfyui", 1: ""}.__getitem__
    await empty.hold()
    job = await empty.run(picture())
    await empty.held_at(job, 1)
    await empty.engine.host.sample()
    (shown,) = empty.ctx.store.state.host.gpus
    assert [(p.service, p.job) for p in shown.processes] == [("comfyui", job.number), ("", None)]
    await empty.let_go()
    await empty.reach(job, "succeeded")
    await empty.engine.host.sample()
    assert [p.job for p in empty.ctx.store.state.host.gpus[0].processes] == [None, None]
    await empty.stop()
    assert machine.closed


async def test_without_a_driver_comfyui_tells_of_its_gpu(box: Box) -> None:
    await box.engine.host.sample()  # the first may have been before ComfyUI answered
    (found,) = box.ctx.store.state.host.gpus
    assert (found.source, found.utilization) == ("comfyui", None)
    assert found.vram_total is not None
    status = await box.service.status()
    assert [g["source"] for g in status.gpus] == ["comfyui"]
    assert status.host["disk_free"] > 0
    assert status.host["memory_available"] > 0


async def test_a_gpu_that_both_tell_of_stands_once_in_status(empty: Box) -> None:
    await empty.add_sim()
    machine = FakeMachine(lambda: asyncio.get_running_loop().time())
    empty.machine = machine
    await empty.start()
    device = (await empty.service.status()).gpus[0]["name"]
    known = device.split(" : ")[0].removeprefix("cuda:0 ")
    machine.reading = GpuReading((gpu(0, name=known), gpu(1, name="another", vram_used=None)))
    await empty.engine.host.sample()
    first, second = (await empty.service.status()).gpus
    assert (first["name"], first["backend"], first["vram_free"]) == (known, "default", 6 * GIB)
    assert (second["name"], second["backend"], second["vram_free"]) == ("another", "", None)


# -- what is not well ------------------------------------------------------------------------------
WELL = State(database=replace(State().database, reachable=True))


def verdict(disk_free: int = 20 * GIB, **host: object) -> HealthDocument:
    """Of a box where all but the machine is well."""
    document = replace(host_of(), **host)  # type: ignore[arg-type] # of its fields
    return judge(replace(WELL, host=document), (), disk_free)


def told(**host: object) -> list[ReasonDocument]:
    """What is said beyond what is said of any box without a backend."""
    usual = {reason.code for reason in verdict().reasons}
    return [reason for reason in verdict(**host).reasons if reason.code not in usual]  # type: ignore[arg-type] # as above


def test_a_disk_that_models_fill_warns_early_and_another_late() -> None:
    outputs = DiskDocument("outputs, models", "/data", 1000 * GIB, 19 * GIB)
    root = DiskDocument("/, state", "/", 60 * GIB, 4 * GIB)
    (reason,) = told(disks=(root, outputs))
    assert (reason.code, reason.severity) == ("disk.low", "warning")
    assert reason.message == "disk space low for the outputs and the models: 19.0 GB free of /data"
    (reason,) = told(disks=(replace(root, free=2 * GIB),))
    assert "the system and the state" in reason.message
    assert told(disks=(replace(outputs, free=0),), disk_free=0) == []


def test_a_disk_that_hangs_and_a_machine_that_does() -> None:
    (reason,) = told(disks=(DiskDocument("models", "/nfs", None, None, "does not answer"),))
    assert reason.code == "disk.silent"
    assert "/nfs" in reason.message
    assert [r.code for r in told(message=SILENT)] == ["host.silent"]


def test_a_hot_gpu_and_a_full_one_are_told_without_a_warning() -> None:
    found = told(gpus=(gpu(throttled=("thermal",), vram_used=int(23.5 * GIB)),))
    assert [(r.code, r.severity) for r in found] == [("gpu.hot", "info"), ("gpu.vram_low", "info")]
    assert "at 71 °C" in found[0].message
    assert told(gpus=(gpu(throttled=("power",)), gpu(1, throttled=None, vram_used=None))) == []


def test_a_gpu_that_is_lost_is_a_warning_and_one_split_by_mig_is_none() -> None:
    lost = gpu(temperature=None, vram_used=None, message="the GPU has fallen off the bus")
    assert [r.code for r in told(gpus=(lost,))] == ["gpu.lost"]
    assert told(gpus=(gpu(message="split by MIG into 2: it tells no utilization", utilization=None),)) == []
