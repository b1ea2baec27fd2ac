"""Graphs stored once for all jobs that differ only in literals: a batch of 10,000 is one graph.

The *shape* of a graph is the graph with every literal input (text, number, bool, null) blanked,
together with everything else that is sent with it. Jobs of one shape share one stored graph, the first
that came; each keeps the literals in which it differs: `{node: {input: value}}`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from ainf_tui.domain.jobs import JobGraph
from ainf_tui.domain.text import storable

_TEXTS = 500
"""Texts kept at a time: each job of a batch brings a node or two of its own."""

Literals = dict[str, dict[str, Any]]


@dataclass(frozen=True, slots=True)
class StoredGraph:
    """The row that jobs of one shape share."""

    shape: str
    graph: Mapping[str, Any]
    workflow: Mapping[str, Any] | None
    extra: Mapping[str, Any]


class Shapes:
    """Shapes of the graphs of one call. Texts of equal objects are made once: a batch shares most of them."""

    def __init__(self) -> None:
        self._texts: dict[int, tuple[Any, str]] = {}

    def of(self, graph: JobGraph) -> str:
        """Hex SHA-256 of the shape. Order of nodes and inputs counts: it is kept."""
        digest = sha256()
        for node, entry in graph.graph.items():
            digest.update(f"{json.dumps(node)}:{self._text(entry, blank=True)}\n".encode())
        digest.update(self._text(graph.workflow).encode())
        digest.update(_text(extra_of(graph)).encode())
        return digest.hexdigest()

    def _text(self, value: Any, *, blank: bool = False) -> str:
        # The value is kept beside its text: an id alone could be reused by another object.
        known = self._texts.get(id(value))
        if known is None:
            if len(self._texts) >= _TEXTS:
                self._texts.clear()  # what the jobs share is soon in it again
            known = self._texts[id(value)] = (value, _text(_blanked(value) if blank else value))
        return known[1]


def stored(shape: str, graph: JobGraph) -> StoredGraph:
    """The row for the first graph of its shape."""
    return StoredGraph(shape, graph.graph, graph.workflow, extra_of(graph))


def extra_of(graph: JobGraph) -> dict[str, Any]:
    """What belongs to a JobGraph beside the two graphs, as JSON."""
    return {
        "bindings": {name: list(places) for name, places in graph.bindings.items()},
        "late": list(graph.late),
        "family": graph.family,
    }


def difference(template: Mapping[str, Any], graph: Mapping[str, Any]) -> Literals:
    """The literals of `graph` that differ from those of a graph of the same shape.

    A template from the database has been made storable, its keys too.
    """
    literals: Literals = {}
    for node, entry in graph.items():
        base = template[node] if node in template else template[storable(node)]
        if entry is base or not _has_inputs(entry):
            continue
        others = base["inputs"]
        differing = {
            name: value
            for name, value in entry["inputs"].items()
            if _literal(value) and not _same(value, others.get(name, others))
        }
        if differing:
            literals[node] = differing
    return literals


def rebuilt(row: StoredGraph, literals: Literals, late: Mapping[str, Any]) -> JobGraph:
    """The graph of one job: the stored one, its own literals, then `{"NODE.INPUT": value}` decided late."""
    graph: dict[str, Any] = dict(row.graph)
    for node, inputs in literals.items():
        graph[node] = {**graph[node], "inputs": {**graph[node]["inputs"], **inputs}}
    for place, value in late.items():
        node, name = split_place(graph, place)
        graph[node] = {**graph[node], "inputs": {**graph[node]["inputs"], name: value}}
    return JobGraph(
        graph=graph,
        workflow=row.workflow,
        bindings={name: tuple(places) for name, places in row.extra["bindings"].items()},
        late=tuple(row.extra["late"]),
        family=row.extra["family"],
    )


def split_place(graph: Mapping[str, Any], place: str) -> tuple[str, str]:
    """Node and input of `"NODE.INPUT"`; both may have dots, so the graph decides.

    RuntimeError if no node of the graph fits: whoever made the place did not look at this graph.
    """
    parts = place.split(".")
    cuts = [(".".join(parts[:i]), ".".join(parts[i:])) for i in range(1, len(parts))]
    fitting = [(node, name) for node, name in cuts if _has_inputs(graph.get(node))]
    exact = [(node, name) for node, name in fitting if name in graph[node]["inputs"]]
    if not fitting:
        raise RuntimeError(f"no node of the graph fits {place!r}")
    return (exact or fitting)[0]


def _has_inputs(entry: Any) -> bool:
    return isinstance(entry, Mapping) and isinstance(entry.get("inputs"), Mapping)


def _literal(value: Any) -> bool:
    return value is None or isinstance(value, str | int | float)


def _same(one: Any, other: Any) -> bool:
    # 1, 1.0 and True are equal to Python and not to a node; -0.0 is not 0.0.
    if type(one) is not type(other):
        return False
    return repr(one) == repr(other) if isinstance(one, float) else bool(one == other)


def _blanked(entry: Any) -> Any:
    if not _has_inputs(entry):
        return entry
    inputs = {name: (None if _literal(value) else value) for name, value in entry["inputs"].items()}
    return {**entry, "inputs": inputs}


def _text(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), default=_plain)


def _plain(value: Any) -> Any:
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{type(value).__name__} is no JSON")
