"""Pages of jobs: what is stored of them, and what only the engine's memory knows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ainf_tui.domain.documents import JobDocument, JobPageDocument, JobRow, JobRowPage
from ainf_tui.domain.jobs import Job, JobState, JobSummary
from ainf_tui.domain.ports import JobFilter, JobPage
from ainf_tui.domain.present import NOTHING_LIVE, Live, job_document
from ainf_tui.domain.requests import JobQuery
from ainf_tui.domain.rows import job_row
from ainf_tui.engine.engine import Engine
from ainf_tui.errors import UsageError

MAX_PAGE = 1000
ID_LENGTH = 36
"""Characters of a whole job id."""


class Lists:
    """Answers what jobs there are."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ctx = engine.ctx

    # -- whole jobs --------------------------------------------------------------------------------
    async def jobs(self, query: JobQuery) -> JobPageDocument:
        page = await self._page(query, await self._filter(query), _limit(query))
        revision = self._ctx.store.state.queue.revision
        return JobPageDocument(await self.documents(page.jobs), page.next, revision)

    async def _page(self, query: JobQuery, where: JobFilter, limit: int) -> JobPage:
        repo = self._ctx.db.jobs
        if query.kind == "changed":
            return await repo.changed_since(where, limit=limit)
        ask = {"open": repo.list_open, "ended": repo.list_ended}.get(query.kind, repo.list_all)
        return await ask(where, limit=limit, after=query.after)

    async def documents(self, jobs: Sequence[Job]) -> tuple[JobDocument, ...]:
        """As they are now, with what is known of their progress."""
        now = self._ctx.clock.now()
        waiting = [job.id for job in jobs if job.state is JobState.QUEUED and not job.held]
        positions = await self._ctx.db.jobs.position(waiting) if waiting else {}
        documents = []
        for job in jobs:
            fresh, live = self._live(job, positions.get(job.id))
            documents.append(job_document(fresh, now, live))
        return tuple(documents)

    def _live(self, job: Job, position: int | None) -> tuple[Job, Live]:
        engine = self._engine
        for backend, flight in engine.registry.flights():
            if flight.job.id == job.id and not job.ended:
                return job, engine.estimates.live(backend, flight)
        if job.state is not JobState.QUEUED:
            why = "" if job.ended else engine.registry.waits_for(job)
            return (replace(job, blocked=why) if why else job), Live()
        why = "the queue is paused" if self._ctx.paused else engine.registry.waits_for(job)
        eta = engine.estimates.queued(position) if position and not why else None
        return (replace(job, blocked=why) if why else job), Live(eta=eta, position=position)

    # -- rows --------------------------------------------------------------------------------------
    async def rows(self, query: JobQuery) -> JobRowPage:
        where = await self._filter(query)
        page = await self._ctx.db.jobs.rows(query.kind, where, limit=_limit(query), after=query.after)
        rows = self._rows(page.jobs, page.positions)
        return JobRowPage(rows, page.next, self._ctx.store.state.queue.revision)

    def _rows(self, jobs: Sequence[JobSummary], positions: Mapping[str, int]) -> tuple[JobRow, ...]:
        """What is the same for many is looked up once."""
        now = self._ctx.clock.now()
        estimates, registry = self._engine.estimates, self._engine.registry
        flying = {flight.job.id: estimates.live(backend, flight) for backend, flight in registry.flights()}
        waiting = None if self._ctx.paused else estimates.waiting()
        blocked: dict[tuple[str, str], bool] = {}

        def live(job: JobSummary) -> Live:
            if job.ended:
                return NOTHING_LIVE
            if job.id in flying:
                return flying[job.id]
            position = positions.get(job.id)
            if position is None:
                return NOTHING_LIVE
            place = (job.backend, job.backend_pin)
            if place not in blocked:
                blocked[place] = bool(registry.waits_for(job))
            eta = None if waiting is None or blocked[place] else waiting.at(position)
            return Live(eta=eta, position=position)

        return tuple(job_row(job, now, live(job)) for job in jobs)

    # -- filters -----------------------------------------------------------------------------------
    async def _filter(self, query: JobQuery) -> JobFilter:
        try:
            states = frozenset(JobState(s) for s in query.states)
        except ValueError as error:
            raise UsageError(
                "list.bad_state", f"{error}", hint="states: " + ", ".join(s.value for s in JobState)
            ) from error
        refs = [ref.removeprefix("#") for ref in query.refs]
        return JobFilter(
            states=states,
            held=query.held,
            numbers=frozenset(int(ref) for ref in refs if ref.isdecimal()),
            ids=frozenset([await self._id(ref) for ref in refs if not ref.isdecimal()]),
            batch=query.batch,
            text=query.text,
            pack=query.pack,
            character=query.character,
            backend=query.backend,
            changed_since=query.changed_since or 0 if query.kind == "changed" else query.changed_since,
        )

    async def _id(self, ref: str) -> str:
        """A whole id as it is; the beginning of one as the id of its job, else as it is (and finds none)."""
        if len(ref) == ID_LENGTH:
            return ref
        job = await self._ctx.db.jobs.get(ref)
        return ref if job is None else job.id


def _limit(query: JobQuery) -> int:
    return max(1, min(query.limit, MAX_PAGE))
