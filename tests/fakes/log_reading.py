"""A `LogReading` over a list of records: what a screen of logs asks, answered at once and exactly."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from ainf_tui.domain.log_documents import (
    LogBucket,
    LogFilter,
    LogFindRequest,
    LogFoundDocument,
    LogHistogramDocument,
    LogOpenRequest,
    LogPageDocument,
    LogPageRequest,
    LogPlace,
    LogRecordDocument,
    LogRow,
    LogSearchRequest,
    LogSourceDocument,
    LogSourcesDocument,
    LogStateDocument,
    LogViewDocument,
)
from ainf_tui.domain.logs.levels import Level
from ainf_tui.errors import AinfError, NotFoundError

BEGIN = datetime(2026, 11, 26, 14, 0, tzinfo=UTC)
LEVELS = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}


def log_row(number: int, text: str = "", level: str = "info", **more: Any) -> LogRow:
    """The record `number` of a log whose records take ten bytes and a second each."""
    values: dict[str, Any] = {
        "file": "a",
        "start": number * 10,
        "end": number * 10 + 10,
        "source": "comfyui",
        "level": level,
        "at": BEGIN + timedelta(seconds=number),
        "inherited": False,
        "text": text or f"line {number}",
    }
    return LogRow(**values | more)


def let_through(row: LogRow, filters: Iterable[LogFilter]) -> bool:
    on = [one for one in filters if one.on]
    wanted = [one for one in on if one.kind == "in"]
    if wanted and not any(_holds(row, one) for one in wanted):
        return False
    return all(_one(row, one) for one in on if one.kind != "in")


def _one(row: LogRow, one: LogFilter) -> bool:
    if one.kind == "out":
        return not _holds(row, one)
    if one.kind == "level":
        return LEVELS[row.level] >= Level[one.value.upper()]
    if one.kind == "source":
        return row.source in one.value.split(",")
    return True


def _holds(row: LogRow, one: LogFilter) -> bool:
    flags = re.IGNORECASE if one.ignore_case else 0
    return re.search(one.value if one.regex else re.escape(one.value), row.text, flags) is not None


@dataclass
class FakeLogs:
    """`records` in their order; a test appends to them. `asked` is what was asked, newest last."""

    records: list[LogRow] = field(default_factory=list)
    sources_: Sequence[LogSourceDocument] = (
        LogSourceDocument("comfyui", "comfyui", "service", "run-1", bytes=1_000, files=("/logs/a.log",)),
        LogSourceDocument("api", "api", "service", "run-1"),
    )
    asked: list[tuple[str, Any]] = field(default_factory=list)
    fail: AinfError | None = None
    """Raised by whatever is asked, until it is taken back."""
    states: dict[str, Any] = field(default_factory=dict)
    """What `state` is to say beyond what follows from the records."""
    details: dict[str, Any] = field(default_factory=dict)
    """What `record` is to say of every record."""
    pattern: re.Pattern[str] | None = None
    hidden: int | None = None
    revision: int = 0

    def called(self, name: str) -> list[Any]:
        return [request for asked, request in self.asked if asked == name]

    def _ask(self, name: str, request: Any) -> None:
        self.asked.append((name, request))
        if self.fail is not None:
            raise self.fail

    # -- LogReading ---------------------------------------------------------------------------
    async def sources(self) -> LogSourcesDocument:
        self._ask("sources", None)
        return LogSourcesDocument(tuple(self.sources_))

    async def open(self, request: LogOpenRequest) -> LogViewDocument:
        self._ask("open", request)
        wanted = [s for s in self.sources_ if not request.sources or s.id in request.sources]
        wanted += [
            LogSourceDocument(s, s[5:], "file", files=(s[5:],)) for s in request.sources if s[:5] == "file:"
        ]
        if not wanted:
            raise NotFoundError("logs.no_run", "there is no run yet", hint="`ainf up` begins one.")
        return LogViewDocument("view", tuple(wanted))

    async def close(self, view: str) -> None:
        self._ask("close", view)

    async def page(self, view: str, request: LogPageRequest) -> LogPageDocument:
        self._ask("page", request)
        shown = self._shown(request.filters, request.context)
        place = self._end() if request.place is None else request.place
        at = sum(row.start < place.offsets.get(row.file, 0) for row in shown)
        low, high = max(0, at - request.before), min(len(shown), at + request.after)
        rows = [self._marked(row, request.width) for row in shown[low:high]]
        return LogPageDocument(
            rows=tuple(rows),
            split=at - low,
            start=_before(shown, low, place),
            end=self._end() if high == len(shown) else _before(shown, high, place),
            top=low == 0,
            bottom=high == len(shown),
        )

    def _shown(self, filters: Sequence[LogFilter], context: int = 0) -> list[LogRow]:
        good = [index for index, row in enumerate(self.records) if let_through(row, filters)]
        on = any(one.on for one in filters)
        self.hidden = len(self.records) - len(good) if on else None
        near = {n for index in good for n in range(index - context, index + context + 1)}
        kept = set(good)
        return [
            row if index in kept else replace(row, context=True)
            for index, row in enumerate(self.records)
            if index in kept or (context and index in near)
        ]

    def _marked(self, row: LogRow, width: int) -> LogRow:
        text = row.text[:width]
        matches = tuple(found.span() for found in self.pattern.finditer(text)) if self.pattern else ()
        cut = len(row.text) - len(text)
        return replace(row, text=text, cut=cut or row.cut, matches=matches or row.matches, hit=bool(matches))

    def _end(self) -> LogPlace:
        ends: dict[str, int] = {}
        for row in self.records:
            ends[row.file] = max(row.end, ends.get(row.file, 0))
        return LogPlace(ends)

    async def find(self, view: str, request: LogFindRequest) -> LogFoundDocument:
        self._ask("find", request)
        rows = self._shown(request.filters)
        hits = [index for index, row in enumerate(rows) if self._is(row, request)]
        place = self._end() if request.place is None else request.place
        at = sum(row.start < place.offsets.get(row.file, 0) for row in rows)
        if request.what in {"time", "line", "fraction", "record"}:
            index = hits[0] if hits else None
        elif request.back:
            index = max((hit for hit in hits if hit < at), default=None)
        else:
            index = min((hit for hit in hits if hit >= at), default=None)
        wrapped = index is None and bool(hits)
        if wrapped:
            index = hits[-1] if request.back else hits[0]
        if index is None:
            return LogFoundDocument(None)
        counted = request.what == "match" and self.states.get("searched", 1.0) >= 1
        number = hits.index(index) + 1 if counted else None
        return LogFoundDocument(_before(rows, index, place), rows[index], wrapped, number)

    def _is(self, row: LogRow, request: LogFindRequest) -> bool:
        if request.what == "match":
            return self.pattern is not None and self.pattern.search(row.text) is not None
        if request.what in {"error", "warning"}:
            return row.level == request.what
        if request.what == "time":
            return row.at is not None and row.at >= datetime.fromisoformat(request.value)
        if request.what == "line":
            return row.start == (int(request.value) - 1) * 10
        if request.what == "fraction":
            return row.end >= float(request.value) * max(one.end for one in self.records)
        return request.what == "record" and f"{row.file}:{row.start}" == request.value

    async def record(self, view: str, file: str, start: int) -> LogRecordDocument:
        self._ask("record", (file, start))
        row = next((one for one in self.records if (one.file, one.start) == (file, start)), None)
        if row is None:
            raise NotFoundError("logs.no_record", "the record is gone")
        text = "\n".join([row.text, *(f"  more {number}" for number in range(1, row.lines))])
        values: dict[str, Any] = {
            "row": row,
            "text": text,
            "raw": text,
            "cut": 0,
            "format": "python",
            "name": "worker",
            "message": row.text,
            "path": f"/logs/{file}.log",
            "line": start // 10 + 1,
        }
        return LogRecordDocument(**values | self.details)

    async def search(self, view: str, request: LogSearchRequest) -> LogStateDocument:
        self._ask("search", request)
        flags = re.IGNORECASE if request.ignore_case else 0
        text = request.pattern if request.regex else re.escape(request.pattern)
        self.pattern = re.compile(text, flags) if request.pattern else None
        return self._state()

    async def state(self, view: str) -> LogStateDocument:
        self._ask("state", None)
        return self._state()

    def _state(self) -> LogStateDocument:
        self.revision += 1
        rows = self.records
        size = sum(row.end - row.start for row in rows) or 1
        found = [row.start / size for row in rows if self.pattern and self.pattern.search(row.text)]
        values: dict[str, Any] = {
            "revision": self.revision,
            "bytes": size,
            "lines": sum(row.lines for row in rows),
            "indexed": 1.0,
            "marks": tuple(
                (row.start / size, row.level) for row in rows if row.level in {"warning", "error"}
            ),
            "errors": sum(row.level == "error" for row in rows),
            "warnings": sum(row.level == "warning" for row in rows),
            "marked": 1.0,
            "found": len(found),
            "found_at": tuple(found),
            "searched": 1.0,
            "hidden": self.hidden,
        }
        return LogStateDocument(**values | self.states)

    async def histogram(self, view: str, buckets: int = 60) -> LogHistogramDocument:
        self._ask("histogram", buckets)
        found = [
            LogBucket(BEGIN + timedelta(minutes=number), info=number, error=number % 3 == 2)
            for number in range(5)
        ]
        return LogHistogramDocument(tuple(found), 60.0, exact=True)


def _before(rows: Sequence[LogRow], index: int, place: LogPlace) -> LogPlace:
    """The place right before the row of that index."""
    offsets = dict.fromkeys(place.offsets, 0) | {row.file: 0 for row in rows}
    for row in rows[:index]:
        offsets[row.file] = row.end
    return LogPlace({file: offset for file, offset in offsets.items() if offset})
