"""From decoded JSON of a server that is not trusted to values of known type. Nothing here raises
except `loads`; what is missing or of another type becomes the given default.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping
from typing import Any

import msgspec

from ainf_tui.domain.comfy import MalformedMessage, UnknownMessage
from ainf_tui.domain.text import clip, storable

KEPT = 4096
"""Characters kept of a message that was not understood."""

_decode = msgspec.json.Decoder().decode


def loads(raw: str | bytes) -> Any:
    """JSON as Python servers write it: NaN, Infinity and lone surrogates too. Raises ValueError only."""
    try:
        return _decode(raw)
    except (ValueError, RecursionError):
        pass  # msgspec is strict and ten times as fast; the tolerant reader below decides
    try:
        return json.loads(raw)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error


def text(value: Any, default: str = "") -> str:
    """Strings as they may be stored; numbers as their text (ids come as both)."""
    if isinstance(value, str):
        return storable(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        return str(value)
    return default


def optional_text(value: Any) -> str | None:
    return None if value is None else text(value)


def number(value: Any, default: float = 0.0) -> float:
    """A finite float; NaN, infinities and integers beyond its range count as missing."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return default
    try:
        result = float(value)
    except OverflowError:
        return default
    return result if math.isfinite(result) else default


def whole(value: Any, default: int = 0) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    return int(value) if isinstance(value, float) and math.isfinite(value) else default


def mapping(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}


def items(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


def texts(value: Any) -> tuple[str, ...]:
    """The strings and numbers of a list, as text; anything else in it is left out."""
    return tuple(text(v) for v in _scalars(items(value)))


def _scalars(values: Iterable[Any]) -> Iterable[Any]:
    return (v for v in values if isinstance(v, str | int | float) and not isinstance(v, bool))


def seconds(milliseconds: Any) -> float | None:
    """Server time: milliseconds since the epoch on the wire, seconds inside."""
    value = number(milliseconds, math.nan)
    return None if math.isnan(value) else value / 1000


def kept(raw: str | bytes) -> str:
    """The beginning of a message for people who want to see it; bytes as hex."""
    if isinstance(raw, bytes):
        return raw[: KEPT // 2].hex()
    return storable(clip(raw, KEPT))


def malformed(reason: str, raw: str | bytes) -> MalformedMessage:
    return MalformedMessage(storable(clip(reason, 300)), kept(raw))


def unknown(kind: str, raw: str | bytes) -> UnknownMessage:
    return UnknownMessage(storable(clip(kind, 100)), kept(raw))
