"""`ainf demo`: the app with a box of its own, all of which ends with it."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any

import click

from ainf_tui.cli import exits, places
from ainf_tui.cli.app import App
from ainf_tui.cli.session import open_screen
from ainf_tui.errors import AinfError, UsageError
from ainf_tui.locations import Locations

_ENDS_SECONDS = 15.0
_LOOKS = ("app.images", "app.ascii", "app.mouse", "app.low_bandwidth")
"""Settings of the user that hold in the demo, too: they are about him and his terminal."""


@click.command("demo", short_help="The app with a simulated ComfyUI and work going on.")
@click.option(
    "--json",
    "_json",
    is_flag=True,
    help="No app: a document `ainf.demo/1` on stdout, and the box lives until stdin ends.",
)
@click.pass_obj
def demo(app: App, *, _json: bool) -> int:
    r"""The app with a simulated ComfyUI and work going on, on a scratch home. Needs nothing, changes nothing.

    It is labelled DEMO. When the app ends, or is killed, the simulator, the engine and their folder go
    too. With --json there is no app; point commands at the home that is printed:

    \b
    ainf --home /tmp/ainf-demo-k2x9 queue
    """
    if app.out.json:
        from ainf_tui.cli.demobox import keep  # noqa: PLC0415 -- the simulator, only for itself

        asyncio.run(keep(app.out.emit))
        return exits.OK
    if app.open_screen is None or not app.out.terminal:
        raise UsageError(
            "demo.no_terminal",
            "the demo's app needs a terminal to draw on and to read keys from",
            hint="`ainf demo --json` keeps the demo going without one.",
        )
    app.out.note("Starting the demo: a simulated ComfyUI, an engine, some work...", "dim")
    with _box(app.environ) as (home, label):
        inner = App(
            app.out, environ=_without_settings(app.environ), open_screen=app.open_screen, grace=app.grace
        )
        inner.home, inner.connect = home, ""
        inner.flags = looks(app)
        inner.lent_theme = theme_of(app)
        lend_themes(places.locations(app), places.locations(inner))
        return open_screen(inner, label)


@contextmanager
def _box(environ: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    """Home and label of a scratch box in a process of its own, in a session of its own.

    It holds the other end of our pipe: when we end, however we end, the pipe does, and then it clears up.
    Raises AinfError(`demo.did_not_start`).
    """
    words = [sys.executable, "-m", "ainf_tui", "demo", "--json"]
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(  # noqa: S603 - our own command, no shell
            words,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            cwd="/",
            env=_without_settings(environ),
            start_new_session=True,
        )
        home = ""
        try:
            shown = _document(process.stdout, errors)
            home = shown["home"]
            yield home, shown["label"]
        finally:
            _end(process)
            if home and (process.returncode or 0) < 0:  # Killed: nobody has cleared up.
                from ainf_tui.cli.demobox import clear_up  # noqa: PLC0415 -- as above

                clear_up(Path(home))


def _document(stdout: IO[bytes] | None, errors: IO[bytes]) -> Mapping[str, Any]:
    line = stdout.readline() if stdout is not None else b""
    with suppress(ValueError):
        found: Mapping[str, Any] = json.loads(line)
        return found
    errors.seek(0)
    words = errors.read(4000).decode(errors="replace").strip()
    with suppress(ValueError, KeyError):
        words = json.loads(words.splitlines()[-1] if words else "")["error"]["message"]
    raise AinfError(
        "demo.did_not_start",
        f"the demo did not start: {words or 'it ended without a word'}",
        hint="`ainf demo --json` shows all that it says.",
    )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Closes the pipe and waits until all is cleared up; what takes too long goes on without us."""
    for pipe in (process.stdin, process.stdout):
        if pipe is not None:
            pipe.close()
    with suppress(subprocess.TimeoutExpired):
        process.wait(_ENDS_SECONDS)


def looks(app: App) -> dict[str, Any]:
    """How the user has the app, as flags. Settings that are wrong are no reason to have no demo."""
    found: dict[str, Any] = {}
    with suppress(AinfError):
        settings = places.settings(app)
        given = {name for name, source in settings.sources.items() if source != "default"}
        found = {name: settings.value(name) for name in _LOOKS if name in given}
    return {**found, **app.flags}


def theme_of(app: App) -> tuple[Path, str] | None:
    """Where the user's app keeps the theme that was chosen in it, and the one of the settings."""
    with suppress(AinfError):
        return places.locations(app).app_session_file, places.settings(app).app.theme
    return None


def lend_themes(user: Locations, scratch: Locations) -> None:
    """The user's own themes; of the demo only the link is removed."""
    if user.user_themes_dir.is_dir() and not scratch.user_themes_dir.exists():
        scratch.user_themes_dir.symlink_to(user.user_themes_dir.absolute())


def _without_settings(environ: Mapping[str, str]) -> dict[str, str]:
    """The user's settings are about his own box; but for `_LOOKS`."""
    return {name: value for name, value in environ.items() if not name.startswith("AINF_")}
