"""`JobRepository` on SQL: each method is one transaction of a function from the modules beside."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime

from ainf_tui.adapters.db import (
    jobs_add,
    jobs_apply,
    jobs_clear,
    jobs_find,
    jobs_move,
    jobs_pages,
    jobs_queue,
    jobs_rows,
)
from ainf_tui.adapters.db.connections import Connections
from ainf_tui.adapters.db.rows import jobs_by_id
from ainf_tui.domain.jobs import Attempt, Job, JobChange, JobGraph, JobState, NewJob, Output
from ainf_tui.domain.ports import JobFilter, JobPage, QueueCounts, SummaryPage


class _JobReads:
    """What only looks. Not durable, not in turn: readers never wait for a writer."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    async def get(self, ref: str | int) -> Job | None:
        return await self._db.read(jobs_find.get, ref)

    async def find(self, refs: Sequence[str]) -> tuple[Job | None, ...]:
        return await self._db.read(jobs_find.find, refs)

    async def requested(self, request_id: str) -> tuple[Job, ...] | None:
        return await self._db.read(jobs_add.requested, request_id)

    async def by_prompt(self, prompt_id: str) -> Job | None:
        return await self._db.read(jobs_find.by_prompt, prompt_id)

    async def graph(self, job_id: str) -> JobGraph:
        return await self._db.read(jobs_find.graph, job_id)

    async def list_open(self, where: JobFilter, *, limit: int, after: str | None = None) -> JobPage:
        return await self._db.read(jobs_pages.list_open, where, limit, after)

    async def list_ended(self, where: JobFilter, *, limit: int, after: str | None = None) -> JobPage:
        return await self._db.read(jobs_pages.list_ended, where, limit, after)

    async def list_all(self, where: JobFilter, *, limit: int, after: str | None = None) -> JobPage:
        return await self._db.read(jobs_pages.list_all, where, limit, after)

    async def rows(self, kind: str, where: JobFilter, *, limit: int, after: str | None = None) -> SummaryPage:
        return await self._db.read(jobs_rows.rows, kind, where, limit, after)

    async def changed_since(self, where: JobFilter, *, limit: int) -> JobPage:
        return await self._db.read(jobs_pages.changed_since, where, limit)

    async def next_queued(self, backends: Collection[str], *, limit: int) -> tuple[Job, ...]:
        return await self._db.read(jobs_queue.next_queued, backends, limit)

    async def next_to_send(self, backend: str) -> tuple[Job, JobGraph] | None:
        return await self._db.read(jobs_queue.next_to_send, backend)

    async def by_ids(self, job_ids: Collection[str]) -> tuple[Job, ...]:
        return await self._db.read(jobs_by_id, list(job_ids))

    async def with_graph(self, job_id: str) -> tuple[Job, JobGraph] | None:
        return await self._db.read(jobs_find.with_graph, job_id)

    async def in_states(self, states: Collection[JobState]) -> tuple[Job, ...]:
        return await self._db.read(jobs_find.in_states, states)

    async def watched(self, backend: str) -> tuple[Attempt, ...]:
        return await self._db.read(jobs_find.watched, backend)

    async def known_prompts(self, prompt_ids: Collection[str]) -> dict[str, Attempt]:
        return await self._db.read(jobs_find.known_prompts, prompt_ids)

    async def counts(self, now: datetime) -> QueueCounts:
        return await self._db.read(jobs_find.counts, now)

    async def position(self, job_ids: Collection[str]) -> dict[str, int]:
        return await self._db.read(jobs_queue.position, job_ids)


class SqlJobs(_JobReads):
    """`JobRepository`; its docstrings are the contract."""

    async def add(self, jobs: Sequence[NewJob]) -> tuple[Job, ...]:
        return await self._db.write(jobs_add.add, jobs)

    async def add_request(self, request_id: str, jobs: Iterable[NewJob]) -> tuple[str, ...]:
        return await self._db.write(jobs_add.add_request, request_id, jobs)

    async def apply(self, *changes: JobChange) -> tuple[Job, ...] | None:
        """RuntimeError for a step that the state machine does not have, whatever was expected."""
        try:
            return await self._db.write(jobs_apply.apply, changes)
        except jobs_apply.StaleError:
            return None

    async def end_watch(self, prompt_ids: Collection[str]) -> None:
        await self._db.write(jobs_clear.end_watch, list(prompt_ids))

    async def output_fetched(self, output: Output) -> None:
        await self._db.write(jobs_apply.set_fetched, output)

    async def set_intent(self, prompt_id: str, intent: str) -> bool:
        return await self._db.write(jobs_apply.set_intent, prompt_id, intent)

    async def set_priority(self, job_ids: Collection[str], priority: int) -> None:
        await self._db.write(jobs_move.set_priority, job_ids, priority)

    async def move(
        self,
        job_ids: Sequence[str],
        *,
        before: str | None = None,
        after: str | None = None,
        bottom: bool = False,
    ) -> tuple[Job, ...]:
        return await self._db.write(jobs_move.move, job_ids, jobs_move.Target(before, after, bottom))

    async def clear(self, where: JobFilter) -> int:
        return await self._db.write(jobs_clear.clear, where)

    async def set_paused(self, paused: bool, now: datetime) -> None:
        await self._db.write(jobs_apply.set_paused, paused, now)
