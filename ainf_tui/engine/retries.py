"""New jobs from ended ones: the same seed, a new one, or edited values."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ainf_tui.domain.binding import LATE, Bound, bind_graph
from ainf_tui.domain.comfy import ObjectInfo
from ainf_tui.domain.graphs import graph_hash
from ainf_tui.domain.jobs import Job, JobGraph, JobState, NewJob, Problem
from ainf_tui.domain.places import Places
from ainf_tui.domain.ports import JobFilter
from ainf_tui.domain.requests import RetryRequest
from ainf_tui.engine.commands import Commands, Done, check_priority
from ainf_tui.engine.context import Context
from ainf_tui.engine.submission import Submission, copied, draw_seed
from ainf_tui.errors import ConflictError, UsageError

PAGE = 500


class Retries:
    """Carries out `retry`."""

    def __init__(self, ctx: Context, submission: Submission, commands: Commands) -> None:
        self._ctx = ctx
        self._submission = submission
        self._commands = commands

    async def run(self, request: RetryRequest) -> Done:
        """One new job for each ended one, in their old order; `all_failed`: those not retried yet."""
        if (again := await self._submission.repeated(request.request_id)) is not None:
            return again
        if request.priority is not None:
            check_priority(request.priority)
        jobs = await self._failed() if request.all_failed else await self._commands.find(request.refs)
        if not jobs:
            return Done(notices=[Problem("retry.nothing", "no failed job waits for a retry")])
        open_ones = [str(job.number) for job in jobs if not job.ended]
        if open_ones:
            raise ConflictError(
                "job.not_ended",
                f"job {', '.join(open_ones)} has not ended",
                hint="cancel it first, or run the workflow again",
            )
        new: list[NewJob] = []
        notices: list[Problem] = []
        for job in sorted(jobs, key=lambda job: job.number):
            made, found = await self._again(job, request)
            new.append(made)
            notices += [n for n in found if n not in notices]
        return await self._submission.store(new, notices)

    async def _failed(self) -> list[Job]:
        """Oldest first, so that they run in their old order."""
        where = JobFilter(states=frozenset({JobState.FAILED}), not_retried=True)
        jobs: list[Job] = []
        after: str | None = None
        while True:
            page = await self._ctx.db.jobs.list_ended(where, limit=PAGE, after=after)
            jobs += page.jobs
            after = page.next
            if after is None:
                return jobs[::-1]

    async def _again(self, job: Job, request: RetryRequest) -> tuple[NewJob, tuple[Problem, ...]]:
        stored = await self._ctx.db.jobs.graph(job.id)
        fields: dict[str, Any] = {
            "created_at": self._ctx.clock.now(),
            "retry_of": job.number,
            "priority": job.priority if request.priority is None else request.priority,
        }
        seed, mode = _seed(request.seed, draw_seed)
        if seed is None and not request.values:
            new = copied(job, **fields, seed_mode="fixed" if job.seed is not None else job.seed_mode)
            return NewJob(new, stored, request.request_id), ()
        candidates = await self._submission.candidates(job.backend_pin)
        info = next((b.info for b in candidates if b.info is not None), None)
        bound = _edited(stored, request, seed, info)
        graph = _graph(stored, bound, request)
        await self._submission.check(graph, candidates)
        params = {**job.params, **bound.params}
        if LATE in graph.late and LATE not in job.params:
            params.pop(LATE, None)
        new = copied(
            job,
            **fields,
            params=params,
            prompt=job.prompt if bound.prompt_text in {"", job.params.get("prompt")} else bound.prompt_text,
            seed=bound.seed if bound.seed is not None else job.seed,
            seed_mode=mode,
            graph_hash=graph_hash(bound.graph),
        )
        return NewJob(new, graph, request.request_id), bound.notices


def _seed(asked: str, draw: Callable[[], int]) -> tuple[int | None, str]:
    """The seed to set (None: as it was) and how it came about."""
    if asked in {"", "same"}:
        return None, "fixed"
    if asked == "new":
        return draw(), "random"
    if asked.isdecimal():
        return int(asked), "fixed"
    raise UsageError("seed.bad", f"{asked!r} is no seed", hint="give same, new or a number")


def _edited(stored: JobGraph, request: RetryRequest, seed: int | None, info: ObjectInfo | None) -> Bound:
    places = Places(stored.graph, info, stored.bindings)
    return bind_graph(stored.graph, request.values, info=info, seed=seed, places=places)


def _graph(stored: JobGraph, bound: Bound, request: RetryRequest) -> JobGraph:
    late = tuple(name for name in stored.late if name not in request.values)
    return JobGraph(bound.graph, stored.workflow, {**stored.bindings, **bound.bindings}, late, stored.family)
