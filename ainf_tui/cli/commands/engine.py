"""`ainf engine run|start|stop|status|logs`."""

from __future__ import annotations

import asyncio
import os
import sys
import time
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import click

from ainf_tui.cli import exits, places
from ainf_tui.cli.app import App
from ainf_tui.cli.documents import EngineShownDocument
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call, connection
from ainf_tui.client import Client
from ainf_tui.client.process import lock_holder
from ainf_tui.display.format import local
from ainf_tui.domain.documents import EngineDocument
from ainf_tui.errors import NotFoundError, UnreachableError

_HERE = "ainf_tui.cli.commands.engine"
VERBS = {
    "status": (f"{_HERE}:engine_status", "Whether it runs, since when, which version."),
    "start": (f"{_HERE}:start", "Start it, if it does not run."),
    "stop": (f"{_HERE}:stop", "End it; jobs stay stored, ComfyUI goes on."),
    "logs": (f"{_HERE}:logs", "What it wrote to its log."),
    "run": (f"{_HERE}:run", "Be the engine, in the foreground."),
}
STOP_SECONDS = 15.0
_TAIL = 4 * 1024 * 1024
"""Bytes from the log's end that `logs` looks at."""


@click.group(
    "engine", cls=LazyGroup, lazy=VERBS, default="status", short_help="The process that owns the queue."
)
def engine() -> None:
    """The engine owns queue, sockets and database. It starts by itself when a command needs it."""


@click.command("run", short_help=VERBS["run"][1])
@click.option(
    "--settings", "handover", type=click.Path(path_type=Path), hidden=True, help="Settings from a starter."
)
@click.pass_obj
def run(app: App, *, handover: Path | None) -> int:
    """Be the engine, in the foreground: for service managers and containers."""
    places.changes(app, "engine run")
    # httpx brings a command line of its own where rich is installed, which loads rich and pygments: a tenth
    # of an engine's start. None says that there is no such module, and httpx goes without it.
    sys.modules.setdefault("httpx._main", None)  # type: ignore[arg-type] # the documented way to say so
    from ainf_tui.api.serve import serve  # noqa: PLC0415 -- the engine's libraries, only for the engine
    from ainf_tui.settings import Settings  # noqa: PLC0415 -- same

    if handover is None:
        places.only_here(app, "ainf engine run")
    settings = Settings.from_private_file(handover) if handover is not None else places.settings(app)
    asyncio.run(serve(settings, places.locations(app)))
    return exits.OK


@click.command("start", short_help=VERBS["start"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.engine/1` on stdout.")
@click.pass_obj
def start(app: App, *, _json: bool) -> int:
    """Start it, if it does not run."""
    return _told(app, call(app, partial(_shown, app)))


@click.command("status", short_help=VERBS["status"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.engine/1` on stdout.")
@click.pass_obj
def engine_status(app: App, *, _json: bool) -> int:
    """Whether it runs, since when, which version. Starts none; exit code 1 if none runs."""
    try:
        return _told(app, call(app, partial(_shown, app), start=False))
    except UnreachableError as exc:
        if exc.code != "engine.not_running":
            raise
        return _told(app, EngineShownDocument(EngineDocument(running=False)))


@click.command("stop", short_help=VERBS["stop"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.engine/1` on stdout.")
@click.pass_obj
def stop(app: App, *, _json: bool) -> int:
    """End it; jobs stay stored, ComfyUI goes on with what it has. The next command starts it again."""
    try:
        with connection(app):
            if app.tunnel is not None:  # Only there its lock can be seen.
                asyncio.run(app.tunnel.stop_engine())
            else:
                call(app, lambda client: _stop(app, client), start=False)
            if not app.out.json:
                app.out.line(
                    "The engine has ended; jobs stay stored, and the next command that needs it starts it."
                )
                return exits.OK
    except UnreachableError as exc:
        if exc.code != "engine.not_running":
            raise
    _told(app, EngineShownDocument(EngineDocument(running=False)))
    return exits.OK


async def _shown(app: App, client: Client) -> EngineShownDocument:
    engine = (await client.status()).engine
    # A socket of another machine is no path of this one, and an embedded engine has none.
    socket = "" if engine.embedded or app.tunnel is not None else str(places.locations(app).engine_socket)
    return EngineShownDocument(engine, socket=socket, api=(await client.engine.version()).api)


async def _stop(app: App, client: Client) -> None:
    """Asks it to end and waits until it has let go of the state folder."""
    stopping = await client.engine.stop()
    lock = places.locations(app).engine_lock
    give_up = time.monotonic() + STOP_SECONDS
    while lock_holder(lock) == stopping.pid:
        if time.monotonic() > give_up:
            raise UnreachableError(
                "engine.does_not_end",
                f"the engine (pid {stopping.pid}) was asked to end {STOP_SECONDS:g} s ago and has not",
                hint="`ainf engine logs` shows what it is at; jobs are stored, so `kill` does no harm.",
            )
        await asyncio.sleep(0.05)


def _told(app: App, shown: EngineShownDocument) -> int:
    engine = shown.engine
    if app.out.json:
        app.out.emit(shown)
    elif engine.running:
        where = "in this process" if engine.embedded else f"pid {engine.pid}"
        app.out.line(
            f"The engine runs: {where}, version {show(engine.version or '?')}, since {local(engine.since)}."
        )
    else:
        app.out.line("No engine is running; the next command that needs one starts it.")
    return exits.OK if engine.running else exits.FAILED


# -- logs ------------------------------------------------------------------------------------------
@click.command("logs", short_help=VERBS["logs"][1])
@click.option(
    "-n",
    "--lines",
    type=click.IntRange(0),
    metavar="N",
    default=100,
    show_default=True,
    help="How many, from the end.",
)
@click.option("-f", "--follow", is_flag=True, help="Go on with what comes, until Ctrl-C.")
@click.pass_obj
def logs(app: App, *, lines: int, follow: bool) -> int:
    """What it wrote to its log, the newest last. No engine needs to run."""
    places.only_here(app, "ainf engine logs")
    file = places.locations(app).engine_log
    if not file.exists() and not follow:
        raise NotFoundError("engine.no_log", f"there is no log at {file}", hint="No engine has run here yet.")
    for line in tail(file, lines):
        app.out.line(show(line))
    if follow:
        for line in grow(file):
            app.out.line(show(line))
    return exits.OK


def tail(file: Path, count: int) -> list[str]:
    """The last `count` lines; none if there is no file."""
    try:
        with file.open("rb") as stream:
            size = stream.seek(0, os.SEEK_END)
            stream.seek(max(0, size - _TAIL))
            lines = stream.read().decode("utf-8", "replace").splitlines()
    except FileNotFoundError:
        return []
    return lines[-count:] if count else []


def grow(file: Path, *, pause: float = 0.3) -> Iterator[str]:
    """Whole lines as they come, through rotations of the file. Never ends."""
    place, position, rest = _place(file), file.stat().st_size if file.exists() else 0, b""
    while True:
        now = _place(file)
        if now != place:
            place, position, rest = now, 0, b""
        if now is not None:
            with file.open("rb") as stream:
                stream.seek(position)
                data = stream.read()
            position += len(data)
            *whole, rest = (rest + data).split(b"\n")
            for line in whole:
                yield line.decode("utf-8", "replace")
        time.sleep(pause)


def _place(file: Path) -> tuple[int, int] | None:
    try:
        facts = file.stat()
    except FileNotFoundError:
        return None
    return facts.st_dev, facts.st_ino
