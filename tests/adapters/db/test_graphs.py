"""Graphs come back as they were added, however they are shared."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.adapters.db.graphs import Shapes, difference, rebuilt, split_place, stored
from ainf_tui.domain.jobs import JobGraph, JobState
from ainf_tui.domain.ports import JobFilter
from ainf_tui.errors import NotFoundError
from tests.fakes.jobs import GRAPH, ended_job, new_job, step

texts = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=8)
literals = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    texts,
)
links = st.tuples(texts, st.integers(0, 3)).map(list)
entries = st.one_of(
    st.fixed_dictionaries(
        {"class_type": texts, "inputs": st.dictionaries(texts, st.one_of(literals, links), max_size=4)},
        optional={"_meta": st.fixed_dictionaries({"title": texts})},
    ),
    literals,
)
plain_graphs = st.dictionaries(texts, entries, max_size=4)


@st.composite
def batches(draw: st.DrawFn) -> list[JobGraph]:
    """Graphs of which some differ in literals only, some in structure."""
    base = draw(plain_graphs)
    made = [JobGraph(base, bindings={"a": ("1.b",)}, late=("checkpoint",), family="sdxl")]
    for _ in range(draw(st.integers(0, 4))):
        graph = json.loads(json.dumps(base))
        for entry in graph.values():
            inputs = entry["inputs"] if isinstance(entry, dict) else {}
            for name in inputs:
                if draw(st.booleans()):
                    inputs[name] = draw(st.one_of(literals, links))
        made.append(JobGraph(graph, workflow=draw(st.sampled_from([None, {"nodes": [1]}]))))
    return made


def exact(value: Any) -> str:
    """Text that tells 1 from 1.0 from true, and one order of keys from another."""
    return json.dumps(value)


@given(batches())
@settings(deadline=None)
def test_a_shared_graph_and_its_literals_are_the_graph(graphs: list[JobGraph]) -> None:
    shapes = Shapes()
    templates: dict[str, JobGraph] = {}
    for graph in graphs:
        shape = shapes.of(graph)
        template = templates.setdefault(shape, graph)
        row = stored(shape, template)
        back = rebuilt(row, difference(row.graph, graph.graph), {})
        assert exact(back.graph) == exact(graph.graph)
        assert (back.workflow, back.bindings, back.late, back.family) == (
            graph.workflow,
            graph.bindings,
            graph.late,
            graph.family,
        )


@given(batches())
@settings(
    deadline=None,
    max_examples=15,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
async def test_the_database_gives_back_what_it_got(db: SqlDatabase, graphs: list[JobGraph]) -> None:
    jobs = await db.jobs.add([new_job(graph=graph) for graph in graphs])
    for job, graph in zip(jobs, graphs, strict=True):
        back = await db.jobs.graph(job.id)
        assert exact(back.graph) == exact(graph.graph)
        assert back == graph


async def test_jobs_of_later_calls_share_too_and_unused_graphs_go(db: SqlDatabase) -> None:
    def variant(seed: int) -> JobGraph:
        return JobGraph({**GRAPH, "3": {**GRAPH["3"], "inputs": {**GRAPH["3"]["inputs"], "seed": seed}}})

    first = (await db.jobs.add([ended_job(0, graph=variant(2**64 - 1))]))[0]
    second = (await db.jobs.add([new_job(graph=variant(5))]))[0]
    assert (await db.info()).rows["job_graphs"] == 1
    assert (await db.jobs.graph(first.id)).graph["3"]["inputs"]["seed"] == 2**64 - 1
    assert (await db.jobs.graph(second.id)).graph["3"]["inputs"]["seed"] == 5
    assert await db.jobs.clear(JobFilter()) == 1
    assert (await db.jobs.graph(second.id)).graph["3"]["inputs"]["seed"] == 5
    await db.jobs.apply(step(second, JobState.QUEUED, JobState.CANCELLED))
    await db.jobs.clear(JobFilter())
    assert (await db.info()).rows["job_graphs"] == 0
    with pytest.raises(NotFoundError):
        await db.jobs.graph(second.id)


async def test_inputs_decided_late_win(db: SqlDatabase) -> None:
    (job,) = await db.jobs.add([new_job()])
    for overrides in ({"4.ckpt_name": "b.safetensors"}, {"3.steps": 9}):
        await db.jobs.apply(step(job, JobState.QUEUED, overrides=overrides))
    graph = (await db.jobs.graph(job.id)).graph
    assert (graph["4"]["inputs"]["ckpt_name"], graph["3"]["inputs"]["steps"]) == ("b.safetensors", 9)


def test_dots_in_places_are_settled_by_the_graph() -> None:
    graph = {"1": {"inputs": {"a.b": 1}}, "1.a": {"inputs": {"c": 1}}}
    assert split_place(graph, "1.a.b") == ("1", "a.b")
    assert split_place(graph, "1.a.c") == ("1.a", "c")
    assert split_place(graph, "1.new") == ("1", "new")
    with pytest.raises(RuntimeError):
        split_place(graph, "2.a")


async def test_hostile_keys_are_made_storable(db: SqlDatabase) -> None:
    graph = {"a\0": {"inputs": {"b\ud800": 1, "c": "d\0"}}}
    first, second = [(await db.jobs.add([new_job(graph=JobGraph(graph))]))[0] for _ in range(2)]
    expected = {"a\u2400": {"inputs": {"b\ufffd": 1, "c": "d\u2400"}}}
    assert (await db.jobs.graph(first.id)).graph == (await db.jobs.graph(second.id)).graph == expected
