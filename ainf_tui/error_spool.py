"""Errors that no engine could take: a file in the state folder, read by the next engine.

A line a report, appended in one write under a lock. Bounded: what does not fit is not kept, and whoever met
it says so.
"""

from __future__ import annotations

import asyncio
import fcntl
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.written import read, written
from ainf_tui.domain.ports_error_sources import Spooled

MAX_BYTES = 4_194_304
"""A front end that crashes each time it is opened fills no disk."""
_TRIES = 5
_log = logging.getLogger("ainf.engine.errors")


def spool(path: Path, report: ErrorReport) -> bool:
    """Appends it; False: the file is full. Makes the folder where it is not there. OSError."""
    line = written(report).encode() + b"\n"
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _locked(path) as handle:
        size = os.fstat(handle).st_size
        if size + len(line) > MAX_BYTES:
            return False
        if size and os.pread(handle, 1, size - 1) != b"\n":
            line = b"\n" + line  # Whoever wrote before died in the middle.
        os.write(handle, line)
    return True


@contextmanager
def _locked(path: Path) -> Iterator[int]:
    """The file that has the name, held alone: an engine may take it away while we wait."""
    for _ in range(_TRIES):
        handle = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(handle, fcntl.LOCK_EX)
            if _is(handle, path):
                yield handle
                return
        finally:
            os.close(handle)
    raise OSError(f"{path} is taken away again and again")


def _is(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), path.stat())
    except FileNotFoundError:
        return False


class SpoolFile:
    """Implements `SpoolReader`."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._taken = path.with_name(f"{path.name}.taken")

    async def take(self) -> Spooled | None:
        return await asyncio.to_thread(self._take)

    async def remove(self) -> None:
        """See `SpoolReader.remove`."""
        try:
            await asyncio.to_thread(self._taken.unlink, missing_ok=True)
        except OSError as error:
            _log.warning("%s cannot be removed: %s", self._taken, error)

    def _take(self) -> Spooled | None:
        """First what an engine has set apart and not removed."""
        try:
            if not self._taken.exists():
                if not self._path.exists():
                    return None
                with _locked(self._path):
                    self._path.rename(self._taken)
            facts = self._taken.stat()
            data = self._taken.read_bytes()
        except OSError as error:
            _log.warning("errors in %s are not taken in: %s", self._path, error)
            return None
        name = f"{facts.st_ino}:{facts.st_mtime_ns}:{facts.st_size}"
        return Spooled(name, tuple(self._reports(data)))

    def _reports(self, data: bytes) -> Iterator[ErrorReport]:
        """A bad line costs one line."""
        for number, line in enumerate(data.split(b"\n"), start=1):
            if not line.strip():
                continue
            try:
                yield read(line)
            except ValueError as error:
                _log.warning("%s, line %d: %s", self._path, number, error)
