"""Workflow packs, presets and typed inputs: the values. Reading files is `adapters/packs`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ainf_tui.frozen import frozen

Graph = Mapping[str, Any]
"""As `comfy.Graph`; importing that module would cost every front end 15 ms."""


@frozen
class PackInput:
    """One named input of a pack, bound to one or more `NODE.INPUT` places of its graph."""

    name: str
    type: str
    """text | int | float | choice | model | seed"""
    places: tuple[str, ...]
    title: str = ""
    help: str = ""
    default: Any = None
    min: float | None = None
    max: float | None = None
    step: float | None = None
    max_length: int | None = None
    min_length: int | None = None
    required: bool = False


@frozen
class Pack:
    """Manifest and graph. `family`: checkpoint name patterns that fit best (`sdxl`, `sd15`)."""

    id: str
    name: str
    description: str
    version: str
    category: str
    tags: tuple[str, ...]
    inputs: tuple[PackInput, ...]
    graph: Graph
    family: str = ""
    source: str = ""
    """File it came from."""
    builtin: bool = True
    notes: str = ""

    def input(self, name: str) -> PackInput | None:
        return next((i for i in self.inputs if i.name == name), None)


@frozen
class Preset:
    """Values for a pack. `prompt_template` holds `{subject}` where the user's prompt goes."""

    id: str
    name: str
    description: str
    category: str
    pack: str
    prompt_template: str = ""
    negative: str = ""
    values: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    builtin: bool = True
