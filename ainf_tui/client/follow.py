"""Every change of given jobs until all have ended, whatever becomes of the engine meanwhile.

The live topic `queue` carries the revision of the newest change of any job; when it grows, the
changes since the last look are fetched. The topic `active` carries progress. A restarted engine
goes on with the same revisions; after each reconnection all jobs that are still open are looked at.
"""

from __future__ import annotations

import time
from collections.abc import AsyncGenerator, Awaitable, Callable, Collection, Iterable
from itertools import islice

from ainf_tui.client.client import Client
from ainf_tui.client.live import Connected, Live, LiveUpdate, Lost, Topic, is_transient
from ainf_tui.domain.documents import JobDocument, QueueDocument
from ainf_tui.domain.requests import JobQuery
from ainf_tui.domain.wire import STOP_ASKED
from ainf_tui.errors import AinfError, NotFoundError, UnreachableError

_ENDED = frozenset({"succeeded", "failed", "cancelled"})
_REFS = 200
"""Most jobs named in one request; above that all changes are fetched and sorted out here."""
_PAGE = 500
_RETRY = 1.0
"""Seconds until a fetch that failed is tried again on a connection that seems well."""

Reopen = Callable[[], Awaitable[None]]


async def follow(
    client: Client,
    job_ids: Collection[str],
    *,
    reopen: Reopen | None = None,
    look_every: float = 30.0,
) -> AsyncGenerator[JobDocument, None]:
    """Yields each of the jobs (full ids) as it is, then each change, until all have ended.

    An engine that goes away is brought back by `reopen` (else `client.reopen`; without either it is
    waited for), except when the user stopped it: UnreachableError(`engine.stopped`). Jobs that
    somebody cleared from the list cannot be followed: the others are, then
    NotFoundError(`jobs.gone`) names them. `look_every`: seconds between two looks at all that are
    still open, which find those that ended and were cleared between two updates.
    """
    followed = _Followed(client, job_ids, look_every)
    if followed.open:
        async with Live(client.transport, ("queue", "active")) as live:
            while followed.open:
                update = await live.get(followed.patience)
                if isinstance(update, Lost):
                    await _revive(live, update, reopen or client.reopen)
                    continue
                for job in await followed.take(update):
                    yield job
    if followed.gone:
        raise _gone(followed.gone)


async def _revive(live: Live, lost: Lost, reopen: Reopen | None) -> None:
    if lost.bye == STOP_ASKED:
        raise UnreachableError(
            "engine.stopped",
            "the engine was stopped; the jobs are stored and go on when it runs again",
            hint="`ainf queue wait` starts it again and waits.",
        )
    if reopen is not None:
        await reopen()
        live.hurry()


def _gone(ids: Collection[str]) -> NotFoundError:
    shown = ", ".join(sorted(ids)[:5])
    return NotFoundError(
        "jobs.gone",
        f"{len(ids)} of the jobs waited for are no longer in the list: {shown}",
        hint="They had ended and were cleared, or were never there; their files stay where they are.",
        details={"jobs": sorted(ids)},
    )


class _Followed:
    """What is known of the jobs, and up to which revision."""

    def __init__(self, client: Client, job_ids: Collection[str], look_every: float) -> None:
        self._client = client
        self._look_every = look_every
        self._looked = time.monotonic()
        self.open = set(job_ids)
        self.gone: set[str] = set()
        self.owed = False
        """A fetch failed: there may be changes that no further update announces."""
        self._known: dict[str, JobDocument] = {}
        self._changed: list[JobDocument] = []
        self._revision: int | None = None
        self._announced = 0
        self._ended = 0

    @property
    def patience(self) -> float:
        """Seconds to wait for an update before looking without one."""
        return _RETRY if self.owed else max(0.0, self._looked + self._look_every - time.monotonic())

    async def take(self, update: LiveUpdate | None) -> list[JobDocument]:
        """What the update (None: time to look) tells of our jobs."""
        if isinstance(update, Connected) or (update is None and self.patience <= 0.0):
            self._revision = None
        if isinstance(update, Topic) and update.name == "active":
            self._fold(update.value)
        if isinstance(update, Topic) and isinstance(update.value, QueueDocument):
            self._judge(update.value)
            self.owed = True
        if self.owed or update is None:
            await self._settle()
        changed, self._changed = self._changed, []
        return changed

    async def _settle(self) -> None:
        announced = self._announced
        try:
            await (self._all() if self._revision is None else self._since(self._revision))
        except AinfError as error:
            if not is_transient(error):
                raise
            self.owed = True
            return
        self.owed = False
        # Announced before we asked: every change up to there was in the answers.
        self._revision = max(self._revision or 0, announced)

    def _judge(self, queue: QueueDocument) -> None:
        """Fewer ended jobs or a smaller revision: the list was cleared, or is another one."""
        if self._revision is None or queue.ended < self._ended or queue.revision < self._revision:
            self._revision = None
        self._ended = queue.ended
        self._announced = queue.revision

    async def _all(self) -> None:
        """Each open job, in portions; those not found are gone."""
        found: set[str] = set()
        asked = set(self.open)
        for refs in _portions(asked):
            page = await self._client.jobs.list(JobQuery(kind="all", refs=refs, limit=_REFS))
            found |= {job.id for job in page.jobs}
            self._fold(page.jobs)
        self._looked = time.monotonic()
        self.gone |= asked - found
        self.open -= asked - found

    async def _since(self, since: int) -> None:
        while True:
            refs = tuple(self.open) if len(self.open) <= _REFS else ()
            query = JobQuery(kind="changed", changed_since=since, refs=refs, limit=_PAGE)
            page = await self._client.jobs.list(query)
            self._fold(page.jobs)
            newest = max((job.revision for job in page.jobs), default=since)
            if len(page.jobs) < _PAGE or newest <= since or not self.open:
                self._revision = max(since, newest)
                return
            since = newest

    def _fold(self, jobs: Iterable[JobDocument]) -> None:
        """Notes those of ours that are new to us; what was told late is passed over."""
        for job in jobs:
            before = self._known.get(job.id)
            if job.id not in self.open or job == before:
                continue
            if before is not None and _is_older(job, before):
                continue
            self._known[job.id] = job
            self._changed.append(job)
            if job.state in _ENDED:
                self.open.discard(job.id)
                del self._known[job.id]


def _is_older(job: JobDocument, known: JobDocument) -> bool:
    """Made before what is known: an answer that was on its way while a newer update came."""
    if job.revision != known.revision:
        return job.revision < known.revision
    return job.attempt == known.attempt and (job.progress or 0.0) < (known.progress or 0.0)


def _portions(ids: Collection[str]) -> Iterable[tuple[str, ...]]:
    rest = iter(ids)
    while portion := tuple(islice(rest, _REFS)):
        yield portion
