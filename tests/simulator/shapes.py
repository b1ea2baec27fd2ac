"""What is compared between a recorded session and a simulated one: frame types, keys and facts.

Left out are times, ids of prompts and clients, file names and pixels. Values keep their JSON type, so
that `1` and `1.0` differ. A `progress_state` is told by the nodes that changed since the last one.
"""

from __future__ import annotations

import json
import struct
from typing import Any


class Shapes:
    """Turns the frames of one socket into shapes, in order."""

    def __init__(self) -> None:
        self._last: dict[str, Any] = {}

    def of(self, frame: Any) -> list[Any]:
        """The shape of a parsed text frame or of a binary one."""
        if isinstance(frame, bytes):
            return _binary(frame)
        kind, data = frame["type"], frame["data"]
        return [kind, sorted(data), self._facts(kind, data)]

    def _facts(self, kind: str, data: dict[str, Any]) -> Any:
        if kind == "status":
            return data["status"]
        if kind == "progress_state":
            return self._progress(data)
        if kind == "executed":
            output = data["output"]
            return [
                data["node"],
                None if output is None else {key: _items(value) for key, value in output.items()},
            ]
        named = ("node", "display_node", "value", "max", "nodes", "node_id", "node_type", "exception_type")
        facts = {key: data[key] for key in named if key in data}
        if "executed" in data:
            facts["executed"] = sorted(data["executed"])
        if kind == "feature_flags":
            facts = data
        return facts

    def _progress(self, data: dict[str, Any]) -> dict[str, Any]:
        nodes, last = data["nodes"], self._last.get(data["prompt_id"], {})
        self._last[data["prompt_id"]] = nodes
        changed = {
            key: [value["value"], value["max"], value["state"]]
            for key, value in nodes.items()
            if value != last.get(key)
        }
        keys = sorted({key for value in nodes.values() for key in value})
        return {"changed": changed, "nodes": len(nodes), "keys": keys}


def _items(items: list[Any]) -> list[Any]:
    return [sorted(item) if isinstance(item, dict) else type(item).__name__ for item in items]


def _binary(frame: bytes) -> list[Any]:
    event, second = struct.unpack(">II", frame[:8])
    if event == 1:
        return ["binary", 1, {1: "jpeg", 2: "png"}[second]]
    head, rest = frame[8 : 8 + second].decode(), frame[8 + second :]
    if event == 3:
        return ["binary", 3, [head, rest.decode()]]
    metadata = json.loads(head)
    return ["binary", event, [metadata["node_id"], metadata["image_type"], sorted(metadata)]]
