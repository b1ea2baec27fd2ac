"""Looking at the server's queue and history: they decide, frames only colour.

The queue is read first, then the history: under the server's lock a prompt is always in one of
them, so one that is in neither is gone (deleted, cleared away, or lost with a restart).
"""

from __future__ import annotations

from dataclasses import replace

from ainf_tui.domain.comfy import Accepted, HistoryEntry, QueueSnapshot
from ainf_tui.domain.evidence import Fate, Sighting, Verdict, greatest_number, judge
from ainf_tui.domain.jobs import ON_SERVER, AttemptState, JobChange, JobState
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight, log
from ainf_tui.engine.flights import accept
from ainf_tui.engine.settle import settle, write_end

HISTORY_LOOK = 32
"""Newest history entries read as evidence when something is missing."""
PONG_WITHIN = 3.0
"""Seconds: it has just answered over HTTP."""
IDENTITY_EVERY = 2.0
"""Seconds between two looks at which process listens: it costs a walk through the open sockets."""
RESEND_LONGEST = 60.0
"""Seconds between two tries of a prompt that the server does not take in, at most."""


async def look(backend: Backend) -> None:
    """One look: adopt what is found, judge what is not. Raises UnreachableError."""
    async with backend.asking():
        snapshot = await backend.server.queue()
    backend.queue = snapshot
    for prompt_id in snapshot.ids():
        backend.remember(prompt_id)
    if backend.ctx.clock.monotonic() - backend.process_noted_at >= IDENTITY_EVERY:
        await note_process(backend)
    for flight in list(backend.flights.values()):
        if flight.prompt_id in backend.flights:
            await _look_for(backend, flight, snapshot)
    backend.ctx.touch()


async def note_process(backend: Backend) -> None:
    """Which process listens there now; another one means that the old queue is gone.

    Where it cannot be told (any more) the epoch is empty: an old one is evidence of nothing.
    """
    backend.process_noted_at = backend.ctx.clock.monotonic()
    epoch = await backend.server.process_identity()
    known = backend.epoch or backend.memory.server_epoch
    backend.epoch = epoch
    if epoch and known and epoch != known:
        log.warning("backend %s: another process listens on its port (%s)", backend.name, epoch)
        backend.forget_process()
    if epoch and epoch != backend.memory.server_epoch:
        backend.memory = replace(backend.memory, server_epoch=epoch)
        await backend.ctx.db.memory.save_backend(backend.memory)


async def _look_for(backend: Backend, flight: Flight, snapshot: QueueSnapshot) -> None:
    found = next((i for i in (*snapshot.running, *snapshot.pending) if i.prompt_id == flight.prompt_id), None)
    if found is not None:
        seen(backend, flight)
        flight.waiting = found in snapshot.pending
        if flight.in_doubt:
            log.info("job %d: found on the server, adopted", flight.job.number)
            await accept(backend, flight, Accepted(flight.prompt_id, found.number))
        if not flight.waiting:
            flight.tracker.running(backend.ctx.clock.monotonic())
            await mark_running(backend, flight)
        return
    async with backend.asking():
        entry = await backend.server.history(flight.prompt_id)
    if entry is not None:
        seen(backend, flight)
        backend.moved = backend.moved or not flight.over
        await settle(backend, flight, entry)
        return
    await _missing(backend, flight, snapshot)


def seen(backend: Backend, flight: Flight) -> None:
    """It is on the server at this moment."""
    flight.misses = 0
    flight.refused = False
    flight.connection = backend.socket.connections
    flight.seen_at = backend.ctx.clock.monotonic()
    backend.remember(flight.prompt_id)


async def _missing(backend: Backend, flight: Flight, snapshot: QueueSnapshot) -> None:
    """In neither. One look may have fallen between two of the server's steps, two may not."""
    now = backend.ctx.clock.monotonic()
    apart = backend.ctx.tuning.look_apart
    flight.misses += 1
    if flight.misses == 1:
        flight.missed_at = now
    if flight.misses < 2 or now - flight.missed_at < apart:
        backend.look_soon(max(0.05, apart - (now - flight.missed_at)))
        return
    if flight.in_doubt:
        await _not_received(backend, flight)
        return
    await note_process(backend)  # what is judged by must be of this very moment
    async with backend.asking():
        history = await backend.server.recent_history(HISTORY_LOOK)
    verdict = judge(await _sighting(backend, flight, snapshot, history))
    whole = flight.over and not (flight.partial and verdict.fate is Fate.RESTARTED)
    if whole:
        await write_end(backend, flight, None)  # it ended before our eyes; only its history is gone
    else:
        await _vanished(backend, flight, verdict)


async def _not_received(backend: Backend, flight: Flight) -> None:
    ctx = backend.ctx
    log.info("job %d: the server never received it", flight.job.number)
    change = backend.verdicts.not_received(flight.job, flight.attempt, flight.answered, ctx.clock.now())
    again = backend.verdicts.unreceived(flight.job)
    backend.dispatch_after = ctx.clock.monotonic() + min(2.0**again, RESEND_LONGEST) - 1.0
    ctx.kill.reach("lost.before_commit")
    await backend.leave(flight, await ctx.apply(change))
    ctx.kill.reach("lost.after_commit")
    backend.watching = True
    backend.look_soon(backend.dispatch_after - ctx.clock.monotonic())


async def _sighting(
    backend: Backend, flight: Flight, snapshot: QueueSnapshot, history: tuple[HistoryEntry, ...]
) -> Sighting:
    socket = backend.socket
    unbroken = socket.connected and flight.connection == socket.connections
    return Sighting(
        epoch_then=flight.attempt.server_epoch,
        epoch_now=backend.epoch,
        # A half-open socket looks connected for a minute after the machine behind it has gone.
        same_connection=unbroken and await socket.answers(PONG_WITHIN),
        number=flight.attempt.number,
        known_ids=backend.known_before(flight.seen_at) - {flight.prompt_id},
        present_ids=snapshot.ids() | backend.history_ids(history),
        greatest_number=greatest_number(snapshot, history),
        refused_since=flight.refused,
        later_ids=backend.known_before(flight.missed_at) - backend.known_before(flight.seen_at),
        was_running=flight.tracker.started_at is not None or flight.job.state is JobState.RUNNING,
    )


async def _vanished(backend: Backend, flight: Flight, verdict: Verdict) -> None:
    ctx = backend.ctx
    log.warning("job %d: gone from the server (%s: %s)", flight.job.number, verdict.fate, verdict.evidence)
    ended = backend.how_ended(flight.attempt.server_epoch) if verdict.fate is Fate.RESTARTED else ""
    change = backend.verdicts.vanished(
        flight.job,
        flight.attempt,
        restarted=verdict.fate is Fate.RESTARTED,
        evidence=f"it ended, {ended}" if ended else verdict.evidence,
        now=ctx.clock.now(),
    )
    ctx.kill.reach("lost.before_commit")
    await backend.leave(flight, await ctx.apply(change))
    ctx.kill.reach("lost.after_commit")


async def mark_running(backend: Backend, flight: Flight) -> None:
    """The server runs it: say so once."""
    if flight.job.state is JobState.RUNNING or flight.in_doubt:
        return
    flight.waiting = False
    now = backend.ctx.clock.now()
    attempt = replace(flight.attempt, state=AttemptState.RUNNING, started_at=flight.attempt.started_at or now)
    jobs = await backend.ctx.apply(
        JobChange(
            flight.job.id,
            expect=ON_SERVER - {JobState.RUNNING},
            expect_prompt=flight.prompt_id,
            state=JobState.RUNNING,
            attempt=attempt,
            started_at=attempt.started_at,
        )
    )
    backend.ctx.kill.reach("start.after_commit")
    if jobs:
        backend.refresh(jobs)
