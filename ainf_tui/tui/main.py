"""Opens the app on this terminal. The command line reaches it through `__main__`."""

from __future__ import annotations

import sys
from datetime import UTC, datetime

from ainf_tui.domain.errors.reports import APP, of_exception
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.garbage import Garbage
from ainf_tui.tui.ports import Opener
from ainf_tui.tui.session import lent_theme, read_session
from ainf_tui.tui.setup import Setup, asked, make_options
from ainf_tui.tui.terminal.abilities import decide
from ainf_tui.tui.terminal.probe import Probe


def run_app(opener: Opener, setup: Setup) -> int:
    """Runs until the user leaves; returns the exit code. Raises UsageError `tui.no_terminal`."""
    tty = all(stream is not None and stream.isatty() for stream in (sys.__stdin__, sys.__stdout__))
    able = decide(setup.environ, asked(setup.settings), Probe(), tty=tty)
    session = read_session(setup.locations.app_session_file)
    theme = session.chosen("theme", setup.settings.app.theme)
    if not theme and setup.lent_theme is not None:
        theme = lent_theme(*setup.lent_theme)
    options = make_options(setup, able, theme)
    app = AinfApp(opener, options, session)
    app.garbage = Garbage(settled=4.0)  # the other screens are made behind the first one
    app.run(mouse=options.mouse)
    # What ended the app was told by Textual, on the terminal that it gave back.
    if (mistake := app._exception) is not None and options.hand_over is not None:  # noqa: SLF001 - no other way
        options.hand_over(of_exception(APP, "the app could not go on", mistake, datetime.now(UTC)))
    return app.return_code or 0
