"""The engine's API from the other side: calls, live state, finding and starting the engine.

`asgi` (the in-process twin) and `live` are imported by who needs them: most commands ask once and end.
"""

from ainf_tui.client.client import Client
from ainf_tui.client.unix import UnixTransport

__all__ = ["Client", "UnixTransport"]
