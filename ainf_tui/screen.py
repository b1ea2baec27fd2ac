"""From the command line to the full-screen app: hands over settings, places, and the verbs themselves."""

from __future__ import annotations

from ainf_tui.cli import places
from ainf_tui.cli.app import App, ScreenOpener
from ainf_tui.cli.console import Console
from ainf_tui.tui.main import run_app
from ainf_tui.tui.setup import Setup


def show(app: App, opener: ScreenOpener, label: str) -> int:
    """Runs the app until the user leaves it; returns the exit code.

    Raises UsageError `config.*` and `tui.no_terminal`.
    """
    setup = Setup(
        settings=places.settings(app),
        locations=places.locations(app),
        environ=app.environ,
        label=label,
        read_only=app.read_only,
        may_start=not app.read_only,
        console=Console(app, opener),
        reread=lambda: places.settings(app),
        lent_theme=app.lent_theme,
    )
    return run_app(opener, setup)
