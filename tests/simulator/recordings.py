"""The recordings of a real ComfyUI that the simulator is compared with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.simulator.driving import CHECKPOINT
from tests.simulator.shapes import Shapes

DATA = Path(__file__).parents[1] / "data"
RECORDED_CHECKPOINT = "tiny-random-sd15.safetensors"
FORMATS = {1: "jpeg", 2: "png"}


def workflow(name: str) -> dict[str, Any]:
    """A graph that the recordings were made with, on a checkpoint of the simulator's."""
    text = (DATA / "simulator" / "workflows" / f"{name}_api.json").read_text(encoding="utf-8")
    graph: dict[str, Any] = json.loads(text.replace(RECORDED_CHECKPOINT, CHECKPOINT))
    return graph


def session(name: str) -> list[list[Any]]:
    """The shapes of the frames of a recorded websocket session."""
    lines = (DATA / "comfyui" / "ws" / f"{name}.jsonl").read_text(encoding="utf-8").splitlines()
    shapes, found = Shapes(), []
    for line in lines:
        entry = json.loads(line)
        if entry["type"] == "text":
            found.append(shapes.of(entry["data"]))
        elif entry["type"] == "binary":
            found.append(_binary(entry))
    return found


def _binary(entry: dict[str, Any]) -> list[Any]:
    if entry["event"] == 1:
        return ["binary", 1, FORMATS[entry["format"]]]
    if entry["event"] == 3:
        return ["binary", 3, [entry["node_id"], entry["text"]]]
    metadata = entry["metadata"]
    return ["binary", entry["event"], [metadata["node_id"], metadata["image_type"], sorted(metadata)]]


def exchange(name: str) -> dict[str, Any]:
    """A recorded HTTP request with its answer; checkpoints renamed, tooltips and tracebacks' words gone."""
    text = (DATA / "comfyui" / "http" / f"{name}.json").read_text(encoding="utf-8")
    recorded: dict[str, Any] = plain(json.loads(text.replace(RECORDED_CHECKPOINT, CHECKPOINT)))
    return recorded


def exchanges(pattern: str) -> list[str]:
    """The names of recorded exchanges."""
    return sorted(path.stem for path in (DATA / "comfyui" / "http").glob(f"{pattern}.json"))


def plain(value: Any) -> Any:
    """Without what two machines may say differently."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if not isinstance(value, dict):
        return value
    kept = {key: plain(item) for key, item in value.items() if key != "tooltip"}
    if isinstance(kept.get("traceback"), list):
        kept["traceback"] = len(kept["traceback"])
    if isinstance(kept.get("errors"), list):
        # The server goes over a set of input names: the order is no fact.
        kept["errors"] = sorted(kept["errors"], key=lambda error: str(error["details"]))
    return kept
