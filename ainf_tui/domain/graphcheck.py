"""Whether a server would take a graph, told before it is asked: ComfyUI's validation, mirrored.

The rules are those of `execution.py` in 0.8.0 (0.3.64 has the same). Where a server decides by code of
its own (dynamic types, a class's VALIDATE_INPUTS) nothing is said: a false complaint is worse than
the server's later refusal.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Collection, Iterator, Mapping
from typing import Any

from ainf_tui.domain.comfy import Graph, InputSpec, NodeClass, ObjectInfo
from ainf_tui.domain.graphs import class_of, find_cycle, inputs_of, link_of, node_label, node_ref
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.text import storable_json, visible
from ainf_tui.frozen import frozen

_CONVERT: Mapping[str, Callable[[Any], Any]] = {"INT": int, "FLOAT": float}
_OWN_FILES = frozenset({"image", "audio", "video", "file", "latent", "model_file", "mask"})
"""Inputs of the Load... classes, which look for the file themselves: a name in a subfolder is no option."""
_LOADERS: Mapping[str, str] = {
    "LoadImage": "image",
    "LoadImageMask": "image",
    "LoadAudio": "audio",
    "LoadVideo": "file",
    "LoadLatent": "latent",
}
"""ComfyUI's own classes that refuse a prompt when the file in that input is not there."""
_SHOWN_OPTIONS = 20


def check_graph(graph: Graph, info: ObjectInfo, *, late: Collection[str] = ()) -> tuple[Problem, ...]:
    """Everything that the server would refuse; empty if nothing is known against the graph.

    `late`: places (`NODE.INPUT`) whose value is decided when the job is sent. Each Problem has its node
    and, in `details`, `input`, `value` and `allowed` where there are such. The codes: `graph.bad_node`,
    `graph.unknown_class`, `graph.no_output`, `graph.cycle`, `graph.missing_input`, `graph.bad_link`,
    `graph.type_mismatch`, `value.wrong_type`, `value.out_of_bounds`, `value.not_an_option`.
    """
    broken = [*_bad_nodes(graph), *_unknown_classes(graph, info)]
    if broken:
        return tuple(broken)
    outputs = [node for node in graph if info[class_of(graph, node)].output_node]
    if not outputs:
        return (
            Problem(
                "graph.no_output",
                "the graph has no output node, so that nothing would run",
                "Add a node that saves or previews something, such as SaveImage.",
            ),
        )
    problems: list[Problem] = []
    needed = _validated(graph, info, outputs)
    for node in graph:
        if node in needed:
            problems += _node(graph, node, info, late)
    circle = find_cycle({node: graph[node] for node in graph if node in needed})
    if circle:
        names = " -> ".join(node_label(graph, node, info) for node in circle)
        problems.append(
            Problem(
                "graph.cycle",
                f"the graph's links run in a circle: {names}",
                "Take out one of these links.",
                node_ref(graph, circle[0], info),
                {"nodes": list(circle)},
            )
        )
    return tuple(problems)


def missing_file(graph: Graph, info: ObjectInfo, asked: AskedFile) -> Problem:
    """The server has no such file: the same words as for any other value that it does not offer."""
    cls = info[class_of(graph, asked.node)]
    spec = next(spec for spec in cls.inputs if spec.name == asked.input)
    at = _Input(graph, info, asked.node, spec)
    return _not_offered(at, at.value)


@frozen
class AskedFile:
    """A file that a node will look for by itself; only the server knows whether it is there."""

    node: str
    input: str
    filename: str
    subfolder: str
    type: str
    """input | output | temp"""


def asked_files(graph: Graph, info: ObjectInfo) -> tuple[AskedFile, ...]:
    """What ComfyUI's own loaders will look for and their lists do not offer. For a graph without complaints.

    Names as ComfyUI reads them (`folder_paths.annotated_filepath`): `a.png`, `sub/a.png`, `a.png [output]`.
    """
    found = []
    outputs = [node for node in graph if info[class_of(graph, node)].output_node]
    for node in sorted(_validated(graph, info, outputs)):
        name = _LOADERS.get(class_of(graph, node), "")
        value = inputs_of(graph, node).get(name)
        spec = next((spec for spec in info[class_of(graph, node)].inputs if spec.name == name), None)
        if spec is not None and isinstance(value, str) and value not in (spec.options or ()):
            found.append(_asked(node, name, value))
    return tuple(found)


def _asked(node: str, name: str, value: str) -> AskedFile:
    path, kind = value, "input"
    for known in ("input", "output", "temp"):
        if value.endswith(f"[{known}]"):
            path, kind = value.removesuffix(f"[{known}]").rstrip(), known
    subfolder, _, filename = path.rpartition("/")
    return AskedFile(node, name, filename, subfolder, kind)


def _bad_nodes(graph: Graph) -> Iterator[Problem]:
    for node, entry in graph.items():
        whole = isinstance(entry, Mapping) and isinstance(entry.get("class_type"), str)
        if not whole or not isinstance(entry.get("inputs"), Mapping):
            missing = "inputs" if whole else "class_type"
            yield Problem(
                "graph.bad_node",
                f"node {node_label(graph, node)} has no {missing}",
                "Export the workflow again from ComfyUI's page.",
                node_ref(graph, node),
                {"missing": missing},
            )


def _unknown_classes(graph: Graph, info: ObjectInfo) -> Iterator[Problem]:
    for node in graph:
        cls = class_of(graph, node)
        if cls and cls not in info:
            near = difflib.get_close_matches(cls, info, n=3)
            told = f"The nearest are {', '.join(visible(n, 60) for n in near)}. " if near else ""
            yield Problem(
                "graph.unknown_class",
                f"node {node_label(graph, node)}: the server has no class {visible(cls, 80)}",
                told + "Install the extension that has it, or run it on another backend.",
                node_ref(graph, node),
                {"class": cls, "near": near},
            )


def _validated(graph: Graph, info: ObjectInfo, outputs: Collection[str]) -> frozenset[str]:
    """The nodes that the server validates: back from the outputs over the inputs that classes declare."""
    seen = set(outputs)
    waiting = list(outputs)
    while waiting:
        node = waiting.pop()
        inputs = inputs_of(graph, node)
        for spec in info[class_of(graph, node)].inputs:
            link = link_of(inputs.get(spec.name))
            if link is not None and link[0] in graph and link[0] not in seen:
                seen.add(link[0])
                waiting.append(link[0])
    return frozenset(seen)


@frozen
class _Input:
    """One declared input of one node, being judged."""

    graph: Graph
    info: ObjectInfo
    node: str
    spec: InputSpec

    @property
    def value(self) -> Any:
        return inputs_of(self.graph, self.node).get(self.spec.name)

    def problem(self, code: str, reason: str, allowed: str) -> Problem:
        return Problem(
            code,
            f"node {node_label(self.graph, self.node, self.info)}: {visible(self.spec.name, 60)} {reason}",
            f"Allowed: {allowed}.",
            node_ref(self.graph, self.node, self.info),
            {"input": self.spec.name, "value": storable_json(self.value), "allowed": allowed},
        )


def _node(graph: Graph, node: str, info: ObjectInfo, late: Collection[str]) -> Iterator[Problem]:
    inputs = inputs_of(graph, node)
    for spec in info[class_of(graph, node)].inputs:
        at = _Input(graph, info, node, spec)
        if spec.name not in inputs:
            if spec.required:
                yield at.problem("graph.missing_input", "is missing", _wanted(spec))
        elif isinstance(at.value, list):
            yield from _link(at)
        elif f"{node}.{spec.name}" not in late:
            yield from _literal(at)


def _link(at: _Input) -> Iterator[Problem]:
    link = link_of(at.value)
    if link is None:
        yield at.problem("graph.bad_link", "is a list but no link", "[node id, number of its output]")
        return
    source, slot = link
    if source not in at.graph:
        reason = f"is linked to node {visible(source, 40)}, which is not in the graph"
        yield at.problem("graph.bad_link", reason, f"a link to a node that gives {at.spec.type}")
        return
    outputs = at.info[class_of(at.graph, source)].outputs
    name = node_label(at.graph, source, at.info)
    if not -len(outputs) <= slot < len(outputs):
        reason = f"is linked to output {slot} of {name}, which has {len(outputs)}, counted from 0"
        yield at.problem("graph.bad_link", reason, f"a link to an output of type {at.spec.type}")
    elif not _fits(outputs[slot], at.spec.type):
        reason = f"needs {at.spec.type}, but {name} gives {outputs[slot]}"
        yield at.problem("graph.type_mismatch", reason, at.spec.type)


def _fits(given: str, wanted: str) -> bool:
    if "COMBO" in (given, wanted) or given.startswith("COMFY_") or wanted.startswith("COMFY_"):
        return True
    gives = {part.strip() for part in given.split(",")}
    wants = {part.strip() for part in wanted.split(",")}
    return "*" in gives | wants or not gives.isdisjoint(wants)


def _literal(at: _Input) -> Iterator[Problem]:
    value, spec = at.value, at.spec
    if isinstance(value, Mapping) and "__value__" in value:
        value = value["__value__"]
    if spec.type in _CONVERT:
        yield from _number(at, value)
        return
    offered = spec.options is None or value in spec.options
    if spec.type == "COMBO" and not offered and not _own_check(at.info[class_of(at.graph, at.node)], spec):
        yield _not_offered(at, value)


def _not_offered(at: _Input, value: Any) -> Problem:
    reason = f"is {_shown(value)}, which the server does not offer"
    near = difflib.get_close_matches(str(value), [str(option) for option in at.spec.options or ()], n=3)
    first = f"{', '.join(visible(n, 80) for n in near)} (the nearest); all: " if near else ""
    return at.problem("value.not_an_option", reason, first + options_text(at.spec))


def _number(at: _Input, raw: Any) -> Iterator[Problem]:
    spec = at.spec
    try:
        value = _CONVERT[spec.type](raw)
    except (TypeError, ValueError, OverflowError):
        yield at.problem("value.wrong_type", f"is {_shown(raw)}, which is no {spec.type}", bounds_text(spec))
        return
    if spec.min is not None and value < spec.min:
        reason = f"is {value}, less than the server's minimum {spec.min}"
        yield at.problem("value.out_of_bounds", reason, bounds_text(spec))
    elif spec.max is not None and value > spec.max:
        reason = f"is {value}, more than the server's maximum {spec.max}"
        yield at.problem("value.out_of_bounds", reason, bounds_text(spec))


def _own_check(known: NodeClass, spec: InputSpec) -> bool:
    return known.name.startswith("Load") and spec.name in _OWN_FILES


def bounds_text(spec: InputSpec) -> str:
    """What a number may be, for a message: `INT, 16 to 16384`."""
    if spec.min is None and spec.max is None:
        return spec.type
    if spec.max is None:
        return f"{spec.type}, at least {spec.min}"
    return (
        f"{spec.type}, at most {spec.max}" if spec.min is None else f"{spec.type}, {spec.min} to {spec.max}"
    )


def _wanted(spec: InputSpec) -> str:
    if spec.type in _CONVERT:
        return bounds_text(spec)
    return options_text(spec) if spec.options else f"a link to a node that gives {spec.type}"


def options_text(spec: InputSpec) -> str:
    """The first options, for a message."""
    options = spec.options or ()
    shown = ", ".join(visible(str(option), 80) for option in options[:_SHOWN_OPTIONS])
    more = len(options) - _SHOWN_OPTIONS
    return (f"{shown} and {more} more" if more > 0 else shown) or "nothing: the server has no file for it"


def _shown(value: Any) -> str:
    if value is None:
        return "null"
    return f'"{visible(value, 80)}"' if isinstance(value, str) else visible(str(value), 80)
