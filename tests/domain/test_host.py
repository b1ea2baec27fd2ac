"""From counters to a document that changes only when something has."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.comfy import Device
from ainf_tui.domain.host import (
    MIB,
    attributed,
    disk_for,
    gpus_of_devices,
    held,
    host_document,
    steady,
)
from ainf_tui.domain.host_documents import DiskDocument, GpuProcessDocument, HostDocument
from ainf_tui.domain.ports_host import GpuReading, HostCounters
from tests.fakes.host import COUNTERS, DISK, GIB, gpu, host_of


def after(seconds: float, **changes: object) -> HostCounters:
    return replace(COUNTERS, at=COUNTERS.at + seconds, **changes)  # type: ignore[arg-type] # of its fields


def document(now: HostCounters, before: HostCounters | None = COUNTERS) -> HostDocument:
    return host_document(now, before, (DISK,), GpuReading((gpu(),), ""))


def test_rates_are_of_the_time_between_two_samples() -> None:
    now = after(2, cpu_used=104.0, cpu_offered=1016.0, net_received=1_500_000, net_sent=2_000_000)
    found = document(now)
    assert (found.cpu, found.net_received, found.net_sent) == (0.25, 250_000.0, 0.0)
    assert (found.memory_used, found.disks, found.gpus[0].utilization) == (16 * GIB, (DISK,), 0.97)


def test_the_first_sample_has_no_rates() -> None:
    found = document(COUNTERS, None)
    assert (found.cpu, found.net_received, found.net_sent) == (None, None, None)
    assert found.cpus == 8


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"net_received": 10}, "net_received"),  # an interface has gone
        ({"net_received": None}, "net_received"),
        ({"cpu_basis": "2 processors", "cpu_used": 101.0, "cpu_offered": 1016.0}, "cpu"),
        ({"cpu_used": None}, "cpu"),
        ({}, "cpu"),  # no time was offered
    ],
)
def test_what_cannot_be_told_is_unknown(changes: dict[str, object], name: str) -> None:
    assert getattr(document(after(2, **changes)), name) is None


def test_a_second_sample_at_the_same_moment_is_no_division_by_zero() -> None:
    assert document(COUNTERS).net_received is None


def test_counters_read_at_slightly_different_moments_stay_within_bounds() -> None:
    assert document(after(1, cpu_used=110.0, cpu_offered=1008.0)).cpu == 1.0
    assert document(after(1, cpu_used=99.9, cpu_offered=1008.0)).cpu == 0.0


def test_whose_process_it_is() -> None:
    ours, other = GpuProcessDocument(10, "python", 5), GpuProcessDocument(11, "Xorg", None)
    (found,) = attributed((gpu(processes=(ours, other)),), {10: "comfyui"}.get, {10: 7})  # type: ignore[arg-type] # None is as empty
    assert [(p.service, p.job) for p in found.processes] == [("comfyui", 7), (None, None)]


def test_gpus_that_comfyui_tells_of_have_what_it_knows() -> None:
    devices = {
        "a": (
            Device("cpu", "cpu", 0, 8 * GIB, GIB, 0, 0),
            Device("cuda:0 X", "cuda", 0, 24 * GIB, 4 * GIB, 0, 0),
        ),
        "b": (Device("cuda:0 Y", "cuda", 0, 12 * GIB, 13 * GIB, 0, 0),),
    }
    first, second = gpus_of_devices(devices)
    assert (first.name, first.source, first.vram_used, first.utilization) == (
        "cuda:0 X",
        "comfyui",
        20 * GIB,
        None,
    )
    assert (second.index, second.vram_used) == (1, 0)
    assert "backend b" in second.message


def test_one_disk_may_hold_several_things() -> None:
    host = host_of(disks=(DISK, DiskDocument("models", "/m", 1, 1)))
    assert disk_for("state", host) is DISK
    assert disk_for("out", host) is None


# -- what is told ----------------------------------------------------------------------------------
def test_an_idle_box_changes_nothing() -> None:
    told = steady(HostDocument(), host_of(gpus=(gpu(clock=210, temperature=34.0, power=21.4),)))
    for turn in range(20):
        jitter = (turn % 3 - 1) * 0.4
        now = replace(
            told,
            cpu=0.42 + 0.01 * jitter,
            load=tuple(value + 0.1 * jitter for value in told.load),
            memory_used=16 * GIB + int(20 * MIB * jitter),
            net_sent=3000 + 1000 * jitter,
            uptime=7200.0 + turn,
            disks=(replace(DISK, free=200 * GIB - turn * MIB),),
            gpus=(
                gpu(
                    clock=210 + int(15 * jitter),
                    temperature=34 + jitter,
                    power=21.4 + jitter,
                    vram_used=18 * GIB + int(MIB * jitter),
                ),
            ),
        )
        assert steady(told, now) is told


def test_what_changes_is_told_in_whole_steps() -> None:
    old = steady(HostDocument(), host_of())
    new = steady(old, replace(host_of(), cpu=0.5234, gpus=(gpu(utilization=0.333, clock=1999, power=99.6),)))
    assert new.cpu == 0.52
    assert (new.gpus[0].utilization, new.gpus[0].clock, new.gpus[0].power) == (0.33, 1995, 100)
    assert new.memory_used == old.memory_used


def test_the_vram_of_a_process_is_told_in_mib() -> None:
    process = GpuProcessDocument(1, "p", 5 * MIB + 5)
    old = steady(HostDocument(), host_of(gpus=(gpu(processes=(process,)),)))
    assert old.gpus[0].processes[0].vram == 5 * MIB
    assert steady(old, host_of(gpus=(gpu(processes=(replace(process, vram=6 * MIB),)),))) is old
    assert steady(old, host_of(gpus=(gpu(processes=(replace(process, vram=8 * MIB),)),))) is not old


def test_nothing_is_zero_only_when_it_is() -> None:
    assert held(0.05, 0.001, 0.01) == 0
    assert held(0.01, 0.004, 0.01) == 0  # a GPU that went idle must not stay at one percent
    assert held(None, None, 1) is None
    assert held(5, None, 1) is None


def test_another_gpu_in_the_same_place_begins_anew() -> None:
    old = steady(HostDocument(), host_of(gpus=(gpu(temperature=70.0),)))
    new = steady(old, host_of(gpus=(gpu(temperature=71.0, uuid="GPU-other"),)))
    assert new.gpus[0].temperature == 71


@given(st.floats(0, 1e9), st.floats(0, 1e9), st.sampled_from([0.01, 1.0, 15.0, 1000.0]))
def test_a_held_value_is_never_far_from_the_true_one(old: float, new: float, step: float) -> None:
    found = held(old, new, step)
    assert found is not None
    assert abs(found - new) <= 1.5 * step + 1e-3
