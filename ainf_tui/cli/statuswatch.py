"""`ainf status --watch`."""

from __future__ import annotations

import asyncio
from typing import Protocol

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.output import show
from ainf_tui.client import Client
from ainf_tui.client.live import Live, Lost, Topic
from ainf_tui.display.format import utc_now
from ainf_tui.domain.status_document import StatusDocument
from ainf_tui.domain.wire import STOP_ASKED

PAUSE = 1.0
"""Seconds between two answers, whatever changes."""
_WATCHED = ("engine", "queue", "active", "backends", "database", "health", "services")


class Show(Protocol):
    """Prints a status; the exit code that it deserves."""

    def __call__(self, app: App, found: StatusDocument, *, pretty: bool | None = None) -> int: ...


async def watch_status(app: App, client: Client, show_status: Show) -> int:
    """Prints the status at each change, at most once a second. Ends with Ctrl-C, or with the engine."""
    async with Live(client.transport, _WATCHED) as live:
        code = exits.OK
        while True:
            update = await live.get()
            if isinstance(update, Lost):
                if update.bye == STOP_ASKED or client.reopen is None:
                    app.out.note(f"The engine has gone: {show(update.reason)}", "yellow")
                    return code
                await client.reopen()
                live.hurry()
            elif isinstance(update, Topic):
                found = await client.status()
                if app.out.terminal and not app.out.json:
                    app.out.line("\x1b[H\x1b[2J" + app.out.paint(f"{utc_now().astimezone():%H:%M:%S}", "dim"))
                code = show_status(app, found, pretty=False)
                await asyncio.sleep(PAUSE)
                while await live.get(0.01) is not None:
                    pass  # What came meanwhile is in the next answer.
