"""Where errors are reported, kept and looked at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from ainf_tui.domain.error_documents import (
    ClearedErrorsDocument,
    ClearErrorsRequest,
    ErrorDetailDocument,
    ErrorGroupPage,
    ErrorQuery,
    ErrorReport,
    ErrorsRequest,
    ErrorTotalsDocument,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    SplitErrorRequest,
)


class ErrorSink(Protocol):
    """The one way in. `engine.errors` is one; a test's list is another."""

    def report(self, report: ErrorReport) -> None:
        """Takes it, from the loop's thread, and returns at once; it is stored within half a second.

        Under a flood counts stay exact and examples are sampled. Never raises for what a report holds.
        """
        ...


class ErrorReading(Protocol):
    """What screens, the command line and the API ask. AinfError children only."""

    async def listed(self, query: ErrorQuery | None = None) -> ErrorGroupPage: ...

    async def show(self, error: str) -> ErrorDetailDocument:
        """NotFoundError `errors.not_found`."""
        ...

    async def stats(self) -> ErrorTotalsDocument: ...

    async def log(self, reports: Sequence[ErrorReport]) -> ErrorGroupPage:
        """Stores them, and gives the groups that they fell into. UsageError `errors.bad_report`."""
        ...

    async def seen(self) -> ErrorTotalsDocument:
        """All was looked at: the badge goes."""
        ...

    async def resolve(self, request: ErrorsRequest) -> ErrorGroupPage: ...
    async def reopen(self, request: ErrorsRequest) -> ErrorGroupPage:
        """Takes resolve and mute back."""
        ...

    async def mute(self, request: MuteErrorsRequest) -> ErrorGroupPage: ...
    async def note(self, request: NoteErrorRequest) -> ErrorGroupPage: ...
    async def merge(self, request: MergeErrorsRequest) -> ErrorGroupPage: ...
    async def split(self, request: SplitErrorRequest) -> ErrorGroupPage: ...
    async def clear(self, request: ClearErrorsRequest) -> ClearedErrorsDocument: ...
