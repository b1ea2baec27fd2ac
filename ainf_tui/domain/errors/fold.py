"""Many reports made few: one entry a failure, with exact counts and some reports kept whole. Pure.

A flood is told by what all of its reports share, compared as it is; the fingerprint, which costs more, is
made once for each such entry. Whatever is full, a count is never lost: what no entry can be kept for is
counted in one that says so.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.fingerprint import Failure, failure
from ainf_tui.domain.logs.levels import Level, level_of

KEYS = 4_096
"""Different texts that wait for their fingerprints."""
FAILURES = 5_000
"""Failures that are held at a time; those beyond are counted together, a source each."""
TWINS = 4
"""Reports of one and the same text that are kept whole: so many of the first, as many of the newest."""
BEYOND = "more different errors than can be told apart"

_MESSAGE = 4_000
_LINE = 4_000
_LINES = 400
_CONTEXT = 40
_NAME = 200

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
Held = tuple[ErrorReport, datetime]
"""As it came, and when: it is cut to what is kept once it is sure to be stored."""
Second = tuple[int, Level]
"""Seconds since 1970, and how grave."""


@dataclass(slots=True)
class Folded:
    """Reports of one failure. `seconds` counts all of them; `first` and `last` are some of them, in order."""

    sample: int
    """At most so many in `first`, and as many in `last`."""
    seconds: Counter[Second] = field(default_factory=Counter)
    first: list[Held] = field(default_factory=list)
    last: list[Held] = field(default_factory=list)

    def take(self, report: ErrorReport, second: int, level: Level, now: datetime) -> None:
        """One more. `second` is when it happened."""
        self.seconds[second, level] += 1
        if len(report.lines) > _LINES or len(report.message) > _MESSAGE:
            report = trimmed(report, now)
        self._keep((report, now))

    def _keep(self, held: Held) -> None:
        if len(self.first) < self.sample:
            self.first.append(held)
            return
        if len(self.last) == 2 * self.sample:  # cut now and then: a report costs no more than an append
            del self.last[: self.sample]
        self.last.append(held)

    def absorb(self, other: Folded) -> None:
        """Those of another entry, which came later."""
        self.seconds.update(other.seconds)
        for held in (*other.first, *other.last[-other.sample :]):
            self._keep(held)

    @property
    def kept(self) -> tuple[ErrorReport, ...]:
        """The reports that are kept whole, the oldest first."""
        return tuple(trimmed(*held) for held in (*self.first, *self.last[-self.sample :]))

    @property
    def count(self) -> int:
        return self.seconds.total()


class Fold:
    """Takes reports and gives entries by fingerprint. `sample`: reports of the first and of the newest."""

    def __init__(self, sample: int = 20) -> None:
        self._sample = sample
        self._texts: dict[tuple[object, ...], Folded] = {}
        self._failures: dict[str, Folded] = {}

    @property
    def texts(self) -> int:
        """Texts that wait for their fingerprints."""
        return len(self._texts)

    @property
    def count(self) -> int:
        """Reports in it."""
        return sum(entry.count for held in (self._texts, self._failures) for entry in held.values())

    @property
    def full(self) -> bool:
        """Half of the room is used: time to store."""
        return len(self._texts) > KEYS // 2 or len(self._failures) > FAILURES // 2

    def add(self, report: ErrorReport, now: datetime) -> None:
        """A report of the future counts as one of now."""
        level = level_of(report.level) or Level.ERROR
        second = int((now if report.at is None else moment(report.at, now)).timestamp())
        key = _text(report)
        entry = self._texts.get(key)
        if entry is None:
            if len(self._texts) >= KEYS:
                self._entry(report).take(report, second, level, now)
                return
            entry = self._texts[key] = Folded(TWINS)
        entry.take(report, second, level, now)

    def settle(self) -> Iterator[None]:
        """Gives each text its fingerprint, one a step, so that others have their turn in between."""
        while self._texts:
            entry = self._texts.pop(next(iter(self._texts)))
            self._entry(entry.first[0][0]).absorb(entry)
            yield

    def take(self) -> dict[str, Folded]:
        """All that has its fingerprint, which is then no longer here."""
        taken, self._failures = self._failures, {}
        return taken

    def _entry(self, report: ErrorReport) -> Folded:
        return self._of(fingerprint_of(report), report)

    def _of(self, print_: str, report: ErrorReport) -> Folded:
        if print_ not in self._failures and len(self._failures) >= FAILURES:
            print_ = Failure(report.source, "", BEYOND).fingerprint
        entry = self._failures.get(print_)
        if entry is None:
            entry = self._failures[print_] = Folded(self._sample)
        return entry


def folded(reports: Iterable[ErrorReport], now: datetime, sample: int = 20) -> dict[str, Folded]:
    """All at once."""
    fold = Fold(sample)
    for report in reports:
        fold.add(report, now)
    for _ in fold.settle():
        pass
    return fold.take()


def _text(report: ErrorReport) -> tuple[object, ...]:
    """All that its fingerprint is made of."""
    return report.source, report.message, report.lines, report.kind, report.node_class, report.code


def fingerprint_of(report: ErrorReport) -> str:
    """Of the traceback where there is one, else of kind and message; the class of the node and the code of
    ainf count too: out of memory in a sampler and in a decoder are two failures.
    """
    found = failure(report.source, report.message, report.lines)
    own = [f"node:{report.node_class}"] if report.node_class else []
    if report.code:
        own.append(f"code:{report.code}")
    return replace(found, kind=found.kind or report.kind, frames=(*found.frames, *own)).fingerprint


def trimmed(report: ErrorReport, now: datetime) -> ErrorReport:
    """With its time, and no larger than is kept: of many lines the first and the last ones."""
    return replace(
        report,
        at=now if report.at is None else moment(report.at, now),
        source=report.source[:_NAME] or "unknown",
        message=report.message[:_MESSAGE],
        lines=_cut(report.lines, _LINES),
        context=_cut(report.context, _CONTEXT),
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
