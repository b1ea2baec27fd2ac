"""From the command line to the full-screen app: hands over settings, places, and the verbs themselves."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any

from ainf_tui.cli import places
from ainf_tui.cli.app import App, ScreenOpener
from ainf_tui.cli.console import Console
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.tui.setup import Setup


def _hand_over(app: App, report: ErrorReport) -> str:
    from ainf_tui.cli.crashes import hand_over  # noqa: PLC0415 - an app that makes no mistake needs none of it

    return hand_over(app, report)


def show(app: App, opener: ScreenOpener, label: str) -> int:
    """Runs the app until the user leaves it; returns the exit code.

    Raises UsageError `config.*` and `tui.no_terminal`.
    """
    from ainf_tui.tui.main import run_app  # noqa: PLC0415 - the screen of logs alone does without it

    return run_app(opener, _setup(app, opener, label))


def show_logs(app: App, sources: Sequence[str], filters: Sequence[LogFilter]) -> int:
    """The screen of logs alone, read in this process; returns the exit code.

    Raises UsageError `config.*` and `tui.no_terminal`.
    """
    # What reads files is not for the whole app, whose engine does it.
    from ainf_tui.runtime_logs import logs_here  # noqa: PLC0415 - see above
    from ainf_tui.tui.logs.standalone import run_logs  # noqa: PLC0415 - the whole app has its own way to it

    def opener(start: bool) -> AbstractAsyncContextManager[Any]:
        """For the verbs of the command line within it."""
        from ainf_tui.cli.session import session  # noqa: PLC0415 - no client is needed to look at files

        return session(app, start=start)

    setup = _setup(app, opener, "")
    return run_logs(lambda: logs_here(setup.settings, setup.locations), setup, sources, filters)


def _setup(app: App, opener: ScreenOpener, label: str) -> Setup:
    return Setup(
        settings=places.settings(app),
        locations=places.locations(app),
        environ=app.environ,
        label=label,
        read_only=app.read_only,
        may_start=not app.read_only,
        console=Console(app, opener),
        reread=lambda: places.settings(app),
        hand_over=lambda report: _hand_over(app, report),
        lent_theme=app.lent_theme,
    )
