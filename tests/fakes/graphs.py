"""Small workflows of the simulator's classes, for engine tests. Small pictures: pixels cost time."""

from __future__ import annotations

from typing import Any

Graph = dict[str, Any]


def node(cls: str, title: str = "", **inputs: Any) -> dict[str, Any]:
    meta = {"_meta": {"title": title}} if title else {}
    return {"class_type": cls, "inputs": inputs, **meta}


def picture(seed: int = 1, text: str = "a red bicycle", *, steps: int = 3, batch: int = 1) -> Graph:
    """Text to image."""
    return {
        "3": node(
            "KSampler",
            "Sampler",
            model=["4", 0],
            positive=["6", 0],
            negative=["7", 0],
            latent_image=["5", 0],
            seed=seed,
            steps=steps,
            cfg=7.0,
            sampler_name="euler",
            scheduler="normal",
            denoise=1.0,
        ),
        "4": node("CheckpointLoaderSimple", ckpt_name="sim_sdxl_base.safetensors"),
        "5": node("EmptyLatentImage", width=64, height=64, batch_size=batch),
        "6": node("CLIPTextEncode", text=text, clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", "Save", filename_prefix="story", images=["8", 0]),
    }


def flat(color: int = 1, **more: dict[str, Any]) -> Graph:
    """A picture of one color without any sampler; `more` are nodes beside it, as `n5=node(...)`."""
    beside = {name.removeprefix("n"): entry for name, entry in more.items()}
    image = node("EmptyImage", width=16, height=16, batch_size=1, color=color)
    return {"1": image, "2": node("SaveImage", filename_prefix="flat", images=["1", 0]), **beside}


def failing(message: str = "it failed") -> Graph:
    """A node in the middle raises."""
    return {
        "1": node("EmptyImage", width=16, height=16, batch_size=1, color=1),
        "2": node("SimFail", "Breaker", image=["1", 0], message=message),
        "3": node("SaveImage", filename_prefix="never", images=["2", 0]),
    }
