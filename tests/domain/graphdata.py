"""Recorded graphs and what a real server declares, for the tests of everything about graphs."""

from __future__ import annotations

import copy
import json
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.adapters.comfy.nodes import node_classes
from ainf_tui.domain.comfy import ObjectInfo
from ainf_tui.domain.jobs import Problem
from ainf_tui.errors import UsageError

DATA = Path(__file__).resolve().parent.parent / "data"
CORPUS = sorted((DATA / "workflows").glob("*.json"))


@cache
def object_info() -> ObjectInfo:
    return node_classes(json.loads((DATA / "workflows_object_info.json").read_text()))


def corpus(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((DATA / "workflows" / f"{name}.json").read_text())
    return found


def recorded(name: str) -> dict[str, Any]:
    """One request and its answer, as recorded with ComfyUI 0.8.0."""
    found: dict[str, Any] = json.loads((DATA / "comfyui" / "http" / f"{name}.json").read_text())
    return found


def txt2img(**changes: Any) -> dict[str, Any]:
    """The classic graph; `changes` are literals by place, with `__` for the dot: `_3__steps=4`."""
    graph: dict[str, Any] = copy.deepcopy(recorded("prompt_err_bad_sampler")["request"]["body"]["prompt"])
    graph["3"]["inputs"]["sampler_name"] = "euler"
    for place, value in changes.items():
        node, name = place.lstrip("_").split("__", 1)
        graph[node]["inputs"][name] = value
    return graph


def node(cls: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    entry: dict[str, Any] = {"class_type": cls, "inputs": inputs}
    return {**entry, "_meta": {"title": title}} if title else entry


def code_of(call: Any, *args: Any, **kwargs: Any) -> str:
    """The code of the UsageError that the call raises; it always has a next step."""
    with pytest.raises(UsageError) as caught:
        call(*args, **kwargs)
    assert caught.value.hint
    return caught.value.code


def at(problem: Problem) -> str | None:
    """Id of the node that a problem is about."""
    return problem.node.id if problem.node else None
