"""The groups of errors as a table's rows: which columns there are and what stands in each. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import UTC, datetime

from ainf_tui.display.format import span
from ainf_tui.domain.error_documents import ErrorGroupDocument
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.lines import Span, safe
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.table import Column

_COARSE = 10
"""Seconds: ages below a minute go in such steps, so that a list at rest paints nothing."""
_GRAVE = frozenset({"error", "critical"})
_UNREST = frozenset({"new", "regressed"})
HOURS = 24
"""Of a trend."""


def columns(cells: int) -> tuple[Column, ...]:
    """For a table of this width. The trend takes a cell an hour, or for three hours where room is short."""
    trend = HOURS if cells >= 110 else HOURS // 2 if cells >= 96 else HOURS // 3
    return (
        Column("state", 11),
        Column("error", 26, flexible=True),
        Column("count", 6, right=True, title="times"),
        Column("trend", trend, drop=2, title="24 h"),
        Column("seen", 4, right=True, drop=1),
        Column("where", 18 if trend == HOURS else 13, drop=3),
    )


class GroupList:
    """A Source of `widgets.table.Table` over Groups. `fresh`: ids that are new to the user."""

    def __init__(self, groups: Groups, signs: Signs, fresh: Collection[int]) -> None:
        self._groups = groups
        self._signs = signs
        self._fresh = fresh
        self.trend = HOURS // 3
        """Cells of the trend."""

    def __len__(self) -> int:
        return len(self._groups)

    def id_at(self, index: int) -> str:
        return self._groups.id_at(index)

    def index_of(self, row_id: str) -> int | None:
        return self._groups.index_of(row_id)

    def cells(self, index: int) -> Mapping[str, Span]:
        group = self._groups.at(index)
        quiet = "muted" if group.state in {"muted", "resolved"} else ""
        return {
            "state": state_span(group, self._signs),
            "error": (safe(group.title, 300), "strong" if group.id in self._fresh else quiet),
            "count": (times(group.count, self._signs), quiet),
            "trend": (trend(group.trend, self.trend, self._signs), quiet or "muted"),
            "seen": (age(group.last_seen), "muted"),
            "where": (safe(where(group), 40), "muted"),
        }


def state_span(group: ErrorGroupDocument, signs: Signs) -> Span:
    """`✖ new`: of what needs a look the sign tells how grave it is; the rest has the sign of its state."""
    state = safe(group.state, 20)
    kind = state
    if state in _UNREST and group.level not in _GRAVE:
        kind = "warning" if group.level == "warning" else "info"
    return f"{signs.of(kind)} {state}", Signs.style(kind)


def where(group: ErrorGroupDocument) -> str:
    """Whom it befell: the pack of the job, the service, else who met it."""
    return group.pack or group.service or group.source


def times(count: int, signs: Signs) -> str:
    """With the sign of times: 3, 1,204, 12k."""
    shown = f"{count:,}" if abs(count) < 10_000 else f"{count // 1000}k" if count < 10**6 else ""
    return signs.times + (shown or (f"{count // 10**6}M" if count < 10**9 else ">999M"))


def trend(hours: Sequence[int], cells: int, signs: Signs) -> str:
    """The last 24 hours on so many cells, the newest on the right; an hour without reports is blank."""
    counts = [max(0, count) for count in hours[-HOURS:]]
    counts = [0] * (HOURS - len(counts)) + counts
    step = max(1, HOURS // max(1, cells))
    sums = [sum(counts[at : at + step]) for at in range(0, HOURS, step)]
    most = max(sums)
    return signs.spark([None if not count else count / most for count in sums])


def age(moment: datetime | None) -> str:
    """How long ago, in one unit."""
    if moment is None:
        return ""
    seconds = max(0.0, (datetime.now(UTC) - moment).total_seconds())
    return span(seconds if seconds >= 60 else seconds // _COARSE * _COARSE)
