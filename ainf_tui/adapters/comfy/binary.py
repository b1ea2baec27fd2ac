"""Binary websocket frames: previews with and without metadata, and texts. Big-endian, lengths checked."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ainf_tui.adapters.comfy.values import loads, malformed, optional_text, unknown
from ainf_tui.domain.comfy import ComfyEvent, NodeText, Preview
from ainf_tui.domain.text import storable

PREVIEW_IMAGE = 1
TEXT = 3
PREVIEW_IMAGE_WITH_METADATA = 4

_FORMATS: Mapping[int, str] = {1: "image/jpeg", 2: "image/png"}
_MEDIA_TYPES = frozenset({"image/jpeg", "image/png", "image/webp", "image/gif"})
_OTHER = "application/octet-stream"


def parse_binary(raw: bytes) -> tuple[ComfyEvent, ...]:
    """The event of one binary frame. Never raises."""
    if len(raw) < 8:
        return (malformed(f"a binary frame of {len(raw)} bytes", raw),)
    event, word, rest = int.from_bytes(raw[:4]), int.from_bytes(raw[4:8]), raw[8:]
    if event == PREVIEW_IMAGE:
        return (_preview(word, rest, raw),)
    if event == TEXT:
        return (_text(word, rest, raw),)
    if event == PREVIEW_IMAGE_WITH_METADATA:
        return (_preview_with_metadata(word, rest, raw),)
    return (unknown(f"binary {event}", raw),)


def _preview(image_format: int, image: bytes, raw: bytes) -> ComfyEvent:
    media_type = _FORMATS.get(image_format)
    if media_type is None:
        return unknown(f"binary 1, format {image_format}", raw)
    if not image:
        return malformed("a preview without a picture", raw)
    return Preview(None, None, None, media_type, image)


def _text(length: int, rest: bytes, raw: bytes) -> ComfyEvent:
    if length > len(rest):
        return malformed(f"a text frame whose node id of {length} bytes is cut off", raw)
    node, words = rest[:length].decode(errors="replace"), rest[length:].decode(errors="replace")
    return NodeText(storable(node), storable(words))


def _preview_with_metadata(length: int, rest: bytes, raw: bytes) -> ComfyEvent:
    if length > len(rest):
        return malformed(f"a preview whose metadata of {length} bytes is cut off", raw)
    try:
        data: Any = loads(rest[:length])
    except ValueError as error:
        return malformed(f"a preview whose metadata is no JSON: {error}", raw)
    image = rest[length:]
    if not isinstance(data, dict) or not image:
        return malformed("a preview without a picture or metadata", raw)
    node = optional_text(data.get("node_id"))
    media_type = data.get("image_type")
    return Preview(
        prompt_id=optional_text(data.get("prompt_id")),
        node=node,
        display_node=optional_text(data.get("display_node_id")) or node,
        media_type=media_type if isinstance(media_type, str) and media_type in _MEDIA_TYPES else _OTHER,
        data=image,
    )
