"""Sending jobs: claim, store the id, POST once, and what to do when the answer does not come."""

from __future__ import annotations

import asyncio
import uuid
from dataclasses import replace

from ainf_tui.domain.comfy import PromptRequest
from ainf_tui.domain.jobs import (
    Attempt,
    AttemptState,
    Job,
    JobChange,
    JobGraph,
    JobState,
    Problem,
)
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight, log
from ainf_tui.engine.flights import accept, make_flight
from ainf_tui.engine.late import Late, bind_late_inputs
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
        found = await backend.ctx.db.jobs.next_to_send(backend.name)
        backend.starved = found is None
        if found is None or not await _send(backend, *found):
            return


async def _send(backend: Backend, job: Job, stored: JobGraph) -> bool:
    """Claim and submit one job; False if the loop should wait before the next."""
    try:
        late = await bind_late_inputs(backend, job, stored)
    except UnreachableError as error:
        backend.unreachable(error)
        backend.look_soon(NOT_SENT_AGAIN)
        return False
    except AinfError as error:
        await _refuse(backend, job, error)
        return True
    flight = await make_flight(backend, late.job, _new_attempt(backend, late.job), late.graph)
    flight.in_doubt = True  # from the claim until the POST's answer: whatever happens, look first
    backend.flights[flight.prompt_id] = flight  # before the POST: frames may come before its answer
    if not await _claim(backend, flight, late):
        backend.flights.pop(flight.prompt_id, None)
        asyncio.get_running_loop().call_later(CLAIM_AGAIN, backend.wake.set)
        return False
    return await _post(backend, flight, late.graph)


def _new_attempt(backend: Backend, job: Job) -> Attempt:
    stats = backend.stats
    return Attempt(
        prompt_id=str(uuid.uuid4()),
        job_id=job.id,
        ordinal=(job.attempt.ordinal if job.attempt else 0) + 1,
        backend=backend.name,
        client_id=backend.socket.client_id,
        state=AttemptState.SUBMITTING,
        created_at=backend.ctx.clock.now(),
        server_epoch=backend.epoch,
        comfyui_version=stats.version if stats else "",
        device=stats.devices[0].name if stats and stats.devices else "",
    )


async def _claim(backend: Backend, flight: Flight, late: Late) -> bool:
    """The id is stored before it is sent. False if somebody was faster: held, cancelled, paused, taken."""
    ctx, job = backend.ctx, late.job
    ctx.kill.reach("submit.before_claim")
    claimed = await ctx.apply(
        JobChange(
            job.id,
            expect=frozenset({JobState.QUEUED}),
            expect_queue_open=True,
            state=JobState.SUBMITTING,
            attempt=flight.attempt,
            backend=backend.name,
            clear_error=True,
            params=job.params if late.overrides else None,
            overrides=late.overrides,
            graph_hash=job.graph_hash if late.overrides else None,
            warnings=job.warnings if late.overrides else None,
        )
    )
    ctx.kill.reach("submit.after_claim")
    if claimed is None:
        return False
    backend.refresh(claimed)  # not by hand: a command may have told the flight of a newer version
    return True


async def _post(backend: Backend, flight: Flight, stored: JobGraph) -> bool:
    ctx = backend.ctx
    request = PromptRequest(
        prompt_id=flight.prompt_id,
        client_id=flight.attempt.client_id,
        graph=flight.graph,
        workflow=stored.workflow,
        preview_method=ctx.tuning.preview_method,
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
