"""The recordings in tests/data/comfyui, as frames and answers."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "data"
COMFYUI = DATA / "comfyui"
SESSIONS = sorted([*(COMFYUI / "ws").glob("*.jsonl"), *(COMFYUI / "v0.3.64").glob("*.jsonl")])


def lines(path: Path) -> Iterator[dict[str, Any]]:
    with path.open(encoding="utf-8") as stream:
        for line in stream:
            yield json.loads(line)


def frames(path: Path) -> Iterator[tuple[dict[str, Any], str | bytes]]:
    """Each recorded frame of the server with its line; a few have no bytes and are left out."""
    for line in lines(path):
        if line["type"] == "text":
            yield line, json.dumps(line["data"])
        elif line["type"] == "binary" and "b64" in line:
            yield line, base64.b64decode(line["b64"])


def session(name: str) -> Path:
    return COMFYUI / "ws" / f"{name}.jsonl"


def http(name: str) -> Any:
    return json.loads((COMFYUI / "http" / f"{name}.json").read_text(encoding="utf-8"))
