"""The engine's API from the other side: calls, live state, finding and starting the engine."""

from ainf_tui.client.asgi import AsgiTransport
from ainf_tui.client.client import Client
from ainf_tui.client.unix import UnixTransport

__all__ = ["AsgiTransport", "Client", "UnixTransport"]
