"""Keys that sort by time, as plain lower-case strings."""

from __future__ import annotations


def new_id() -> str:
    """A UUIDv7 (RFC 9562); within one process each is greater than the one before."""
    from uuid6 import uuid7  # noqa: PLC0415 - 10 ms at every start, for what most front ends never make

    return str(uuid7())
