"""Pixels from words: patterns that depend on the seed and the prompt, and the files they go into."""

from __future__ import annotations

import hashlib
import io
import json
import random
from collections.abc import Mapping
from typing import Any

from PIL import Image, ImageOps
from PIL.PngImagePlugin import PngInfo

from ainf_tui.simulator.values import Picture

CELLS = 16
"""The pattern's side before it is scaled: few enough to cost nothing at any size."""


def paint(key: str, width: int, height: int) -> Picture:
    """An RGB picture in which every colour follows from `key`; `width` and `height` in pixels."""
    rng = random.Random(hashlib.sha256(key.encode("utf-8", "surrogatepass")).digest())
    low = [rng.randrange(10, 110) for _ in range(3)]
    high = [rng.randrange(120, 250) for _ in range(3)]
    cells = bytearray()
    for row in range(CELLS):
        for _ in range(CELLS):
            mix = min(1.0, max(0.0, row / CELLS + rng.uniform(-0.4, 0.4)))
            cells += bytes(int(a + (b - a) * mix) for a, b in zip(low, high, strict=True))
    small = Image.frombytes("RGB", (CELLS, CELLS), bytes(cells))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def blend(picture: Picture, key: str, strength: float) -> Picture:
    """A picture repainted by `strength` 0..1, as image to image does."""
    return Image.blend(picture, paint(key, picture.width, picture.height), min(1.0, max(0.0, strength)))


def noisy(picture: Picture, share: float, seed: int) -> Picture:
    """A preview on the way: `share` 1.0 is all noise, 0.0 the picture."""
    rng = random.Random(seed)
    grain = Image.frombytes("RGB", (64, 64), rng.randbytes(64 * 64 * 3))
    return Image.blend(picture, grain.resize(picture.size, Image.Resampling.NEAREST), share)


def fit(picture: Picture, side: int) -> Picture:
    """Scaled up or down so that the longer side has `side` pixels."""
    scale = side / max(picture.size)
    size = (max(1, round(picture.width * scale)), max(1, round(picture.height * scale)))
    return picture.resize(size, Image.Resampling.BILINEAR)


def invert(picture: Picture) -> Picture:
    return ImageOps.invert(picture)


def flat(color: int, width: int, height: int) -> Picture:
    """One colour, 0xRRGGBB."""
    return Image.new("RGB", (width, height), (color >> 16 & 255, color >> 8 & 255, color & 255))


def resize(picture: Picture, width: int, height: int, *, crop: bool = False) -> Picture:
    """To exactly that size; `crop` keeps the proportions and cuts what is over."""
    if crop:
        return ImageOps.fit(picture, (width, height))
    return picture.resize((width, height), Image.Resampling.BILINEAR)


def read(path: str) -> Picture:
    """The file as RGB. Raises `OSError` if it is no picture."""
    with Image.open(path) as opened:
        return ImageOps.exif_transpose(opened).convert("RGB")


def encode(picture: Picture, kind: str, quality: int = 95) -> bytes:
    """Bytes of a `jpeg`, `png` or `webp` file."""
    out = io.BytesIO()
    picture.save(out, format=kind.upper(), quality=quality)
    return out.getvalue()


def channel(data: str, which: str) -> bytes:
    """PNG bytes of a file's colours (`rgb`) or its alpha (`a`)."""
    with Image.open(data) as opened:
        if which == "rgb":
            return encode(opened.convert("RGB"), "png")
        alpha = opened.convert("RGBA").getchannel("A")
        shown = Image.new("RGBA", alpha.size)
        shown.putalpha(alpha)
        return encode(shown, "png")


def png(picture: Picture, prompt: Mapping[str, Any], extra: Mapping[str, Any] | None) -> bytes:
    """PNG bytes with the text chunks `prompt` and one per key of `extra` (`workflow` by custom)."""
    info = PngInfo()
    info.add_text("prompt", json.dumps(prompt))
    for name, value in (extra or {}).items():
        info.add_text(name, json.dumps(value))
    out = io.BytesIO()
    picture.save(out, format="PNG", pnginfo=info, compress_level=4)
    return out.getvalue()
