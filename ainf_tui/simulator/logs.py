"""The server's log as `/internal/logs` shows it, and the frames for those who subscribed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from datetime import datetime
from typing import Any

KEPT = 300
SIZE = {"cols": 80, "rows": 24}


class Logs:
    """The last writes. `publish(data, client id)` sends a `logs` frame."""

    def __init__(self, publish: Callable[[dict[str, Any], str], None]) -> None:
        self._entries: deque[dict[str, str]] = deque(maxlen=KEPT)
        self._subscribers: dict[str, bool] = {}
        self._publish = publish

    def write(self, text: str) -> None:
        """Add one write; a write is not always a line (progress bars start with a carriage return)."""
        # Local time without a zone is what ComfyUI writes.
        entry = {"t": datetime.now().isoformat(), "m": text}  # noqa: DTZ005 -- as said above
        self._entries.append(entry)
        for client, told_size in list(self._subscribers.items()):
            self._subscribers[client] = True
            self._publish({"entries": [entry], "size": None if told_size else SIZE}, client)

    def subscribe(self, client: str, *, enabled: bool) -> None:
        if enabled:
            self._subscribers[client] = False
        else:
            self._subscribers.pop(client, None)

    def raw(self) -> dict[str, Any]:
        return {"entries": list(self._entries), "size": SIZE}

    def text(self) -> str:
        return "".join(f"{entry['t']} - {entry['m']}" for entry in self._entries)
