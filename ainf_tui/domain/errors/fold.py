"""Many reports made few: one entry a failure, with exact counts and some reports kept whole. Pure.

What costs is done once for many reports: the same text again is known as it is, and a text that differs from
one before only in numbers that stand alone is known by its key (`fingerprint.masked`). Whatever is full, a
count is never lost: what no entry can be kept for is counted in one that says so.
"""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import lru_cache

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.fingerprint import Failure, failing, masked
from ainf_tui.domain.logs.levels import Level, level_of

KEYS = 4_096
"""Different texts, and different keys, whose fingerprints are remembered."""
FAILURES = 5_000
"""Failures that are held at a time; those beyond are counted together, a source each."""
EXAMPLES = 1_000
"""Reports that are kept whole at a time: of each failure its share, at least the first and the newest.
More would be walked through by each collection of garbage, which stops all threads: 50 ms of 30,000 reports.
"""
ROOM = 32_000_000
"""Characters of the reports that are kept whole; beyond it one a failure is kept, without what is long."""
BEYOND = "more different errors than can be told apart"

_MESSAGE = 4_000
_LINE = 4_000
_LINES = 400
_CONTEXT = 40
_NAME = 200
_WHOLE = 100_000
"""Characters of all lines of a report."""
_REMEMBERED = 2_000
"""Characters of the largest text that is remembered as it is."""
_LEAN_LINE, _LEAN_LINES = 400, 10

_LEVELS = {level.word: level for level in Level}
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Held = tuple[ErrorReport, datetime, int]
"""As it came, when, and its characters: it gets its time once it is sure to be stored."""
_Known = OrderedDict[tuple[object, ...], str]
Second = tuple[int, Level]
"""Seconds since 1970, and how grave."""


@dataclass(slots=True)
class Folded:
    """Reports of one failure. `seconds` counts all of them; `first` and `last` are some of them, in order."""

    seconds: Counter[Second] = field(default_factory=Counter)
    first: list[Held] = field(default_factory=list)
    last: list[Held] = field(default_factory=list)

    def keep(self, held: Held, sample: int) -> int:
        """One more that may be kept whole, `sample` of the first and at least as many of the newest; the
        characters of those that are not kept any more for it.
        """
        last = self.last
        if not last and len(self.first) < sample:
            self.first.append(held)
            return 0
        gone = 0
        if len(last) >= 2 * sample:  # cut now and then: a report costs no more than an append
            for one in last[:-sample]:
                gone += one[2]
            del last[:-sample]
        last.append(held)
        return gone

    def some(self, most: int) -> tuple[ErrorReport, ...]:
        """At most so many, at least two: of the first and of the newest, in their order."""
        held = [*self.first, *self.last]
        if len(held) > most:
            newest = self.last[-max(1, most // 2) :]
            held = [*self.first[: max(1, most - len(newest))], *newest]
        return tuple(trimmed(report, now) for report, now, _ in held)

    @property
    def count(self) -> int:
        return self.seconds.total()


class Prints:
    """Fingerprints of what was seen lately."""

    def __init__(self) -> None:
        self._texts: _Known = OrderedDict()
        self._keys: _Known = OrderedDict()
        self._missed = 0
        """Texts in a row that were not known; negative: so many are not looked for."""

    def of(self, report: ErrorReport, size: int) -> str:
        """`fingerprint_of` the report, which has so many characters."""
        text = None
        if self._missed < 0:
            self._missed += 1
        elif size <= _REMEMBERED:
            text = _text(report)
            known = self._texts.get(text)
            if known is not None:
                self._missed = 0
                return known
            # Where texts come again so late that they are forgotten by then, looking for them is in vain.
            self._missed = self._missed + 1 if self._missed < 2 * KEYS else -8 * KEYS
        source, kind, message, frames = parts_of(report)
        key = source, kind, masked(message), frames
        print_ = self._keys.get(key) or _remember(self._keys, key, Failure(*key).fingerprint)
        return print_ if text is None else _remember(self._texts, text, print_)


class Fold:
    """Takes reports and gives entries by fingerprint. `sample`: reports of the first and of the newest;
    `prints` may be shared by several.
    """

    def __init__(self, sample: int = 20, prints: Prints | None = None) -> None:
        self._sample = sample
        self._prints = prints or Prints()
        self._failures: dict[str, Folded] = {}
        self._size = 0
        self._share = sample
        """Reports of the first, and of the newest, that are kept of each failure."""

    @property
    def count(self) -> int:
        """Reports in it."""
        return sum(entry.count for entry in self._failures.values())

    @property
    def full(self) -> bool:
        """Half of the room is used: time to store."""
        return len(self._failures) > FAILURES // 2 or self._size > ROOM // 2

    def add(self, report: ErrorReport, now: datetime) -> None:
        """A report of the future counts as one of now."""
        level = _LEVELS.get(report.level) or level_of(report.level) or Level.ERROR
        second = int((now if report.at is None else moment(report.at, now)).timestamp())
        size = _size(report)
        print_ = self._prints.of(report, size)
        entry = self._failures.get(print_) or self._of(print_, report)
        entry.seconds[second, level] += 1
        if self._size > ROOM:
            if entry.first:
                return
            report = _lean(report)
        elif _is_large(report, size):
            report = trimmed(report, now)
            size = _size(report)
        self._size += size - entry.keep((report, now, size), self._share)

    def take(self) -> dict[str, Folded]:
        """All that came, which is then no longer here."""
        taken, self._failures = self._failures, {}
        self._size = 0
        return taken

    def _of(self, print_: str, report: ErrorReport) -> Folded:
        """Of a failure that was not held yet."""
        entry: Folded | None = None
        if len(self._failures) >= FAILURES:
            print_ = _beyond(report.source)
            entry = self._failures.get(print_)
        if entry is None:
            entry = self._failures[print_] = Folded()
            self._share = max(1, min(self._sample, EXAMPLES // (2 * len(self._failures))))
        return entry


def _remember(known: _Known, key: tuple[object, ...], print_: str) -> str:
    """Forgets the oldest when there is no more room; all at once would hold everybody up for 10 ms."""
    if len(known) >= KEYS:
        known.popitem(last=False)
    known[key] = print_
    return print_


@lru_cache(maxsize=256)
def _beyond(source: str) -> str:
    return Failure(source, "", BEYOND).fingerprint


def folded(reports: Iterable[ErrorReport], now: datetime, sample: int = 20) -> dict[str, Folded]:
    """All at once."""
    fold = Fold(sample)
    for report in reports:
        fold.add(report, now)
    return fold.take()


def _size(report: ErrorReport) -> int:
    """Characters of what is large where anything is."""
    size = len(report.message)
    for line in report.lines:
        size += len(line)
    for line in report.context:
        size += len(line)
    return size


def _is_large(report: ErrorReport, size: int) -> bool:
    """Whether `trimmed` would make it smaller: what nobody keeps must not wait in memory."""
    if size <= _LINE and len(report.lines) <= _LINES and len(report.context) <= _CONTEXT:
        return False
    parts = (report.message, *report.lines, *report.context)
    return len(parts) > _LINES or size > _WHOLE or max(map(len, parts)) > _LINE


def _text(report: ErrorReport) -> tuple[object, ...]:
    """All that its fingerprint is made of, as it is."""
    return report.source, report.message, report.lines, report.kind, report.node_class, report.code


def fingerprint_of(report: ErrorReport) -> str:
    """Of the traceback where there is one, else of kind and message; see `failure_of`."""
    return failure_of(report).fingerprint


def failure_of(report: ErrorReport) -> Failure:
    """The class of the node and the code of ainf count too: out of memory in a sampler and in a decoder are
    two failures.
    """
    return Failure(*parts_of(report))


def parts_of(report: ErrorReport) -> tuple[str, str, str, tuple[str, ...]]:
    """The fields of `failure_of`; what is only asked for a key costs no object."""
    kind, message, frames = failing(report.message, report.lines)
    if report.node_class:
        frames = (*frames, f"node:{report.node_class}")
    if report.code:
        frames = (*frames, f"code:{report.code}")
    return report.source, kind or report.kind, message, frames


def trimmed(report: ErrorReport, now: datetime) -> ErrorReport:
    """With its time, and no larger than is kept: of many lines the first and the last ones."""
    return replace(
        report,
        at=now if report.at is None else moment(report.at, now),
        source=report.source[:_NAME] or "unknown",
        message=report.message[:_MESSAGE],
        lines=_fitting(_cut(report.lines, _LINES)),
        context=_fitting(_cut(report.context, _CONTEXT)),
    )


def _fitting(lines: tuple[str, ...]) -> tuple[str, ...]:
    """Shorter lines where all of them together are too large."""
    if sum(map(len, lines)) <= _WHOLE:
        return lines
    most = _WHOLE // len(lines)
    return tuple(line[:most] for line in lines)


def _lean(report: ErrorReport) -> ErrorReport:
    """What is kept of a report when there is no room."""
    lines = report.lines[-_LEAN_LINES:]
    return replace(
        report,
        message=report.message[:_LEAN_LINE],
        lines=tuple(line[:_LEAN_LINE] for line in lines),
        context=(),
        details={},
    )


def moment(at: datetime, now: datetime) -> datetime:
    """Between 1970 and now, in UTC. A time without a zone is taken as UTC."""
    aware = at if at.tzinfo is not None else at.replace(tzinfo=UTC)
    return now if aware >= now else _EPOCH if aware <= _EPOCH else aware.astimezone(UTC)


def _cut(lines: tuple[str, ...], most: int) -> tuple[str, ...]:
    if len(lines) > most:
        gone = len(lines) - most + 1
        half = (most - 1) // 2
        lines = (*lines[:half], f"[{gone} lines left out]", *lines[-(most - 1 - half) :])
    return tuple(line if len(line) <= _LINE else line[:_LINE] for line in lines)
