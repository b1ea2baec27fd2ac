"""Settings and folders of this run of the command line."""

from __future__ import annotations

from pathlib import Path

from ainf_tui.cli.app import App
from ainf_tui.domain.wire import read_only_error
from ainf_tui.errors import UsageError
from ainf_tui.locations import Locations, locate
from ainf_tui.settings import Settings, resolve


def changes(app: App, what: str) -> None:
    """To be called by a command that changes something without asking an engine.

    Raises ForbiddenError(`api.read_only`) with `--read-only`.
    """
    if app.read_only:
        raise read_only_error(what)


def locations(app: App) -> Locations:
    """Where things are: `--home`, AINF_HOME, or the platform's folders."""
    return locate(app.environ, Path(app.home) if app.home else None)


def settings(app: App) -> Settings:
    """The resolved settings. Raises UsageError(`config.*`) that lists all that is wrong."""
    return resolve(app.flags, app.environ, locations(app).config_file)


def box(app: App, found: Settings) -> str:
    """The address of the machine whose engine is meant (`ssh://...`); empty: this one.

    Raises UsageError(`connect.conflict`) beside `--home` and `--embedded`, which are about this one.
    """
    url = found.connect.url if app.connect is None else app.connect
    here = "--home" if app.home else "--embedded" if app.embedded else ""
    if not (url and here):
        return url
    source = "--connect" if app.connect is not None else found.sources.get("connect.url", "the settings")
    raise UsageError(
        "connect.conflict",
        f"{here} is about an engine of this machine, and {source} names another machine",
        hint="The path in ssh://box/path is the AINF_HOME there. `--connect ''` stays on this machine.",
    )


def only_here(app: App, what: str) -> None:
    """UsageError(`connect.only_here`) when another machine's engine is meant: `what` reads files."""
    if url := box(app, settings(app)):
        raise UsageError(
            "connect.only_here",
            f"`{what}` works on the files of its own machine and cannot be used over --connect ({url})",
            hint="Run it in a shell of that machine; for this one: "
            f"`ainf --connect '' {what.removeprefix('ainf ')}`",
        )
