"""What users do to jobs: cancel, hold, release, move, clear, pause.

Each is a change in the database first; the backends' loops then bring the servers in line.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace

from ainf_tui.domain.jobs import ENDED, ON_SERVER, AttemptState, Job, JobChange, JobState, Problem, run_order
from ainf_tui.domain.ports import JobFilter
from ainf_tui.domain.requests import ClearRequest, MoveRequest
from ainf_tui.engine.context import Context
from ainf_tui.engine.outcomes import CANCEL_TOO_LATE
from ainf_tui.engine.registry import Registry
from ainf_tui.errors import ConflictError, NotFoundError, UsageError

TRIES = 5
"""Reads and writes of one job before giving up: its state may change between the two."""
CHUNK = 200
"""Jobs changed in one transaction: a commit costs more than they do, and others wait for it."""
CHUNK_TRIES = 3
"""Tries with all of them before each is changed by itself."""

Rule = Callable[[Job], "JobChange | Problem"]
"""What to write for a job, or why nothing is."""


@dataclass(slots=True)
class Done:
    """What came of a command: the jobs as they are now, and what could not be done."""

    jobs: list[Job] = field(default_factory=list)
    notices: list[Problem] = field(default_factory=list)
    changed: int = 0


class Commands:
    """The commands on jobs that exist."""

    def __init__(self, ctx: Context, registry: Registry) -> None:
        self._ctx = ctx
        self._registry = registry

    async def find(self, refs: Sequence[str]) -> list[Job]:
        """All jobs of these references; NotFoundError(`job.not_found`) names those that are none."""
        found = await self._ctx.db.jobs.find([ref.removeprefix("#") for ref in refs])
        missing = [ref for ref, job in zip(refs, found, strict=True) if job is None]
        if missing:
            raise NotFoundError(
                "job.not_found",
                f"no job {', '.join(missing)}",
                hint="`ainf queue list --all` shows all jobs with their numbers",
                details={"refs": missing},
            )
        return list({job.id: job for job in found if job is not None}.values())

    async def cancel(self, refs: Sequence[str]) -> Done:
        return await self._each(await self.find(refs), self._cancel_rule, "job.cannot_cancel")

    async def hold(self, refs: Sequence[str]) -> Done:
        return await self._each(await self.find(refs), _hold_rule, "job.cannot_hold")

    async def release(self, refs: Sequence[str]) -> Done:
        return await self._each(await self.find(refs), _release_rule, "job.cannot_release")

    async def move(self, request: MoveRequest) -> Done:
        """Rank or priority; several jobs keep their order among themselves."""
        jobs = await self.find(request.refs)
        waiting = [job for job in jobs if job.state is JobState.QUEUED or job.state in ON_SERVER]
        if not waiting:
            raise ConflictError(
                "job.cannot_move", f"job {jobs[0].number} has ended", hint="retry it to queue it again"
            )
        repo = self._ctx.db.jobs
        if request.priority is not None:
            check_priority(request.priority)
            await repo.set_priority([job.id for job in waiting], request.priority)
        if request.to or request.before or request.after:
            await self._rank(waiting, request)
        return await self._moved(waiting)

    async def _rank(self, jobs: Sequence[Job], request: MoveRequest) -> None:
        repo = self._ctx.db.jobs
        ids = [job.id for job in sorted(jobs, key=run_order)]
        if not (request.before or request.after):
            await repo.move(ids, bottom=request.to == "bottom")
            return
        beside = (await self.find([request.before or request.after]))[0]
        if elsewhere := [job.id for job in jobs if job.priority != beside.priority]:
            await repo.set_priority(elsewhere, beside.priority)
        await repo.move(
            ids,
            before=beside.id if request.before else None,
            after=beside.id if request.after else None,
        )

    async def _moved(self, jobs: Sequence[Job]) -> Done:
        self._ctx.touch_queue()
        found = await self._ctx.db.jobs.find([job.id for job in jobs])
        fresh = [job for job in found if job is not None]
        for backend in self._registry.backends:
            backend.refresh(tuple(fresh))
        self._registry.wake()
        return Done(fresh, changed=len(fresh))

    async def clear(self, request: ClearRequest) -> int:
        """Forget ended jobs; never open ones."""
        states = frozenset(JobState(s) for s in request.states) if request.states else ENDED
        if not states <= ENDED:
            raise UsageError(
                "job.cannot_clear",
                "only ended jobs can be cleared",
                hint="states: succeeded, failed, cancelled; cancel the others first",
            )
        ids: frozenset[str] = frozenset()
        if request.refs:
            jobs = await self.find(request.refs)
            still_open = [str(job.number) for job in jobs if not job.ended]
            if still_open:
                raise ConflictError(
                    "job.cannot_clear",
                    f"job {', '.join(still_open)} has not ended",
                    hint="cancel it first",
                )
            ids = frozenset(job.id for job in jobs)
        count = await self._ctx.db.jobs.clear(JobFilter(states=states, ids=ids))
        self._ctx.touch_queue()
        return count

    async def pause(self, paused: bool) -> None:
        """Nothing more is sent, and what waits on the servers comes back; what runs goes on."""
        await self._ctx.db.jobs.set_paused(paused, self._ctx.clock.now())
        self._ctx.paused = paused
        self._ctx.touch_queue()
        self._registry.wake()

    # -- rules -------------------------------------------------------------------------------------
    def _cancel_rule(self, job: Job) -> JobChange | Problem:
        if job.ended:
            return Problem("job.already_ended", f"job {job.number} has already {job.state.value}")
        if job.state is JobState.QUEUED:
            return JobChange(
                job.id,
                expect=frozenset({JobState.QUEUED}),
                state=JobState.CANCELLED,
                cancel_requested=True,
                finished_at=self._ctx.clock.now(),
            )
        if job.state in ON_SERVER and self._registry.get(job.backend) is None:
            return self._abandon(job)
        if job.state is JobState.FETCHING and job.blocked and job.cancel_requested:
            return self._give_up(job)  # asked a second time: the work is done, so once is not enough
        if job.state is JobState.FETCHING:
            told = CANCEL_TOO_LATE in job.warnings
            warnings = job.warnings if told else (*job.warnings, CANCEL_TOO_LATE)
            return JobChange(
                job.id, expect=frozenset({JobState.FETCHING}), cancel_requested=True, warnings=warnings
            )
        return JobChange(job.id, expect=ON_SERVER, cancel_requested=True)

    def _give_up(self, job: Job) -> JobChange:
        """Its result cannot be brought home and nobody wants to wait for that; the server still has it."""
        left = Problem(
            "job.result_left",
            f"given up before its files were fetched ({job.blocked}); the server keeps them",
        )
        return JobChange(
            job.id,
            expect=frozenset({JobState.FETCHING}),
            state=JobState.CANCELLED,
            cancel_requested=True,
            blocked="",
            warnings=(*job.warnings, left),
            finished_at=self._ctx.clock.now(),
        )

    def _abandon(self, job: Job) -> JobChange:
        """Its backend is no longer configured: nobody can ask it, so the id is only watched for."""
        now = self._ctx.clock.now()
        attempt = job.attempt
        ended = attempt and replace(
            attempt,
            state=AttemptState.CANCELLED,
            ended_at=now,
            reason="cancelled while its backend was not configured",
            watched=True,
        )
        return JobChange(
            job.id,
            expect=ON_SERVER,
            state=JobState.CANCELLED,
            cancel_requested=True,
            attempt=ended,
            finished_at=now,
        )

    async def _each(self, jobs: Sequence[Job], rule: Rule, code: str) -> Done:
        """Apply a rule to each job; ConflictError if nothing at all could be done."""
        done = Done()
        for start in range(0, len(jobs), CHUNK):
            await self._chunk(jobs[start : start + CHUNK], rule, done)
        for backend in self._registry.backends:
            backend.refresh(tuple(done.jobs))
        self._registry.wake()
        if not done.changed and done.notices:
            first = done.notices[0]
            raise ConflictError(code, first.message, hint=first.hint)
        return done

    async def _chunk(self, jobs: Sequence[Job], rule: Rule, done: Done) -> None:
        """All of them in one transaction. Where jobs change under its hands, they are looked at again."""
        for _ in range(CHUNK_TRIES):
            rules = [(job, rule(job)) for job in jobs]
            changes = [change for _, change in rules if isinstance(change, JobChange)]
            changed = await self._ctx.apply(*changes) if changes else ()
            if changed is not None:
                _record(done, rules, changed)
                return
            found = await self._ctx.db.jobs.find([job.id for job in jobs])
            jobs = [job for job in found if job is not None]
        for job in jobs:
            await self._one(job, rule, done)

    async def _one(self, job: Job, rule: Rule, done: Done) -> None:
        current: Job | None = job
        for _ in range(TRIES):
            if current is None:
                break
            outcome = rule(current)
            if isinstance(outcome, Problem):
                done.notices.append(outcome)
                done.jobs.append(current)
                return
            changed = await self._ctx.apply(outcome)
            if changed is not None:
                done.jobs.extend(changed)
                done.changed += 1
                return
            current = await self._ctx.db.jobs.get(job.id)
        done.notices.append(
            Problem("job.busy", f"job {job.number} changes too fast to be changed", "try again")
        )


def _record(done: Done, rules: Sequence[tuple[Job, JobChange | Problem]], changed: Sequence[Job]) -> None:
    fresh = {job.id: job for job in changed}
    for job, outcome in rules:
        if isinstance(outcome, Problem):
            done.notices.append(outcome)
        done.jobs.append(fresh.get(job.id, job))
    done.changed += len(fresh)


def check_priority(priority: int) -> None:
    """Raises UsageError(`job.bad_priority`) outside of -100..100."""
    if not -100 <= priority <= 100:
        raise UsageError(
            "job.bad_priority",
            f"priority {priority} is out of bounds",
            hint="-100 (last) to 100 (first); 0 is usual",
        )


def _hold_rule(job: Job) -> JobChange | Problem:
    if job.ended:
        return Problem("job.already_ended", f"job {job.number} has already {job.state.value}")
    if job.state in {JobState.RUNNING, JobState.FETCHING}:
        return Problem(
            "job.already_running",
            f"job {job.number} runs already and cannot be held",
            "cancel it, or let it finish",
        )
    return JobChange(
        job.id,
        expect=frozenset({JobState.QUEUED, JobState.SUBMITTING, JobState.SUBMITTED}),
        held=True,
    )


def _release_rule(job: Job) -> JobChange | Problem:
    if not job.held:
        return Problem("job.not_held", f"job {job.number} is not held")
    return JobChange(job.id, expect=frozenset(JobState), held=False)
