"""Where errors are reported, kept and looked at."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
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
from ainf_tui.domain.errors.fold import Second


class ErrorSink(Protocol):
    """The one way in. `engine.errors` is one; a test's list is another."""

    def report(self, report: ErrorReport) -> None:
        """Takes it, from the loop's thread, and returns at once; it is stored within half a second.

        Under a flood counts stay exact and examples are sampled. Never raises for what a report holds.
        """
        ...

    async def store(self, reports: Sequence[ErrorReport], checkpoint: Mapping[str, str]) -> None:
        """Stores them and the checkpoint's values by name in one transaction: both or neither, whatever dies.

        AinfError `database.*`; then nothing was stored, and the caller tries again. Where a connection broke
        at the end, only `checkpoints` tells whether it was: look there first. An empty value takes
        its name away.
        """
        ...

    async def checkpoints(self, prefix: str = "") -> dict[str, str]:
        """What was stored last under each name that begins like this."""
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


@dataclass(frozen=True, slots=True)
class NewErrors:
    """Reports of one failure, ready for the database: counted, titled, without secrets."""

    fingerprint: str
    source: str
    title: str
    code: str
    seconds: Mapping[Second, int]
    """How many of which level in which second; all of them."""
    examples: tuple[ErrorReport, ...]
    """At least one, the oldest first; each has its `at`."""


class ErrorRepository(Protocol):
    """Where groups are kept. Every method is one transaction. Raises AinfError(`database.*`)."""

    async def store(
        self,
        errors: Sequence[NewErrors],
        now: datetime,
        checkpoint: Mapping[str, str] | None = None,
        batch: str = "",
    ) -> dict[str, int]:
        """Adds them, each fingerprint once; the number of the group of each.

        A `batch` that was the last one stored is not stored again: for who does not know whether it was.
        """
        ...

    async def checkpoints(self, prefix: str = "") -> dict[str, str]: ...
