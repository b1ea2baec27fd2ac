"""Validation answers of POST /prompt, made readable: which node, which input, what was wrong, what is
allowed. The server names nodes by id only and leaves long lists of choices out; titles come from the
graph that was sent, choices from `/object_info` where the caller has it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from typing import Any

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.complaints import allowed_text, complaint, find_cycle
from ainf_tui.adapters.comfy.values import items, mapping, text, texts
from ainf_tui.domain.comfy import Graph, NodeClass, NodeProblem
from ainf_tui.domain.text import clip, storable_json, visible
from ainf_tui.errors import PromptRefusedError

NO_CLASSES: Mapping[str, NodeClass] = {}

_NODE_ID = re.compile(r"Node ID '#(.*)'", re.DOTALL)
_NO_CLASS = re.compile(r"node (.+) does not exist", re.DOTALL)
_SHOWN = 200
"""Characters of foreign text in a message."""


def node_problems(
    node_errors: Any, graph: Graph, classes: Mapping[str, NodeClass] = NO_CLASSES
) -> tuple[NodeProblem, ...]:
    """The complaints of `node_errors`, from a refusal or from a prompt accepted in part."""
    return tuple(
        _node_problem(text(node), mapping(report), error, graph, classes)
        for node, report in mapping(node_errors).items()
        for error in items(mapping(report).get("errors"))
        if isinstance(error, dict)
    )


def _node_problem(
    node: str,
    report: Mapping[str, Any],
    error: Mapping[str, Any],
    graph: Graph,
    classes: Mapping[str, NodeClass],
) -> NodeProblem:
    extra = mapping(error.get("extra_info"))
    cls, name = text(report.get("class_type")), text(extra.get("input_name")) or None
    known = classes.get(cls)
    spec = known.input(name) if known is not None and name is not None else None
    received = storable_json(extra.get("received_value"))
    return NodeProblem(
        node=node,
        node_class=cls,
        title=title_of(graph, node, cls),
        input=name,
        type=text(error.get("type")),
        message=complaint(node, name, error, graph),
        received=clip(received, 1000) if isinstance(received, str) else received,
        allowed=allowed_text(extra, spec),
        outputs=texts(report.get("dependent_outputs")),
    )


def title_of(graph: Graph, node: str, cls: str = "") -> str:
    """A node's name for people: its title in the graph, else its class."""
    entry = mapping(graph.get(node))
    title = mapping(entry.get("_meta")).get("title")
    return text(title) or cls or text(entry.get("class_type"))


def unlisted_classes(answer: Any) -> frozenset[str]:
    """Classes of which the answer refuses a choice without listing the choices (more than 20)."""
    return frozenset(
        text(mapping(report).get("class_type"))
        for report in mapping(mapping(answer).get("node_errors")).values()
        for error in items(mapping(report).get("errors"))
        if mapping(error).get("type") == "value_not_in_list"
        and mapping(mapping(error).get("extra_info")).get("input_config") is None
    )


def own_ids(address: BackendAddress) -> PromptRefusedError:
    """ComfyUI 0.3.41 takes no notice of the id that a prompt is sent with: what it makes could not be known
    again after a lost answer, a restart of ours or of it.
    """
    return PromptRefusedError(
        "prompt.own_ids",
        f"ComfyUI at {address.shown} gives prompts ids of its own: it is too old to be followed",
        hint="update ComfyUI (`ainf comfyui update`); 0.3.64 and newer keep the id that is sent",
    )


def refusal(
    answer: Any, graph: Graph, classes: Mapping[str, NodeClass] = NO_CLASSES
) -> PromptRefusedError | None:
    """The error for a 400 to POST /prompt, or None if the answer is not ComfyUI's.

    `details["problems"]`: `{node, title, class, input, type, message, received, allowed, outputs}` each;
    `details["type"]`: the server's own error type.
    """
    error = mapping(answer).get("error")
    if isinstance(error, str):
        error = {"message": error}
    if not isinstance(error, dict):
        return None
    problems = node_problems(mapping(answer).get("node_errors"), graph, classes)
    code, message, hint, found = _explain(error, graph, problems)
    details = {"type": text(error.get("type")), "problems": [_document(p) for p in found]}
    return PromptRefusedError(code, message, hint=hint, details=details)


def _document(problem: NodeProblem) -> dict[str, Any]:
    document = asdict(problem)
    document["class"] = document.pop("node_class")
    document["outputs"] = list(problem.outputs)
    return document


Explanation = tuple[str, str, str, tuple[NodeProblem, ...]]
"""code, message, hint, problems"""


def _explain(error: Mapping[str, Any], graph: Graph, problems: tuple[NodeProblem, ...]) -> Explanation:
    kind = text(error.get("type"))
    if problems:
        return _invalid(problems)
    if kind in {"invalid_prompt", "missing_node_type"}:
        return _bad_node(error, graph)
    if kind == "prompt_no_outputs":
        return (
            "prompt.no_outputs",
            "the graph has no output node, so that nothing would come of it",
            "add a node that saves or previews (SaveImage, PreviewImage) and connect it",
            (),
        )
    if kind == "no_prompt":
        return "prompt.no_graph", "ComfyUI received no graph", "check the file: it holds no nodes", ()
    cycle = find_cycle(graph)
    if kind == "prompt_outputs_failed_validation" and cycle:
        return _circle(cycle, graph)
    said = " ".join(filter(None, (text(error.get("message")), text(error.get("details")))))
    return (
        "prompt.refused",
        f"ComfyUI refused the graph: {visible(said.strip(), _SHOWN) or 'it gave no reason'}",
        "the log of ComfyUI says more",
        (),
    )


def _invalid(problems: tuple[NodeProblem, ...]) -> Explanation:
    first = problems[0]
    allowed = f" ({first.allowed})" if first.allowed else ""
    more = f"; and {len(problems) - 1} more" if len(problems) > 1 else ""
    message = f"ComfyUI refused the graph: {named(first)}: {first.message}{allowed}{more}"
    hint = "correct the value with --set NODE.INPUT=VALUE, or the workflow, and run it again"
    if any(p.type == "value_not_in_list" for p in problems):
        hint = "use a value that the server has, or put the missing model there; then run it again"
    return "prompt.invalid", visible(message, 1000), hint, problems


def named(problem: NodeProblem) -> str:
    """`node 3 'KSampler'`, with the class where the title is another."""
    cls = f" ({problem.node_class})" if problem.node_class not in {"", problem.title} else ""
    return f"node {problem.node} {problem.title!r}{cls}" if problem.title else f"node {problem.node}{cls}"


def _bad_node(error: Mapping[str, Any], graph: Graph) -> Explanation:
    if is_ui_format(graph):
        return (
            "prompt.ui_format",
            "this is a workflow in the format of ComfyUI's page, not a graph that can be run",
            "in ComfyUI's page: Workflow > Export (API), and run that file",
            (),
        )
    extra = mapping(error.get("extra_info"))
    match = _NODE_ID.search(text(error.get("details")))
    node = text(extra.get("node_id")) or (match.group(1) if match else "")
    absent = _NO_CLASS.search(text(error.get("message")))
    cls = text(mapping(graph.get(node)).get("class_type")) or text(extra.get("class_type"))
    cls = cls or (absent.group(1) if absent else "")
    title = title_of(graph, node, cls)
    if cls:
        problem = NodeProblem(
            node, cls, title, None, "unknown_class", f"this server has no node class {cls!r}"
        )
        return (
            "prompt.unknown_class",
            visible(f"{named(problem)}: {problem.message}", 500),
            "install the extension that brings this node class, or restart ComfyUI if it was just installed",
            (problem,),
        )
    problem = NodeProblem(node, "", title, None, "no_class", "the node has no class_type")
    return (
        "prompt.bad_graph",
        visible(f"{named(problem)}: {problem.message}", 500),
        "the file is no API graph; export it anew with Workflow > Export (API)",
        (problem,),
    )


def is_ui_format(graph: Graph) -> bool:
    """Whether this is a workflow as ComfyUI's page saves it: a list of nodes and one of links."""
    return isinstance(graph.get("nodes"), list) and ("links" in graph or "last_node_id" in graph)


def _circle(cycle: Iterable[str], graph: Graph) -> Explanation:
    nodes = tuple(cycle)
    problems = tuple(
        NodeProblem(
            node,
            text(mapping(graph.get(node)).get("class_type")),
            title_of(graph, node),
            None,
            "cycle",
            "its inputs depend on its own output",
        )
        for node in nodes
    )
    way = " > ".join((*nodes, nodes[0]))
    return (
        "prompt.cycle",
        visible(f"nodes of the graph feed each other in a circle: {way}", 500),
        "disconnect one of the links between them",
        problems,
    )
