"""Inputs that only the backend can decide, bound just before a job is sent to it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ainf_tui.domain.checkpoints import choose
from ainf_tui.domain.comfy import Graph
from ainf_tui.domain.graphs import graph_hash
from ainf_tui.domain.jobs import Job, JobGraph
from ainf_tui.engine.backend import Backend


@dataclass(frozen=True, slots=True)
class Late:
    """The job and its graph with everything decided; `overrides` is what changed in the graph."""

    job: Job
    graph: JobGraph
    overrides: Mapping[str, Any] = field(default_factory=dict)


async def bind_late_inputs(backend: Backend, job: Job, stored: JobGraph) -> Late:
    """Choose what was left open (the checkpoint) from what this backend has.

    Raises UnreachableError if it does not answer, UsageError(`checkpoint.none`) if it has none.
    """
    if "checkpoint" not in stored.late or job.params.get("checkpoint"):
        return Late(job, stored)  # nothing open, or decided for an earlier attempt of this job
    async with backend.asking():
        available = await backend.server.models("checkpoints")
    choice = choose(available, stored.family, backend.memory.last_checkpoint)
    places = stored.bindings["checkpoint"]
    graph = with_literals(stored.graph, dict.fromkeys(places, choice.name))
    return Late(
        replace(
            job,
            params={**job.params, "checkpoint": choice.name},
            graph_hash=graph_hash(graph),  # another checkpoint takes another time
            warnings=(*job.warnings, choice.notice) if choice.how == "first" else job.warnings,
        ),
        replace(stored, graph=graph, late=tuple(n for n in stored.late if n != "checkpoint")),
        dict.fromkeys(places, choice.name),
    )


def with_literals(graph: Graph, values: Mapping[str, Any]) -> dict[str, Any]:
    """A copy with literal inputs set: `{"NODE.INPUT": value}`. The node's id may hold dots."""
    result = dict(graph)
    for place, value in values.items():
        node, _, name = place.rpartition(".")
        entry = result[node]
        result[node] = {**entry, "inputs": {**entry["inputs"], name: value}}
    return result


async def remember_checkpoint(backend: Backend, job: Job) -> None:
    """A job with this checkpoint was accepted: it is the last used one here."""
    checkpoint = job.params.get("checkpoint")
    if isinstance(checkpoint, str) and checkpoint and checkpoint != backend.memory.last_checkpoint:
        backend.memory = replace(backend.memory, last_checkpoint=checkpoint)
        await backend.ctx.db.memory.save_backend(backend.memory)
