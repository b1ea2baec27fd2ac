"""Where a value goes: from the names people use to `NODE.INPUT` places of a graph.

A name is an input's own (`steps`, `denoise`), one of the common names (`prompt`, `negative`, `seed`,
`sampler`, `checkpoint`), or `NODE.INPUT` with the node's id, title or class.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from ainf_tui.domain.comfy import Graph, InputSpec, ObjectInfo
from ainf_tui.domain.graphs import (
    SEED_INPUTS,
    class_of,
    inputs_of,
    latent_source,
    link_of,
    needed_nodes,
    node_label,
    node_title,
    source_value,
)
from ainf_tui.domain.promptsearch import text_places
from ainf_tui.domain.text import visible
from ainf_tui.domain.values import WIDGET_TYPES
from ainf_tui.errors import UsageError

ALIASES: Mapping[str, tuple[str, ...]] = {
    "sampler": ("sampler_name",),
    "checkpoint": ("ckpt_name",),
    "seed": SEED_INPUTS,
}
COMMON = (
    "prompt",
    "negative",
    "checkpoint",
    "seed",
    "width",
    "height",
    "steps",
    "cfg",
    "sampler",
    "scheduler",
    "batch_size",
)
"""Names that mean the same on every graph that has them."""

_SIZES = ("width", "height", "batch_size", "length")
_SHOWN = 8

Place = tuple[str, str]
"""Node id and input name."""


def place_text(place: Place) -> str:
    return f"{place[0]}.{place[1]}"


def split_place(graph: Graph, place: str) -> Place:
    """Node and input of an exact `NODE.INPUT`; both may hold dots, so the graph decides.

    UsageError `set.unknown` if the graph has no such node.
    """
    fitting = [cut for cut in _cuts(place) if cut[0] in graph]
    exact = [cut for cut in fitting if cut[1] in inputs_of(graph, cut[0])]
    if not fitting:
        raise UsageError(
            "set.unknown",
            f"the graph has no node for {visible(place, 120)}",
            hint="A place is NODE.INPUT with the node's id.",
            details={"name": place},
        )
    return (exact or fitting)[0]


def _cuts(name: str) -> Iterator[Place]:
    parts = name.split(".")
    for i in range(1, len(parts)):
        yield ".".join(parts[:i]), ".".join(parts[i:])


class Places:
    """Finds places in one graph. Built once and asked for many values: what is needed is computed once.

    `known` maps names to places that are right whatever the graph looks like (a job's bindings).
    """

    def __init__(
        self, graph: Graph, info: ObjectInfo | None = None, known: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self.graph = graph
        self.info = info
        self._known = {name: tuple(split_place(graph, p) for p in ps) for name, ps in (known or {}).items()}
        needed = needed_nodes(graph, info)
        self._needed = [node for node in graph if node in needed]
        self._found: dict[str, tuple[Place, ...]] = {}

    def spec(self, place: Place) -> InputSpec | None:
        """What the server declares for the input."""
        known = (self.info or {}).get(class_of(self.graph, place[0]))
        return known.input(place[1]) if known else None

    def find(self, name: str) -> tuple[Place, ...]:
        """The places of a name: one, or several that take the same value (`seed`, texts of one node).

        UsageError `set.ambiguous` lists the candidates, `set.unknown` the nearest names, `set.is_link`
        says where the value comes from.
        """
        if name in self._known:
            return self._known[name]
        bare = self.candidates(name)
        if len(bare) == 1 or self._one_value(name, bare):
            return bare
        if bare:
            raise self._ambiguous(name, bare)
        dotted = self._dotted(name)
        if dotted is not None:
            return (dotted,)
        raise self._unknown(name)

    def common(self) -> dict[str, tuple[Place, ...]]:
        """The common names that this graph has without ambiguity, and the known ones, with their places."""
        found = {}
        for name in COMMON:
            places = self._known.get(name) or self.candidates(name)
            if len(places) == 1 or self._one_value(name, places):
                found[name] = places
        return {**found, **self._known}

    def seeds(self) -> tuple[Place, ...]:
        """Every seed of the graph; all of them take the same value."""
        return self._known.get("seed") or self.candidates("seed")

    def has(self, name: str) -> bool:
        """Whether the bare name means something here, though perhaps not one thing."""
        return name in self._known or bool(self.candidates(name))

    def _one_value(self, name: str, places: Sequence[Place]) -> bool:
        if not places:
            return False
        return name == "seed" or (name in {"prompt", "negative"} and len({node for node, _ in places}) == 1)

    def candidates(self, name: str) -> tuple[Place, ...]:
        """Every literal that a bare name may mean, in the order of the nodes; empty if there is none."""
        if name not in self._found:
            if name in {"prompt", "negative"}:
                self._found[name] = text_places(self.graph, self._needed, name, self.info)
            else:
                self._found[name] = self._literals(name)
        return self._found[name]

    def _literals(self, name: str) -> tuple[Place, ...]:
        keys = ALIASES.get(name, (name,))
        here = [(node, key) for node in self._needed for key in keys if key in inputs_of(self.graph, node)]
        if name in _SIZES and len(here) > 1:
            here = [place for place in here if place[0] in self._latent_origins()] or here
        found = dict.fromkeys(source_value(self.graph, *place) for place in here)
        return tuple(place for place in found if self._is_literal(place))

    def _is_literal(self, place: Place) -> bool:
        return not isinstance(inputs_of(self.graph, place[0]).get(place[1]), list)

    def _latent_origins(self) -> frozenset[str]:
        """Nodes at which the latents of the samplers begin: theirs is the size that people mean."""
        origins = set()
        for sampler in self._needed:
            if "latent_image" not in inputs_of(self.graph, sampler):
                continue
            node, seen = sampler, {sampler}
            while (source := latent_source(self.graph, node)) is not None and source not in seen:
                node = source
                seen.add(node)
            origins.add(node)
        return frozenset(origins)

    # -- NODE.INPUT --------------------------------------------------------------------------------
    def _dotted(self, name: str) -> Place | None:
        """By id, else by title, else by class; of several nodes those that have the input."""
        cuts = list(_cuts(name))
        for matches in (self._by_id, self._by_title, self._by_class):
            nodes = [(node, key) for node_name, key in cuts for node in matches(node_name)]
            found = [(node, own) for node, key in nodes if (own := self._own_input(node, key))]
            if len(found) > 1:
                raise self._ambiguous(name, found)
            if found:
                return self._settable(name, found[0])
            if nodes:
                raise self._no_input(name, nodes[0])
        return None

    def _by_id(self, name: str) -> list[str]:
        return [name] if name in self.graph else []

    def _by_title(self, name: str) -> list[str]:
        wanted = name.strip().casefold()
        return [n for n in self.graph if node_title(self.graph, n, self.info).casefold() == wanted]

    def _by_class(self, name: str) -> list[str]:
        exact = [n for n in self.graph if class_of(self.graph, n) == name]
        wanted = name.strip().casefold()
        return exact or [n for n in self.graph if class_of(self.graph, n).casefold() == wanted]

    def _own_input(self, node: str, key: str) -> str:
        """The input's own name: as given, else the only one that differs in case, else its common name."""
        names = self._input_names(node)
        if key in names:
            return key
        other = [n for n in names if n.casefold() == key.strip().casefold()]
        other = other or [n for n in ALIASES.get(key, ()) if n in names]
        return other[0] if len(other) == 1 else ""

    def _input_names(self, node: str) -> list[str]:
        known = (self.info or {}).get(class_of(self.graph, node))
        declared = [s.name for s in known.inputs if s.type in WIDGET_TYPES] if known else []
        return list(dict.fromkeys([*inputs_of(self.graph, node), *declared]))

    def _settable(self, name: str, place: Place) -> Place:
        spec = self.spec(place)
        if self._is_literal(place) or (spec is not None and spec.type in WIDGET_TYPES):
            return place
        link = link_of(inputs_of(self.graph, place[0])[place[1]])
        source = node_label(self.graph, link[0], self.info) if link else "a list"
        origin = place_text(source_value(self.graph, *place))
        raise UsageError(
            "set.is_link",
            f"{visible(name, 120)} comes over a link from {source} and takes no value",
            hint=f"Set that node's own input{f', {origin}' if origin != place_text(place) else ''} instead.",
            details={"name": name, "linked_to": link[0] if link else None},
        )

    # -- errors ------------------------------------------------------------------------------------
    def _ambiguous(self, name: str, places: Sequence[Place]) -> UsageError:
        names = [place_text(place) for place in places]
        told = [
            f'{visible(place_text(p), 60)} ("{visible(node_title(self.graph, p[0], self.info), 60)}")'
            for p in places[:_SHOWN]
        ]
        more = f" and {len(places) - _SHOWN} more" if len(places) > _SHOWN else ""
        return UsageError(
            "set.ambiguous",
            f"{visible(name, 120)} may be {', '.join(told)}{more}",
            hint=f"Say which: --set {visible(names[0], 60)}=VALUE",
            details={"name": name, "candidates": names},
        )

    def _no_input(self, name: str, place: Place) -> UsageError:
        node, key = place
        names = self._input_names(node)
        near = difflib.get_close_matches(key, names, n=3, cutoff=0.4) or names[:_SHOWN]
        return UsageError(
            "set.unknown",
            f"{visible(name, 120)}: node {node_label(self.graph, node, self.info)} has no such input",
            hint=f"It has {', '.join(visible(n, 60) for n in near)}." if near else "It has no inputs.",
            details={"name": name, "near": near},
        )

    def _unknown(self, name: str) -> UsageError:
        if name in {"prompt", "negative"}:
            return self._no_text(name)
        names = self._names()
        near = difflib.get_close_matches(name, names, n=3, cutoff=0.5)
        told = f"The nearest: {', '.join(visible(n, 60) for n in near)}. " if near else ""
        return UsageError(
            "set.unknown",
            f"the workflow has no input {visible(name, 120)}",
            hint=f"{told}An input is named NODE.INPUT, by the node's id, title or class.",
            details={"name": name, "near": near},
        )

    def _no_text(self, name: str) -> UsageError:
        role = "positive" if name == "prompt" else "negative"
        return UsageError(
            "set.unknown",
            f"no text of the workflow feeds the sampler's {role} input, so that {name} has no place",
            hint="Name the text that is meant: --set NODE.INPUT=TEXT, by the node's id, title or class.",
            details={"name": name, "near": []},
        )

    def _names(self) -> list[str]:
        bare: dict[str, Any] = dict.fromkeys((*self._known, *self.common()))
        for node in self.graph:
            for key, value in inputs_of(self.graph, node).items():
                if not isinstance(value, list):
                    bare |= dict.fromkeys((key, f"{node}.{key}", f"{class_of(self.graph, node)}.{key}"))
                    bare[f"{node_title(self.graph, node, self.info)}.{key}"] = None
        return list(bare)
