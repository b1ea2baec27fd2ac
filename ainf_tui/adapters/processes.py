"""What the system tells of processes: who one is, since when, whose child, what it uses. Blocking, short.

Linux: /proc, read directly (a look at 300 processes takes some 6 ms, by psutil 30). Elsewhere psutil, as
far as it is allowed to look.
"""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import psutil

from ainf_tui.adapters.listeners import read
from ainf_tui.domain.services import ProcessId

PROC = Path("/proc")
_SYSCTL_SECONDS = 2.0


@dataclass(frozen=True, slots=True)
class Facts:
    """One process at one moment."""

    pid: int
    parent: int
    group: int
    session: int
    started: int
    """Clock ticks since boot (Linux), hundredths of a second since the epoch (elsewhere)."""
    zombie: bool
    cpu: float = 0.0
    """Seconds used so far, by it and by the ended children that it has collected."""
    memory: int = 0
    """Bytes (RSS)."""


def look(pid: int, proc: Path = PROC) -> Facts | None:
    """None: there is no such process, or none that may be looked at."""
    return _look_linux(pid, proc) if _linux() else _look_psutil(pid)


def table(proc: Path = PROC) -> dict[int, Facts]:
    """All of them by pid."""
    pids = _numbers(proc) if _linux() else iter(psutil.pids())
    return {pid: facts for pid in pids if (facts := look(pid, proc)) is not None}


def identify(pid: int, proc: Path = PROC) -> ProcessId | None:
    """Its unmistakable name; None for one that is gone, zombies included."""
    facts = look(pid, proc)
    if facts is None or facts.zombie:
        return None
    return ProcessId(pid, facts.started, boot_id(proc), _host())


def find(process: ProcessId, proc: Path = PROC) -> Facts | None:
    """The very process, zombie or not. Its host is not compared: a machine may be renamed while it runs,
    and the boot id is enough.
    """
    facts = look(process.pid, proc)
    if facts is None or facts.started != process.started or boot_id(proc) != process.boot:
        return None
    return facts


def started_ticks(pid: int, proc: Path = PROC) -> int | None:
    """When it began, in the unit of `ProcessId.started`."""
    facts = look(pid, proc)
    return None if facts is None else facts.started


def boot_id(proc: Path = PROC) -> str:
    """First 8 characters of what names this boot."""
    if _linux():
        return read(proc / "sys/kernel/random/boot_id").strip()[:8]
    return _boot_elsewhere()


def command_line(pid: int, proc: Path = PROC) -> tuple[str, ...]:
    """Its arguments as they are, secrets included; empty where they may not be read."""
    if _linux():
        text = read(proc / str(pid) / "cmdline").rstrip("\0")
        return tuple(text.split("\0")) if text else ()
    try:
        return tuple(psutil.Process(pid).cmdline())
    except psutil.Error:
        return ()


def short_name(pid: int, proc: Path = PROC) -> str:
    if _linux():
        return read(proc / str(pid) / "comm").strip()
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""


def has_variable(pid: int, setting: str, proc: Path = PROC) -> bool:
    """Whether its environment, as it was when its program began, has a variable that begins so."""
    if _linux():
        text = read(proc / str(pid) / "environ")
        return any(entry.startswith(setting) for entry in text.split("\0"))
    name, _, value = setting.partition("=")
    try:
        return psutil.Process(pid).environ().get(name, "\0").startswith(value)
    except psutil.Error:
        return False


def user_name(uid: int) -> str:
    """The number as text for one without a name."""
    import pwd  # noqa: PLC0415 - Windows has none

    try:
        return pwd.getpwuid(uid).pw_name
    except KeyError:
        return str(uid)


def members(process: ProcessId, processes: Mapping[int, Facts]) -> set[int]:
    """It, all that descend from it, and, where it leads a session, all of that; zombies left out."""
    own = processes.get(process.pid)
    if own is None or own.started != process.started:
        return set()
    children: dict[int, list[int]] = {}
    for facts in processes.values():
        children.setdefault(facts.parent, []).append(facts.pid)
    found: set[int] = set()
    ahead = [process.pid]
    if own.session == own.pid:
        ahead += [facts.pid for facts in processes.values() if facts.session == own.pid]
    while ahead:
        pid = ahead.pop()
        if pid not in found:
            found.add(pid)
            ahead += children.get(pid, ())
    return {pid for pid in found if not processes[pid].zombie}


def _look_linux(pid: int, proc: Path) -> Facts | None:
    try:
        with open(f"{proc}/{pid}/stat", "rb") as stream:  # noqa: PTH123 - hundreds at a time: half the cost
            # The name in field 2 may hold spaces and parentheses: count from the last one.
            fields = stream.read().rpartition(b")")[2].split()
    except OSError:
        return None
    if len(fields) < 20:
        return None
    ticks, page = _units()
    return Facts(
        pid=pid,
        parent=int(fields[1]),
        group=int(fields[2]),
        session=int(fields[3]),
        started=int(fields[19]),
        zombie=fields[0] in {b"Z", b"X", b"x"},
        cpu=sum(int(value) for value in fields[11:15]) / ticks,
        memory=int(fields[21]) * page if len(fields) > 21 else 0,
    )


def _look_psutil(pid: int) -> Facts | None:
    try:
        process = psutil.Process(pid)
        with process.oneshot():
            times = process.cpu_times()
            return Facts(
                pid=pid,
                parent=process.ppid(),
                group=os.getpgid(pid),
                session=os.getsid(pid),
                started=int(process.create_time() * 100),
                zombie=process.status() == psutil.STATUS_ZOMBIE,
                cpu=times.user + times.system,
                memory=process.memory_info().rss,
            )
    except (psutil.Error, OSError):
        return None


def _numbers(proc: Path) -> Iterator[int]:
    for name in os.listdir(proc):  # noqa: PTH208 - a Path for each of them costs as much as the reading
        if name.isdigit():
            yield int(name)


def _linux() -> bool:
    return sys.platform == "linux"


@cache
def _units() -> tuple[int, int]:
    return os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")


@cache
def _host() -> str:
    return socket.gethostname()


@cache
def _boot_elsewhere() -> str:
    """By the name that macOS gives each boot. Its time, all that others tell, moves with the clock."""
    try:
        told = subprocess.run(
            ["/usr/sbin/sysctl", "-n", "kern.bootsessionuuid"],
            capture_output=True,
            timeout=_SYSCTL_SECONDS,
            check=True,
        ).stdout.decode(errors="replace")
    except (OSError, subprocess.SubprocessError):
        return f"{int(psutil.boot_time()):x}"
    return told.strip()[:8] or f"{int(psutil.boot_time()):x}"
