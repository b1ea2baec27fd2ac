"""A process and all that it started: what they use, and whether they are gone. Linux only (/proc)."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import psutil

T = TypeVar("T")
GONE = (psutil.NoSuchProcess, psutil.ZombieProcess, psutil.AccessDenied, ProcessLookupError)


@dataclass(frozen=True, slots=True)
class Memory:
    """Bytes. `pss` splits what is shared with other processes among them; `anonymous` has no file behind."""

    rss: int
    pss: int
    anonymous: int


class ProcessTree:
    """The process `root`, its session, and their descendants, also those that left the session later."""

    def __init__(self, root: int) -> None:
        self.root = root
        self._known: dict[int, psutil.Process] = {}

    def processes(self) -> list[psutil.Process]:
        """Those alive now; a zombie is not."""
        seen = {process.pid: process for process in psutil.process_iter()}
        places = {pid: place for pid in seen if (place := _place(pid)) is not None}
        known = {pid for pid, process in self._known.items() if process.is_running()}
        grown = known | {pid for pid, place in places.items() if self.root in {pid, place.session}}
        while grown > known:
            known = grown
            grown = known | {pid for pid, place in places.items() if place.parent in known}
        self._known = {pid: self._known.get(pid) or seen[pid] for pid in known if pid in seen}
        return [process for pid, process in self._known.items() if pid in places and places[pid].state != "Z"]

    def cpu(self) -> float:
        """CPU seconds so far of those alive and of the ended children that they collected."""
        return sum(self._each(_cpu_seconds))

    def memory(self) -> Memory:
        parts = list(self._each(_memory))
        return Memory(*(sum(column) for column in zip(*parts, strict=True))) if parts else Memory(0, 0, 0)

    def wakeups(self) -> int:
        """How often a thread of theirs went to sleep of its own accord, so far."""
        return sum(self._each(_voluntary_switches))

    def end(self) -> None:
        """Kills whatever is left."""
        for process in self.processes():
            with suppress(*GONE):
                process.kill()

    def _each(self, ask: Callable[[psutil.Process], T]) -> Iterator[T]:
        for process in self.processes():
            with suppress(*GONE, OSError):
                yield ask(process)


@dataclass(frozen=True, slots=True)
class _Place:
    state: str
    parent: int
    session: int
    """Named by the process that began it."""


def _place(pid: int) -> _Place | None:
    """None: it is gone."""
    try:
        text = Path(f"/proc/{pid}/stat").read_text(encoding="latin-1")
    except OSError:
        return None
    fields = text.rpartition(")")[2].split()
    return _Place(fields[0], int(fields[1]), int(fields[3]))


def _cpu_seconds(process: psutil.Process) -> float:
    times = process.cpu_times()
    # The CPU clock of another process, as clock_getcpuclockid(3) makes its number: nanoseconds, where
    # /proc counts in hundredths of a second.
    own = time.clock_gettime(~process.pid << 3 | 2)
    return float(own + times.children_user + times.children_system)


def _memory(process: psutil.Process) -> tuple[int, int, int]:
    sizes = {"Rss:": 0, "Pss:": 0, "Anonymous:": 0}
    with Path(f"/proc/{process.pid}/smaps_rollup").open(encoding="ascii") as file:
        for line in file:
            name, *rest = line.split()
            if name in sizes:
                sizes[name] = int(rest[0]) * 1024
    return sizes["Rss:"], sizes["Pss:"], sizes["Anonymous:"]


def _voluntary_switches(process: psutil.Process) -> int:
    total = 0
    for thread in process.threads():
        with (
            suppress(OSError),
            Path(f"/proc/{process.pid}/task/{thread.id}/status").open(encoding="utf-8") as file,
        ):
            total += sum(int(line.split()[1]) for line in file if line.startswith("voluntary_ctxt_switches"))
    return total
