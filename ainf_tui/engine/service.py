"""The engine's answers: `EngineService`, one method a capability, no decisions of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.documents import (
    JobDetailDocument,
    JobDocument,
    JobPageDocument,
    JobsDocument,
    ProblemDocument,
    QueueDocument,
    StatusDocument,
)
from ainf_tui.domain.jobs import Job, JobState
from ainf_tui.domain.naming import with_number
from ainf_tui.domain.ports import JobFilter, JobPage
from ainf_tui.domain.present import Live, job_document, node_progress_document, problem_document
from ainf_tui.domain.requests import ClearRequest, JobsRequest, MoveRequest, RetryRequest, RunRequest
from ainf_tui.domain.services import CountDocument, JobQuery
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.engine.commands import Commands, Done
from ainf_tui.engine.engine import Engine
from ainf_tui.engine.provenance import models_of
from ainf_tui.engine.retries import Retries
from ainf_tui.engine.submission import Submission
from ainf_tui.engine.views import status_document
from ainf_tui.errors import NotFoundError, UsageError

FRESH = 2.0
"""Seconds: a backend's last answer older than this is asked for again before status is told."""
STATUS_WAIT = 1.5
"""Seconds that status waits for such an answer."""
MAX_PAGE = 1000
CHUNK = 500
"""Jobs of one answer that are read at a time: what was read is dropped again."""
ID_LENGTH = 36
"""Characters of a whole job id."""


class Service:
    """Implements `domain.services.EngineService`."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._ctx = engine.ctx
        self._commands = Commands(engine.ctx, engine.registry)
        self._submission = Submission(engine)
        self._retries = Retries(engine.ctx, self._submission, self._commands)

    # -- reading -----------------------------------------------------------------------------------
    async def status(self) -> StatusDocument:
        await self._refresh()
        await self._engine.publisher.publish()
        host = await asyncio.to_thread(self._engine.host, self._ctx.tuning.outputs)
        catalog = await asyncio.to_thread(self._engine.catalog)
        return status_document(self._ctx.store.state, host, catalog.problems, self._ctx.clock.now())

    async def _refresh(self) -> None:
        """Ask the backends whose last answer is old, all at once, and wait a little."""
        now = self._ctx.clock.now()
        old = [
            b
            for b in self._engine.registry.backends
            if b.health.checked_at is None or (now - b.health.checked_at).total_seconds() > FRESH
        ]
        for backend in old:
            backend.asked.clear()
            backend.look_soon()
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_WAIT):
                await asyncio.gather(*(b.asked.wait() for b in old))

    async def jobs(self, query: JobQuery) -> JobPageDocument:
        limit = max(1, min(query.limit, MAX_PAGE))
        where = await self._filter(query)
        page = await self._page(query, where, limit)
        counts = self._ctx.store.state.queue
        documents = await self._documents(page.jobs)
        return JobPageDocument(documents, page.next, counts.revision)

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
            changed_since=query.changed_since,
        )

    async def _id(self, ref: str) -> str:
        """A whole id as it is; the beginning of one as the id of its job, else as it is (and finds none)."""
        if len(ref) == ID_LENGTH:
            return ref
        job = await self._ctx.db.jobs.get(ref)
        return ref if job is None else job.id

    async def _page(self, query: JobQuery, where: JobFilter, limit: int) -> JobPage:
        repo = self._ctx.db.jobs
        after = query.after
        if query.kind == "changed":
            return await repo.changed_since(
                replace(where, changed_since=query.changed_since or 0), limit=limit
            )
        if query.kind == "open":
            return await repo.list_open(where, limit=limit, after=after)
        if query.kind == "ended" or (after or "").startswith("e:"):
            page = await repo.list_ended(where, limit=limit, after=(after or "").removeprefix("e:") or None)
            return page if query.kind == "ended" else _tagged(page, "e:")
        return await self._both(where, limit, (after or "").removeprefix("o:") or None)

    async def _both(self, where: JobFilter, limit: int, after: str | None) -> JobPage:
        """Open ones in run order, then ended ones, newest first."""
        repo = self._ctx.db.jobs
        page = await repo.list_open(where, limit=limit, after=after)
        left = limit - len(page.jobs)
        if page.next is not None:
            return _tagged(page, "o:")
        if not left:
            return JobPage(page.jobs, "e:")
        ended = await repo.list_ended(where, limit=left)
        return JobPage(page.jobs + ended.jobs, f"e:{ended.next}" if ended.next else None)

    async def _documents(self, jobs: tuple[Job, ...]) -> tuple[JobDocument, ...]:
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

    async def job(self, ref: str) -> JobDetailDocument:
        job = (await self._commands.find([ref]))[0]
        stored = await self._ctx.db.jobs.graph(job.id)
        flight = next((f for _, f in self._engine.registry.flights() if f.job.id == job.id), None)
        graph = with_number(stored.graph, job.number)
        return JobDetailDocument(
            job=(await self._documents((job,)))[0],
            graph=graph,
            workflow=stored.workflow,
            bindings={name: tuple(places) for name, places in stored.bindings.items()},
            nodes=tuple(node_progress_document(n) for n in flight.tracker.nodes()) if flight else (),
            models=tuple(models_of(stored.graph)),
            pack_version=job.pack_version,
            graph_hash=job.graph_hash,
        )

    async def output(self, ref: str, index: int) -> Path:
        job = (await self._commands.find([ref]))[0]
        if not 0 <= index < len(job.outputs) or not job.outputs[index].fetched:
            raise NotFoundError(
                "output.not_found",
                f"job {job.number} has no output {index}",
                hint=f"it has {sum(o.fetched for o in job.outputs)}, counted from 0",
            )
        path = Path(job.outputs[index].path)
        if not await asyncio.to_thread(path.is_file):
            raise NotFoundError("output.missing", f"{path} is no longer there", hint="retry the job")
        return path

    async def packs(self) -> tuple[Pack, ...]:
        return (await asyncio.to_thread(self._engine.catalog)).packs

    async def presets(self) -> tuple[Preset, ...]:
        return (await asyncio.to_thread(self._engine.catalog)).presets

    # -- acting ------------------------------------------------------------------------------------
    async def submit(
        self, request: RunRequest, take: Callable[[Sequence[JobDocument]], None]
    ) -> tuple[ProblemDocument, ...]:
        done = await self._submission.run(request)
        for start in range(0, len(done.ids), CHUNK):
            jobs = await self._ctx.db.jobs.by_ids(done.ids[start : start + CHUNK])
            take(await self._documents(jobs))
        return tuple(problem_document(p) for p in done.notices)

    async def retry(self, request: RetryRequest) -> JobsDocument:
        return await self._answer(await self._retries.run(request))

    async def cancel(self, request: JobsRequest) -> JobsDocument:
        return await self._answer(await self._commands.cancel(request.refs))

    async def hold(self, request: JobsRequest) -> JobsDocument:
        return await self._answer(await self._commands.hold(request.refs))

    async def release(self, request: JobsRequest) -> JobsDocument:
        return await self._answer(await self._commands.release(request.refs))

    async def move(self, request: MoveRequest) -> JobsDocument:
        return await self._answer(await self._commands.move(request))

    async def clear(self, request: ClearRequest) -> CountDocument:
        return CountDocument(await self._commands.clear(request))

    async def pause(self) -> QueueDocument:
        return await self._set_paused(True)

    async def resume(self) -> QueueDocument:
        return await self._set_paused(False)

    async def _set_paused(self, paused: bool) -> QueueDocument:
        await self._commands.pause(paused)
        await self._engine.publisher.publish()
        return self._ctx.store.state.queue

    async def ensure_backend(self, spec: BackendSpec) -> tuple[str, bool]:
        """The backend of that URL, added under its name (or the next free one) if it is new."""
        registry = self._engine.registry
        known = registry.by_url(spec.url)
        if known is not None:
            return known.name, False
        name, n = spec.name, 1
        while registry.get(name) is not None:
            n += 1
            name = f"{spec.name}-{n}"
        await self._engine.add_backend(replace(spec, name=name))
        return name, True

    def request_stop(self, reason: str) -> None:
        self._engine.request_stop(reason)

    async def _answer(self, done: Done) -> JobsDocument:
        notices: tuple[ProblemDocument, ...] = tuple(problem_document(p) for p in done.notices)
        return JobsDocument(await self._documents(tuple(done.jobs)), notices)


def _tagged(page: JobPage, tag: str) -> JobPage:
    """A cursor that knows which of the two lists it belongs to."""
    return JobPage(page.jobs, f"{tag}{page.next}" if page.next else None)
