"""What became of the nodes of a graph: kept when a prompt ends, shown as long as its job is kept."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ainf_tui.domain.comfy import Graph
from ainf_tui.domain.graphs import needed_nodes
from ainf_tui.domain.jobs import Job, JobState
from ainf_tui.domain.progress import NodeState, Tracker, node_ref
from ainf_tui.engine.context import Context, Flight
from ainf_tui.engine.outcomes import Ending

_OPEN = ("pending", "running")


def progress_record(flight: Flight, now: float) -> dict[str, Any]:
    """What is stored of a prompt that runs; `now` is monotonic seconds."""
    snapshot = flight.tracker.snapshot(now)
    return {
        "prompt_id": flight.prompt_id,
        "fraction": snapshot.fraction,
        "elapsed": snapshot.elapsed,
        "node": snapshot.node.id if snapshot.node else None,
        "step": snapshot.step,
        "steps": snapshot.steps,
    }


async def keep_nodes(ctx: Context, flight: Flight, ending: Ending) -> None:
    """Store how each node ended. Before the end itself: a reader of the ended job finds it there."""
    nodes = {node.ref.id: [node.state, node.value, node.max] for node in ended_nodes(flight.tracker, ending)}
    record = progress_record(flight, ctx.clock.monotonic())
    flight.saved_at = float("inf")  # nothing is saved over it
    await ctx.db.memory.save_progress(flight.job.id, {**record, "nodes": nodes})


def ended_nodes(tracker: Tracker, ending: Ending) -> Iterator[NodeState]:
    """The tracker's nodes, with what only the end tells: who failed, and that frames were missed."""
    done = ending.outcome == "success"
    failed = ending.error.node if ending.error else ending.blocked.node if ending.blocked else None
    for node in tracker.nodes():
        state = node.state
        if node.ref.id == failed:
            state = "failed"
        elif state in _OPEN and node.ref.id in ending.cached:
            state = "cached"
        elif state in _OPEN and done and node.ref.id in tracker.needed:
            state = "finished"
        elif state == "running":
            state = "interrupted"
        yield replace(node, state=state)


def kept_nodes(job: Job, graph: Graph, record: Mapping[str, Any] | None) -> tuple[NodeState, ...]:
    """The nodes of a job that is on no server now, from what was kept of its newest prompt."""
    if job.state is JobState.QUEUED:
        return tuple(NodeState(node_ref(graph, node), "pending") for node in graph)
    kept = (record or {}).get("nodes")
    if record is None or kept is None or job.attempt is None or record["prompt_id"] != job.attempt.prompt_id:
        return tuple(_guessed(job, graph))
    ids = [*graph, *(node for node in kept if node not in graph)]
    return tuple(NodeState(node_ref(graph, node), *kept.get(node, ("unknown",))) for node in ids)


def _guessed(job: Job, graph: Graph) -> Iterator[NodeState]:
    """Nothing was kept (it never began, or an engine of before ended it): what the job itself tells."""
    failed = job.error.node.id if job.error and job.error.node else None
    done = needed_nodes(graph) if job.state in {JobState.SUCCEEDED, JobState.FETCHING} else frozenset()
    began = job.started_at is not None
    for node in graph:
        state = "finished" if node in done else "unknown" if began else "pending"
        yield NodeState(node_ref(graph, node), "failed" if node == failed else state)
