"""Workflows as people have them - a JSON file, a picture - made into an API graph, or refused with
the reason. Light to import: the command line reads files with it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from ainf_tui.domain.naming import without_number
from ainf_tui.domain.pngmeta import text_chunks
from ainf_tui.domain.text import storable_json, visible
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

_EXPORT = 'In ComfyUI\'s page choose "Export (API)" and give that file.'
_SHOWN = 60


@frozen
class LoadedGraph:
    """An API graph (see `domain.comfy.Graph`), and the UI workflow that came with it, if any."""

    graph: Mapping[str, Any]
    workflow: Mapping[str, Any] | None = None


def load_graph(source: str | bytes | Mapping[str, Any] | list[Any]) -> LoadedGraph:
    """A graph from JSON text, or from what JSON text was read to.

    Takes an API graph, or one as POST /prompt has it: `{"prompt": graph, ...}`. NaN and infinities,
    which Python servers write, become null; `is_changed` is taken out of the nodes, because a server
    honours it and would not notice a changed input file.

    UsageError: `workflow.bad_json` (line and column), `workflow.ui_format`, `workflow.not_a_graph`
    (the node that is none).
    """
    value = _parsed(source) if isinstance(source, str | bytes) else source
    workflow = None
    if isinstance(value, Mapping):
        _refuse_ui_format(value)
        inner = value.get("prompt")
        if isinstance(inner, Mapping) and "class_type" not in inner:
            workflow = _workflow_beside(value)
            value = inner
            _refuse_ui_format(value)
    return LoadedGraph(_checked(value), workflow)


def from_png(data: bytes) -> LoadedGraph:
    """The graph that ComfyUI embedded in a picture of its own (text chunk `prompt`).

    A `workflow` chunk that cannot be read counts as none: what runs is the prompt.
    UsageError `png.*`, `workflow.no_prompt`, and those of `load_graph`.
    """
    texts = text_chunks(data, {"prompt", "workflow"})
    if "prompt" not in texts:
        raise UsageError(
            "workflow.no_prompt",
            "the picture holds no ComfyUI prompt"
            + (", only a workflow of the web page" if "workflow" in texts else ""),
            hint="Give the PNG as ComfyUI saved it; converting or uploading a picture takes the prompt out.",
        )
    loaded = load_graph(texts["prompt"])
    graph = without_number(loaded.graph)  # each run would add another one
    return LoadedGraph(graph, _workflow_text(texts.get("workflow", "")) or loaded.workflow)


def _parsed(text: str | bytes) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError as error:
        raise _bad_json(f"line {error.lineno}, column {error.colno}: {error.msg}") from error
    except RecursionError as error:
        raise _bad_json("it is nested too deeply") from error
    except UnicodeDecodeError as error:
        raise _bad_json(f"byte {error.start} is not UTF-8") from error
    except ValueError as error:  # an integer of thousands of digits
        raise _bad_json("a number in it is too long") from error


def _bad_json(reason: str) -> UsageError:
    return UsageError("workflow.bad_json", f"the workflow is not valid JSON: {reason}", hint=_EXPORT)


def _workflow_text(text: str) -> Mapping[str, Any] | None:
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return _as_workflow(value)


def _as_workflow(value: Any) -> Mapping[str, Any] | None:
    return storable_json(value) if isinstance(value, Mapping) and value else None


def _workflow_beside(body: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """Where POST /prompt has it (`extra_data.extra_pnginfo.workflow`), or right beside the prompt."""
    inner: Any = body
    for key in ("extra_data", "extra_pnginfo", "workflow"):
        inner = inner.get(key) if isinstance(inner, Mapping) else None
    return _as_workflow(inner) or _as_workflow(body.get("workflow"))


def _refuse_ui_format(value: Mapping[str, Any]) -> None:
    if isinstance(value.get("nodes"), list) and ("links" in value or "last_node_id" in value):
        raise UsageError(
            "workflow.ui_format",
            "this is a workflow as ComfyUI's page saves it (UI format); only the API format can be run yet",
            hint=_EXPORT,
        )


def _checked(value: Any) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise _no_graph("it is not an object of nodes")
    if not value:
        raise _no_graph("it has no nodes")
    for node, entry in value.items():
        reason = _why_no_node(entry)
        if reason:
            raise _no_graph(f'node "{visible(str(node), _SHOWN)}" {reason}', node=str(node))
    safe: dict[str, Any] = storable_json(value)
    return {
        node: {key: part for key, part in entry.items() if key != "is_changed"}
        for node, entry in safe.items()
    }


def _why_no_node(entry: Any) -> str:
    if not isinstance(entry, Mapping):
        return "is not an object"
    if not isinstance(entry.get("class_type"), str) or not entry["class_type"]:
        return "has no class_type"
    return "" if isinstance(entry.get("inputs"), Mapping) else "has no inputs"


def _no_graph(reason: str, node: str = "") -> UsageError:
    return UsageError(
        "workflow.not_a_graph",
        f"this is not a ComfyUI graph in API format: {reason}",
        hint=_EXPORT,
        details={"node": node} if node else None,
    )
