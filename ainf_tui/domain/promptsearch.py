"""Which text of a graph is its prompt: backwards from the samplers to the texts that feed them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ainf_tui.domain.comfy import Graph, ObjectInfo
from ainf_tui.domain.graphs import TEXT_INPUTS, Link, class_of, inputs_of, link_of, links, source_value

Place = tuple[str, str]

_STRINGS = ("value", "text", "string", "prompt")
_CONDITIONING = ("conditioning", "positive", "negative", "cond")
# The texts of API nodes, which have no sampler.
_DIRECT = {"prompt": ("prompt", "text"), "negative": ("negative_prompt",)}


def text_places(
    graph: Graph, nodes: Sequence[str], role: str, info: ObjectInfo | None = None
) -> tuple[Place, ...]:
    """The literal texts that feed the samplers' positive (`role` prompt) or negative input.

    `nodes` are those that are needed. Links are followed through conditioning nodes and to primitive
    strings. A text behind ConditioningZeroOut does not count, because it has no effect; neither does a
    negative one that is the prompt as well. Without samplers: the inputs in which API nodes take texts.
    """
    starts = list(_starts(graph, nodes, role))
    if not starts:
        names = _DIRECT[role]
        return tuple(
            (node, name)
            for node in nodes
            for name in names
            if isinstance(inputs_of(graph, node).get(name), str)
        )
    found = _walk(graph, starts, info)
    if role == "negative":
        positive = set(_walk(graph, list(_starts(graph, nodes, "prompt")), info))
        return tuple(place for place in found if place not in positive)
    return found


def _starts(graph: Graph, nodes: Sequence[str], role: str) -> Iterator[Link]:
    for node in nodes:
        inputs = inputs_of(graph, node)
        names = ["positive" if role == "prompt" else "negative"]
        if role == "prompt" and class_of(graph, node).endswith("Guider"):
            names += ["conditioning", "cond1", "cond2"]
        for name in names:
            link = link_of(inputs.get(name))
            if link is not None and link[0] in graph:
                yield link


def _walk(graph: Graph, starts: Sequence[Link], info: ObjectInfo | None) -> tuple[Place, ...]:
    found: dict[Place, None] = {}
    seen: set[Link] = set()
    waiting = list(reversed(starts))
    while waiting:
        link = waiting.pop()
        if link in seen or class_of(graph, link[0]) == "ConditioningZeroOut":
            continue
        seen.add(link)
        texts = list(_texts(graph, link[0]))
        found |= dict.fromkeys(texts)
        if not texts:
            waiting += reversed(list(_behind(graph, link, info)))
    return tuple(found)


def _behind(graph: Graph, link: Link, info: ObjectInfo | None) -> Iterator[Link]:
    """Conditioning that a node takes in. With both kinds, output 0 is the positive one and 1 the negative."""
    node, slot = link
    taken = dict(links(graph, node))
    if "positive" in taken and "negative" in taken and slot in {0, 1}:
        yield taken["negative" if slot else "positive"]
        return
    known = (info or {}).get(class_of(graph, node))
    for name, source in taken.items():
        spec = known.input(name) if known else None
        if name.startswith(_CONDITIONING) or (spec is not None and spec.type == "CONDITIONING"):
            yield source


def _texts(graph: Graph, node: str) -> Iterator[Place]:
    inputs = inputs_of(graph, node)
    for name in TEXT_INPUTS:
        if isinstance(inputs.get(name), str):
            yield node, name
        elif (link := link_of(inputs.get(name))) is not None:
            place = _string_behind(graph, node, name, link)
            if place is not None:
                yield place


def _string_behind(graph: Graph, node: str, name: str, link: Link) -> Place | None:
    """The literal string at the other end of a linked text, if that end has exactly one."""
    at, key = source_value(graph, node, name)
    if isinstance(inputs_of(graph, at).get(key), str):
        return at, key
    strings = [k for k, v in inputs_of(graph, link[0]).items() if k in _STRINGS and isinstance(v, str)]
    return (link[0], strings[0]) if len(strings) == 1 else None
