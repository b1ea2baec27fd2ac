"""Keys that sort by time, as plain lower-case strings."""

from __future__ import annotations

from uuid6 import uuid7


def new_id() -> str:
    """A UUIDv7 (RFC 9562); within one process each is greater than the one before."""
    return str(uuid7())
