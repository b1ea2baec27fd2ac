"""What flows along the links of a graph in the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

Picture = Image.Image


@dataclass(frozen=True, slots=True)
class Model:
    """A checkpoint with what was put on top, in words; the words are all that its pixels depend on."""

    name: str


@dataclass(frozen=True, slots=True)
class Clip:
    name: str


@dataclass(frozen=True, slots=True)
class Vae:
    """`channels` of the latents it decodes."""

    name: str
    channels: int = 4


@dataclass(frozen=True, slots=True)
class Conditioning:
    text: str


@dataclass(frozen=True, slots=True)
class Latent:
    """`width` and `height` in pixels (eight per latent cell). `key` decides what is on it."""

    width: int
    height: int
    batch: int
    channels: int = 4
    key: str = ""
    pictures: tuple[Picture, ...] = ()
    strength: float = 1.0

    @property
    def megapixels(self) -> float:
        return self.width * self.height * self.batch / 2**20


@dataclass(frozen=True, slots=True)
class Images:
    """A batch of RGB pictures of one size."""

    pictures: tuple[Picture, ...]

    @property
    def width(self) -> int:
        return self.pictures[0].width

    @property
    def height(self) -> int:
        return self.pictures[0].height


@dataclass(frozen=True, slots=True)
class Mask:
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Blocked:
    """Takes the place of a value; nodes that get one do not run. `message` None blocks silently."""

    message: str | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a node gave: a value per output slot and, for output nodes, what the page shows."""

    values: tuple[Any, ...] = ()
    ui: Mapping[str, Any] | None = None


@dataclass(slots=True)
class NodeCall:
    """One execution of a node: its id and class, the values of its inputs, the graph it belongs to."""

    node_id: str
    class_type: str
    inputs: dict[str, Any]
    prompt: Mapping[str, Any] = field(default_factory=dict)
    extra_pnginfo: Mapping[str, Any] | None = None
