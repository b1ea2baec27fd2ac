"""A log that is followed by its name: what is appended, through rotation by renaming and by copy and
truncation, late creation and deletion. Each line once. Blocking, but for no longer than a piece takes.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from ainf_tui.adapters.logs.file import CHUNK, LogFile, Splitter
from ainf_tui.adapters.logs.generations import Place, copies_of, generations, newest_copy
from ainf_tui.adapters.logs.identity import Mark, key_of
from ainf_tui.adapters.logs.spool import Spool
from ainf_tui.domain.logs.records import RawLine
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError

AT_ONCE = CHUNK
"""Bytes of a file that one poll reads at most; more is left to the next one."""
LINGER = 5.0
"""Seconds for which a file that was renamed is looked at: its writer may not know yet."""
_MARK = 256
"""Bytes before the place that has been reached; others there mean that the file was cut and filled again."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Lines of one file. `fresh`: they do not go on where the batch before ended."""

    lines: tuple[RawLine, ...]
    fresh: bool = False


@dataclass(slots=True)
class _Reading:
    """A file that is open, and how far it has been read."""

    log: LogFile
    offset: int = 0
    fresh: bool = False
    splitter: Splitter = field(default_factory=Splitter)
    mark: bytes = b""
    until: float = 0.0
    again: int | None = None
    """From where on it is to be read again, once it is known to be what it was up to `offset`."""
    copy: str | None = None
    """Of a file of which nothing was read: the newest copy that a rotation had made of it then, by which
    later ones are told. Empty: there was none. None: that is not known.
    """

    @classmethod
    def at(cls, log: LogFile, offset: int) -> _Reading:
        mark = log.read(max(0, offset - _MARK), offset)
        return cls(log, offset, splitter=Splitter(offset), mark=mark)

    @property
    def unread(self) -> bool:
        """Nothing of it by which a cut would be seen was read yet."""
        return not self.mark

    @property
    def key(self) -> tuple[int, int]:
        facts = os.fstat(self.log.descriptor)
        return facts.st_dev, facts.st_ino

    @property
    def cut(self) -> bool:
        """What was read before is not there any more."""
        size = self.log.size
        return size < self.offset or self.log.read(self.offset - len(self.mark), self.offset) != self.mark

    def rewind(self) -> None:
        """Back to where another process has left it."""
        if self.again is not None:
            self.offset, self.again = self.again, None
            self.mark = self.log.read(max(0, self.offset - _MARK), self.offset)
            self.splitter = Splitter(self.offset)

    def begin_again(self) -> None:
        """From the top of a file that was cut. Its writer may have left a hole there."""
        self.offset, self.mark, self.fresh = 0, b"", True
        self.splitter = Splitter()
        head = self.log.read(0, CHUNK)
        while head and not head.strip(b"\0") and self.offset < self.log.size:
            self.offset += len(head)
            head = self.log.read(self.offset, self.offset + CHUNK)
        self.offset += len(head) - len(head.lstrip(b"\0"))
        self.splitter.jump(self.offset)

    def more(self, most: int) -> Iterator[Batch]:
        """What has been appended, up to `most` bytes."""
        stop = min(self.log.size, self.offset + most)
        while self.offset < stop:
            data = self.log.read(self.offset, min(stop, self.offset + CHUNK))
            if not data:
                return
            self.offset += len(data)
            self.mark = (self.mark + data)[-_MARK:]
            if lines := tuple(self.splitter.feed(data)):
                yield Batch(lines, self.fresh)
                self.fresh = False

    def rest(self) -> Iterator[Batch]:
        """A last line without an end, of a file that nothing is added to any more."""
        if lines := tuple(self.splitter.rest()):
            yield Batch(lines, self.fresh)


class Stream:
    """What a spool takes in, as it comes."""

    def __init__(self, spool: Spool) -> None:
        self._spool = spool
        self._reading = _Reading(spool.log)
        self.behind = False
        self.ended = False
        """There will be nothing more."""

    def close(self) -> None:
        self._spool.stop()
        self._spool.log.close()

    def poll(self) -> Iterator[Batch]:
        last = self._spool.ended
        yield from self._reading.more(AT_ONCE)
        self.behind = self._reading.offset < self._spool.log.size
        if last and not self.behind:
            yield from self._reading.rest()
            self.ended = True


class Follower:
    """`log` is the file that has the name now, and is closed with it; `offset` is where it begins in that.
    In later ones it begins at the top. `tell` is handed what a person should know, in a sentence. `resume`:
    where another process was in that file, instead of `offset`; it may have been cut since.
    """

    def __init__(
        self,
        path: Path,
        log: LogFile | None = None,
        offset: int = 0,
        *,
        tell: Callable[[str], None],
        clock: Callable[[], float] = time.monotonic,
        resume: Mark | None = None,
    ) -> None:
        self.path = path
        self._tell = tell
        self._clock = clock
        self._current = None if log is None else _Reading.at(log, offset)
        if log is not None and resume is not None:
            self._current = _Reading(log, resume.end, mark=resume.before, again=resume.offset)
            self._current.copy = resume.copy
        self._leaving: list[_Reading] = []
        self._told = ""
        self.ended = False
        self.behind = False
        """There is more to read at once."""

    def close(self) -> None:
        for reading in (*self._leaving, *((self._current,) if self._current else ())):
            reading.log.close()
        self._leaving, self._current = [], None

    def poll(self) -> Iterator[Batch]:
        """What has come since the last time. All of it is read before any is handed out: whoever takes it may
        take a while over it, and the file may be rotated twice meanwhile.
        """
        yield from list(self._look())

    def _look(self) -> Iterator[Batch]:
        yield from self._leavers()
        now = self._key()
        current = self._current
        if current is not None:
            yield from self._drain(current)
            self.behind = current.offset < current.log.size
            if self.behind or now is None or now == current.key:
                return
            current.until = self._clock() + LINGER
            self._leaving.append(current)
            self._current = None
        opened = now is not None and self._open()
        if current is not None:
            yield from self._missed(current)
        if opened and self._current is not None:
            self._current.fresh = True
            yield from self._drain(self._current)
            self.behind = self._current.offset < self._current.log.size

    def mark(self, offset: int) -> Mark | None:
        """By what that place of the file that has the name now is found again; None: there is none by now."""
        current = self._current
        if current is None or offset > current.offset:
            return None
        return Mark(*current.key, offset, current.offset, current.mark, current.copy)

    @property
    def begins(self) -> int | None:
        """Where the next line will begin, if that is in another file than the last one, or in one that was
        cut since; None: it goes on.
        """
        return self._current.offset if self._current is not None and self._current.fresh else None

    @property
    def modified(self) -> datetime | None:
        """When the file that has the name was written last."""
        return None if self._current is None else self._current.log.modified

    def look(self) -> None:
        """Takes in what was noted of the file that has the name."""
        if self._current is not None:
            self._current.log.notes.look()

    def noted(self, offset: int) -> datetime | None:
        """When that place of the file that has the name was written, as far as it was noted."""
        return None if self._current is None else self._current.log.notes.before(offset)

    # -- the file that has the name ------------------------------------------------------------------
    def _key(self) -> tuple[int, int] | None:
        try:
            facts = self.path.stat()
        except FileNotFoundError:
            self._say(f"{self._shown} is not there; waiting for it")
            return None
        except OSError as error:
            self._say(f"{self._shown} cannot be looked at: {error.strerror}; waiting for it")
            return None
        return facts.st_dev, facts.st_ino

    def _open(self) -> bool:
        try:
            log = LogFile.open(self.path)
        except AinfError as error:
            self._say(f"{error.message}; waiting for it")
            return False
        self._current = _Reading(log)
        self._told = ""
        return True

    def _drain(self, reading: _Reading) -> Iterator[Batch]:
        if reading.cut:
            yield from self._continued(reading)
        reading.rewind()
        if reading.unread:
            yield from self._never_seen(reading)
        yield from reading.more(AT_ONCE)

    def _leavers(self) -> Iterator[Batch]:
        for reading in list(self._leaving):
            for batch in reading.more(AT_ONCE):
                # Offsets of another file than those before and behind.
                yield Batch(batch.lines, fresh=True)
                if self._current is not None:
                    self._current.fresh = True
            if self._clock() > reading.until:
                yield from reading.rest()
                reading.log.close()
                self._leaving.remove(reading)

    # -- what went by another name meanwhile ---------------------------------------------------------
    def _missed(self, reading: _Reading) -> Iterator[Batch]:
        """Files that had the name and lost it between two looks: those newer than where ours is now. Their
        writer may not know yet either.
        """
        newer: list[LogFile] = []
        for path in generations(self.path):
            key = key_of(path)
            if key == reading.key:
                break
            if key is not None and (self._current is None or key != self._current.key):
                with suppress(AinfError):  # Moved on at this moment.
                    newer.append(LogFile.open(path))
        else:
            # Ours is gone: nobody knows which of them are newer.
            for log in newer:
                log.close()
            return
        for log in reversed(newer):
            missed = _Reading(log, fresh=True, until=reading.until)
            self._leaving.append(missed)
            yield from missed.more(log.size)

    def _continued(self, reading: _Reading) -> Iterator[Batch]:
        """The rest of a file that was cut, from the copy that was made of it before, and what was written to
        it and cut since; then it is read from its top.
        """
        copies = copies_of(self.path, reading.log, Place(reading.offset, reading.mark))
        try:
            if copies.rest is None:
                yield from reading.rest()
                self._say(f"{self._shown} was cut, and there is no copy of it; reading from its top")
            else:
                yield from _rest_of(copies.rest, reading)
            for log in reversed(copies.newer):
                yield from _whole(log)
        finally:
            copies.close()
        reading.begin_again()
        reading.copy = copies.newest

    def _never_seen(self, reading: _Reading) -> Iterator[Batch]:
        """What was written to an empty file and cut off it between two looks: copies newer than the last."""
        if reading.copy is None:
            reading.copy = newest_copy(self.path)
            return
        if newest_copy(self.path) == reading.copy:
            return  # As nearly always; an empty log is looked at often.
        copies = copies_of(self.path, reading.log, Place(0, b"", reading.copy))
        try:
            for log in reversed(copies.newer):
                yield from _whole(log)
                reading.fresh = True
        finally:
            copies.close()
        reading.copy = copies.newest

    def _say(self, text: str) -> None:
        """Once, until something else happens."""
        if text != self._told:
            self._told = text
            self._tell(text)

    @property
    def _shown(self) -> str:
        return visible(str(self.path), 300)


def _rest_of(copy: LogFile, reading: _Reading) -> Iterator[Batch]:
    """What stands in this copy behind the place that was reached."""
    # The splitter may hold the beginning of a line, which ends in the copy.
    rest = _Reading(copy, reading.offset, splitter=reading.splitter, mark=reading.mark, again=reading.again)
    reading.again = None
    rest.rewind()
    yield from rest.more(copy.size)
    yield from rest.rest()


def _whole(log: LogFile) -> Iterator[Batch]:
    reading = _Reading(log, fresh=True)
    yield from reading.more(log.size)
    yield from reading.rest()
