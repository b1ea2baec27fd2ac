"""What fails in a log that grows: each failure once, across rotations and the death of who reads it.

The mark that a look gives stands before everything that was not told yet: who dies begins there again.
"""

from __future__ import annotations

import json
import logging
import time
from base64 import b64decode, b64encode
from collections.abc import Callable, Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from ainf_tui.adapters.logs.failures import Failures
from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.follow import Follower
from ainf_tui.adapters.logs.identity import Mark
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.joining import Finding
from ainf_tui.domain.errors.reports import LogPlace, of_finding, twin_of_finding
from ainf_tui.domain.logs.records import RawLine
from ainf_tui.domain.ports_error_sources import Told, Turn
from ainf_tui.errors import NotFoundError

FIRST = 16_777_216
"""Bytes from its end that are read of a log that was never read before."""
QUIET = 1.0
"""Seconds without a line after which the last record is complete."""
LINES = 256
"""That are looked at together."""
WORK = 0.001
"""Seconds of a flood after which others get the interpreter: the loop stays quick."""
BREATH = 0.0002
"""Seconds."""
_BEFORE = 8_192
"""Bytes before the beginning in which its context is looked for."""
_log = logging.getLogger("ainf.engine.errors")


class _Pace:
    """Works for a while, then lets others work."""

    def __init__(self) -> None:
        self._began = time.perf_counter()

    def keep(self) -> None:
        if time.perf_counter() - self._began > WORK:
            time.sleep(BREATH)
            self._began = time.perf_counter()


class ErrorTail:
    """Implements `LogTail`. It begins at `offset`, or where `mark` says."""

    def __init__(
        self, place: LogPlace, offset: int, mark: str = "", *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._place = place
        self._path = Path(place.file)
        self._clock = clock
        self._follower: Follower | None = None
        self._failures = Failures(place.service, place.file)
        self._begin, self._resumed = offset, read_mark(mark)
        self._end = 0
        """Behind the last line that was read."""
        self._line_at = 0.0
        self._read_at = datetime.now(UTC)
        """When what is read now was written, at the latest: the time of lines that say none."""
        self._last = ""
        self._unmarked: list[Told] = []
        """Found, and not to be told before there is a mark behind it."""

    def close(self) -> None:
        if self._follower is not None:
            self._follower.close()
            self._follower = None

    def poll(self) -> Turn:
        """See `LogTail.poll`."""
        try:
            follower = self._follower or self._opened()
        except NotFoundError:
            return Turn(gone=True)
        self._read_at = follower.modified or datetime.now(UTC)
        follower.look()
        told = self._unmarked
        for batch in follower.poll():
            self._failures.generation += batch.fresh
            told.extend(self._in(batch.lines))
        if not follower.behind and self._clock() - self._line_at > QUIET:
            told.extend(self._flush())
        mark = self._mark(follower)
        if mark is None:
            return Turn(behind=follower.behind)
        self._unmarked = []
        gone = follower.modified is None and self._failures.open is None
        return Turn(tuple(told), mark, follower.behind, gone)

    # -- where it begins -----------------------------------------------------------------------------
    def _opened(self) -> Follower:
        mark = self._resumed
        log = mark.find(self._path) if mark is not None else None
        if mark is not None and log is not None:
            start = mark.offset
        else:
            # The file that was read is gone, or none was: what has its name now is read, its end at least.
            log = LogFile.open(self._path)
            begin = 0 if mark is not None else self._begin
            start = max(begin if begin <= log.size else 0, log.line_start(max(0, log.size - FIRST)))
            mark = None
        self._remember(log, start)
        self._end, self._line_at = start, self._clock()
        self._follower = Follower(self._path, log, start, tell=self._tell, clock=self._clock, resume=mark)
        return self._follower

    def _remember(self, log: LogFile, start: int) -> None:
        """The context of what comes first."""
        lines = log.read(max(0, start - _BEFORE), start).split(b"\n")
        lines = lines if start <= _BEFORE else lines[1:]  # The first one may be half a line.
        self._failures.remember(lines)

    def _tell(self, said: str) -> None:
        _log.info("%s: %s", self._place.service, said)

    # -- lines to failures ---------------------------------------------------------------------------
    def _in(self, lines: Sequence[RawLine]) -> Iterator[Told]:
        pace = _Pace()
        for start in range(0, len(lines), LINES):
            for found in self._failures.feed(lines[start : start + LINES]):
                yield self._told(found)
                pace.keep()
            pace.keep()
        self._end, self._line_at = lines[-1].end, self._clock()

    def _flush(self) -> Iterator[Told]:
        for found in self._failures.flush():
            yield self._told(found)

    def _told(self, found: Finding) -> Told:
        report: ErrorReport = of_finding(found, self._place, self._written(found))
        return Told(report, twin_of_finding(found, self._place.service))

    def _written(self, found: Finding) -> datetime:
        """When it was, where its lines do not say: what is read at last may have been written long ago."""
        follower = self._follower if self._failures.here else None
        noted = follower.noted(found.start) if follower is not None else None
        return noted or self._read_at

    # -- how far -------------------------------------------------------------------------------------
    def _mark(self, follower: Follower) -> str | None:
        """Empty: it has not changed. None: there can be none while what is open began in a file that has gone
        by; that lasts until its next line, or until none has come for a while.
        """
        current, opened, begins = self._failures.generation, self._failures.open, follower.begins
        if opened is not None and (opened[0] != current or begins is not None):
            return None
        offset = opened[1] if opened is not None else self._end if begins is None else begins
        mark = follower.mark(offset)
        text = "" if mark is None else write_mark(mark, self._place)
        if text == self._last:
            return ""
        self._last = text
        return text


def open_tail(place: LogPlace, offset: int, mark: str) -> ErrorTail:
    """A `TailOpener`."""
    return ErrorTail(place, offset, mark)


def write_mark(mark: Mark, place: LogPlace) -> str:
    facts = {
        "service": place.service,
        "run": place.run,
        "device": mark.device,
        "inode": mark.inode,
        "offset": mark.offset,
        "end": mark.end,
        "before": b64encode(mark.before).decode(),
        "copy": mark.copy,
    }
    return json.dumps(facts)


def read_mark(text: str) -> Mark | None:
    """None for an empty text, and for one that is no mark: its log is read as one that never was."""
    if not text:
        return None
    try:
        facts = json.loads(text)
        place = int(facts["device"]), int(facts["inode"]), int(facts["offset"]), int(facts["end"])
        copy = facts.get("copy")  # Marks of earlier versions have none.
        return Mark(*place, b64decode(facts["before"]), None if copy is None else str(copy))
    except (ValueError, KeyError, TypeError) as error:
        _log.warning("how far a log was read cannot be told (%s); its end is read again", error)
        return None
