"""Which file system a folder is on. Linux reads /proc/mounts, macOS asks `mount`."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

NETWORK_TYPES = frozenset(
    {
        *("nfs", "nfs4", "cifs", "smb", "smb2", "smb3", "smbfs", "ncpfs", "afpfs", "webdav", "davfs"),
        *("9p", "afs", "kafs", "coda", "lustre", "ceph", "glusterfs", "beegfs", "gpfs", "pvfs2", "orangefs"),
        *(
            "fuse.sshfs",
            "fuse.glusterfs",
            "fuse.ceph",
            "fuse.s3fs",
            "fuse.rclone",
            "fuse.davfs",
            "fuse.gcsfuse",
        ),
        *("fuse.juicefs", "fuse.mount-s3", "fuse.goofys", "fuse.lizardfs", "fuse.moosefs", "fuse.curlftpfs"),
        *("osxfuse.sshfs", "macfuse.sshfs"),
    }
)
"""Where flock or SQLite's locks may hold on one machine only, or not at all."""

_OCTAL = re.compile(r"\\([0-7]{3})")
_MAC_LINE = re.compile(r".* on (/.*) \(([^,)]+)[^)]*\)")


def mount_type(folder: Path) -> str:
    """The file system type of the folder or of where it would be created; "" when unknown."""
    target = os.path.realpath(folder)
    return longest_match(target, _mounts())


def longest_match(target: str, mounts: Iterable[tuple[str, str]]) -> str:
    """The type of the mount (mount point, type) that holds the absolute path; the last one of equals."""
    best, kind = -1, ""
    for point, this in mounts:
        prefix = point.rstrip("/") + "/"
        if (target + "/").startswith(prefix) and len(prefix) >= best:
            best, kind = len(prefix), this
    return kind


def parse_proc_mounts(text: str) -> list[tuple[str, str]]:
    """(mount point, type) of each line of /proc/mounts, which writes blanks in octal."""
    rows = [line.split(" ") for line in text.splitlines()]
    return [
        (_OCTAL.sub(lambda found: chr(int(found[1], 8)), row[1]), row[2]) for row in rows if len(row) >= 3
    ]


def parse_mac_mounts(text: str) -> list[tuple[str, str]]:
    """(mount point, type) of each line of macOS' `mount`: `DEVICE on POINT (TYPE, options)`."""
    found = (_MAC_LINE.fullmatch(line) for line in text.splitlines())
    return [(match[1], match[2]) for match in found if match]


def _mounts() -> list[tuple[str, str]]:
    if sys.platform == "darwin":
        done = subprocess.run(["/sbin/mount"], capture_output=True, text=True, timeout=10, check=False)
        return parse_mac_mounts(done.stdout)
    try:
        return parse_proc_mounts(Path("/proc/mounts").read_text(encoding="utf-8", errors="surrogateescape"))
    except OSError:
        # No /proc: a container without it, or another Unix. Unknown is not refused.
        return []
