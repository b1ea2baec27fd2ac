"""Who listens on a port. Blocking, a few milliseconds."""

from __future__ import annotations

import ipaddress
import os
import sys
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from ainf_tui.adapters.listeners import Address, holders, listeners, listening_elsewhere
from ainf_tui.adapters.processes import (
    PROC,
    command_line,
    identify,
    short_name,
    started_ticks,
    user_name,
)
from ainf_tui.adapters.services.printing import printed_to
from ainf_tui.domain.ports_services import PortOwner
from ainf_tui.domain.text import redact_arguments

_LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True)
class _Candidate:
    """One socket that stands in the way; `closeness` 0 is bound to exactly that address."""

    port: int
    closeness: int
    pids: tuple[int, ...]
    uid: int | None


def port_owners(ports: Collection[int], host: str, proc: Path = PROC) -> dict[int, PortOwner]:
    """By port, of those that somebody would be in the way of who binds to `host`. The closest binding
    counts, then the oldest process: children inherit a socket, the server made it.
    """
    wanted = frozenset(ports)
    if not wanted:
        return {}
    linux = sys.platform == "linux"
    candidates = _on_linux(wanted, host, proc) if linux else _elsewhere(wanted, host)
    found: dict[int, PortOwner] = {}
    for candidate in sorted(candidates, key=lambda c: (c.closeness, not c.pids)):
        if candidate.port not in found:
            found[candidate.port] = _owner(candidate, proc)
    return found


def listening_ports(groups: Mapping[int, Collection[int]], proc: Path = PROC) -> dict[int, tuple[int, ...]]:
    """Key -> the TCP ports that any of its pids listens on."""
    everyone = {pid for pids in groups.values() for pid in pids}
    by_pid: dict[int, set[int]] = {}
    if sys.platform == "linux":
        ports = {found.inode: found.port for found in listeners(proc)}
        for inode, pids in holders(ports, proc, everyone).items():
            for pid in pids:
                by_pid.setdefault(pid, set()).add(ports[inode])
    else:
        for _, port, pid in listening_elsewhere():
            by_pid.setdefault(pid, set()).add(port)
    return {key: _sorted(by_pid.get(pid, ()) for pid in pids) for key, pids in groups.items()}


def _sorted(parts: Iterable[Collection[int]]) -> tuple[int, ...]:
    return tuple(sorted({port for part in parts for port in part}))


def _on_linux(ports: frozenset[int], host: str, proc: Path) -> Iterator[_Candidate]:
    sockets = [
        (found, closeness)
        for found in listeners(proc)
        if found.port in ports and (closeness := _closeness(found.address, host)) is not None
    ]
    held = holders({found.inode for found, _ in sockets}, proc)
    for found, closeness in sockets:
        yield _Candidate(found.port, closeness, tuple(held.get(found.inode, ())), found.uid)


def _elsewhere(ports: frozenset[int], host: str) -> Iterator[_Candidate]:
    for address, port, pid in listening_elsewhere():
        closeness = _closeness(address, host) if port in ports else None
        if closeness is not None:
            yield _Candidate(port, closeness, (pid,), None)


def _closeness(bound: Address, host: str) -> int | None:
    """None: both can listen at the same time. `localhost` is both loopback addresses, and who has one of
    them has what a browser would find there; a name, or every address, meets every listener.
    """
    try:
        asked = None if host == "localhost" else ipaddress.ip_address(host)
    except ValueError:
        return 2
    if asked is not None and (asked == bound or asked.is_unspecified):
        return 0
    if (asked is None or str(asked) in _LOOPBACK) and str(bound) in _LOOPBACK:
        return 0 if asked is None else 1
    return 2 if bound.is_unspecified else None


def _owner(candidate: _Candidate, proc: Path) -> PortOwner:
    started = {pid: ticks for pid in candidate.pids if (ticks := started_ticks(pid, proc)) is not None}
    user = "" if candidate.uid is None else user_name(candidate.uid)
    if not started:
        return PortOwner(candidate.port, None, user=user)
    pid = min(started, key=lambda pid: (started[pid], pid))
    return PortOwner(
        candidate.port,
        identify(pid, proc),
        redact_arguments(command_line(pid, proc)),
        _user(pid, proc) or user,
        short_name(pid, proc),
        printed_to(pid, proc),
    )


def _user(pid: int, proc: Path) -> str:
    """Whose process it is; a socket keeps the user who made it, though its process may have changed."""
    if sys.platform != "linux":
        return user_name(os.getuid())  # others' are not seen there
    try:
        return user_name((proc / str(pid)).stat().st_uid)
    except OSError:
        return ""
