"""A group as `ainf errors export` writes it, taken in again: which reports are added, and when they were.

A group tells how many reports there were and keeps some of them. These have their own times; of the others
the trend says the hour, as far as it goes back, and what is older counts at the time of the first one. Pure.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import fields, replace
from datetime import datetime

from ainf_tui.domain.error_documents import (
    STATES,
    ErrorDetailDocument,
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorReport,
)
from ainf_tui.domain.errors.fingerprint import VERSION
from ainf_tui.domain.errors.fold import fingerprint_of
from ainf_tui.domain.errors.groups import HOUR, GroupState, Standing
from ainf_tui.domain.logs.levels import Level, level_of
from ainf_tui.domain.ports_errors import NewErrors

_PRINT = re.compile(rf"{VERSION}\.[0-9a-f]{{16}}")
_REPORT = tuple(f.name for f in fields(ErrorReport))
Place = tuple[int, int, str]
"""A second, a level, and the fingerprint."""


def problem(detail: ErrorDetailDocument) -> str:
    """What keeps it from being taken in; empty if nothing does."""
    group = detail.group
    if not detail.examples:
        return "the group has no report"
    if group.first_seen is None or group.last_seen is None or group.count < 1:
        return "the group does not say when and how often"
    if group.state not in STATES or level_of(group.level) is None:
        return "the group has no state or level that is known"
    moments = [detail.at, group.first_seen, group.last_seen, group.muted_until]
    moments += [example.at for example in detail.examples]
    if any(moment is not None and moment.tzinfo is None for moment in moments):
        return "a time does not say its zone"
    if any(level_of(example.level) is None or not example.source.strip() for example in detail.examples):
        return "a report has no level that is known, or no source"
    return ""


def report_of(example: ErrorExampleDocument) -> ErrorReport:
    """As it was reported."""
    return ErrorReport(**{name: getattr(example, name) for name in _REPORT})


def with_reports(detail: ErrorDetailDocument, reports: Mapping[int, ErrorReport]) -> ErrorDetailDocument:
    """With these instead of its examples, by their place; fingerprints of another version are made anew."""
    shown = {name for name in _REPORT if name != "at"}
    examples = []
    for place, example in enumerate(detail.examples):
        report = reports[place]
        print_ = example.fingerprint
        print_ = print_ if _PRINT.fullmatch(print_) else fingerprint_of(report)
        changed = {name: getattr(report, name) for name in shown}
        examples.append(replace(example, fingerprint=print_, at=report.at or example.at, **changed))
    own = detail.group.fingerprint
    if not _PRINT.fullmatch(own):
        own = examples[0].fingerprint
    prints = tuple(dict.fromkeys((own, *(example.fingerprint for example in examples))))
    group = replace(detail.group, fingerprint=own, fingerprints=prints)
    return replace(detail, group=group, examples=tuple(examples))


def missing(detail: ErrorDetailDocument, known: int) -> tuple[NewErrors, ...]:
    """What is to be added of a group of which so many reports are there: the newest ones."""
    places = sorted(_places(detail).items(), reverse=True)
    left = detail.group.count - known
    seconds: dict[str, dict[tuple[int, Level], int]] = {}
    for (second, level, print_), reports in places:
        taken = min(left, reports)
        if taken <= 0:
            break
        seconds.setdefault(print_, {})[second, Level(level)] = taken
        left -= taken
    return tuple(_new(detail, print_, counts) for print_, counts in seconds.items())


def _new(detail: ErrorDetailDocument, print_: str, counts: dict[tuple[int, Level], int]) -> NewErrors:
    since = min(second for second, _ in counts)
    own = [example for example in detail.examples if example.fingerprint == print_] or [detail.examples[0]]
    kept = [example for example in own if example.at.timestamp() >= since] or own[:1]
    examples = tuple(report_of(example) for example in sorted(kept, key=lambda example: example.at))
    group = detail.group
    return NewErrors(print_, examples[-1].source, group.title, group.code, counts, examples)


def _places(detail: ErrorDetailDocument) -> Counter[Place]:
    """All reports of the group, each at the second that is known best."""
    group = detail.group
    found = Counter(
        (int(example.at.timestamp()), int(level_of(example.level) or Level.ERROR), example.fingerprint)
        for example in detail.examples
    )
    level = int(level_of(group.level) or Level.ERROR)
    left = group.count - found.total()
    for second, reports in _hours(detail):
        there = sum(n for (at, _, _), n in found.items() if at // HOUR == second // HOUR)
        more = min(left, max(0, reports - there))
        if more:
            found[second, level, group.fingerprint] += more
            left -= more
    if left > 0 and group.first_seen is not None:
        found[int(group.first_seen.timestamp()), level, group.fingerprint] += left
    return found


def _hours(detail: ErrorDetailDocument) -> Iterator[tuple[int, int]]:
    """A second within each hour of the trend, the newest hour first, and the reports of that hour."""
    group = detail.group
    if detail.at is None or group.first_seen is None or group.last_seen is None:
        return
    first, last = int(group.first_seen.timestamp()), int(group.last_seen.timestamp())
    newest = int(detail.at.timestamp()) // HOUR
    for back, reports in enumerate(reversed(group.trend)):
        second = (newest - back) * HOUR + HOUR // 2
        second = min(last, max(first, second))
        if reports and second // HOUR == newest - back:
            yield second, reports


def standing_of(group: ErrorGroupDocument) -> Standing:
    """As somebody left it; one that was resolved comes back by a report that is newer than its last one."""
    state = GroupState(group.state)
    resolved = group.last_seen if state is GroupState.RESOLVED else None
    muted = group.muted_until if state is GroupState.MUTED else None
    return Standing(state, group.unseen, muted, resolved)


def begun(group: ErrorGroupDocument) -> int:
    """The second of its first report, by which it is known as the same group again."""
    return 0 if group.first_seen is None else int(group.first_seen.timestamp())


def in_time(detail: ErrorDetailDocument, now: datetime) -> ErrorDetailDocument:
    """Nothing of it is later than now."""

    def until(moment: datetime | None) -> datetime | None:
        return None if moment is None else min(moment, now)

    group = replace(
        detail.group, first_seen=until(detail.group.first_seen), last_seen=until(detail.group.last_seen)
    )
    examples = tuple(replace(example, at=min(example.at, now)) for example in detail.examples)
    return replace(detail, group=group, at=until(detail.at), examples=examples)
