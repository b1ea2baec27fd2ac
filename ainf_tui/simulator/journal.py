"""What happened to which prompt, in a file that outlives the process: the witness of the kill tests.

One JSON line an event, on disk before the event has any effect: `{"event": "accepted" | "started" |
"finished", "prompt_id": str, "pid": int, ...}`.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from pathlib import Path
from typing import Any


class Journal:
    """Appends events and counts executions, those of earlier processes on the same file included."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._started: Counter[str] = Counter()
        self._file: int | None = None
        if path is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._started.update(e["prompt_id"] for e in read(path) if e["event"] == "started")
            self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)

    def executions(self) -> dict[str, int]:
        """How often each prompt id was started."""
        return dict(self._started)

    def write(self, event: str, prompt_id: str, **more: Any) -> None:
        """Record one event. Raises `OSError` if the disk refuses."""
        if event == "started":
            self._started[prompt_id] += 1
        if self._file is None:
            return
        line = json.dumps({"event": event, "prompt_id": prompt_id, "pid": os.getpid(), **more}) + "\n"
        os.write(self._file, line.encode())
        os.fsync(self._file)

    def close(self) -> None:
        if self._file is not None:
            os.close(self._file)
            self._file = None


def read(path: Path) -> list[dict[str, Any]]:
    """All events of a journal, oldest first. A last line without its end was cut off by a kill: no event."""
    if not path.exists():
        return []
    whole, _, _ = path.read_text(encoding="utf-8").rpartition("\n")
    return [json.loads(line) for line in whole.splitlines()]
