"""Names that go to and come from ComfyUI: its file name prefix, the endings of its files."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from ainf_tui.domain.comfy import Graph, ServerFile

_PREFIX = "filename_prefix"
_NUMBER = re.compile(r"_[0-9]{6,}$")
_ENDING = re.compile(r"\.[A-Za-z0-9]{1,8}$")


def ending(file: ServerFile) -> str:
    """The ending of the file on disk, from the server's name; texts become `.txt`."""
    if file.text is not None:
        return ".txt"
    found = _ENDING.search(file.filename)
    return found.group().lower() if found else ".bin"


def numbered_prefix(prefix: str, number: int) -> str:
    """ComfyUI's `filename_prefix` with the job's number, so that equal graphs make their own files."""
    return f"{prefix}_{number:06d}"


def with_number(graph: Graph, number: int) -> dict[str, Any]:
    """The graph with the job's number at the end of every literal `filename_prefix`."""
    return _with_prefixes(graph, {node: numbered_prefix(p, number) for node, p in _prefixes(graph).items()})


def without_number(graph: Graph) -> dict[str, Any]:
    """What `with_number` was given, if a job sent this graph: all its prefixes end with one number.

    A picture tells what was sent; run again, it gets the number of its new job.
    """
    prefixes = _prefixes(graph)
    endings = {found.group() if (found := _NUMBER.search(p)) else "" for p in prefixes.values()}
    ours = endings.pop() if len(endings) == 1 else ""
    return _with_prefixes(graph, {node: p.removesuffix(ours) for node, p in prefixes.items()})


def _prefixes(graph: Graph) -> dict[str, str]:
    """Literal prefixes by node."""
    found = {}
    for node, entry in graph.items():
        inputs = entry.get("inputs") if isinstance(entry, Mapping) else None
        prefix = inputs.get(_PREFIX) if isinstance(inputs, Mapping) else None
        if isinstance(prefix, str):
            found[node] = prefix
    return found


def _with_prefixes(graph: Graph, prefixes: Mapping[str, str]) -> dict[str, Any]:
    changed = {
        node: {**graph[node], "inputs": {**graph[node]["inputs"], _PREFIX: prefix}}
        for node, prefix in prefixes.items()
    }
    return {**graph, **changed}
