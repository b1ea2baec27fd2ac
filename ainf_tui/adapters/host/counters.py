"""Processors, memory and network of the machine, or of the container that it is. Blocking, a millisecond."""

from __future__ import annotations

import math
import os
import platform
import socket
import time
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import psutil

from ainf_tui.adapters.host.cgroup import Limits, limits
from ainf_tui.domain.ports_host import HostCounters

_GIB = 1024**3


def read_counters() -> HostCounters:
    """As of now."""
    now = time.monotonic()
    memory, swap = psutil.virtual_memory(), psutil.swap_memory()
    used, offered = _cpu()
    received, sent = _network()
    found = HostCounters(
        at=now,
        name=socket.gethostname(),
        os=platform.system(),
        release=platform.release(),
        cpus=os.cpu_count(),
        cpu_used=used,
        cpu_offered=offered,
        load=tuple(round(value, 2) for value in os.getloadavg()),
        memory_total=memory.total,
        memory_used=memory.total - memory.available,
        swap_total=swap.total,
        swap_used=swap.used,
        net_received=received,
        net_sent=sent,
        uptime=_uptime(),
    )
    return limited(found, limits())


def limited(found: HostCounters, limit: Limits) -> HostCounters:
    """With the limits of the container, where they are lower than what the machine has."""
    words = []
    if limit.cpus is not None and found.cpus is not None and limit.cpus < found.cpus:
        words.append(f"{limit.cpus:.3g} of {found.cpus} processors")
        found = replace(
            found,
            cpus=max(1, math.ceil(limit.cpus)),
            cpu_used=limit.cpu_used,
            cpu_offered=found.at * limit.cpus,
            cpu_basis=f"{limit.cpus:.6g} processors",
        )
    if limit.memory is not None and found.memory_total is not None and limit.memory < found.memory_total:
        words.append(f"{limit.memory / _GIB:.1f} of {found.memory_total / _GIB:.1f} GiB of memory")
        found = replace(found, memory_total=limit.memory, memory_used=limit.memory_used)
    return replace(found, limits=f"limited to {' and '.join(words)}" if words else "")


def _cpu() -> tuple[float, float]:
    """CPU seconds used and offered since the start of the machine."""
    times = psutil.cpu_times()._asdict()
    # On Linux guests are counted twice: within user and nice, and on their own.
    total = sum(times.values()) - times.get("guest", 0.0) - times.get("guest_nice", 0.0)
    return total - times["idle"] - times.get("iowait", 0.0), total


def _network() -> tuple[int, int]:
    each = psutil.net_io_counters(pernic=True)
    found = [each[name] for name in outward(each)]
    return sum(nic.bytes_recv for nic in found), sum(nic.bytes_sent for nic in found)


def outward(names: Iterable[str], sysfs: Path = Path("/sys/class/net")) -> list[str]:
    """Interfaces with a device behind them; without any (a container, macOS) all but the loopback.

    Bridges and virtual pairs carry the same bytes once more.
    """
    others = [name for name in names if name not in {"lo", "lo0"}]
    return [name for name in others if (sysfs / name / "device").exists()] or others


def _uptime() -> float:
    if hasattr(time, "CLOCK_BOOTTIME"):
        return time.clock_gettime(time.CLOCK_BOOTTIME)
    return time.time() - psutil.boot_time()
