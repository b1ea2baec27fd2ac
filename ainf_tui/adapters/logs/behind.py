"""What goes on behind a view: counting, marks, search, what is hidden; and what is known by now."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime

from ainf_tui.adapters.logs.knowledge import Found, OfFile, found_at, histogram, marks_of
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.scan_reports import Report
from ainf_tui.adapters.logs.scan_tasks import Task
from ainf_tui.adapters.logs.scanner import Scan
from ainf_tui.domain.log_documents import (
    LogFilter,
    LogFindRequest,
    LogHistogramDocument,
    LogSearchRequest,
    LogStateDocument,
)


class Behind:
    """Of one view. One call at a time; reports come in threads of their own.

    Whoever looks at what is known holds the lock, and so does whoever adds to it. Nobody who holds it stops a
    scan: that waits for a thread which may be about to add something.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._known: dict[str, OfFile] = {}
        self._lines = Scan(Task("lines"), self._take_lines)
        self._marks = Scan(Task("marks"), self._take_marks)
        self._marked: dict[str, int] = {}
        self._search: Scan | None = None
        self._found = Found()
        self._hidden: Scan | None = None
        self._kept = Found()
        self._filters: tuple[LogFilter, ...] = ()
        self._revision = 0
        self._last: LogStateDocument | None = None

    def close(self) -> None:
        for scan in self._scans():
            scan.stop()

    def go_on(self, files: Mapping[str, Pieces]) -> None:
        """The search first, then the count of lines; what is left when those have come through."""
        for scan in self._scans():
            scan.go_on(files)
            if scan is not self._search and scan.running:
                return

    def search(self, request: LogSearchRequest) -> None:
        """Instead of what was searched so far."""
        if self._search is not None:
            self._search.stop()
        found = self._found = Found()
        self._search = (
            Scan(
                Task(
                    "search",
                    request.pattern,
                    request.regex,
                    request.ignore_case,
                    _on(request.filters),
                    _now(),
                ),
                self._guarded(found.take),
            )
            if request.pattern
            else None
        )

    def refuse(self, problem: str) -> None:
        """Ends the search, which would take too long."""
        if self._search is not None:
            self._search.stop()
            self._search.problem = problem

    def hide(self, filters: Sequence[LogFilter]) -> None:
        """The filters of the last page."""
        wanted = _on(filters)
        if wanted == self._filters:
            return
        self._filters = wanted
        if self._hidden is not None:
            self._hidden.stop()
        kept = self._kept = Found()
        self._hidden = (
            Scan(Task("hidden", filters=wanted, now=_now()), self._guarded(kept.take)) if wanted else None
        )

    # -- what is known ---------------------------------------------------------------------------------
    def line_at(self, file: str, offset: int, pieces: Pieces) -> int | None:
        with self._lock:
            return self._of(file).line_at(offset, pieces)

    def block_of(self, file: str, line: int) -> tuple[int, int]:
        with self._lock:
            return self._of(file).block_of(line)

    def number(self, offsets: Mapping[str, int], files: Mapping[str, Pieces]) -> int | None:
        """Of what was found at that place; None as long as not all before it has been searched."""
        if self._search is None or any(
            self._search.upto.get(file, 0) < min(offset, pieces.open_record())
            for file, pieces in files.items()
            for offset in (offsets.get(file, 0),)
        ):
            return None
        with self._lock:
            return self._found.number(offsets) + 1

    def nearest(
        self, request: LogFindRequest, offsets: Mapping[str, int], files: Mapping[str, Pieces]
    ) -> dict[str, int] | None:
        """In each file what the search found next from there; None: not known for certain."""
        scan = self._search
        if scan is None or scan.task.filters != _on(request.filters) or scan.share(files) < 1:
            return None
        with self._lock:
            if not self._found.complete:
                return None
            near = {file: self._found.nearest(file, offsets[file], back=request.back) for file in files}
        return {file: start for file, start in near.items() if start is not None}

    def histogram(self, files: Mapping[str, Pieces], buckets: int) -> LogHistogramDocument:
        exact = self._marks.share(files) >= 1
        with self._lock:
            return histogram({file: self._of(file) for file in files}, buckets, exact=exact)

    def state(self, files: Mapping[str, Pieces], dropped: int, messages: Sequence[str]) -> LogStateDocument:
        """`revision` grows when anything else has changed."""
        with self._lock:
            return self._revised(self._state(files, dropped, messages))

    def _state(self, files: Mapping[str, Pieces], dropped: int, messages: Sequence[str]) -> LogStateDocument:
        known = {file: self._of(file) for file in files}
        indexed = self._lines.share(files)
        hidden, hidden_exact = self._hidden_lines(files, known)
        times = [time for of in known.values() for time in (of.times[:1] + of.times[-1:])]
        return LogStateDocument(
            revision=0,
            bytes=sum(pieces.size for pieces in files.values()),
            lines=sum(of.lines[-1] for of in known.values()) if indexed >= 1 else None,
            indexed=indexed,
            first=datetime.fromtimestamp(min(times), UTC) if times else None,
            last=datetime.fromtimestamp(max(times), UTC) if times else None,
            marks=marks_of(files, known),
            errors=sum(of.errors for of in known.values()),
            warnings=sum(of.warnings for of in known.values()),
            marked=self._marks.share(files),
            found=sum(self._found.counts.get(file, 0) for file in files),
            found_at=found_at(files, known, self._found),
            searched=1.0 if self._search is None else self._search.share(files),
            searching=self._search is not None and self._search.running,
            hidden=hidden,
            hidden_exact=hidden_exact,
            dropped=dropped,
            messages=tuple(messages),
            problem=next((scan.problem for scan in self._scans() if scan.problem), ""),
        )

    def _revised(self, found: LogStateDocument) -> LogStateDocument:
        if self._last is None or replace(found, revision=self._revision) != self._last:
            self._revision += 1
        self._last = replace(found, revision=self._revision)
        return self._last

    def _hidden_lines(
        self, files: Mapping[str, Pieces], known: Mapping[str, OfFile]
    ) -> tuple[int | None, bool]:
        if self._hidden is None:
            return None, True
        read = self._hidden.share(files)
        lines = int(sum(of.lines[-1] for of in known.values()) * read)
        kept = sum(self._kept.lines.get(file, 0) for file in files)
        return max(0, lines - kept), read >= 1 and self._lines.share(files) >= 1

    def _scans(self) -> tuple[Scan, ...]:
        found = (self._search, self._lines, self._hidden, self._marks)
        return tuple(scan for scan in found if scan is not None)

    def _of(self, file: str) -> OfFile:
        return self._known.setdefault(file, OfFile())

    def _take_lines(self, report: Report) -> None:
        with self._lock:
            self._of(report.file).take_lines(report)

    def _take_marks(self, report: Report) -> None:
        with self._lock:
            self._of(report.file).take_marks(report, self._marked.get(report.file, 0))
            self._marked[report.file] = report.upto

    def _guarded(self, take: Callable[[Report], None]) -> Callable[[Report], None]:
        def taken(report: Report) -> None:
            with self._lock:
                take(report)

        return taken


def _on(filters: Sequence[LogFilter]) -> tuple[LogFilter, ...]:
    return tuple(one for one in filters if one.on)


def _now() -> str:
    return datetime.now(UTC).isoformat()
