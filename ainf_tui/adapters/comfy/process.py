"""Which process listens on a loopback port: its identity survives everything but a restart.

Linux: the listening socket's inode from /proc/net/tcp{,6}, its owner from /proc/PID/fd, the start from
/proc/PID/stat field 22 (clock ticks since boot). Elsewhere psutil, where it is allowed to look.
All of it blocks for milliseconds: call it in a thread.
"""

from __future__ import annotations

import ipaddress
import sys
from dataclasses import dataclass
from pathlib import Path, PurePath

import psutil

from ainf_tui.adapters.listeners import holders, is_host, listeners, read

_FORWARDERS = frozenset(
    (
        "ssh",
        "sshd",
        "autossh",
        "docker-proxy",
        "rootlessport",
        "slirp4netns",
        "pasta",
        "conmon",
        "socat",
        "kubectl",
        "kubelet",
        "haproxy",
        "nginx",
        "caddy",
        "traefik",
        "envoy",
        "httpd",
        "apache2",
        "cloudflared",
        "frpc",
        "frps",
        "chisel",
        "gost",
        "tailscaled",
        "wireproxy",
        "systemd",
        "launchd",
    )
)
"""Processes that listen for somebody else."""


@dataclass(frozen=True, slots=True)
class Owner:
    """The process that owns a listening port. `started` is in clock ticks since boot (Linux) or in
    hundredths of a second since the epoch.
    """

    pid: int
    started: int
    boot: str
    name: str
    cmdline: tuple[str, ...]

    @property
    def identity(self) -> str:
        return f"{self.boot}:{self.pid}:{self.started}"

    def runs(self, argv: tuple[str, ...]) -> bool:
        """Whether its command line is the one that a Python server reports as `sys.argv`."""
        if not argv or len(argv) > len(self.cmdline):
            return False
        arguments = argv[1:]
        if arguments and self.cmdline[-len(arguments) :] != arguments:
            return False
        script = PurePath(argv[0])
        if any(PurePath(part).name == script.name for part in self.cmdline):
            return True
        # `python -m package.module` calls itself by the path of that module.
        module = self.cmdline[self.cmdline.index("-m") + 1 :][:1] if "-m" in self.cmdline else ()
        return any(part.replace(".", "/") in script.as_posix() for part in module)


class ProcessFinder:
    """Finds the owner of a port; remembers it while the socket's inode and the process stay the same."""

    def __init__(self, proc: Path = Path("/proc"), platform: str = sys.platform) -> None:
        self._proc = proc
        self._linux = platform == "linux"
        self._known: dict[int, Owner] = {}
        self.confirmed: set[str] = set()
        """Identities of owners that were found to be the server itself."""

    def confirm(self, owner: Owner) -> None:
        # Only the newest counts: earlier ones are dead or about to be.
        self.confirmed = {owner.identity}

    def owner(self, host: str, port: int) -> Owner | None:
        """The process that listens for `host` (a loopback address or `localhost`), or None."""
        found = self._on_linux(host, port) if self._linux else _by_psutil(host, port)
        return None if found is None or found.name.lower() in _FORWARDERS else found

    def _on_linux(self, host: str, port: int) -> Owner | None:
        inodes = self._inodes(host, port)
        if len(inodes) != 1:
            return None
        inode = inodes.pop()
        known = self._known.get(inode)
        if known is not None and self._started(known.pid) == known.started:
            return known
        owner = self._search(inode)
        self._known = {} if owner is None else {inode: owner}
        return owner

    def _inodes(self, host: str, port: int) -> set[int]:
        """Inodes of the sockets that take connections to host:port: bound to it, else to all addresses."""
        exact: set[int] = set()
        every: set[int] = set()
        for found in listeners(self._proc):
            if found.port == port and found.address.is_unspecified:
                every.add(found.inode)
            elif found.port == port and is_host(found.address, host):
                exact.add(found.inode)
        return exact or every

    def _search(self, inode: int) -> Owner | None:
        """The oldest process that holds the socket: children inherit it, the server made it."""
        owners = []
        for pid in holders({inode}, self._proc).get(inode, ()):
            started = self._started(pid)
            if started is not None:
                owners.append((started, pid))
        if not owners:
            return None
        started, pid = min(owners)
        return Owner(pid, started, self._boot(), self._name(pid), self._cmdline(pid))

    def _started(self, pid: int) -> int | None:
        # The name in field 2 may hold spaces and parentheses: count from the last one.
        fields = read(self._proc / str(pid) / "stat").rpartition(")")[2].split()
        return int(fields[19]) if len(fields) > 19 else None

    def _boot(self) -> str:
        return read(self._proc / "sys/kernel/random/boot_id").strip()[:8]

    def _name(self, pid: int) -> str:
        return read(self._proc / str(pid) / "comm").strip()

    def _cmdline(self, pid: int) -> tuple[str, ...]:
        return tuple(read(self._proc / str(pid) / "cmdline").rstrip("\0").split("\0"))


def _by_psutil(host: str, port: int) -> Owner | None:
    """Elsewhere (macOS): own processes only, unless we are root."""
    found: dict[int, psutil.Process] = {}
    for process in psutil.process_iter():
        try:
            sockets = process.net_connections(kind="tcp")
        except psutil.Error:
            continue
        if any(_listens(s.laddr, s.status, host, port) for s in sockets):
            found[process.pid] = process
    if not found:
        return None
    try:
        oldest = min(found.values(), key=lambda p: (p.create_time(), p.pid))
        return Owner(
            oldest.pid,
            int(oldest.create_time() * 100),
            f"{int(psutil.boot_time()):x}",
            oldest.name(),
            tuple(oldest.cmdline()),
        )
    except psutil.Error:
        return None


def _listens(local: tuple[str, int] | tuple[()], status: str, host: str, port: int) -> bool:
    if not local or status != psutil.CONN_LISTEN or local[1] != port:
        return False
    try:
        bound = ipaddress.ip_address(local[0].partition("%")[0])
    except ValueError:
        return local[0] == "*"
    return bound.is_unspecified or is_host(bound, host)
