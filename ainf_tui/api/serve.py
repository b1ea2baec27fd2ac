"""The engine's process: lock, socket, runtime, API; until somebody asks, or nobody needs it."""

from __future__ import annotations

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from fastapi import FastAPI

from ainf_tui import __version__
from ainf_tui.api.app import create_app
from ainf_tui.api.context import Context
from ainf_tui.api.live import Pace
from ainf_tui.api.lock import held
from ainf_tui.api.logs import logging_to
from ainf_tui.api.server import EngineServer, bound
from ainf_tui.domain.engine_service import EngineService
from ainf_tui.domain.errors.reports import ENGINE, of_exception, of_problem
from ainf_tui.domain.wire import STOP_ASKED, STOP_ENGINE, STOP_IDLE, STOP_SIGNAL
from ainf_tui.error_spool import spool
from ainf_tui.errors import AinfError
from ainf_tui.locations import Locations
from ainf_tui.settings import Settings
from ainf_tui.store import Previews, Store

_LOG = logging.getLogger(__name__)
_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
_SWITCH = 0.001
"""Seconds after which a thread gives the interpreter to one that waits for it; Python's own are 0.005."""
_GARBAGE_AT = 20_000
"""New containers between two collections: one of so many takes 4 ms."""
_IDLE_STEP = 5.0
"""Seconds between two looks at whether the engine is needed."""


class Runtime(Protocol):
    """What `runtime.opened` yields, as far as serving it goes."""

    @property
    def service(self) -> EngineService: ...
    @property
    def store(self) -> Store: ...
    @property
    def previews(self) -> Previews: ...
    @property
    def stop_requested(self) -> asyncio.Event:
        """Set when the engine itself has decided to end, or was asked to."""
        ...

    def idle_since(self) -> float | None:
        """Monotonic time since when there is nothing to do; None while there is."""
        ...


Opener = Callable[[Settings, Locations], AbstractAsyncContextManager[Runtime]]


async def serve(settings: Settings, locations: Locations, *, opener: Opener | None = None) -> None:
    """Runs an engine until `ainf engine stop`, SIGTERM, SIGINT, SIGHUP or `engine.idle_timeout`.

    Raises ConflictError(`engine.running`), AinfError(`engine.socket_in_the_way`), what
    `Locations.prepare` and the runtime raise. Ends within 5 s plus the runtime's own closing.
    """
    locations.prepare()
    logs = logging_to(
        locations.engine_log,
        level=settings.engine.log_level,
        max_bytes=settings.engine.log_max_bytes,
        redact=settings.redact,
    )
    async with held(locations.engine_lock):
        with logs, _told(locations.error_spool), bound(locations.engine_socket) as listener:
            async with (opener or _opened)(settings, locations) as runtime:
                app, context = _app(runtime, locations)

                async def goodbye() -> None:
                    # From here on a newcomer finds no engine and starts one that waits for the lock.
                    locations.engine_socket.unlink(missing_ok=True)
                    _LOG.info("engine ends: %s", context.stopping)
                    await context.live.close(context.stopping)

                server = EngineServer(app, context.stopped, goodbye)
                with _signals(context), _undisturbed():
                    async with _watching(runtime, context, settings.engine.idle_timeout):
                        _LOG.info("engine %s serves on %s", __version__, locations.engine_socket)
                        await server.serve(sockets=[listener])


@asynccontextmanager
async def embedded(
    settings: Settings, locations: Locations, *, opener: Opener | None = None
) -> AsyncIterator[FastAPI]:
    """The engine inside this process, as an ASGI app for `client.AsgiTransport`; no socket, no log file.

    Raises what `serve` raises: it is the one engine of its state folder too.
    """
    locations.prepare()
    async with held(locations.engine_lock), (opener or _opened)(settings, locations) as runtime:
        app, context = _app(runtime, locations)
        try:
            yield app
        finally:
            context.stop(STOP_ASKED)
            await context.live.close(STOP_ASKED)


def _opened(settings: Settings, locations: Locations) -> AbstractAsyncContextManager[Runtime]:
    from ainf_tui import runtime  # noqa: PLC0415 - serving another runtime needs no database driver

    return runtime.opened(settings, locations)


def _app(runtime: Runtime, locations: Locations) -> tuple[FastAPI, Context]:
    home: Path = locations.home or locations.state_dir
    app = create_app(
        runtime.service, runtime.store, runtime.previews, version=__version__, home=str(home), pace=Pace()
    )
    context: Context = app.state.context
    return app, context


@contextmanager
def _told(spool_file: Path) -> Iterator[None]:
    """What ends the process is in its log, too, and in the spool: it can store nothing any more."""
    try:
        yield
    except Exception as error:
        _LOG.exception("the engine could not go on")
        _spool(spool_file, error)
        raise
    _LOG.info("engine has ended")


def _spool(path: Path, error: Exception) -> None:
    at = datetime.now(UTC)
    report = (
        of_problem(ENGINE, error, at, level="critical")
        if isinstance(error, AinfError)
        else of_exception(ENGINE, "the engine could not go on", error, at, level="critical")
    )
    try:
        if not spool(path, report):
            _LOG.error("%s is full: the next engine is not told", path)
    except OSError as trouble:
        _LOG.error("%s cannot be written: %s", path, trouble)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """The loop waits less for what else goes on in this process.

    What was loaded lives on: a collection of garbage that walks through it takes 30 ms, in which nothing else
    runs. A thread that computes, such as that of the database, gives the interpreter back after 1 ms.
    """
    before, threshold = sys.getswitchinterval(), gc.get_threshold()
    gc.freeze()
    gc.set_threshold(_GARBAGE_AT, 10, 10)
    sys.setswitchinterval(_SWITCH)
    try:
        yield
    finally:
        sys.setswitchinterval(before)
        gc.set_threshold(*threshold)
        gc.unfreeze()


@contextmanager
def _signals(context: Context) -> Iterator[None]:
    loop = asyncio.get_running_loop()
    for number in _SIGNALS:
        loop.add_signal_handler(number, context.stop, STOP_SIGNAL)
    try:
        yield
    finally:
        for number in _SIGNALS:
            loop.remove_signal_handler(number)


@asynccontextmanager
async def _watching(runtime: Runtime, context: Context, idle_timeout: float) -> AsyncIterator[None]:
    tasks = [asyncio.create_task(_stop_with(runtime, context))]
    if idle_timeout > 0:
        tasks.append(asyncio.create_task(_stop_when_idle(runtime, context, idle_timeout)))
    try:
        yield
    finally:
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task


async def _stop_with(runtime: Runtime, context: Context) -> None:
    await runtime.stop_requested.wait()
    context.stop(STOP_ENGINE)


async def _stop_when_idle(runtime: Runtime, context: Context, timeout: float) -> None:  # noqa: ASYNC109 - a setting
    while not context.stopping:
        left = _seconds_left(runtime, context, timeout)
        if left <= 0:
            context.stop(STOP_IDLE)
            return
        await asyncio.sleep(min(left, _IDLE_STEP))


def _seconds_left(runtime: Runtime, context: Context, timeout: float) -> float:
    """Until nobody will have needed the engine for so long."""
    since = runtime.idle_since()
    if since is None or context.activity.open:
        return timeout
    return max(since, context.activity.last) + timeout - time.monotonic()
