"""Who is at the other end of a Unix socket."""

from __future__ import annotations

import os
import socket
import struct
import sys

_LINUX_CREDENTIALS = struct.Struct("3i")
"""struct ucred of unix(7): pid, uid, gid."""
_MAC_CREDENTIALS = struct.Struct("=IIh2x16I")
"""struct xucred of <sys/ucred.h>: version, uid, number of groups, groups."""
_SOL_LOCAL = 0
_LOCAL_PEERCRED = 1


def peer_uid(sock: socket.socket, platform: str = sys.platform) -> int:
    """The user of the process that connected. OSError where the kernel does not tell."""
    if platform == "linux":
        raw = sock.getsockopt(socket.SOL_SOCKET, 17, _LINUX_CREDENTIALS.size)  # SO_PEERCRED
        uid: int = _LINUX_CREDENTIALS.unpack(raw)[1]
        return uid
    raw = sock.getsockopt(_SOL_LOCAL, _LOCAL_PEERCRED, _MAC_CREDENTIALS.size)
    found: int = _MAC_CREDENTIALS.unpack(raw)[1]
    return found


def welcome(uid: int) -> bool:
    """Whether it is our own user, or root, who could read our memory anyway."""
    return uid in {os.geteuid(), 0}
