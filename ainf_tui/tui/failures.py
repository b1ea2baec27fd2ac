"""Work behind the screen that failed by a mistake of ours: told, written down, and the app goes on.

What the outside does wrong never comes here: that is an `AinfError`, told where it was met.
"""

from __future__ import annotations

import traceback
from collections.abc import Awaitable, Callable, Coroutine
from datetime import UTC, datetime
from pathlib import Path
from threading import Thread
from typing import Any

from textual.dom import DOMNode
from textual.worker import Worker

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import APP, of_exception
from ainf_tui.tui.inturn import InTurn
from ainf_tui.tui.lines import safe

AGAIN = 5.0
"""Seconds until work that should never end is begun again."""
LOG_BYTES = 1_048_576
"""Size at which app.log begins anew."""


class Failures(InTurn):
    """An app whose work behind the screen may fail; all of it begins by `in_background`."""

    def __init__(self, **app: Any) -> None:
        super().__init__(**app)
        self.lasting: dict[str, Callable[[], object]] = {}
        """By group of workers: what begins work anew that should last as long as the app."""
        self.failure_log: Path | None = None
        """Where tracebacks go; None: nowhere."""
        self.hand_over: Callable[[ErrorReport], str] | None = None
        """See `Options.hand_over`."""

    def work_failed(self, group: str, error: BaseException) -> None:
        """A toast, a traceback in app.log, and another try where the app needs it."""
        where = self._write(group, error)
        reason = safe(f"{type(error).__name__}: {error}", 200)
        told = f"{safe(group, 60)} failed, which is a mistake in ainf: {reason}"
        self.notify(told + where, severity="error", markup=False, timeout=15.0)
        self._collect(group, error)
        again = self.lasting.get(group)
        if again is not None:
            self.set_timer(AGAIN, again)

    def _collect(self, group: str, error: BaseException) -> None:
        """To the engine or the spool, by a thread that the app does not wait for."""
        if self.hand_over is None:
            return
        report = of_exception(APP, group, error, datetime.now(UTC))
        Thread(target=self._hand_over, args=(report,), name="a failure is collected", daemon=True).start()

    def _hand_over(self, report: ErrorReport) -> None:
        kept = self.hand_over(report) if self.hand_over is not None else ""
        if kept not in {"engine", "spool", ""} and self.is_running:
            self.call_from_thread(
                self.notify, safe(f"It was not collected: {kept}", 300), severity="warning", markup=False
            )

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


def in_background(
    node: DOMNode,
    work: Awaitable[object],
    *,
    group: str,
    exclusive: bool = False,
    opens: bool = False,
) -> None:
    """Begins work as a worker of the node; it ends with the node.

    `exclusive`: what is under way in that group of the node's is cancelled. `opens`: it opens a screen, which
    gets what is typed ahead. Textual tells a failure to the
    node alone, which may be gone by then; here it goes to the app at once.
    """
    app = node.app
    if not isinstance(app, Failures):
        raise TypeError("this app has nowhere to tell of failures")

    async def guarded() -> None:
        try:
            await work
        except Exception as error:  # noqa: BLE001 - whatever it is: told and written down
            app.work_failed(group, error)
        finally:
            app.expect_no_screen(work)

    if opens:
        app.expect_screen(work)
    begun: Worker[None] = node.run_worker(guarded, group=group, exclusive=exclusive, exit_on_error=False)
    task = begun._task  # noqa: SLF001 - nothing public tells of a worker that was ended before it began
    if task is not None and isinstance(work, Coroutine):
        coroutine = work
        # Of one that was never begun Python would complain on the terminal; one that has ended does not mind.
        task.add_done_callback(lambda _: coroutine.close())
