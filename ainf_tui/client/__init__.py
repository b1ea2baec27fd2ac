"""The engine's API from the other side: calls, live state, finding and starting the engine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ainf_tui.client.client import Client
from ainf_tui.client.unix import UnixTransport

if TYPE_CHECKING:
    from ainf_tui.client.asgi import AsgiTransport

__all__ = ["AsgiTransport", "Client", "UnixTransport"]


def __getattr__(name: str) -> Any:
    """Loads the in-process transport when somebody asks for it: only `--embedded` does."""
    if name != "AsgiTransport":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from ainf_tui.client.asgi import AsgiTransport  # noqa: PLC0415 - as above

    return AsgiTransport
