"""Taking prompts off a server, exactly: a waiting one is deleted, only our running one is interrupted.

The intent is stored before the server is told, so that a prompt that vanishes because of us is
never taken for one that somebody else removed.
"""

from __future__ import annotations

from dataclasses import replace

from ainf_tui.domain.comfy import QueueSnapshot
from ainf_tui.domain.jobs import Attempt, AttemptState, Intent, Job, JobState, run_order
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight, log
from ainf_tui.engine.outcomes import ending_of
from ainf_tui.engine.reconcile import mark_running

INTERRUPT_AGAIN = 1.0
"""Seconds after which an interrupt is repeated: one sent between two nodes or right after the start
may be lost (measured: 2 of 30), one in the last node always is."""


async def carry_out(backend: Backend) -> None:
    """Cancels and withdrawals that are due. Raises UnreachableError."""
    await _withdraw_waiting(backend)
    for flight in list(backend.flights.values()):
        if flight.job.cancel_requested and not flight.in_doubt and not flight.over:
            await _cancel(backend, flight)


async def _cancel(backend: Backend, flight: Flight) -> None:
    ctx = backend.ctx
    now = ctx.clock.monotonic()
    if now < flight.ordered_at + INTERRUPT_AGAIN and flight.attempt.intent is Intent.CANCEL:
        return
    flight.ordered_at = now
    await _intend(backend, flight, Intent.CANCEL)
    ctx.kill.reach("cancel.after_intent")
    async with backend.asking():
        await backend.server.delete_pending([flight.prompt_id])
    ctx.kill.reach("cancel.after_delete")
    snapshot = await _queue(backend)
    if any(i.prompt_id == flight.prompt_id for i in snapshot.running):
        async with backend.asking():
            await backend.server.interrupt(flight.prompt_id)
        ctx.kill.reach("cancel.after_interrupt")
        backend.look_soon(INTERRUPT_AGAIN)
        return
    await _gone_or_later(backend, flight, snapshot)


async def _gone_or_later(backend: Backend, flight: Flight, snapshot: QueueSnapshot) -> None:
    """Deleted from the queue, unless it ended at the same moment: the history tells."""
    if flight.prompt_id in snapshot.ids():
        backend.look_soon()
        return
    async with backend.asking():
        entry = await backend.server.history(flight.prompt_id)
    if entry is not None:
        backend.look_soon()  # the look settles it
        return
    change = backend.verdicts.vanished(
        flight.job, flight.attempt, restarted=False, evidence="deleted by us", now=backend.ctx.clock.now()
    )
    jobs = await backend.ctx.apply(change)
    backend.ctx.kill.reach("withdraw.after_commit")
    await backend.leave(flight, jobs)


async def _intend(backend: Backend, flight: Flight, intent: Intent) -> None:
    if flight.attempt.intent is intent:
        return
    await backend.ctx.db.jobs.set_intent(flight.prompt_id, intent)
    flight.attempt = replace(flight.attempt, intent=intent)


async def _queue(backend: Backend) -> QueueSnapshot:
    async with backend.asking():
        snapshot = await backend.server.queue()
    backend.queue = snapshot
    return snapshot


# -- withdrawal ------------------------------------------------------------------------------------
async def _withdraw_waiting(backend: Backend) -> None:
    first = await _more_urgent(backend)
    for flight in list(backend.flights.values()):
        if not _is_waiting(flight) or flight.job.cancel_requested:
            continue
        reason = _why_withdraw(backend, flight, first)
        # A stored intent whose reason has gone stays: the prompt may have been deleted by it already.
        if reason:
            await _withdraw(backend, flight, reason)


def _is_waiting(flight: Flight) -> bool:
    return (
        flight.attempt.state is AttemptState.SUBMITTED
        and flight.tracker.started_at is None
        and not flight.in_doubt
        and not flight.over
    )


async def _more_urgent(backend: Backend) -> Job | None:
    """The first job of the queue if it comes before one that waits on this server.

    Asked only when a job has come or a command has changed something: what was sent was the first.
    """
    order = backend.ctx.order
    if order == backend.order_seen or not backend.flights:
        return None
    backend.order_seen = order  # a command that comes while the database answers makes it older again
    first = await backend.ctx.db.jobs.next_queued([backend.name], limit=1)
    flights = [f for f in backend.flights.values() if f.in_doubt or _is_waiting(f)]
    if not first or not any(run_order(first[0]) < run_order(f.job) for f in flights):
        return None
    backend.order_seen = -1  # until it has been sent
    return first[0]


def _why_withdraw(backend: Backend, flight: Flight, first: Job | None) -> str:
    if backend.ctx.paused:
        return "the queue is paused"
    if flight.job.held:
        return "it is held"
    if first is not None and run_order(first) < run_order(flight.job):
        return f"job {first.number} is more urgent"
    return ""


async def _withdraw(backend: Backend, flight: Flight, reason: str) -> None:
    ctx = backend.ctx
    log.info("job %d: withdrawn from %s: %s", flight.job.number, backend.name, reason)
    await _intend(backend, flight, Intent.WITHDRAW)
    ctx.kill.reach("withdraw.after_intent")
    async with backend.asking():
        await backend.server.delete_pending([flight.prompt_id])
    ctx.kill.reach("withdraw.after_delete")
    snapshot = await _queue(backend)
    if any(i.prompt_id == flight.prompt_id for i in snapshot.running):
        await _intend(backend, flight, Intent.NONE)  # it was faster: it runs, and may
        flight.tracker.running(ctx.clock.monotonic())
        await mark_running(backend, flight)
        return
    await _gone_or_later(backend, flight, snapshot)


# -- abandoned ids ---------------------------------------------------------------------------------
async def watch_abandoned(backend: Backend) -> None:
    """Prompt ids given up after a doubt: if one turns up after all, it must not run beside the next.

    It is deleted while it waits, interrupted while it runs. Raises UnreachableError.
    """
    ctx = backend.ctx
    watched = await ctx.db.jobs.watched(backend.name)
    backend.watching = bool(watched)
    if not watched or backend.queue is None:
        return
    now = ctx.clock.now()
    there = backend.queue.ids()
    stale = []
    for attempt in watched:
        since = attempt.ended_at or attempt.created_at
        if attempt.prompt_id in there:
            log.warning("prompt %s turned up late: taken off the server", attempt.prompt_id)
            async with backend.asking():
                await backend.server.delete_pending([attempt.prompt_id])
                await backend.server.interrupt(attempt.prompt_id)
        elif (now - since).total_seconds() > ctx.tuning.watch_for or await _adopted(backend, attempt):
            stale.append(attempt.prompt_id)
    if stale:
        await ctx.db.jobs.end_watch(stale)


async def _adopted(backend: Backend, attempt: Attempt) -> bool:
    """An abandoned prompt that ran to its end unseen, while its job still waits: its result is taken."""
    ctx = backend.ctx
    job = await ctx.db.jobs.by_prompt(attempt.prompt_id)
    newest = job.attempt if job is not None else None
    if job is None or job.state is not JobState.QUEUED or newest is None:
        return False
    if newest.prompt_id != attempt.prompt_id:
        return False
    async with backend.asking():
        entry = await backend.server.history(attempt.prompt_id)
    if entry is None or entry.outcome != "success":
        return False
    log.warning("job %d: prompt %s had run after all, adopted", job.number, attempt.prompt_id)
    stored = await ctx.db.jobs.graph(job.id)
    change = backend.verdicts.ended(job, attempt, stored.graph, ending_of(entry, None), ctx.clock.now())
    jobs = await ctx.apply(replace(change, expect=frozenset({JobState.QUEUED}), backend=backend.name))
    if jobs:
        backend.fetching.put_nowait(job.id)
    return jobs is not None
