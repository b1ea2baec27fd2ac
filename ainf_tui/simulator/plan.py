"""Which nodes of a graph run, in which order, and which results of the last prompt still hold.

A node's signature is its class and everything upstream: literals, links and the content of input
files. Equal signatures share a result; results of the last prompt only are kept, as on the server.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from ainf_tui.simulator.node_info import Catalog

Graph = Mapping[str, Mapping[str, Any]]


def is_link(value: object) -> bool:
    """True for `[node id, slot]`."""
    return (
        isinstance(value, list)
        and len(value) == 2
        and isinstance(value[0], str)
        and isinstance(value[1], int)
    )


def inputs_of(node: Mapping[str, Any]) -> dict[str, Any]:
    """A node's inputs; those of a branch that validation dropped may be missing or of any type."""
    inputs = node.get("inputs")
    return inputs if isinstance(inputs, dict) else {}


def sources(graph: Graph, node_id: str) -> list[str]:
    """The nodes a node is linked to, in the order of its inputs, each once."""
    links = [value[0] for value in inputs_of(graph[node_id]).values() if is_link(value)]
    return [source for source in dict.fromkeys(links) if source in graph]


def signatures(graph: Graph, infos: Catalog) -> dict[str, str]:
    """A digest per node of all that decides its result. Cyclic nodes get one that nothing equals."""
    done: dict[str, str] = {}
    for node_id in graph:
        _sign(graph, infos, node_id, done, ())
    return done


def _sign(graph: Graph, infos: Catalog, node_id: str, done: dict[str, str], path: tuple[str, ...]) -> str:
    if node_id in done:
        return done[node_id]
    if node_id in path:
        return f"cycle {node_id}"
    node = graph[node_id]
    inputs: dict[str, Any] = {}
    for name, value in sorted(inputs_of(node).items()):
        if is_link(value) and value[0] in graph:
            inputs[name] = [_sign(graph, infos, value[0], done, (*path, node_id)), value[1]]
        else:
            inputs[name] = {"literal": value}
    identity = [node["class_type"], node.get("is_changed"), inputs]
    if "UNIQUE_ID" in infos[node["class_type"]].hidden.values():
        identity.append(node_id)
    text = json.dumps(identity, sort_keys=True, default=str)
    done[node_id] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    return done[node_id]


class RunOrder:
    """Hands out the nodes that are ready, preferring those near an output, as the server does.

    The preference (an output, then what feeds an output, then what feeds that) makes pictures appear
    early in graphs with several of them.
    """

    def __init__(
        self,
        graph: Graph,
        outputs: Iterable[str],
        cached: Callable[[str], bool],
        is_output: Callable[[str], bool],
    ) -> None:
        self._is_output = is_output
        self._waits_for: dict[str, set[str]] = {}
        self._feeds: dict[str, list[str]] = {}
        for output in outputs:
            self._add(graph, output, cached)

    def _add(self, graph: Graph, root: str, cached: Callable[[str], bool]) -> None:
        stack = [root]
        while stack:
            node_id = stack.pop()
            if node_id in self._waits_for:
                continue
            needed = [source for source in sources(graph, node_id) if not cached(source)]
            self._waits_for[node_id] = set(needed)
            for source in needed:
                self._feeds.setdefault(source, []).append(node_id)
            stack += needed

    def __bool__(self) -> bool:
        return bool(self._waits_for)

    def next(self) -> str:
        """The node to run now. Raises `RuntimeError` if a circle keeps every node waiting."""
        ready = [node_id for node_id, needed in self._waits_for.items() if not needed]
        if not ready:
            raise RuntimeError("Dependency cycle detected")
        for distance in range(3):
            for node_id in ready:
                if self._reaches_output(node_id, distance):
                    return node_id
        return ready[0]

    def _reaches_output(self, node_id: str, distance: int) -> bool:
        if distance == 0:
            return self._is_output(node_id)
        return any(self._reaches_output(fed, distance - 1) for fed in self._feeds.get(node_id, ()))

    def done(self, node_id: str) -> None:
        """The node has run; those that waited for it may follow."""
        del self._waits_for[node_id]
        for fed in self._feeds.get(node_id, ()):
            if fed in self._waits_for:
                self._waits_for[fed].discard(node_id)
