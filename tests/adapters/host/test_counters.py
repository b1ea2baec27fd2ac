"""The machine's counters, and what a container leaves of them."""

from __future__ import annotations

import os
import time
from dataclasses import replace
from pathlib import Path

import psutil
import pytest

from ainf_tui.adapters.host.cgroup import Limits, limits
from ainf_tui.adapters.host.counters import limited, outward, read_counters
from tests.fakes.host import COUNTERS, GIB


def write(folder: Path, files: dict[str, str]) -> None:
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


@pytest.fixture
def cgroup(tmp_path: Path) -> tuple[Path, Path]:
    """/proc and /sys/fs/cgroup of a process in `job` in `box`."""
    proc, root = tmp_path / "proc", tmp_path / "cgroup"
    write(proc, {"self/cgroup": "0::/box/job\n"})
    write(root, {"cgroup.controllers": "cpu memory\n", "box/job/memory.max": "max\n"})
    return proc, root


def test_this_machine_tells_what_grows() -> None:
    first = read_counters()
    busy_until = time.thread_time() + 0.03
    while time.thread_time() < busy_until:
        pass
    second = read_counters()
    assert second.at > first.at
    assert second.cpu_used is not None
    assert first.cpu_used is not None
    assert second.cpu_used >= first.cpu_used
    assert (second.name, second.os) == (first.name, os.uname().sysname)
    assert second.memory_used is not None
    assert 0 < second.memory_used < (second.memory_total or 0)
    assert (second.uptime or 0) >= (first.uptime or 0) > 0
    assert (second.net_received or 0) >= (first.net_received or 0) >= 0


def test_a_box_without_limits(cgroup: tuple[Path, Path]) -> None:
    assert limits(*cgroup) == Limits()
    assert limited(COUNTERS, limits(*cgroup)) == COUNTERS


def test_without_cgroup_v2_there_are_none(tmp_path: Path) -> None:
    assert limits(tmp_path, tmp_path) == Limits()


def test_the_lowest_limit_on_the_way_up_counts_with_the_use_of_its_group(cgroup: tuple[Path, Path]) -> None:
    write(
        cgroup[1],
        {
            "box/job/memory.max": f"{8 * GIB}\n",
            "box/job/memory.current": f"{GIB}\n",
            "box/memory.max": f"{4 * GIB}\n",
            "box/memory.current": f"{3 * GIB}\n",
            "box/memory.stat": f"anon 1\ninactive_file {GIB}\nactive_file 5\n",
            "box/job/cpu.max": "150000 100000\n",
            "box/job/cpu.stat": "usage_usec 2500000\nuser_usec 1\n",
            "box/cpu.max": "max 100000\n",
        },
    )
    assert limits(*cgroup) == Limits(memory=4 * GIB, memory_used=2 * GIB, cpus=1.5, cpu_used=2.5)
    found = limited(COUNTERS, limits(*cgroup))
    assert (found.memory_total, found.memory_used) == (4 * GIB, 2 * GIB)
    assert (found.cpus, found.cpu_used, found.cpu_offered) == (2, 2.5, COUNTERS.at * 1.5)
    assert found.limits == "limited to 1.5 of 8 processors and 4.0 of 64.0 GiB of memory"


def test_a_limit_above_what_the_machine_has_is_none() -> None:
    assert limited(COUNTERS, Limits(memory=128 * GIB, cpus=64.0)) == COUNTERS


def test_a_limit_of_which_the_use_is_not_told() -> None:
    found = limited(replace(COUNTERS, at=10.0), Limits(memory=GIB, cpus=2.0))
    assert (found.memory_used, found.cpu_used, found.cpu_offered) == (None, None, 20.0)


def test_bytes_are_counted_where_they_leave_the_machine(tmp_path: Path) -> None:
    (tmp_path / "eth0" / "device").mkdir(parents=True)
    (tmp_path / "docker0").mkdir()
    assert outward(("lo", "eth0", "docker0"), tmp_path) == ["eth0"]
    assert outward(("lo", "veth1"), tmp_path) == ["veth1"]  # in a container no interface has a device
    assert outward(("lo0",), tmp_path) == []


def test_a_sample_is_cheap() -> None:
    """Not a figure (that is a row of the benchmarks): it opens no process and runs no program."""
    before = len(psutil.Process().children())
    for _ in range(20):
        read_counters()
    assert len(psutil.Process().children()) == before
