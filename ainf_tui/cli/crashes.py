"""A crash of the command line, or of the app that it opened, is an error like any other: it is collected."""

from __future__ import annotations

from datetime import UTC, datetime

from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.client.crash import report_crash
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import CLI, of_exception


def report_bug(app: App, what: str, error: BaseException) -> None:
    """Of the command line. What cannot be kept is said on stderr, where the crash itself is told."""
    kept = hand_over(app, of_exception(CLI, what, error, datetime.now(UTC)))
    if kept not in {"engine", "spool", ""}:
        app.out.note(f"It was not collected: {kept}.", "dim")


def hand_over(app: App, report: ErrorReport) -> str:
    """To the engine that this front end works with, else to the spool of this machine.

    Where it is kept; empty: nowhere, because nothing may be changed (`--read-only`).
    """
    if app.read_only:
        return ""
    here = places.locations(app)
    socket = here.engine_socket if app.tunnel is None else app.tunnel.socket
    return report_crash(report, socket, here.error_spool)
