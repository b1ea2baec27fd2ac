"""The system's ssh: what it is told, and what it means when it fails. Its config, keys, agents and
known_hosts hold.

One connection of our own (`-M`, a control socket in a private folder) carries everything: questions to
`ainf` on the box and the forwarded socket. So a password is asked for once, and before the screen is taken.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Sequence
from pathlib import Path

from ainf_tui.client.box import Box
from ainf_tui.errors import UnreachableError
from ainf_tui.frozen import frozen

READY = "ainf-ready"
_HOLD = f"echo {READY} && exec cat >/dev/null"
"""The connection's own session: says that it stands, then waits for the end of our pipe. When this
process dies, however it dies, the pipe closes, cat ends there and ssh here.
"""
_DEAF = ("/bin/sh", "-c", 'trap "" INT QUIT; exec "$@"', "sh")
"""Ctrl-C is for us (it detaches); an ssh that may ask on the terminal shares its signals."""
_REFUSES = re.compile(r"[\x00-\x1f\x7f:\\%$\"]")
"""What ssh would read as something else in the path of a forwarded socket, or differently by version."""

_UNKNOWN_KEY = r"(?i)host key verification failed|host key is known for|identification has changed"
_NOT_LET_IN = r"(?i)permission denied|too many authentication failures"


@frozen
class Program:
    """`ssh`: the program here. `command`: what starts ainf there, as the box's shell reads it.

    `alive`: seconds between two looks at whether the line still lives; it is given up after two.
    """

    ssh: str = "ssh"
    command: str = "ainf"
    alive: int = 10
    dial: int = 15
    """Seconds for a connection to be made."""

    def master(self, box: Box, control: Path, *, ask: bool) -> list[str]:
        """The connection. Without `ask`, ssh asks nobody anything and writes on no terminal."""
        options = {
            # Not the user's: a master that stays would outlive us, and his forwardings may be taken.
            "ControlPersist": "no",
            "ClearAllForwardings": "yes",
            "RemoteCommand": "none",
            # Learns new keys of a known host by asking, at a time of its own: the screen is ours by then.
            "UpdateHostKeys": "no",
            "ConnectTimeout": str(self.dial),
            "ServerAliveInterval": str(self.alive),
            "ServerAliveCountMax": "2",
            "StreamLocalBindUnlink": "yes",
            "LogLevel": "INFO",
        }
        if not ask:
            options["BatchMode"] = "yes"
        words = [*_DEAF, self.ssh, "-M", "-S", str(control), "-T", *_given(options)]
        if box.user:
            words += ["-l", box.user]
        if box.port is not None:
            words += ["-p", str(box.port)]
        return [*words, "--", box.host, _HOLD]

    def question(self, box: Box, control: Path, verb: Sequence[str]) -> list[str]:
        """`ainf VERB` on the box, over the connection that stands."""
        home = ["--home", box.home] if box.home else []
        # There it is the end of the road, whatever that machine's own settings say.
        words = shlex.join(["--connect", "", *home, *verb])
        return [*self._over(control), "-T", "--", box.host, f"{self.command} {words}"]

    def forward(self, box: Box, control: Path, local: Path, remote: str) -> list[str]:
        """Makes the connection lead from the socket `local` to the socket `remote`."""
        return [*self._over(control), "-O", "forward", "-L", f"{local}:{remote}", "--", box.host]

    def _over(self, control: Path) -> list[str]:
        """No config: only the control socket. Where it is gone, no connection of its own is made."""
        options = {"BatchMode": "yes", "ProxyCommand": "false", "ExitOnForwardFailure": "yes"}
        return [self.ssh, "-F", "none", "-S", str(control), *_given(options)]


def can_be_forwarded(path: str) -> bool:
    """Whether ssh of any version takes this path of a socket as it stands."""
    return path.startswith("/") and not _REFUSES.search(path)


def refused(box: Box, words: str) -> UnreachableError:
    """Why there is no connection, from what ssh wrote."""
    said = words or "ssh ended without a word"
    if re.search(_UNKNOWN_KEY, words):
        return UnreachableError(
            "connect.host_key",
            f"ssh does not know that this is {box.url}: {said}",
            hint=f"Connect once by hand (ssh {_destination(box)}) and compare the fingerprint.",
            details={"ssh": words},
        )
    if re.search(_NOT_LET_IN, words):
        return UnreachableError(
            "connect.auth",
            f"{box.url} does not let us in: {said}",
            hint=f"Try it by hand: ssh {_destination(box)}\nA key in ssh-agent lets it come back by itself.",
            details={"ssh": words},
        )
    return UnreachableError(
        "connect.failed",
        f"{box.url} cannot be reached: {said}",
        hint=f"Try it by hand: ssh {_destination(box)}",
        details={"ssh": words},
    )


def _destination(box: Box) -> str:
    port = f"-p {box.port} " if box.port is not None else ""
    return f"{port}{box.user}@{box.host}" if box.user else f"{port}{box.host}"


def _given(options: dict[str, str]) -> list[str]:
    return [word for name, value in options.items() for word in ("-o", f"{name}={value}")]
