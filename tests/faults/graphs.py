"""The workflow that the fault suite runs, and what a finished picture says of itself."""

from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any

FOREIGN = "foreign"
"""Prompt id of the suite's own stranger."""
SIZE = 256
"""Pixels of each side: a step costs a sixteenth of that of a megapixel."""


def graph(text: str, seed: int, steps: int) -> dict[str, Any]:
    """Text to image; every job has its own text and seed, so that nothing is answered from a cache."""
    return {
        "3": {
            "class_type": "KSampler",
            "inputs": {
                "model": ["4", 0],
                "positive": ["6", 0],
                "negative": ["7", 0],
                "latent_image": ["5", 0],
                "seed": seed,
                "steps": steps,
                "cfg": 7.0,
                "sampler_name": "euler",
                "scheduler": "normal",
                "denoise": 1.0,
            },
        },
        "4": {
            "class_type": "CheckpointLoaderSimple",
            "inputs": {"ckpt_name": "sim_sdxl_base.safetensors"},
        },
        "5": {"class_type": "EmptyLatentImage", "inputs": {"width": SIZE, "height": SIZE, "batch_size": 1}},
        "6": {"class_type": "CLIPTextEncode", "inputs": {"text": text, "clip": ["4", 1]}},
        "7": {"class_type": "CLIPTextEncode", "inputs": {"text": "blurry", "clip": ["4", 1]}},
        "8": {"class_type": "VAEDecode", "inputs": {"samples": ["3", 0], "vae": ["4", 2]}},
        "9": {"class_type": "SaveImage", "inputs": {"filename_prefix": "fault", "images": ["8", 0]}},
    }


def write_graph(path: Path, text: str, seed: int, steps: int) -> Path:
    """As a file for `ainf run FILE`."""
    path.write_text(json.dumps(graph(text, seed, steps)), encoding="utf-8")
    return path


def embedded_prompt(path: Path) -> dict[str, Any]:
    """The API graph in a PNG's `prompt` text chunk; ValueError if it is no whole PNG or has none."""
    data = path.read_bytes()
    if data[:8] != b"\x89PNG\r\n\x1a\n" or data[-8:-4] != b"IEND":
        raise ValueError(f"{path.name} is no whole PNG")
    at = 8
    while at < len(data):
        (length,) = struct.unpack_from(">I", data, at)
        kind, body = data[at + 4 : at + 8], data[at + 8 : at + 8 + length]
        if kind == b"tEXt" and body.startswith(b"prompt\0"):
            found: dict[str, Any] = json.loads(body[7:])
            return found
        at += 12 + length
    raise ValueError(f"{path.name} holds no prompt")


def text_and_seed(prompt: dict[str, Any]) -> tuple[str, int]:
    """What the sampler's positive input says, and its seed."""
    sampler = next(n for n in prompt.values() if n["class_type"] == "KSampler")
    return prompt[sampler["inputs"]["positive"][0]]["inputs"]["text"], sampler["inputs"]["seed"]
