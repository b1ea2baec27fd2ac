"""The way from a command to the engine: one client for the length of the command."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TypeVar

from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.cli.notices import tell
from ainf_tui.client import Client

T = TypeVar("T")


def call(app: App, work: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    """Runs `work` with a client. Raises `AinfError` children; `start=False` starts no engine."""

    async def main() -> T:
        async with session(app, start=start) as client:
            return await work(client)

    return asyncio.run(main())


def session(app: App, *, start: bool = True) -> AbstractAsyncContextManager[Client]:
    """A connected client; from the app's own opener, if it was given one."""
    return (app.opener or _open)(app, start and not app.read_only)


@asynccontextmanager
async def _open(app: App, start: bool) -> AsyncIterator[Client]:
    settings, found = places.settings(app), places.locations(app)
    if app.embedded:
        from ainf_tui.api.serve import embedded  # noqa: PLC0415 -- the engine's libraries, only on request
        from ainf_tui.client.asgi import AsgiTransport  # noqa: PLC0415 -- same

        async with embedded(settings, found) as asgi, Client(AsgiTransport(asgi)) as client:
            yield client
        return
    from ainf_tui.client import launch  # noqa: PLC0415 -- not with --embedded

    async with await launch.connect(settings, found, start=start, read_only=app.read_only) as client:
        tell(app.out, client.notices)
        yield client
