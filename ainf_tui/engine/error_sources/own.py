"""The engine's own mistakes: whatever of its process is logged as an error is reported as one."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import ENGINE, Report, of_exception

NOT_THESE = ("ainf.engine.errors", "ainf_tui.engine.errors")
"""Loggers of the store of errors itself: what it cannot store it would report to itself, for ever."""


class OwnErrors(logging.Handler):
    """Hands records of level error on, from whatever thread they come."""

    def __init__(self, report: Report, loop: asyncio.AbstractEventLoop) -> None:
        super().__init__(logging.ERROR)
        self._report = report
        self._loop = loop

    def emit(self, record: logging.LogRecord) -> None:
        if record.name.startswith(NOT_THESE) or self._loop.is_closed():
            return
        self._loop.call_soon_threadsafe(self._report, of_log_record(record))


def of_log_record(record: logging.LogRecord) -> ErrorReport:
    """A mistake of ours where there is an exception, else what the line says."""
    at = datetime.fromtimestamp(record.created, UTC)
    message = record.getMessage()
    level = "critical" if record.levelno >= logging.CRITICAL else "error"
    error = record.exc_info[1] if record.exc_info else None
    if error is not None:
        return of_exception(ENGINE, message, error, at)
    return ErrorReport(ENGINE, message, level, at, (message,), {"logger": record.name})


@contextmanager
def own_errors(report: Report) -> Iterator[None]:
    """While it lasts, errors that this process logs go to `report`, which is called in this loop."""
    handler = OwnErrors(report, asyncio.get_running_loop())
    root = logging.getLogger()
    root.addHandler(handler)
    try:
        yield
    finally:
        root.removeHandler(handler)
