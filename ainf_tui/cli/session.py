"""The way from a command to the engine: one client for the length of the command."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager
from typing import TypeVar

from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.cli.notices import tell
from ainf_tui.cli.output import show
from ainf_tui.client import Client

T = TypeVar("T")


def call(app: App, work: Callable[[Client], Awaitable[T]], *, start: bool = True) -> T:
    """Runs `work` with a client. Raises `AinfError` children; `start=False` starts no engine."""

    async def main() -> T:
        async with session(app, start=start) as client:
            return await work(client)

    with connection(app):
        return asyncio.run(main())


@contextmanager
def connection(app: App) -> Iterator[str]:
    """The connection to another machine, where one is meant; yields its address, else an empty text.

    ssh may ask for a password on the terminal here and not later: enter before the screen is taken.
    Raises UsageError `connect.bad_url | conflict` and UnreachableError `connect.*`.
    """
    if app.opener is not None or app.tunnel is not None:
        yield "" if app.tunnel is None else app.tunnel.box.url
        return
    settings = places.settings(app)
    url = places.box(app, settings)
    if not url:
        yield ""
        return
    from ainf_tui.client import box, ssh, tunnel  # noqa: PLC0415 -- only for another machine

    program = ssh.Program(ssh=settings.connect.ssh, command=settings.connect.command)
    app.tunnel = tunnel.Tunnel(box.parse_box(url), program, tell=lambda said: app.out.note(show(said), "dim"))
    asyncio.run(app.tunnel.open(ask=_can_be_asked()))
    try:
        yield url
    finally:
        app.tunnel.close()
        app.tunnel = None


def open_screen(app: App, label: str = "") -> int:
    """The full-screen app with clients of this run's engine; returns its exit code.

    The app must have been given one (`App.open_screen`). Raises what `connection` raises.
    """
    if app.open_screen is None:
        raise TypeError("this App has no screen")
    with connection(app):
        there = app.tunnel.box.name if app.tunnel is not None else ""
        app.screen = True
        try:
            return app.open_screen(app, lambda start: session(app, start=start), label or there)
        finally:
            app.screen = False


def _can_be_asked() -> bool:
    """Whether there is a terminal for ssh to ask on, wherever the standard streams lead, and it is ours.

    A command in the background that reads from it would be stopped.
    """
    try:
        terminal = os.open("/dev/tty", os.O_RDWR | os.O_NOCTTY)
    except OSError:
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    finally:
        os.close(terminal)


def session(app: App, *, start: bool = True) -> AbstractAsyncContextManager[Client]:
    """A connected client; from the app's own opener, if it was given one."""
    return (app.opener or _open)(app, start and not app.read_only)


@asynccontextmanager
async def _open(app: App, start: bool) -> AsyncIterator[Client]:
    if app.tunnel is not None:
        from ainf_tui.client.remote import connected  # noqa: PLC0415 -- only for another machine

        # The screen shows the state of the line itself, and nobody else may write on it.
        say = None if app.screen else lambda said: app.out.note(show(said), "yellow")
        ways = {"patient": not app.screen, "read_only": app.read_only}
        async with connected(app.tunnel, start=start, tell=say, **ways) as client:
            if not app.screen:
                tell(app.out, client.notices)
            yield client
        return
    settings, found = places.settings(app), places.locations(app)
    if app.embedded:
        from ainf_tui.api.serve import embedded  # noqa: PLC0415 -- the engine's libraries, only on request
        from ainf_tui.client.asgi import AsgiTransport  # noqa: PLC0415 -- same

        async with embedded(settings, found) as asgi, Client(AsgiTransport(asgi)) as client:
            yield client
        return
    from ainf_tui.client import launch  # noqa: PLC0415 -- not with --embedded

    async with await launch.connect(settings, found, start=start, read_only=app.read_only) as client:
        if not app.screen:
            tell(app.out, client.notices)
        yield client
