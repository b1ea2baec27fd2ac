"""Settings and folders of this run of the command line."""

from __future__ import annotations

from pathlib import Path

from ainf_tui.cli.app import App
from ainf_tui.domain.wire import read_only_error
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
    return resolve({}, app.environ, locations(app).config_file)
