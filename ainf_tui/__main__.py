"""`ainf` and `python -m ainf_tui`."""

from __future__ import annotations

import atexit
import gc
import sys
from collections.abc import Sequence
from typing import Any

GARBAGE_AT = 200_000
"""New containers between two collections. Imports make 20,000 to 100,000 that all live on: at Python's own
700 a command spends a twentieth of its CPU on looking at them, at 20,000 the app 4 % of its start's.
"""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    gc.set_threshold(GARBAGE_AT, 10, 10)
    # The interpreter's last collections would walk through everything once more: a tenth of a command.
    atexit.register(gc.freeze)
    from ainf_tui.cli.app import App, ScreenOpener  # noqa: PLC0415 -- nothing is loaded by importing this module
    from ainf_tui.cli.main import run  # noqa: PLC0415 -- same

    def open_screen(app: App, opener: ScreenOpener, label: str) -> int:
        """Brings the two front ends together, which do not know each other."""
        from ainf_tui.screen import show  # noqa: PLC0415 -- few commands open the screen

        return show(app, opener, label)

    def open_logs(app: App, sources: Sequence[str], filters: Sequence[Any]) -> int:
        """The same for the screen of logs alone."""
        from ainf_tui.screen import show_logs  # noqa: PLC0415 -- as above

        return show_logs(app, sources, filters)

    sys.exit(run(sys.argv[1:], App(open_screen=open_screen, open_logs=open_logs)))


if __name__ == "__main__":
    main()
