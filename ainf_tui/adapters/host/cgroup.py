"""What a container may use: the limits of cgroup v2, the lowest on the way up.

Names and units from the kernel's Documentation/admin-guide/cgroup-v2.rst. Blocking, a few small files.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ainf_tui.adapters.listeners import read


@dataclass(frozen=True, slots=True)
class Limits:
    """None: no limit. `memory_used` and `cpu_used` (seconds so far) are of the group that limits."""

    memory: int | None = None
    memory_used: int | None = None
    cpus: float | None = None
    cpu_used: float | None = None


def limits(proc: Path = Path("/proc"), root: Path = Path("/sys/fs/cgroup")) -> Limits:
    """Of this process; none where there is no cgroup v2."""
    if not (root / "cgroup.controllers").exists():
        return Limits()
    groups = tuple(_groups(proc, root))
    memory = min(((m, g) for g in groups if (m := _memory(g)) is not None), default=None)
    cpus = min(((c, g) for g in groups if (c := _cpus(g)) is not None), default=None)
    return Limits(
        memory=memory[0] if memory else None,
        memory_used=_used(memory[1]) if memory else None,
        cpus=cpus[0] if cpus else None,
        cpu_used=_cpu_seconds(cpus[1]) if cpus else None,
    )


def _groups(proc: Path, root: Path) -> Iterator[Path]:
    """The process's own group and all above it, the mounted one included."""
    path = next((line[3:] for line in read(proc / "self/cgroup").splitlines() if line.startswith("0::")), "/")
    parts = [part for part in path.split("/") if part and part != ".."]
    for count in range(len(parts), -1, -1):
        yield root.joinpath(*parts[:count])


def _memory(group: Path) -> int | None:
    text = read(group / "memory.max").strip()
    return int(text) if text.isdigit() else None


def _used(group: Path) -> int | None:
    """Without file pages that are dropped as soon as somebody needs the room."""
    current = read(group / "memory.current").strip()
    if not current.isdigit():
        return None
    return max(0, int(current) - int(_field(group / "memory.stat", "inactive_file") or 0))


def _cpus(group: Path) -> float | None:
    quota, _, period = read(group / "cpu.max").strip().partition(" ")
    return int(quota) / int(period) if quota.isdigit() and period.isdigit() and int(period) else None


def _cpu_seconds(group: Path) -> float | None:
    found = _field(group / "cpu.stat", "usage_usec")
    return None if found is None else int(found) / 1e6


def _field(path: Path, name: str) -> str | None:
    lines = (line.split() for line in read(path).splitlines())
    return next((words[1] for words in lines if len(words) == 2 and words[0] == name), None)
