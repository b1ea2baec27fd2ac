"""Which sockets listen on this machine, and which process holds one. Blocking, a few milliseconds.

Linux: /proc/net/tcp{,6} and /proc/PID/fd; elsewhere psutil, where it is allowed to look.
"""

from __future__ import annotations

import ipaddress
import sys
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

Address = ipaddress.IPv4Address | ipaddress.IPv6Address
_LISTEN = "0A"


@dataclass(frozen=True, slots=True)
class Listener:
    """One listening TCP socket."""

    address: Address
    port: int
    inode: int
    uid: int


def listeners(proc: Path = Path("/proc")) -> Iterator[Listener]:
    """All of this network namespace."""
    for table in ("tcp", "tcp6"):
        for line in read(proc / "net" / table).splitlines()[1:]:
            fields = line.split()
            if len(fields) < 10 or fields[3] != _LISTEN:
                continue
            address, _, port = fields[1].rpartition(":")
            yield Listener(parse_address(address), int(port, 16), int(fields[9]), int(fields[7]))


def holders(
    inodes: Collection[int], proc: Path = Path("/proc"), pids: Collection[int] | None = None
) -> dict[int, list[int]]:
    """Inode -> pids that hold the socket, as far as they may be looked at. One pass over these or all
    processes.
    """
    wanted = {f"socket:[{inode}]": inode for inode in inodes}
    found: dict[int, list[int]] = {}
    if not wanted:
        return found
    if pids is None:
        pids = [int(folder.name) for folder in proc.iterdir() if folder.name.isdigit()]
    for pid in pids:
        for inode in _held(proc / str(pid) / "fd", wanted):
            found.setdefault(inode, []).append(pid)
    return found


def listening_elsewhere() -> Iterator[tuple[Address, int, int]]:
    """Address, port and pid of each listening socket where there is no /proc: own processes only, unless
    we are root.
    """
    for process in psutil.process_iter():
        try:
            sockets = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        for found in sockets:
            if found.laddr and found.status == psutil.CONN_LISTEN:
                yield _address_elsewhere(found.laddr[0]), found.laddr[1], process.pid


def _address_elsewhere(text: str) -> Address:
    """`fe80::1%lo0` has a zone, `*` stands for every address."""
    try:
        return ipaddress.ip_address(text.partition("%")[0])
    except ValueError:
        return ipaddress.IPv4Address(0)


def _held(folder: Path, wanted: dict[str, int]) -> set[int]:
    held = set()
    try:
        for descriptor in folder.iterdir():
            inode = wanted.get(str(descriptor.readlink()))
            if inode is not None:
                held.add(inode)
    except OSError:
        return held  # another user's process, or one that just ended
    return held


def parse_address(text: str) -> Address:
    """An address of /proc/net/tcp: hexadecimal words of 32 bits in the machine's byte order."""
    words = [int(text[i : i + 8], 16).to_bytes(4, sys.byteorder) for i in range(0, len(text), 8)]
    raw = b"".join(words)
    if len(raw) == 4:
        return ipaddress.IPv4Address(raw)
    address = ipaddress.IPv6Address(raw)
    return address.ipv4_mapped or address


def read(path: Path) -> str:
    """The file's text; empty where it is gone or may not be read."""
    try:
        return path.read_text(errors="replace")
    except OSError:
        return ""


def is_host(bound: Address, host: str) -> bool:
    """Whether a socket bound there takes connections to exactly `host`."""
    if host == "localhost":
        return str(bound) in {"127.0.0.1", "::1"}
    return str(bound) == str(ipaddress.ip_address(host))
