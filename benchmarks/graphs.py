"""The workflow that jobs of the benchmarks run: text to image, as people have it, but small."""

from __future__ import annotations

from typing import Any

SIDE = 64
"""Pixels: the picture is not what is measured."""
STEPS = 20
SLEEPER = "9"
"""The node of `long_running` that takes its time."""


def text_to_image(seed: int = 0) -> dict[str, Any]:
    """Seven nodes; another seed makes the server work anew."""
    return {
        "3": _node(
            "KSampler",
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
            seed=seed,
            steps=STEPS,
            cfg=7.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "4": _node("CheckpointLoaderSimple", ckpt_name="sim_v1-5.safetensors"),
        "5": _node("EmptyLatentImage", width=SIDE, height=SIDE, batch_size=1),
        "6": _node("CLIPTextEncode", clip=["4", 1], text="a red bicycle against a white wall"),
        "7": _node("CLIPTextEncode", clip=["4", 1], text="blurred, low quality"),
        "8": _node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "10": _node("SaveImage", images=["8", 0], filename_prefix="bench"),
    }


def long_running(seconds: float) -> dict[str, Any]:
    """The same with a node before the last one that takes `seconds`."""
    graph = text_to_image()
    graph[SLEEPER] = _node("SimSleep", image=["8", 0], seconds=seconds)
    graph["10"] = _node("SaveImage", images=[SLEEPER, 0], filename_prefix="bench")
    return graph


def _node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs, "_meta": {"title": class_type}}
