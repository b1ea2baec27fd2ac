"""Which file is which, whatever its name is by now: places that another process can go on from, and copies
that a rotation has made. Blocking.
"""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.errors import AinfError

_LOOKED_AT = 65_536
"""Bytes of a copy that are compared."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a file, for another process: which file, where to go on, how far it was read, and the bytes
    before that.
    """

    device: int
    inode: int
    offset: int
    end: int
    before: bytes
    copy: str | None = None
    """Where nothing was read: the newest copy that a rotation had made then; see `follow`."""

    def find(self, path: Path) -> LogFile | None:
        """The file under that name, or under one that a rotation has given it; None if it is gone."""
        try:
            siblings = [one for one in path.parent.iterdir() if one.name.startswith(f"{path.name}.")]
        except OSError:
            siblings = []  # The folder is gone, and so is the file.
        for one in (path, *siblings):
            if key_of(one) == (self.device, self.inode):
                try:
                    return LogFile.open(one)
                except AinfError:
                    continue  # It has moved on at this moment: it is found under its next name, or not.
        return None


def key_of(path: Path) -> tuple[int, int] | None:
    """None where there is no file of that name that can be read."""
    try:
        facts = path.stat()
    except OSError:
        return None
    if not stat.S_ISREG(facts.st_mode) or not os.access(path, os.R_OK):
        return None
    return facts.st_dev, facts.st_ino


def stamp(path: Path) -> str:
    """What a file keeps when it is renamed, and another one under its name has not; empty where none is."""
    try:
        facts = path.stat()
    except OSError:
        return ""
    return f"{facts.st_dev}:{facts.st_ino}:{facts.st_mtime_ns}"


def is_copy(path: Path, log: LogFile) -> bool:
    """Whether this is a copy, or the beginning of one, of what the file still holds."""
    try:
        copy = LogFile.open(path)
    except AinfError:
        return False
    with copy:
        size = copy.size  # Before the file's own: a copy is no longer than what it was made of.
        begun = min(size, _LOOKED_AT)
        return log.size >= size and log.read(0, begun) == copy.read(0, begun)
