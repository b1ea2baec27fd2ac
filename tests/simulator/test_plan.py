"""The order of nodes and the identity of results, for any graph."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.simulator.catalog import catalog
from ainf_tui.simulator.options import SimulatorOptions
from ainf_tui.simulator.plan import RunOrder, signatures, sources
from ainf_tui.simulator.validation import validate

INFOS = catalog(SimulatorOptions(), ["example.png"])
ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)


@st.composite
def graphs(draw: st.DrawFn) -> dict[str, Any]:
    """Acyclic: a node is linked to earlier ones only."""
    graph: dict[str, Any] = {}
    for number in range(draw(st.integers(1, 12))):
        earlier = st.sampled_from(sorted(graph)) if graph else st.nothing()
        links = draw(st.lists(earlier, max_size=3)) if graph else []
        inputs = {f"in{slot}": [link, 0] for slot, link in enumerate(links)}
        graph[str(number)] = {
            "class_type": "ImageInvert",
            "inputs": {**inputs, "value": draw(st.integers(0, 2))},
        }
    return graph


@given(graphs(), st.data())
def test_each_needed_node_runs_once_and_after_what_it_needs(
    graph: dict[str, Any], data: st.DataObject
) -> None:
    outputs = data.draw(st.lists(st.sampled_from(sorted(graph)), min_size=1, unique=True))
    cached = set(data.draw(st.lists(st.sampled_from(sorted(graph)), unique=True)))
    order = RunOrder(graph, outputs, cached.__contains__, outputs.__contains__)
    ran: list[str] = []
    while order:
        node_id = order.next()
        assert all(source in ran or source in cached for source in sources(graph, node_id))
        ran.append(node_id)
        order.done(node_id)
    assert len(ran) == len(set(ran))
    assert set(outputs) <= set(ran)
    assert all(node_id in outputs for node_id in ran if node_id in cached)


def test_a_circle_keeps_everybody_waiting() -> None:
    graph = {
        "1": {"class_type": "ImageInvert", "inputs": {"image": ["2", 0]}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    }
    order = RunOrder(graph, ["1"], lambda _: False, lambda _: True)
    with pytest.raises(RuntimeError, match="cycle"):
        order.next()
    assert signatures(graph, INFOS)["1"] != signatures(graph, INFOS)["2"]


@given(graphs())
def test_equal_ancestry_is_equal_identity(graph: dict[str, Any]) -> None:
    renamed = {
        f"n{key}": {
            **node,
            "inputs": {
                k: [f"n{v[0]}", v[1]] if isinstance(v, list) else v for k, v in node["inputs"].items()
            },
        }
        for key, node in graph.items()
    }
    first, second = signatures(graph, INFOS), signatures(renamed, INFOS)
    assert [first[key] for key in graph] == [second[f"n{key}"] for key in graph]


def test_a_changed_ancestor_changes_what_follows() -> None:
    graph: dict[str, Any] = {
        "1": {"class_type": "EmptyImage", "inputs": {"color": 1}},
        "2": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
    }
    before = signatures(graph, INFOS)
    graph["1"]["inputs"]["color"] = 2
    after = signatures(graph, INFOS)
    assert before["2"] != after["2"]


@given(
    st.dictionaries(st.sampled_from(["image", "images", "text", "steps", "x"]), ANYTHING, max_size=4),
    ANYTHING,
)
def test_validation_judges_whatever_a_node_holds(inputs: Any, other: Any) -> None:
    graph = {
        "1": {"class_type": "PreviewImage", "inputs": {**inputs, "images": ["2", 0]}},
        "2": {"class_type": "ImageInvert", "inputs": other},
        "3": {"class_type": "LoadImage", "inputs": inputs},
    }
    verdict = validate(graph, INFOS, {"example.png"})
    assert verdict.error is not None or verdict.outputs == ("1",)


def test_a_circle_is_refused_without_a_word() -> None:
    graph = {
        "1": {"class_type": "ImageInvert", "inputs": {"image": ["1", 0]}},
        "2": {"class_type": "PreviewImage", "inputs": {"images": ["1", 0]}},
    }
    verdict = validate(graph, INFOS, set())
    assert verdict.error is not None
    assert (verdict.error["type"], verdict.node_errors) == ("prompt_outputs_failed_validation", {})
