"""A log file of any size, read in pieces at the places that are wanted. Blocking.

It is read with `pread` and never mapped: a mapped file that somebody truncates kills the process that looks
at it.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from ainf_tui.adapters.logs.notes import Notes
from ainf_tui.domain.logs.records import RawLine
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError, NotFoundError

BLOCK = 65_536
"""Bytes that are read to find a line's end."""
CHUNK = 1_048_576
"""Bytes that are read at once where all of it is wanted."""
MAX_LINE = 16_777_216
"""Bytes of a line; a longer one comes in pieces of this size, so that no file fills the memory."""


class LogFile:
    """An open file. What it has grown by is seen at once; what it has lost is simply not there."""

    def __init__(self, descriptor: int, path: Path) -> None:
        self.path = path
        self.notes = Notes(descriptor, path)
        """When which part of it was written, as far as that was noted."""
        self._descriptor = descriptor

    @classmethod
    def open(cls, path: Path) -> LogFile:
        """NotFoundError `logs.not_found`; AinfError `logs.unreadable` (a folder, no permission)."""
        try:
            descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
        except FileNotFoundError:
            raise no_file(path) from None
        except OSError as error:
            raise unreadable(path, error.strerror or str(error)) from error
        if not os.path.isfile(path) and not _seekable(descriptor):  # noqa: PTH113 - follows the name once more
            os.close(descriptor)
            raise unreadable(path, "it is no regular file")
        return cls(descriptor, path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Lets go of the file; a second time does nothing."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1

    @property
    def descriptor(self) -> int:
        return self._descriptor

    @property
    def size(self) -> int:
        return os.fstat(self._descriptor).st_size

    @property
    def modified(self) -> datetime:
        return datetime.fromtimestamp(os.fstat(self._descriptor).st_mtime, UTC)

    def read(self, start: int, end: int) -> bytes:
        """The bytes from `start` to `end`, or as many as there are. AinfError `logs.unreadable`."""
        parts = []
        while start < end:
            try:
                part = os.pread(self._descriptor, min(end - start, MAX_LINE), start)
            except OSError as error:
                raise unreadable(self.path, error.strerror or str(error)) from error
            if not part:
                break
            parts.append(part)
            start += len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def line_start(self, offset: int) -> int:
        """Where the line begins that holds the byte at `offset`; of a file's end: of its last, open line."""
        end = min(offset, self.size)
        while end > 0:
            start = max(0, end - BLOCK)
            found = self.read(start, end).rfind(b"\n")
            if found >= 0:
                return start + found + 1
            end = start
        return 0

    def lines(self, start: int = 0, end: int | None = None) -> Iterator[RawLine]:
        """The lines from `start`, which begins one, to `end` (as it is now)."""
        stop = self.size if end is None else end
        splitter = Splitter(start)
        while start < stop:
            data = self.read(start, min(stop, start + CHUNK))
            if not data:
                break
            start += len(data)
            yield from splitter.feed(data)
        yield from splitter.rest()


class Splitter:
    """Bytes in, lines out; a line that has no end yet is kept."""

    def __init__(self, start: int = 0) -> None:
        self._start = start
        self._parts: list[bytes] = []
        self._size = 0

    def feed(self, data: bytes) -> Iterator[RawLine]:
        """Takes what follows; gives the lines that are complete, and pieces of `MAX_LINE` of longer ones."""
        pieces = data.split(b"\n")
        last = pieces.pop()
        if self._parts and pieces:
            self._keep(pieces.pop(0) + b"\n")
            yield from self.rest()
        for piece in pieces:  # most lines come this way: no more than it takes
            start = self._start
            self._start = end = start + len(piece) + 1
            yield RawLine(start, end, piece + b"\n")
        if last:
            self._keep(last)
            if self._size >= MAX_LINE:
                yield from self.rest()

    def rest(self) -> Iterator[RawLine]:
        """What is kept, as if it were whole."""
        if self._parts:
            data = self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)
            line = RawLine(self._start, self._start + len(data), data)
            self._parts, self._size, self._start = [], 0, line.end
            yield line

    def jump(self, offset: int) -> None:
        """What comes next stands at this offset."""
        self._start = offset - self._size

    def _keep(self, piece: bytes) -> None:
        self._parts.append(piece)
        self._size += len(piece)


def _seekable(descriptor: int) -> bool:
    """Whether it can be read at any place, as spools can, and pipes cannot."""
    try:
        os.pread(descriptor, 1, 0)
    except OSError:
        return False
    return True


def no_file(path: Path) -> NotFoundError:
    return NotFoundError(
        "logs.not_found",
        f"there is no file {visible(str(path), 300)}",
        hint="Look at the name; `--follow` waits until the file is made.",
        details={"path": str(path)},
    )


def unreadable(path: Path, reason: str) -> AinfError:
    return AinfError(
        "logs.unreadable",
        f"{visible(str(path), 300)} cannot be read: {reason}",
        hint="Logs are files of yours, archives of them (.gz, .zst), or - for standard input.",
        details={"path": str(path), "reason": reason},
    )
