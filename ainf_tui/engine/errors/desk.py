"""The answers about collected errors, and the topic `errors`."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from ainf_tui.domain.error_documents import (
    LEVELS,
    STATES,
    ClearedErrorsDocument,
    ClearErrorsRequest,
    ErrorCardDocument,
    ErrorDetailDocument,
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
from ainf_tui.domain.errors.groups import Standing
from ainf_tui.domain.errors.remedies import filled
from ainf_tui.domain.errors.restoring import problem
from ainf_tui.domain.logs.levels import level_of
from ainf_tui.domain.ports_errors import ErrorArchive
from ainf_tui.engine.context import Context, log
from ainf_tui.errors import AinfError, ConflictError, NotFoundError, UsageError
from ainf_tui.playbook import codes, playbook

ORDERS = ("inbox", "last_seen", "first_seen", "count", "count_24h")
AT_ONCE = 1_000
"""Reports in one request."""
PAUSE = 0.5
"""Seconds between two totals."""
AGAIN = 60.0
"""Seconds after which they are counted again though nothing came: the last 24 hours move on."""
NOTE = 2_000
"""Characters of a note."""
_CHUNK = 100
_PRUNED = 20
"""Transactions of forgetting in one turn."""


class ErrorDesk:
    """`ErrorReading`; its docstrings are the contract. `run` is a loop of the engine."""

    def __init__(self, ctx: Context, archive: ErrorArchive, on_totals: Callable[[], None]) -> None:
        self._ctx = ctx
        self._repo = ctx.db.errors
        self._archive = archive
        self._on_totals = on_totals
        self._dirty = asyncio.Event()
        self._dirty.set()
        ctx.errors.on_stored = self._dirty.set

    # -- the topic ---------------------------------------------------------------------------------
    async def run(self) -> None:
        """Counts whenever something changed, at most twice a second."""
        while True:
            await self.publish()
            await self._ctx.clock.sleep(PAUSE)
            await self._until_due()

    async def publish(self) -> None:
        """The totals of now. A database that does not answer is told of elsewhere; they stay as they were."""
        self._dirty.clear()
        try:
            await self._wake()
            self._ctx.store.update(errors=await self._repo.totals(self._now))
        except AinfError as error:
            log.debug("errors cannot be counted: %s", error.message)
            return
        self._on_totals()

    async def _until_due(self) -> None:
        waits = {
            asyncio.ensure_future(self._dirty.wait()),
            asyncio.ensure_future(self._ctx.clock.sleep(AGAIN)),
        }
        try:
            await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for wait in waits:
                wait.cancel()

    async def _wake(self) -> None:
        """Writes down that mutes have ended, so that pages have them in their place."""
        due = await self._repo.next_end_of_mute()
        if due is not None and due <= self._now:
            await self._repo.wake(self._now)

    async def prune(self) -> None:
        """Forgets what is too old; for a quiet moment."""
        for _ in range(_PRUNED):
            if not await self._repo.prune(self._now, timedelta(days=self._ctx.tuning.error_days)):
                break
        self._dirty.set()

    @property
    def _now(self) -> datetime:
        return self._ctx.clock.now()

    # -- looking -----------------------------------------------------------------------------------
    async def listed(self, query: ErrorQuery | None = None) -> ErrorGroupPage:
        query = query or ErrorQuery()
        _check("state", query.states, (*STATES, "all"))
        _check("level", [query.level] if query.level else [], LEVELS)
        _check("order", [query.order], ORDERS)
        if not 1 <= query.limit <= AT_ONCE:
            raise UsageError("errors.bad_query", f"a page holds 1 to {AT_ONCE} groups, not {query.limit}")
        await self._wake()
        return await self._repo.page(query, self._now)

    async def show(self, error: str) -> ErrorDetailDocument:
        [number] = await self._found([error])
        return await self._detail(number)

    async def _detail(self, number: int) -> ErrorDetailDocument:
        now = self._now
        [group] = await self._repo.groups([number], now)
        examples = await self._repo.examples(number)
        own = next((example.code for example in examples if example.code), "")
        newest = (examples[0].message, *examples[0].lines) if examples else ()
        return ErrorDetailDocument(group, _card(group, own, newest), examples, now)

    async def stats(self) -> ErrorTotalsDocument:
        await self._wake()
        return await self._repo.totals(self._now)

    # -- reporting ---------------------------------------------------------------------------------
    async def log(self, reports: Sequence[ErrorReport]) -> ErrorGroupPage:
        _check_reports(reports)
        return await self._answer(await self._ctx.errors.add(reports))

    async def import_(self, request: ImportErrorsRequest) -> ImportedErrorsDocument:
        added = await self._restored(request.groups) if request.groups else 0
        reports = sum(detail.group.count for detail in request.groups)
        done = ImportedErrorsDocument(added, max(0, reports - added))
        if not request.reports and request.groups:
            return done
        _check_reports(request.reports)
        pairs = dict(zip(request.keys, request.reports, strict=False))
        if len(pairs) != len(request.reports) or len(request.keys) != len(request.reports):
            raise UsageError("errors.bad_report", "each report needs a key of its own")
        known = await self._repo.known_keys(pairs)
        new = {key: report for key, report in pairs.items() if key not in known}
        if new:
            await self._ctx.errors.add(tuple(new.values()), keys=new)
        return ImportedErrorsDocument(done.stored + len(new), done.known + len(known))

    async def _restored(self, groups: Sequence[ErrorDetailDocument]) -> int:
        if len(groups) > _CHUNK:
            raise UsageError("errors.bad_report", f"one request takes {_CHUNK} groups, not {len(groups)}")
        for detail in groups:
            if bad := problem(detail):
                raise UsageError("errors.bad_report", bad)
        return await self._ctx.errors.restore(groups)

    # -- changing ----------------------------------------------------------------------------------
    async def seen(self) -> ErrorTotalsDocument:
        await self._repo.seen(self._now)
        await self.publish()
        return self._ctx.store.state.errors

    async def resolve(self, request: ErrorsRequest) -> ErrorGroupPage:
        now = self._now
        return await self._stand(request.errors, lambda stands: stands.resolved(now))

    async def reopen(self, request: ErrorsRequest) -> ErrorGroupPage:
        return await self._stand(request.errors, lambda stands: stands.reopened())

    async def mute(self, request: MuteErrorsRequest) -> ErrorGroupPage:
        until = request.until
        if until is not None and (until.tzinfo is None or until <= self._now):
            raise UsageError("errors.bad_mute", "a mute ends at a time to come, with its zone")
        return await self._stand(request.errors, lambda stands: stands.muted(until))

    async def note(self, request: NoteErrorRequest) -> ErrorGroupPage:
        numbers = await self._found([request.error])
        if len(request.note) > NOTE:
            raise UsageError("errors.bad_query", f"a note has at most {NOTE} characters")
        await self._repo.note(numbers[0], request.note)
        return await self._answer(numbers)

    async def merge(self, request: MergeErrorsRequest) -> ErrorGroupPage:
        into, *others = await self._found([request.into, *request.errors])
        await self._repo.merge(into, others)
        return await self._answer([into])

    async def split(self, request: SplitErrorRequest) -> ErrorGroupPage:
        [group] = await self._found([request.error])
        number = await self._repo.split(group, request.fingerprint)
        if number is None:
            raise ConflictError(
                "errors.not_merged",
                f"error {group} has no merged part {request.fingerprint!r}",
                hint=f"`ainf errors show {group}` lists its fingerprints; its own, the first, stays",
            )
        return await self._answer([number, group])

    async def clear(self, request: ClearErrorsRequest) -> ClearedErrorsDocument:
        numbers = await self._found(request.errors) if request.errors else await self._those(request)
        if not numbers:
            return ClearedErrorsDocument(groups=0, reports=0)
        async with self._ctx.errors.turn:  # what came in between would be in neither place
            path = await self._archived(numbers)
            reports = 0
            for start in range(0, len(numbers), _CHUNK):
                reports += await self._repo.forget(numbers[start : start + _CHUNK], self._now)
        self._dirty.set()
        return ClearedErrorsDocument(groups=len(numbers), reports=reports, archive=path)

    async def _those(self, request: ClearErrorsRequest) -> list[int]:
        """All, or those that are resolved."""
        states = ("all",) if request.all else ("resolved",)
        found: list[int] = []
        after: str | None = ""
        while after is not None:
            query = ErrorQuery(states=states, order="first_seen", limit=AT_ONCE, after=after)
            page = await self._repo.page(query, self._now)
            found += [group.id for group in page.errors]
            after = page.next
        return found

    async def _archived(self, numbers: Sequence[int]) -> str:
        file = await asyncio.to_thread(self._archive.begin, self._now)
        try:
            for start in range(0, len(numbers), _CHUNK):
                groups = [await self._detail(number) for number in numbers[start : start + _CHUNK]]
                await asyncio.to_thread(file.add, groups)
            return await asyncio.to_thread(file.finish)
        except BaseException:
            file.give_up()
            raise

    # -- helpers -----------------------------------------------------------------------------------
    async def _stand(self, refs: Sequence[str], step: Callable[[Standing], Standing]) -> ErrorGroupPage:
        numbers = await self._found(refs)
        await self._repo.stand(numbers, step)
        return await self._answer(numbers)

    async def _answer(self, numbers: Sequence[int]) -> ErrorGroupPage:
        self._dirty.set()
        return ErrorGroupPage(await self._repo.groups(numbers, self._now))

    async def _found(self, refs: Sequence[str]) -> list[int]:
        """Their numbers, each once. NotFoundError `errors.not_found`."""
        if not refs:
            raise UsageError("errors.bad_query", "no error is named")
        found = await self._repo.find(refs)
        missing = [ref for ref, number in zip(refs, found, strict=True) if number is None]
        if missing:
            raise NotFoundError(
                "errors.not_found",
                f"there is no error {', '.join(missing[:5])}",
                hint="`ainf errors list --state all` lists all of them",
                details={"errors": missing},
            )
        return list(dict.fromkeys(number for number in found if number is not None))


def _check(what: str, words: Sequence[str], known: Sequence[str]) -> None:
    bad = [word for word in words if word not in known]
    if bad:
        raise UsageError("errors.bad_query", f"{bad[0]!r} is no {what}; there are {', '.join(known)}")


def _check_reports(reports: Sequence[ErrorReport]) -> None:
    if not 1 <= len(reports) <= AT_ONCE:
        raise UsageError("errors.bad_report", f"one request takes 1 to {AT_ONCE} reports, not {len(reports)}")
    for report in reports:
        if not report.message.strip() and not report.lines:
            raise UsageError("errors.bad_report", "a report has neither a message nor lines")
        if level_of(report.level) is None:
            raise UsageError(
                "errors.bad_report", f"{report.level!r} is no level", hint=f"There are {', '.join(LEVELS)}."
            )
        if not report.source.strip():
            raise UsageError("errors.bad_report", "a report does not say its source")


def _card(group: ErrorGroupDocument, own: str, lines: Sequence[str]) -> ErrorCardDocument | None:
    """Of the playbook, else of ainf's own code. `lines`: of the newest report."""
    entry = next((entry for entry in playbook().entries if entry.code == group.code), None)
    if entry is not None:
        action = filled(entry.action, lines)
        return ErrorCardDocument(entry.code, group.title, entry.cause, entry.steps, action)
    facts = codes().get(own)
    return None if facts is None else ErrorCardDocument(own, facts["title"], "", (facts["hint"],))
