"""Work behind the screen that failed by a mistake of ours: told, written down, and the app goes on.

What the outside does wrong never comes here: that is an `AinfError`, told where it was met.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from textual.app import App
from textual.worker import Worker, WorkerState

from ainf_tui.tui.lines import safe

AGAIN = 5.0
"""Seconds until work that should never end is begun again."""
LOG_BYTES = 1_048_576
"""Size at which app.log begins anew."""


class Failures(App[None]):
    """An app whose workers may fail. Every worker has `exit_on_error=False`, and ends up here if it does."""

    def __init__(self, **app: Any) -> None:
        super().__init__(**app)
        self.lasting: dict[str, Callable[[], object]] = {}
        """By group of workers: what begins work anew that should last as long as the app."""
        self.failure_log: Path | None = None
        """Where tracebacks go; None: nowhere."""

    def on_worker_state_changed(self, event: Worker.StateChanged) -> None:
        """Also of the screens' workers: they hand them on (`PacedScreen`)."""
        if event.state is WorkerState.ERROR and event.worker.error is not None:
            self.work_failed(event.worker.group, event.worker.error)

    def work_failed(self, group: str, error: BaseException) -> None:
        """A toast, a traceback in app.log, and another try where the app needs it."""
        where = self._write(group, error)
        reason = safe(f"{type(error).__name__}: {error}", 200)
        told = f"{safe(group, 60)} failed, which is a mistake in ainf: {reason}"
        self.notify(told + where, severity="error", markup=False, timeout=15.0)
        again = self.lasting.get(group)
        if again is not None:
            self.set_timer(AGAIN, again)

    def _write(self, group: str, error: BaseException) -> str:
        if self.failure_log is None:
            return ""
        lines = "".join(traceback.format_exception(error))
        try:
            full = self.failure_log.exists() and self.failure_log.stat().st_size > LOG_BYTES
            with self.failure_log.open("w" if full else "a", encoding="utf-8", errors="replace") as stream:
                stream.write(f"{datetime.now(UTC).isoformat(timespec='seconds')} {group}\n{lines}\n")
        except OSError as trouble:
            return f"\n(not written to {self.failure_log}: {trouble.strerror})"
        return f"\nThe rest goes on. Please report it with {self.failure_log}."
