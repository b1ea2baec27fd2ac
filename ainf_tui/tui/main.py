"""Opens the app on this terminal. The command line reaches it through `__main__`."""

from __future__ import annotations

from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.options import Options
from ainf_tui.tui.ports import Opener


def run_app(opener: Opener, options: Options) -> int:
    """Runs until the user leaves; returns the exit code."""
    app = AinfApp(opener, options)
    app.run(mouse=options.mouse)
    return app.return_code or 0
