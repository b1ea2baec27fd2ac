"""Logs that are looked at piece by piece: what a screen asks, and who can answer.

`engine.logs` answers in the process that can read the files; `client.logs` asks an engine for the same. A
screen knows neither.
"""

from __future__ import annotations

from typing import Protocol

from ainf_tui.domain.log_documents import (
    LogFindRequest,
    LogFoundDocument,
    LogHistogramDocument,
    LogOpenRequest,
    LogPageDocument,
    LogPageRequest,
    LogRecordDocument,
    LogSearchRequest,
    LogSourceDocument,
    LogSourcesDocument,
    LogStateDocument,
    LogViewDocument,
)


class LogReading(Protocol):
    """AinfError children only. Each answers within half a second, with less where it must."""

    async def sources(self) -> LogSourcesDocument:
        """All that can be looked at, of the newest run first."""
        ...

    async def open(self, request: LogOpenRequest) -> LogViewDocument:
        """NotFoundError `logs.no_run`, `logs.not_found`, `logs.no_source`; AinfError `logs.unreadable`."""
        ...

    async def page(self, view: str, request: LogPageRequest) -> LogPageDocument:
        """NotFoundError `logs.no_view`; UsageError `logs.bad_pattern`, `logs.bad_time`, `logs.bad_filter`."""
        ...

    async def find(self, view: str, request: LogFindRequest) -> LogFoundDocument:
        """As `page`."""
        ...

    async def record(self, view: str, file: str, start: int) -> LogRecordDocument:
        """NotFoundError `logs.no_view`, `logs.no_record`: the file is gone, or was cut."""
        ...

    async def search(self, view: str, request: LogSearchRequest) -> LogStateDocument:
        """Begins another search, or ends the one that runs. UsageError `logs.bad_pattern`."""
        ...

    async def state(self, view: str) -> LogStateDocument:
        """What is known of the whole by now."""
        ...

    async def histogram(self, view: str, buckets: int = 60) -> LogHistogramDocument:
        """Of the whole view."""
        ...

    async def close(self, view: str) -> None:
        """Nobody looks at it any more; unknown views are no fault."""
        ...


class OpenLogs(Protocol):
    """A view that is open, as `engine.logs` drives it: blocking, one call at a time. Each answers as the
    method of that name in `LogReading`.
    """

    @property
    def sources(self) -> tuple[LogSourceDocument, ...]: ...
    def page(self, request: LogPageRequest) -> LogPageDocument: ...
    def find(self, request: LogFindRequest) -> LogFoundDocument: ...
    def record(self, file: str, start: int) -> LogRecordDocument: ...
    def search(self, request: LogSearchRequest) -> LogStateDocument: ...
    def state(self) -> LogStateDocument: ...
    def histogram(self, buckets: int) -> LogHistogramDocument: ...
    def close(self) -> None: ...


class LogDesk(Protocol):
    """Opens views. Blocking."""

    def sources(self) -> LogSourcesDocument: ...
    def open(self, request: LogOpenRequest) -> OpenLogs:
        """As `LogReading.open`."""
        ...
