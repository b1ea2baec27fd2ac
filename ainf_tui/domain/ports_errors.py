"""Where errors are reported, kept and looked at."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from ainf_tui.domain.error_documents import (
    ClearedErrorsDocument,
    ClearErrorsRequest,
    ErrorDetailDocument,
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorGroupPage,
    ErrorQuery,
    ErrorReport,
    ErrorsRequest,
    ErrorTotalsDocument,
    ImportedErrorsDocument,
    ImportErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    SplitErrorRequest,
)
from ainf_tui.domain.errors.fold import Second
from ainf_tui.domain.errors.groups import Standing
from ainf_tui.frozen import frozen


class ErrorSink(Protocol):
    """The one way in. `engine.errors` is one; a test's list is another."""

    def report(self, report: ErrorReport) -> None:
        """Takes it, from the loop's thread, and returns at once; it is stored within half a second,
        under a flood within a few.

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

    async def import_(self, request: ImportErrorsRequest) -> ImportedErrorsDocument:
        """Stores those whose keys are new, and of groups what is. UsageError `errors.bad_report`."""
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


@frozen
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

    def keep(self, examples: int) -> None:
        """From now on so many examples of a fingerprint: of the first, and as many of the newest."""
        ...

    async def store(
        self,
        errors: Sequence[NewErrors],
        now: datetime,
        checkpoint: Mapping[str, str] | None = None,
        *,
        batch: str = "",
        keys: Collection[str] = (),
    ) -> dict[str, int]:
        """Adds them, each fingerprint once; the number of the group of each.

        A `batch` that was the last one stored is not stored again: for who does not know whether it was.
        `keys` are remembered with them, for `known_keys`.
        """
        ...

    async def restore(self, details: Sequence[ErrorDetailDocument], now: datetime) -> int:
        """Adds what is not there yet of groups that were exported; how many reports that was."""
        ...

    async def checkpoints(self, prefix: str = "") -> dict[str, str]: ...
    async def known_keys(self, keys: Collection[str]) -> set[str]: ...
    async def page(self, query: ErrorQuery, now: datetime) -> ErrorGroupPage:
        """Keyset. UsageError `list.bad_cursor`."""
        ...

    async def find(self, refs: Sequence[str]) -> tuple[int | None, ...]:
        """The group that each number or fingerprint is in now."""
        ...

    async def groups(self, ids: Sequence[int], now: datetime) -> tuple[ErrorGroupDocument, ...]:
        """Those that exist, in the order of `ids`."""
        ...

    async def examples(self, group: int) -> tuple[ErrorExampleDocument, ...]:
        """The newest first."""
        ...

    async def totals(self, now: datetime) -> ErrorTotalsDocument: ...
    async def next_end_of_mute(self) -> datetime | None: ...
    async def stand(self, ids: Sequence[int], step: Callable[[Standing], Standing]) -> None:
        """Each group to what `step` makes of its standing."""
        ...

    async def seen(self, now: datetime) -> None:
        """All that were not looked at."""
        ...

    async def wake(self, now: datetime) -> None:
        """Ends the mutes whose time is over."""
        ...

    async def note(self, group: int, text: str) -> None: ...
    async def merge(self, into: int, ids: Collection[int]) -> None: ...
    async def split(self, group: int, fingerprint: str) -> int | None:
        """The fingerprint's own group, as it was; None if it is no merged part of `group`."""
        ...

    async def forget(self, ids: Sequence[int], now: datetime) -> int:
        """Removes groups and what was counted of them; how many reports."""
        ...

    async def prune(self, now: datetime, keep: timedelta) -> bool:
        """Forgets what is older than `keep`, some of it at a time; whether there is more."""
        ...


class ErrorArchive(Protocol):
    """Where groups go that are cleared. Blocking."""

    def begin(self, now: datetime) -> ErrorArchiveFile:
        """AinfError `errors.archive` where nothing can be written."""
        ...


class ErrorArchiveFile(Protocol):
    """A file in the making: it appears whole or not at all."""

    def add(self, groups: Sequence[ErrorDetailDocument]) -> None:
        """A line each. AinfError `errors.archive`."""
        ...

    def finish(self) -> str:
        """Its path, once it is safe on disk. AinfError `errors.archive`."""
        ...

    def give_up(self) -> None:
        """As if it had never been begun."""
        ...
