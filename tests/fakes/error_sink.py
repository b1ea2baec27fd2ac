"""A store of errors that keeps everything as it came, and a log of the test's own that is read on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.errors import AinfError


class ErrorSinkFake:
    """Implements `ErrorSink`. What was stored outlives whoever stored it, as a database does."""

    def __init__(self) -> None:
        self.reports: list[ErrorReport] = []
        self.kept: dict[str, str] = {}
        self.refuse: AinfError | None = None
        """Raised by the next `store`, which then keeps nothing."""
        self.breaks: AinfError | None = None
        """Raised by the next `store` although it has kept everything: the answer was lost."""

    def report(self, report: ErrorReport) -> None:
        self.reports.append(report)

    async def store(self, reports: Sequence[ErrorReport], checkpoint: Mapping[str, str]) -> None:
        if self.refuse is not None:
            refused, self.refuse = self.refuse, None
            raise refused
        self.reports += reports
        for name, text in checkpoint.items():
            if text:
                self.kept[name] = text
            else:
                self.kept.pop(name, None)
        if self.breaks is not None:
            broken, self.breaks = self.breaks, None
            raise broken

    async def checkpoints(self, prefix: str = "") -> dict[str, str]:
        return {name: text for name, text in self.kept.items() if name.startswith(prefix)}

    @property
    def messages(self) -> list[str]:
        return [report.message for report in self.reports]
