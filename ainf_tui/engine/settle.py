"""A prompt has ended: read its history entry, write its end, hand its files to the fetcher."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from ainf_tui.domain.comfy import HistoryEntry
from ainf_tui.domain.jobs import ENDED, JobState
from ainf_tui.domain.outputs import files_of
from ainf_tui.domain.ports import NodeTiming
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight, log
from ainf_tui.engine.nodes import keep_nodes
from ainf_tui.engine.outcomes import Ending, ending_of
from ainf_tui.engine.pictures import keep_pictures, with_missed

RETRIES = (0.0, 0.05, 0.1, 0.3, 0.6, 1.0)
"""Seconds before each try to read the history entry: it may be written after the last frame but one
(measured: 11 of 100 times empty at `execution_error`)."""


async def settle_ended(backend: Backend, flight: Flight) -> None:
    """The frames say that it ended. Raises UnreachableError; a later look goes on then."""
    if flight.settling or flight.in_doubt:
        return
    flight.settling = True
    try:
        for pause in RETRIES:
            if pause:
                await backend.ctx.clock.sleep(pause)
            async with backend.asking():
                entry = await backend.server.history(flight.prompt_id)
            if entry is not None:
                await settle(backend, flight, entry)
                return
        backend.look_soon()  # not written, or cleared by somebody: the queue decides
    finally:
        flight.settling = False


async def settle(backend: Backend, flight: Flight, entry: HistoryEntry) -> None:
    """Its history entry is here: the job's end follows from it."""
    backend.remember(flight.prompt_id)
    await write_end(backend, flight, entry)


async def write_end(backend: Backend, flight: Flight, entry: HistoryEntry | None) -> None:
    """Write how it ended; without an entry (history cleared) what the frames told is taken."""
    ctx = backend.ctx
    ending = ending_of(entry, flight.tracker.blocked) if entry is not None else ending_of_frames(flight)
    attempt = replace(flight.attempt, peak_vram=flight.vram, started_at=_began(backend, flight, entry))
    if ending.outcome == "success":
        ending = replace(ending, files=(*ending.files, *await keep_pictures(ctx, flight)))
    if flight.in_doubt and entry is not None:  # it was received after all, and has even ended
        attempt = replace(attempt, number=entry.number, submitted_at=attempt.created_at)
    change = backend.verdicts.ended(flight.job, attempt, flight.graph, ending, ctx.clock.now())
    change = with_missed(change, flight)
    await keep_nodes(ctx, flight, ending)
    ctx.kill.reach("settle.before_commit")
    jobs = await ctx.apply(change)
    ctx.kill.reach("settle.after_commit")
    if not await backend.leave(flight, jobs) or not jobs:
        log.warning("job %d: changed while its end was written", flight.job.number)
        flight.saved_at = 0.0
        return
    job = jobs[0]
    if job.state is JobState.FETCHING:
        backend.fetching.put_nowait(job.id)
        _learn(backend, flight, ending)
    elif job.state not in ENDED and job.error is None and ending.outcome == "failed":
        log.info("job %d: out of memory; frees the server's memory and tries again", job.number)
        async with backend.asking():
            await backend.server.free(unload_models=True, free_memory=True)


def _began(backend: Backend, flight: Flight, entry: HistoryEntry | None) -> datetime | None:
    """When it began, on our clock; one that was over before it was seen to run has only its duration."""
    if flight.attempt.started_at is not None:
        return flight.attempt.started_at
    if entry is not None and entry.started_at is not None and entry.ended_at is not None:
        seconds = max(0.0, entry.ended_at - entry.started_at)
    elif flight.tracker.started_at is not None:
        seconds = max(0.0, backend.ctx.clock.monotonic() - flight.tracker.started_at)
    else:
        return None
    return backend.ctx.clock.now() - timedelta(seconds=seconds)


def ending_of_frames(flight: Flight) -> Ending:
    """How it ended by its frames alone."""
    end = flight.tracker.end
    files = tuple(f for node, output in flight.tracker.executed.items() for f in files_of(node, output))
    if end is None:
        return Ending("unknown", files)
    return Ending(
        end.outcome,
        files,
        end.error,
        end.interrupted,
        flight.tracker.blocked,
        tuple(flight.tracker.cached),
    )


def _learn(backend: Backend, flight: Flight, ending: Ending) -> None:
    """Keep the measured seconds of its nodes for later ETAs."""
    tracker = flight.tracker
    now = backend.ctx.clock.now()
    timings = [
        NodeTiming(
            graph_hash=flight.job.graph_hash,
            node=state.ref.id,
            cls=state.ref.cls,
            backend=backend.name,
            work=flight.work,
            seconds=seconds,
            cached=False,
            run=flight.prompt_id,
            measured_at=now,
        )
        for state in tracker.nodes()
        if (seconds := tracker.node_seconds(state.ref.id)) is not None
    ]
    if timings and ending.outcome == "success" and not flight.partial:
        backend.ctx.measured += timings
