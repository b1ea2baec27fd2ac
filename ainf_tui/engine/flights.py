"""Following one prompt: what it needs, what to expect of it, and that the server has it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from ainf_tui.domain.comfy import Accepted, NodeProblem
from ainf_tui.domain.eta import expectation, weights
from ainf_tui.domain.graphs import needed_nodes, work
from ainf_tui.domain.jobs import Attempt, AttemptState, Job, JobChange, JobGraph, JobState, Problem
from ainf_tui.domain.naming import with_number
from ainf_tui.domain.progress import Tracker, guessed_weights
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight, log
from ainf_tui.engine.late import remember_checkpoint


async def make_flight(backend: Backend, job: Job, attempt: Attempt, stored: JobGraph) -> Flight:
    """Everything to follow one prompt: its graph as sent, what it needs, what to expect of it."""
    memory = backend.ctx.db.memory
    graph = with_number(stored.graph, job.number)
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


async def accept(backend: Backend, flight: Flight, accepted: Accepted) -> None:
    """The server has it: store its number; dropped branches become warnings."""
    ctx = backend.ctx
    now = ctx.clock.now()
    if note_number(backend, accepted.number):
        log.warning("backend %s: its numbers start again", backend.name)
        backend.look_soon()
    attempt = replace(
        flight.attempt,
        state=AttemptState.SUBMITTED,
        number=accepted.number,
        submitted_at=now,
        server_epoch=backend.epoch,
    )
    warnings = (*flight.job.warnings, *_dropped(accepted.problems))
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


def _dropped(problems: Iterable[NodeProblem]) -> Iterable[Problem]:
    """Accepted all the same: the server leaves out what it refuses and runs the rest."""
    for problem in problems:
        yield Problem(
            "comfyui.branch_dropped",
            f"{problem.title}: {problem.message}; the outputs that need it were left out",
            "correct the value and run it again",
            details={
                "node": problem.node,
                "input": problem.input,
                "outputs": list(problem.outputs),
                "allowed": problem.allowed,
            },
        )
