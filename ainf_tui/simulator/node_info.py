"""How a node class is declared, and its entry of `/object_info`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

Spec = list[Any]
"""`[type, options?]`; the type is a name, or the list of choices itself."""


@dataclass(frozen=True, slots=True)
class NodeInfo:
    """One class. `required`/`optional` map input names to `[type, options?]` in declared order."""

    name: str
    display_name: str | None
    category: str
    outputs: tuple[str, ...] = ()
    output_names: tuple[str, ...] = ()
    required: Mapping[str, Spec] = field(default_factory=dict)
    optional: Mapping[str, Spec] = field(default_factory=dict)
    hidden: Mapping[str, str] = field(default_factory=dict)
    output_node: bool = False
    module: str = "nodes"
    description: str = ""

    def document(self) -> dict[str, Any]:
        """The entry of `/object_info`."""
        inputs: dict[str, Any] = {"required": dict(self.required)}
        order: dict[str, Any] = {"required": list(self.required)}
        for key, value in (("optional", self.optional), ("hidden", self.hidden)):
            if value:
                inputs[key] = dict(value)
                order[key] = list(value)
        return {
            "input": inputs,
            "input_order": order,
            "output": list(self.outputs),
            "output_is_list": [False] * len(self.outputs),
            "output_name": list(self.output_names or self.outputs),
            "name": self.name,
            "display_name": self.display_name,
            "description": self.description,
            "python_module": self.module,
            "category": self.category,
            "output_node": self.output_node,
        }

    def spec(self, name: str) -> tuple[Spec | None, str]:
        """The declaration of an input and whether it is `required` or `optional`."""
        if name in self.required:
            return self.required[name], "required"
        return self.optional.get(name), "optional"


Catalog = Mapping[str, NodeInfo]


def int_spec(default: int, low: int, high: int, **more: Any) -> Spec:
    return ["INT", {"default": default, "min": low, "max": high, **more}]


def float_spec(default: float, low: float, high: float, **more: Any) -> Spec:
    return ["FLOAT", {"default": default, "min": low, "max": high, **more}]
