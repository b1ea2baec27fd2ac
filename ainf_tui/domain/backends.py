"""A ComfyUI server as the settings or a caller define it.

A module of its own because settings need it at every start, and the other domain modules cost more
to import than reading the settings does.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field

from ainf_tui.frozen import frozen


@frozen
class BackendSpec:
    """A ComfyUI. `repr` leaves out what may be secret, because it ends up in logs."""

    name: str
    url: str
    """http(s) with an optional path prefix, no trailing slash, no user info, no query."""
    headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    token: str = field(default="", repr=False)
    """Sent as `Authorization: Bearer`."""
    tls_verify: bool = True
    tls_ca: str = ""
    """Path of a CA bundle for a self-signed server."""
    tags: tuple[str, ...] = ()
