"""The errors that an inbox shows first and what the system check found, as rows of tables. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from ainf_tui.display.format import counted
from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.error_documents import ErrorGroupDocument, ErrorTotalsDocument
from ainf_tui.tui.errors.list import age, state_span, times, where
from ainf_tui.tui.lines import Line, Span, safe
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.table import Column

ERRORS = (
    Column("sign", 1, title=""),
    Column("what", 12, flexible=True, title="ERRORS  24 h"),
    Column("times", 6, right=True, title="", drop=2),
    Column("ago", 10, right=True, title="", drop=1),
    Column("where", 16, title="", drop=3),
)
CHECKS = (
    Column("sign", 1, title=""),
    Column("check", 12, flexible=True, title="CHECKS"),
    Column("fix", 6, right=True, title=""),
)
_ORDER = {"error": 0, "warning": 1, "unknown": 2}
"""Severities that are shown, worst first."""


def errors_head(totals: ErrorTotalsDocument) -> Line:
    """What stands behind the panel's title: `2 new   5 open   41 in 24 h`."""
    new: Span = (f"{totals.new:,} new", "error" if totals.new else "muted")
    return (new, ("   ", ""), (f"{totals.ongoing:,} open   {counted(totals.last_24h, 'report')}", "muted"))


class ErrorList:
    """A Source of the table over the groups that an inbox shows first."""

    def __init__(self, signs: Signs) -> None:
        self.signs = signs
        self.found: Sequence[ErrorGroupDocument] = ()

    def __len__(self) -> int:
        return len(self.found)

    def id_at(self, index: int) -> str:
        return str(self.found[index].id)

    def index_of(self, row_id: str) -> int | None:
        return next((i for i, group in enumerate(self.found) if str(group.id) == row_id), None)

    def of(self, row_id: str | None) -> ErrorGroupDocument | None:
        return next((group for group in self.found if str(group.id) == row_id), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        group = self.found[index]
        sign, look = state_span(group, self.signs)
        ago = age(group.last_seen)
        return {
            "sign": (sign[:1], look),
            "what": (safe(group.title, 300), "strong" if group.unseen else ""),
            "times": (times(group.count, self.signs), "muted"),
            "ago": (f"{ago} ago" if ago else "", "muted"),
            "where": (safe(where(group), 40), "muted"),
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
