"""Which process listens on a loopback port: its identity survives everything but a restart.

Linux: the listening socket's inode from /proc/net/tcp{,6}, its owner from /proc/PID/fd, the start from
/proc/PID/stat field 22 (clock ticks since boot). Elsewhere psutil, where it is allowed to look.
All of it blocks for milliseconds: call it in a thread.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path, PurePath

from ainf_tui.adapters.listeners import holders, is_host, listeners, listening_elsewhere
from ainf_tui.adapters.processes import PROC, boot_id, command_line, short_name, started_ticks

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
        if known is not None and started_ticks(known.pid, self._proc) == known.started:
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
            started = started_ticks(pid, self._proc)
            if started is not None:
                owners.append((started, pid))
        if not owners:
            return None
        started, pid = min(owners)
        return _owner(pid, started, self._proc)


def _by_psutil(host: str, port: int) -> Owner | None:
    """Elsewhere (macOS): own processes only, unless we are root."""
    found = {
        (started, pid)
        for bound, listening, pid in listening_elsewhere()
        if listening == port and (bound.is_unspecified or is_host(bound, host))
        if (started := started_ticks(pid)) is not None
    }
    if not found:
        return None
    started, pid = min(found)
    return _owner(pid, started, PROC)


def _owner(pid: int, started: int, proc: Path) -> Owner:
    return Owner(pid, started, boot_id(proc), short_name(pid, proc), command_line(pid, proc))
