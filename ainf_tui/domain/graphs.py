"""What an API graph says: its nodes, links and outputs, what is needed, how much work it is.

Nothing here trusts the graph: a node that is none has no inputs, a link into nowhere is no link.
"""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Collection, Iterator, Mapping
from typing import Any

from ainf_tui.domain.comfy import Graph, ObjectInfo
from ainf_tui.domain.graphfiles import LoadedGraph, from_png, load_graph
from ainf_tui.domain.jobs import NodeRef
from ainf_tui.domain.text import visible
from ainf_tui.errors import UsageError

__all__ = ["LoadedGraph", "from_png", "load_graph"]

Link = tuple[str, int]
"""Source node and its output slot."""

SEED_INPUTS = ("seed", "noise_seed")
TEXT_INPUTS = ("text", "text_g", "text_l", "clip_l", "clip_g", "t5xxl", "llama", "prompt")
"""Inputs in which text encoders of ComfyUI take a prompt."""

_TEXT_CLASSES = ("CLIPTextEncode", "TextEncode", "PrimitiveString")
_SIZE_LINKS = ("latent_image", "samples", "latent", "samples1", "video_latent", "pixels", "image", "images")


def class_of(graph: Graph, node: str) -> str:
    entry = graph.get(node)
    return str(entry.get("class_type", "")) if isinstance(entry, Mapping) else ""


def inputs_of(graph: Graph, node: str) -> Mapping[str, Any]:
    entry = graph.get(node)
    inputs = entry.get("inputs") if isinstance(entry, Mapping) else None
    return inputs if isinstance(inputs, Mapping) else {}


def link_of(value: Any) -> Link | None:
    """The link that an input's value is, or None for a literal."""
    if not isinstance(value, list | tuple) or len(value) != 2:
        return None
    source, slot = value
    return (source, slot) if isinstance(source, str) and type(slot) is int else None


def links(graph: Graph, node: str) -> Iterator[tuple[str, Link]]:
    """Input name and link of every input that is linked to a node of the graph."""
    for name, value in inputs_of(graph, node).items():
        link = link_of(value)
        if link is not None and link[0] in graph:
            yield name, link


def node_title(graph: Graph, node: str, info: ObjectInfo | None = None) -> str:
    """Its own title, else the display name of its class, else the class. Foreign text."""
    entry = graph.get(node)
    meta = entry.get("_meta") if isinstance(entry, Mapping) else None
    title = meta.get("title") if isinstance(meta, Mapping) else None
    if isinstance(title, str) and title:
        return title
    cls = class_of(graph, node)
    known = (info or {}).get(cls)
    return (known.display_name if known else "") or cls or node


def node_ref(graph: Graph, node: str, info: ObjectInfo | None = None) -> NodeRef:
    return NodeRef(node, node_title(graph, node, info), class_of(graph, node))


def node_label(graph: Graph, node: str, info: ObjectInfo | None = None) -> str:
    """`3 "KSampler"`, fit for a message."""
    return f'{visible(node, 40)} "{visible(node_title(graph, node, info), 60)}"'


# -- what is needed --------------------------------------------------------------------------------
def output_nodes(graph: Graph, info: ObjectInfo | None = None) -> frozenset[str]:
    """The nodes for whose sake the graph runs.

    By the server's classes where `info` knows them; a class it does not know, and every class
    without `info`, counts if it is named Save... or Preview... or if nothing takes from it.
    """
    taken = {source for node in graph for _, (source, _) in links(graph, node)}
    found = set()
    for node in graph:
        cls = class_of(graph, node)
        known = (info or {}).get(cls)
        guess = node not in taken or cls.startswith(("Save", "Preview"))
        if known.output_node if known else guess:
            found.add(node)
    return frozenset(found)


def needed_nodes(graph: Graph, info: ObjectInfo | None = None) -> frozenset[str]:
    """Every node that an output needs, the outputs included; what no output needs never runs."""
    return upstream(graph, output_nodes(graph, info))


def upstream(graph: Graph, nodes: Collection[str]) -> frozenset[str]:
    """These nodes and all that they need, over any number of links."""
    seen = {node for node in nodes if node in graph}
    waiting = list(seen)
    while waiting:
        for _, (source, _) in links(graph, waiting.pop()):
            if source not in seen:
                seen.add(source)
                waiting.append(source)
    return frozenset(seen)


def topological_order(graph: Graph) -> tuple[str, ...]:
    """All nodes, each behind those it takes from. UsageError `graph.cycle` names the circle."""
    order, left = _sorted(graph)
    if left:
        circle = " -> ".join(node_label(graph, node) for node in _circle(graph, left))
        raise UsageError(
            "graph.cycle",
            f"the graph's links run in a circle: {circle}",
            hint="Take out one of these links in ComfyUI's page and export again.",
        )
    return order


def find_cycle(graph: Graph) -> tuple[str, ...]:
    """Nodes of one circle of links, each before the one it takes from; empty if there is none."""
    _, left = _sorted(graph)
    return _circle(graph, left) if left else ()


def _sorted(graph: Graph) -> tuple[tuple[str, ...], frozenset[str]]:
    """Order of what can be ordered, and the nodes that wait for a circle."""
    waits = {node: {source for _, (source, _) in links(graph, node)} for node in graph}
    feeds: dict[str, list[str]] = {node: [] for node in graph}
    for node, sources in waits.items():
        for source in sources:
            feeds[source].append(node)
    ready = [node for node, sources in waits.items() if not sources]
    for node in ready:  # grows while it is read
        for fed in feeds[node]:
            waits[fed].discard(node)
            if not waits[fed]:
                ready.append(fed)
    return tuple(ready), frozenset(graph) - frozenset(ready)


def _circle(graph: Graph, left: frozenset[str]) -> tuple[str, ...]:
    node = min(left)
    path: dict[str, None] = {}
    while node not in path:
        path[node] = None
        node = min(source for _, (source, _) in links(graph, node) if source in left)
    walked = list(path)
    return tuple(walked[walked.index(node) :])


# -- sameness and size -----------------------------------------------------------------------------
def graph_hash(graph: Graph) -> str:
    """SHA-256, hex, of everything that decides how long a graph takes: nodes, links and values.

    Left out: seeds, prompt texts, file name prefixes, titles. So runs that differ only in these share
    their measured times.
    """
    told = {}
    for node in graph:
        inputs = inputs_of(graph, node)
        told[node] = [class_of(graph, node), {n: v for n, v in inputs.items() if _counts(graph, node, n, v)}]
    text = json.dumps(told, sort_keys=True, separators=(",", ":"), default=str)
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _counts(graph: Graph, node: str, name: str, value: Any) -> bool:
    if link_of(value) is not None:
        return True
    if name in SEED_INPUTS or name == "filename_prefix":
        return False
    text_node = class_of(graph, node).startswith(_TEXT_CLASSES)
    return not (isinstance(value, str) and (text_node or name in TEXT_INPUTS))


def source_value(graph: Graph, node: str, name: str) -> tuple[str, str]:
    """Where the literal of an input stands: itself, or the primitive (`value`) at the end of its links."""
    seen: set[str] = set()
    link = link_of(inputs_of(graph, node).get(name))
    while link is not None and link[0] not in seen and "value" in inputs_of(graph, link[0]):
        seen.add(link[0])
        node, name = link[0], "value"
        link = link_of(inputs_of(graph, node).get(name))
    return node, name


def number(graph: Graph, node: str, name: str) -> float | None:
    """The input's literal number, also one that a primitive node hands on; None if there is none."""
    at, key = source_value(graph, node, name)
    value = inputs_of(graph, at).get(key)
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        found = float(value)
    except OverflowError:
        return None
    return found if math.isfinite(found) else None


def total_steps(graph: Graph) -> int:
    """Sampling steps of the whole graph, as far as its literals tell."""
    return round(sum(steps for _, steps in _samplings(graph)))


def work(graph: Graph) -> float:
    """Size of the job for scaling measured times: megapixels x steps x batch, over all samplers.

    Follows latents back to where their size is set, through upscaling; 1 megapixel where no literal
    tells, 1.0 in all where no sampler tells its steps. Of a video every fourth frame counts, as its
    models pack four frames into one latent.
    """
    return sum(steps * (_size(graph, node) or 1.0) for node, steps in _samplings(graph)) or 1.0


def _samplings(graph: Graph) -> Iterator[tuple[str, float]]:
    """Sampler nodes with their steps: their own, or those of the scheduler behind `sigmas`."""
    schedulers: set[str] = set()
    for node in graph:
        sigmas = link_of(inputs_of(graph, node).get("sigmas"))
        if sigmas is not None:
            behind = upstream(graph, (sigmas[0],))
            schedulers |= behind
            if "latent_image" in inputs_of(graph, node):
                yield node, max((_own_steps(graph, n) for n in behind), default=0.0)
    for node in graph:
        steps = 0.0 if node in schedulers else _own_steps(graph, node)
        if steps:
            yield node, steps


def _own_steps(graph: Graph, node: str) -> float:
    steps = number(graph, node, "steps") or 0.0
    start = number(graph, node, "start_at_step") or 0.0
    end = number(graph, node, "end_at_step")
    return max(0.0, min(steps, steps if end is None else end) - start)


def _size(graph: Graph, sampler: str) -> float | None:
    """Megapixels x batch of what a sampler works on."""
    factor, node = 1.0, sampler
    seen: set[str] = set()
    while node not in seen:
        seen.add(node)
        area = _area(graph, node) if node != sampler else None
        if area is not None:
            return area * factor
        factor *= (number(graph, node, "scale_by") or 1.0) ** 2 * (number(graph, node, "amount") or 1.0)
        node = latent_source(graph, node) or node
    return None


def latent_source(graph: Graph, node: str) -> str | None:
    """The node from which this one takes its latent or picture."""
    inputs = inputs_of(graph, node)
    found = (link_of(inputs.get(name)) for name in _SIZE_LINKS)
    return next((link[0] for link in found if link is not None and link[0] in graph), None)


def _area(graph: Graph, node: str) -> float | None:
    width, height = number(graph, node, "width") or 0.0, number(graph, node, "height") or 0.0
    pixels = width * height / 1e6 or number(graph, node, "megapixels") or 0.0
    if pixels <= 0:
        return None
    frames = number(graph, node, "length") or 1.0
    return pixels * (number(graph, node, "batch_size") or 1.0) * ((frames - 1) // 4 + 1)
