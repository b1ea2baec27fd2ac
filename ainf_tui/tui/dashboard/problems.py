"""What went wrong lately and what the system check found, as rows of tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.documents import JobRow
from ainf_tui.domain.service_documents import ServiceDocument
from ainf_tui.frozen import frozen
from ainf_tui.tui.dashboard.services_list import long_span
from ainf_tui.tui.lines import Span, safe
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.table import Column

FAILURES = (
    Column("sign", 1, title=""),
    Column("what", 12, flexible=True, title="FAILURES  24 h"),
    Column("where", 16, title="", drop=1),
    Column("ago", 7, right=True, title=""),
)
CHECKS = (
    Column("sign", 1, title=""),
    Column("check", 12, flexible=True, title="CHECKS"),
    Column("fix", 6, right=True, title=""),
)
LATELY = timedelta(hours=24)
_ORDER = {"error": 0, "warning": 1, "unknown": 2}
"""Severities that are shown, worst first."""


@frozen
class Failure:
    """`ref`: the job's number, or the service's name."""

    kind: str
    """job | service"""
    ref: str
    what: str
    where: str
    at: datetime | None

    @property
    def id(self) -> str:
        return f"{self.kind}:{self.ref}"


def failures(
    rows: Iterable[JobRow], services: Iterable[ServiceDocument], now: datetime
) -> tuple[Failure, ...]:
    """Services that ended by themselves, then failed jobs of the last 24 hours, newest first."""
    down = [
        Failure(
            "service", s.name, s.message or (s.problem.message if s.problem else s.state), s.name, s.since
        )
        for s in services
        if s.state == "crash-loop" or (s.state == "exited" and s.problem is not None)
    ]
    jobs = [
        Failure("job", str(row.number), _reason(row), row.pack or row.preset, row.finished_at)
        for row in rows
        if row.state == "failed" and row.finished_at is not None and now - row.finished_at <= LATELY
    ]
    jobs.sort(key=lambda failure: (failure.at is not None, failure.at), reverse=True)
    return (*down, *jobs)


def _reason(row: JobRow) -> str:
    """Without its code, which takes the room of what says more."""
    return row.error.partition(": ")[2] or row.error or "failed"


class FailureList:
    """A Source of the table over failures. `now` is set before each look."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs
        self.found: Sequence[Failure] = ()
        self.now: datetime | None = None

    def __len__(self) -> int:
        return len(self.found)

    def id_at(self, index: int) -> str:
        return self.found[index].id

    def index_of(self, row_id: str) -> int | None:
        return next((i for i, failure in enumerate(self.found) if failure.id == row_id), None)

    def of(self, row_id: str | None) -> Failure | None:
        return next((failure for failure in self.found if failure.id == row_id), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        failure = self.found[index]
        ago = ""
        if failure.at is not None and self.now is not None:
            ago = long_span((self.now - failure.at).total_seconds())
        number = f"#{failure.ref} " if failure.kind == "job" else ""
        return {
            "sign": (self.signs.of("failed"), "error"),
            "what": (safe(failure.what, 300), ""),
            "where": (number + safe(failure.where, 40), "muted"),
            "ago": (ago, "muted"),
        }


class CheckList:
    """A Source of the table over the checks that are not well, worst first."""

    def __init__(self, signs: Signs, fix_key: str) -> None:
        self.signs = signs
        self.fix_key = fix_key
        self.found: Sequence[CheckDocument] = ()

    def take(self, checks: Iterable[CheckDocument]) -> None:
        found = [check for check in checks if check.severity in _ORDER]
        self.found = tuple(sorted(found, key=lambda check: _ORDER[check.severity]))

    def __len__(self) -> int:
        return len(self.found)

    def id_at(self, index: int) -> str:
        return self.found[index].code

    def index_of(self, row_id: str) -> int | None:
        return next((i for i, check in enumerate(self.found) if check.code == row_id), None)

    def of(self, code: str | None) -> CheckDocument | None:
        return next((check for check in self.found if check.code == code), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        check = self.found[index]
        evidence = f": {safe(check.evidence, 300)}" if check.evidence else ""
        return {
            "sign": (self.signs.of(safe(check.severity, 20)), Signs.style(check.severity)),
            "check": (safe(check.title, 200) + evidence, ""),
            "fix": (f"{self.fix_key} fix", "key") if check.fix is not None else ("", ""),
        }
