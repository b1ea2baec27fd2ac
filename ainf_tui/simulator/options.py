"""What a simulator can be told when it starts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from ainf_tui.errors import UsageError

LOOPBACK = "127.0.0.1"
LISTENS = "listening on "
"""What stands before the address in the line that a simulator prints once it answers."""
MAX_UPLOAD_BYTES = 104857600
PREVIEW_METHODS = ("none", "auto", "latent2rgb", "taesd")

NODE_SECONDS: Mapping[str, float] = MappingProxyType(
    {
        "CheckpointLoaderSimple": 1.0,
        "UNETLoader": 1.0,
        "LoraLoader": 0.2,
        "CLIPTextEncode": 0.1,
        "VAEDecode": 0.3,
        "VAEEncode": 0.3,
        "SaveImage": 0.05,
    },
)
"""Seconds per execution of a class; classes that are not named take none."""


@dataclass(frozen=True, slots=True)
class SimulatorOptions:
    """Everything adjustable. Seconds are wall clock; `folder` None means a temporary folder.

    `step_seconds` is for one sampler step at 1024x1024, one image; it scales with the pixels of the
    batch. `version` switches what a client can detect: 0.3.64 has no `/api/jobs`, no create_time and
    no preview method of a prompt's own. `killable` False (inside a test process) refuses the faults
    that end the process.
    """

    port: int = 8188
    folder: Path | None = None
    checkpoints: tuple[str, ...] = ("sim_sdxl_base.safetensors", "sim_v1-5.safetensors")
    loras: tuple[str, ...] = ("sim_detail.safetensors", "sim_style.safetensors")
    vaes: tuple[str, ...] = ("sim_vae.safetensors",)
    embeddings: tuple[str, ...] = ("sim-embedding",)
    step_seconds: float = 0.2
    node_seconds: Mapping[str, float] = field(default_factory=lambda: NODE_SECONDS)
    noise: float = 0.0
    seed: int = 0
    preview_method: str = "none"
    preview_size: int = 512
    max_upload_size: int = MAX_UPLOAD_BYTES
    version: str = "0.8.0"
    journal: Path | None = None
    faults: Mapping[str, object] = field(default_factory=dict)
    killable: bool = True

    def __post_init__(self) -> None:
        """Raises `UsageError` for values that cannot be meant."""
        if not 0 <= self.port <= 65535:
            raise _refused("port", self.port, "a number from 0 (any free one) to 65535")
        if self.step_seconds < 0 or any(value < 0 for value in self.node_seconds.values()):
            raise _refused("seconds", self.step_seconds, "zero or more")
        if not 0 <= self.noise < 1:
            raise _refused("noise", self.noise, "a fraction from 0 to below 1")
        if self.preview_method not in PREVIEW_METHODS:
            raise _refused("preview_method", self.preview_method, ", ".join(PREVIEW_METHODS))

    @property
    def old(self) -> bool:
        """True for the ComfyUI of 2025 that lacks the newer routes."""
        return self.version.startswith("0.3.")

    @property
    def instant(self) -> bool:
        return self.step_seconds == 0 and not any(self.node_seconds.values())


def _refused(name: str, value: object, allowed: str) -> UsageError:
    return UsageError(
        "simulator.bad_option",
        f"The simulator cannot run with {name} = {value!r}.",
        hint=f"Allowed: {allowed}.",
    )
