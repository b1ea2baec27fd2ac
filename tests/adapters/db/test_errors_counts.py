"""Counts are exact, to the second, whatever is merged, split and forgotten: against a list of all reports."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.domain.error_documents import ErrorQuery, ErrorReport
from ainf_tui.domain.errors.fold import fingerprint_of
from tests.adapters.db.test_errors_store import NOW, put

ALL = ErrorQuery(states=("all",), limit=1000)
WORDS = ("alpha", "beta", "gamma", "delta", "epsilon")


@dataclass
class Ledger:
    """Every report, and which group each fingerprint is in."""

    reports: list[ErrorReport] = field(default_factory=list)
    group: dict[str, int] = field(default_factory=dict)
    own: dict[str, int] = field(default_factory=dict)
    """The group that each fingerprint has for itself."""

    def of(self, number: int) -> list[ErrorReport]:
        return [report for report in self.reports if self.group[fingerprint_of(report)] == number]

    def forget(self, number: int) -> int:
        gone = self.of(number)
        self.reports = [report for report in self.reports if report not in gone]
        for print_ in [print_ for print_, group in self.group.items() if group == number]:
            del self.group[print_], self.own[print_]
        return len(gone)


def moment(report: ErrorReport) -> datetime:
    assert report.at is not None
    return report.at


def last_day(reports: list[ErrorReport], now: datetime) -> list[ErrorReport]:
    second = int(now.timestamp())
    return [report for report in reports if second - 86_400 < int(moment(report).timestamp()) <= second]


async def agree(db: SqlDatabase, ledger: Ledger, now) -> None:
    totals = await db.errors.totals(now)
    day = last_day(ledger.reports, now)
    assert (totals.total, totals.last_24h) == (len(ledger.reports), len(day))
    assert totals.by_level == Counter(report.level for report in ledger.reports)
    assert totals.by_source == Counter(report.source for report in ledger.reports)
    assert totals.by_level_24h == Counter(report.level for report in day)
    assert totals.by_source_24h == Counter(report.source for report in day)
    page = await db.errors.page(ALL, now)
    numbers = {ledger.group[fingerprint_of(report)] for report in ledger.reports}
    assert {group.id for group in page.errors} == numbers
    assert totals.groups == len(numbers)
    for group in page.errors:
        own = ledger.of(group.id)
        assert (group.count, group.count_24h) == (len(own), len(last_day(own, now)))
        assert sum(group.trend) <= group.count
        assert (group.first_seen, group.last_seen) == (min(map(moment, own)), max(map(moment, own)))
        assert set(group.fingerprints) == {fingerprint_of(report) for report in own}
        assert sum(group.trend) >= len(last_day(own, now)) - len(last_day(own, now - timedelta(hours=23)))


async def test_counts_agree_with_a_list_of_all_reports(db: SqlDatabase) -> None:
    dice, ledger, now = random.Random(7), Ledger(), NOW
    for _ in range(40):
        now += timedelta(seconds=dice.choice([1, 59, 3600, 40_000]))
        what = dice.choice(["report", "report", "report", "merge", "split", "forget", "prune"])
        numbers = sorted({ledger.group[fingerprint_of(report)] for report in ledger.reports})
        if what == "report" or len(numbers) < 3:
            reports = [
                ErrorReport(
                    dice.choice(["web", "api"]),
                    dice.choice(WORDS),
                    dice.choice(["error", "warning"]),
                    at=now - timedelta(seconds=dice.choice([0, 1, 3599, 86_399, 86_400, 10**6])),
                )
                for _ in range(dice.randrange(1, 12))
            ]
            stored = await put(db, *reports, now=now)
            ledger.group |= stored
            ledger.own = stored | ledger.own
            ledger.reports += reports
        elif what == "merge":
            into, *others = dice.sample(numbers, 3)
            await db.errors.merge(into, others)
            ledger.group = {p: into if g in others else g for p, g in ledger.group.items()}
        elif what == "split":
            print_, number = dice.choice(sorted(ledger.group.items()))
            split = await db.errors.split(number, print_)
            assert split == (None if ledger.own[print_] == number else ledger.own[print_])
            ledger.group[print_] = split or number
        elif what == "forget":
            number = dice.choice(numbers)
            assert await db.errors.forget([number], now) == ledger.forget(number)
        else:
            assert await db.errors.prune(now, timedelta(days=99)) is False
        await agree(db, ledger, now)
        for later in (1, 3600, 86_399, 86_400):
            await agree(db, ledger, now + timedelta(seconds=later))
