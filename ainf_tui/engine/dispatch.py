"""Sending jobs: claim, store the id, POST once, and what to do when the answer does not come."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

from ainf_tui.domain.comfy import Accepted, PromptRequest
from ainf_tui.domain.eta import expectation, weights
from ainf_tui.domain.graphs import needed_nodes, work
from ainf_tui.domain.jobs import (
    Attempt,
    AttemptState,
    Job,
    JobChange,
    JobGraph,
    JobState,
    Problem,
)
from ainf_tui.domain.progress import Tracker, guessed_weights
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight, log
from ainf_tui.engine.late import bind_late_inputs, remember_checkpoint
from ainf_tui.engine.provenance import sent_graph
from ainf_tui.errors import (
    AinfError,
    BackendRejectedError,
    InDoubtError,
    NotSentError,
    PromptRefusedError,
    UnreachableError,
)

CLAIM_AGAIN = 0.05
"""Seconds before the next claim after one that another was faster with."""
NOT_SENT_AGAIN = 1.0
"""Seconds before the next try after a connection that could not be made."""


async def make_flight(backend: Backend, job: Job, attempt: Attempt, stored: JobGraph) -> Flight:
    """Everything to follow one prompt: its graph as sent, what it needs, what to expect of it."""
    memory = backend.ctx.db.memory
    graph = sent_graph(stored.graph, job.number)
    needed = needed_nodes(graph, backend.info)
    size = work(graph)
    classes = {str(graph[n].get("class_type", "")) for n in needed if isinstance(graph.get(n), dict)}
    same = await memory.timings(job.graph_hash, backend.name, runs=20)
    by_class = () if same else await memory.class_timings(classes, backend.name, limit=20)
    expected = expectation(graph, needed, same, by_class, size)
    guessed = guessed_weights(graph, needed)
    tracker = Tracker(attempt.prompt_id, graph, needed, weights(expected, guessed))
    return Flight(
        job, attempt, graph, tracker, work=size, expected=expected, connection=backend.socket.connections
    )


def slots(backend: Backend) -> int:
    """How many more prompts of ours may go to this backend now."""
    if not backend.ready or backend.ctx.clock.monotonic() < backend.dispatch_after:
        return 0
    if any(f.in_doubt for f in backend.flights.values()):
        return 0  # one riddle at a time
    capacity = 1 if backend.others_idle() else 1 + backend.ctx.tuning.waiting_per_backend
    return capacity - len(backend.flights)


async def dispatch(backend: Backend) -> None:
    """Fill the free slots with the first jobs in run order."""
    while slots(backend) > 0:
        if backend.ctx.paused:
            return
        jobs = await backend.ctx.db.jobs.next_queued([backend.name], limit=1)
        backend.starved = not jobs
        if not jobs or not await _send(backend, jobs[0]):
            return


async def _send(backend: Backend, job: Job) -> bool:
    """Claim and submit one job; False if the loop should wait before the next."""
    ctx = backend.ctx
    stored = await ctx.db.jobs.graph(job.id)
    try:
        late = await bind_late_inputs(backend, job, stored)
    except UnreachableError as error:
        backend.unreachable(error)
        backend.look_soon(NOT_SENT_AGAIN)
        return False
    except AinfError as error:
        await _refuse(backend, job, error)
        return True
    stored, job = late.graph, late.job
    attempt = Attempt(
        prompt_id=str(uuid.uuid4()),
        job_id=job.id,
        ordinal=(job.attempt.ordinal if job.attempt else 0) + 1,
        backend=backend.name,
        client_id=backend.socket.client_id,
        state=AttemptState.SUBMITTING,
        created_at=ctx.clock.now(),
        server_epoch=backend.epoch,
        comfyui_version=backend.stats.version if backend.stats else "",
        device=backend.stats.devices[0].name if backend.stats and backend.stats.devices else "",
    )
    flight = await make_flight(backend, job, attempt, stored)
    flight.in_doubt = True  # from the claim until the POST's answer: whatever happens, look first
    backend.flights[attempt.prompt_id] = flight  # before the POST: frames may come before its answer
    ctx.kill.reach("submit.before_claim")
    claimed = await ctx.apply(
        JobChange(
            job.id,
            expect=frozenset({JobState.QUEUED}),
            expect_queue_open=True,
            state=JobState.SUBMITTING,
            attempt=attempt,
            backend=backend.name,
            clear_error=True,
            params=job.params if late.overrides else None,
            overrides=late.overrides,
            warnings=job.warnings if late.overrides else None,
        )
    )
    ctx.kill.reach("submit.after_claim")
    if claimed is None:  # somebody was faster: held, cancelled, paused or another backend
        backend.flights.pop(attempt.prompt_id, None)
        asyncio.get_running_loop().call_later(CLAIM_AGAIN, backend.wake.set)
        return False
    flight.job = claimed[0]
    return await _post(backend, flight, stored)


async def _post(backend: Backend, flight: Flight, stored: JobGraph) -> bool:
    ctx = backend.ctx
    method = ctx.tuning.preview_method
    request = PromptRequest(
        prompt_id=flight.prompt_id,
        client_id=flight.attempt.client_id,
        graph=flight.graph,
        workflow=stored.workflow,
        preview_method=None if method == "none" else method,
    )
    try:
        async with backend.asking():
            accepted = await backend.server.submit(request)
    except PromptRefusedError as error:
        await _refuse(backend, flight.job, error, flight)
        return True
    except InDoubtError as error:
        log.warning("job %d: POST /prompt in doubt: %s", flight.job.number, error.message)
        flight.answered = error.message if error.code == "backend.server_error" else ""
        backend.look_soon()
        return False
    except (NotSentError, BackendRejectedError) as error:
        if error.code == "backend.too_large":  # the job's own fault: it would stand in the way for ever
            await _refuse(backend, flight.job, error, flight)
            return True
        await _unsend(backend, flight)
        return False
    ctx.kill.reach("submit.after_post")
    await accept(backend, flight, accepted)
    return True


async def accept(backend: Backend, flight: Flight, accepted: Accepted) -> None:
    """The server has it: store its number; dropped branches become warnings."""
    ctx = backend.ctx
    now = ctx.clock.now()
    restarted = note_number(backend, accepted.number)
    if restarted:
        log.warning("backend %s: its numbers start again", backend.name)
        backend.look_soon()
    attempt = replace(
        flight.attempt,
        state=AttemptState.SUBMITTED,
        number=accepted.number,
        submitted_at=now,
        server_epoch=backend.epoch,
    )
    warnings = flight.job.warnings + tuple(
        Problem(
            "comfyui.branch_dropped",
            f"{p.title}: {p.message}; the outputs that need it were left out",
            "correct the value and run it again",
            details={"node": p.node, "input": p.input, "outputs": list(p.outputs), "allowed": p.allowed},
        )
        for p in accepted.problems
    )
    jobs = await ctx.apply(
        JobChange(
            flight.job.id,
            expect=frozenset({JobState.SUBMITTING}),
            expect_prompt=flight.prompt_id,
            state=JobState.SUBMITTED,
            attempt=attempt,
            warnings=warnings if accepted.problems else None,
            submitted_at=now,
        )
    )
    ctx.kill.reach("submit.after_accept")
    flight.in_doubt = False
    flight.waiting = flight.tracker.started_at is None
    flight.connection = backend.socket.connections
    flight.seen_at = ctx.clock.monotonic()
    backend.remember(flight.prompt_id)
    if jobs:
        backend.refresh(jobs)
        await remember_checkpoint(backend, jobs[0])
    backend.wake.set()


def note_number(backend: Backend, number: float) -> bool:
    """Remember the server's counter; True if it fell, which only a restart does."""
    last = backend.memory.last_number
    fell = last is not None and 0 <= number < last
    if fell:
        backend.forget_process()
    if number >= 0:
        backend.memory = replace(backend.memory, last_number=number)
    return fell


async def _unsend(backend: Backend, flight: Flight) -> None:
    """Nothing was sent: the job goes back as if it had not been touched."""
    ctx = backend.ctx
    backend.dispatch_after = ctx.clock.monotonic() + NOT_SENT_AGAIN
    backend.look_soon(NOT_SENT_AGAIN)
    jobs = await ctx.apply(
        JobChange(
            flight.job.id,
            expect=frozenset({JobState.SUBMITTING}),
            expect_prompt=flight.prompt_id,
            state=JobState.QUEUED,
            drop_attempt=flight.prompt_id,
            backend="",
        )
    )
    await backend.leave(flight, jobs)


async def _refuse(backend: Backend, job: Job, error: AinfError, flight: Flight | None = None) -> None:
    """Validation said no, here or on the server: the job fails with the readable list."""
    ctx = backend.ctx
    now = ctx.clock.now()
    problem = Problem(error.code, error.message, error.hint, details=error.details)
    attempt = None
    if flight is not None:
        attempt = replace(
            flight.attempt, state=AttemptState.FAILED, ended_at=now, reason=error.message, error=problem
        )
    jobs = await ctx.apply(
        JobChange(
            job.id,
            expect=frozenset({JobState.QUEUED, JobState.SUBMITTING}),
            expect_prompt=flight.prompt_id if flight else None,
            state=JobState.FAILED,
            attempt=attempt,
            error=problem,
            finished_at=now,
        )
    )
    if flight is not None:
        await backend.leave(flight, jobs)
