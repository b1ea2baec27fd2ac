"""Where a page ended, as an opaque text: base64 of a JSON array."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Sequence
from typing import Any

from ainf_tui.errors import UsageError

_MAX = 300
"""Characters; ours are shorter than 150."""
_INTEGER_BITS = 63


def encode(kind: str, key: Sequence[Any]) -> str:
    """`kind` names the list, so that a cursor of another list is refused."""
    text = json.dumps([kind, *key], separators=(",", ":"))
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def decode(cursor: str, kind: str, types: Sequence[type]) -> list[Any]:
    """The key. UsageError(`list.bad_cursor`) for everything that `encode` did not make."""
    key = _parse(cursor)
    if not isinstance(key, list) or len(key) != len(types) + 1 or key[0] != kind:
        raise bad()
    if not all(_fits(value, wanted) for value, wanted in zip(key[1:], types, strict=True)):
        raise bad()
    return key[1:]


def _parse(cursor: str) -> Any:
    if len(cursor) > _MAX:
        raise bad()
    try:
        padded = cursor.encode("ascii") + b"=" * (-len(cursor) % 4)
        return json.loads(base64.b64decode(padded, altchars=b"-_", validate=True), parse_constant=_refuse)
    except (ValueError, RecursionError, binascii.Error) as error:
        raise bad() from error


def _refuse(name: str) -> Any:
    raise ValueError(name)


def _fits(value: Any, wanted: type) -> bool:
    if isinstance(value, bool) or not isinstance(value, wanted):
        return False
    return not isinstance(value, int) or value.bit_length() <= _INTEGER_BITS


def bad() -> UsageError:
    """For a key that no row can have."""
    return UsageError(
        "list.bad_cursor",
        "that is no place in this list",
        hint="give `--after` exactly what `next` of the page before said, with the same filters",
    )
