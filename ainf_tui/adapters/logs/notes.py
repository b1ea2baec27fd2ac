"""When which part of a log was written, from what the launcher of its service notes beside it.

A line of `.NAME.times` says `SIZE SECONDS`: so long was the log at that time. Of a log whose lines say no
time, as ComfyUI's, nothing else tells it. Notes may lack: who wrote them was killed, the disk was full, or
there never were any; then a line has no time, as before there were notes.
"""

from __future__ import annotations

import os
import re
from bisect import bisect_right
from datetime import UTC, datetime
from pathlib import Path

LATE = 3.0
"""Seconds between the last note and the last write from which on nobody is noting any more."""
MOST = 1_048_576
"""Bytes of notes that are read; the launcher keeps far fewer."""
GENERATIONS = 9
_GENERATION = re.compile(r"\.\d\Z", re.ASCII)


class Notes:
    """Of the open file `descriptor`, which had that name once. Blocking; it looks when it is told to."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self._descriptor = descriptor
        self._path = path
        self._looked = False
        self._file = (0, 0)
        self._read = 0
        self._sizes: list[int] = []
        self._times: list[float] = []
        self._modified = 0.0

    @property
    def known(self) -> bool:
        if not self._looked:
            self.look()
        return bool(self._sizes)

    def before(self, offset: int) -> datetime | None:
        """A moment at or before which nothing at that place had been written, at most a second or two before
        it was; None: not known.
        """
        if not self.known:
            return None
        place = bisect_right(self._sizes, offset) - 1
        if place < 0:
            return None
        at = self._times[place]
        if place == len(self._sizes) - 1 and self._modified - at > LATE:
            at = self._modified
        return datetime.fromtimestamp(at, UTC)

    def look(self) -> None:
        """Takes in what has been noted since."""
        self._looked = True
        facts = os.fstat(self._descriptor)
        self._modified = facts.st_mtime
        path = self._named((facts.st_dev, facts.st_ino))
        if path is None:
            return
        try:
            handle = os.open(beside(path), os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK | os.O_NOFOLLOW)
        except OSError:
            self._forget()  # None: a log without notes, or one that is being rotated.
            return
        try:
            self._take(handle)
        finally:
            os.close(handle)
        if self._sizes and self._sizes[-1] > facts.st_size:
            self._forget()  # Of what was in the file before it was cut.

    def _named(self, key: tuple[int, int]) -> Path | None:
        """The name that the file has now: a rotation gives it another one."""
        path = Path(os.path.realpath(self._path))
        base = path.with_name(_GENERATION.sub("", path.name))
        for one in (path, base, *(base.with_name(f"{base.name}.{n}") for n in range(1, GENERATIONS + 1))):
            try:
                facts = one.stat()
            except OSError:
                continue
            if (facts.st_dev, facts.st_ino) == key:
                return one
        return None

    def _take(self, handle: int) -> None:
        facts = os.fstat(handle)
        file = (facts.st_dev, facts.st_ino)
        if file != self._file or facts.st_size < self._read:
            self._forget()
            self._file = file
        data = os.pread(handle, MOST, self._read)
        whole = data.rfind(b"\n") + 1
        self._read += whole
        for line in data[:whole].splitlines():
            self._add(line.split())

    def _add(self, parts: list[bytes]) -> None:
        """A line that a crash has cut off, or that is none, is passed over."""
        try:
            size, at = int(parts[0]), float(parts[1])
            datetime.fromtimestamp(at, UTC)
        except (ValueError, IndexError, OverflowError, OSError):
            return
        while self._sizes and self._sizes[-1] > size:  # The log was cut.
            self._sizes.pop()
            self._times.pop()
        self._sizes.append(size)
        # A clock that was set back does not make a later line older than one before it.
        self._times.append(max(at, self._times[-1]) if self._times else at)

    def _forget(self) -> None:
        self._file, self._read = (0, 0), 0
        self._sizes, self._times = [], []


def beside(log: Path) -> Path:
    """Where its notes are; hidden, so that no pattern for logs takes them for one."""
    return log.with_name(f".{log.name}.times")
