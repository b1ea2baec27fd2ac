"""Nobody listens: for parts of the engine that are used without it."""

from __future__ import annotations

from ainf_tui.domain.error_documents import ErrorReport


class Unheard:
    """Implements `ErrorSink`."""

    def report(self, report: ErrorReport) -> None:
        """What is told stays told where it was met: in the log, in the job, in the service's events."""
