"""What fails in the log that a ComfyUI keeps in its own memory: of one that runs here and was not started by
us, there is no file. It is asked for now and then; each failure is told once, whoever asked before.
"""

from __future__ import annotations

import json
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from hashlib import blake2b

from ainf_tui.adapters.logs.asked import Asked
from ainf_tui.adapters.logs.failures import Failures
from ainf_tui.adapters.logs.file import Splitter
from ainf_tui.domain.errors.joining import Finding
from ainf_tui.domain.errors.reports import LogPlace, of_finding, twin_of_finding
from ainf_tui.domain.logs.recent import BUFFER, Recent, Write
from ainf_tui.domain.ports_error_sources import Told, Turn
from ainf_tui.errors import AinfError

EVERY = 2.0
"""Seconds between two looks."""
LATER = 15.0
"""The same, while it does not answer: others tell of that."""
_KNOWN = 5
"""Writes by which the place in the buffer is found again."""


class MemoryTail:
    """Implements `LogTail`. `ask` opens who answers; `mark` says how far it was told of before."""

    def __init__(
        self,
        place: LogPlace,
        ask: Callable[[], Asked],
        mark: str = "",
        *,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._place = place
        self._ask = ask
        self._clock = clock
        self._asked: Asked | None = None
        self._next = float("-inf")
        self._recent = Recent()
        self._resumed = _read(mark)
        self._splitter = Splitter()
        self._failures = Failures(place.service, place.file)
        self._size = 0
        """Bytes of all writes so far: where the next one begins."""
        self._writes: deque[tuple[int, str, str]] = deque(maxlen=2 * BUFFER)
        """Where each ends, its digest and its time."""
        self._last = ""

    def close(self) -> None:
        if self._asked is not None:
            self._asked.close()
            self._asked = None

    def poll(self) -> Turn:
        """See `LogTail.poll`. A server that does not answer has nothing to tell."""
        if self._clock() < self._next:
            return Turn()
        try:
            self._asked = self._asked or self._ask()
            writes = self._asked.writes()
        except AinfError:
            self._next = self._clock() + LATER
            return Turn()
        self._next = self._clock() + EVERY
        told = tuple(map(self._told, self._found(tuple(writes))))
        mark = self._mark()
        changed = mark if mark != self._last else ""
        self._last = mark
        return Turn(told, changed)

    def _found(self, writes: Sequence[Write]) -> Iterator[Finding]:
        if self._resumed is not None:
            self._recent.skip(writes[: _end_of(writes, *self._resumed)])
            self._resumed = None
        data = []
        for write, text in self._recent.new(writes):
            data.append(text.encode("utf-8", "backslashreplace"))
            self._size += len(data[-1])
            self._writes.append((self._size, _digest(write), write.at))
        if data:
            yield from self._failures.feed(list(self._splitter.feed(b"".join(data))))
        else:  # Nothing since the last look: what stands there is whole.
            yield from self._failures.feed(list(self._splitter.rest()))
            yield from self._failures.flush()

    def _told(self, found: Finding) -> Told:
        report = of_finding(found, self._place, self._written_at(found.end))
        # The place would be one in what this process has read: nobody else finds it again.
        return Told(replace(report, start=None), twin_of_finding(found, self._place.service))

    def _written_at(self, place: int) -> datetime:
        """When what ends there was written, where its own lines do not say; else now."""
        at = next((at for end, _, at in self._writes if end >= place), "")
        try:
            return datetime.fromisoformat(at).astimezone(UTC)  # without a zone: this machine's
        except ValueError:
            return datetime.now(UTC)

    def _mark(self) -> str:
        """What stands before everything that was not told yet."""
        opened = self._failures.open
        stop = self._size if opened is None else opened[1]
        before = [(digest, at) for end, digest, at in self._writes if end <= stop][-_KNOWN:]
        if not before:
            return self._last
        facts = {
            "service": self._place.service,
            "run": self._place.run,
            "writes": [digest for digest, _ in before],
            "at": before[-1][1],
        }
        return json.dumps(facts)


def _digest(write: Write) -> str:
    return blake2b(f"{write.at}\0{write.text}".encode("utf-8", "backslashreplace"), digest_size=8).hexdigest()


def _read(mark: str) -> tuple[list[str], str] | None:
    """None where nothing was told of before."""
    if not mark:
        return None
    try:
        facts = json.loads(mark)
        return [str(digest) for digest in facts["writes"]], str(facts["at"])
    except (ValueError, KeyError, TypeError):
        return None  # Then all that it keeps is new, at its own times.


def _end_of(writes: Sequence[Write], known: Sequence[str], at: str) -> int:
    """How many of the writes were told of before; where the known ones are gone, by their times."""
    digests = [_digest(write) for write in writes]
    for end in range(len(writes), 0, -1):
        size = min(end, len(known))
        if digests[end - size : end] == list(known[len(known) - size :]):
            return end
    return sum(1 for write in writes if at and write.at and write.at <= at)
