"""`ainf` and `python -m ainf_tui`."""

from __future__ import annotations

import atexit
import gc
import sys

GARBAGE_AT = 20_000
"""New containers between two collections. Imports make 20,000 that all live on: at Python's own 700 a
command spends a twentieth of its CPU on looking at them.
"""


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    gc.set_threshold(GARBAGE_AT, 10, 10)
    # The interpreter's last collections would walk through everything once more: a tenth of a command.
    atexit.register(gc.freeze)
    from ainf_tui.cli.main import run  # noqa: PLC0415 -- nothing is loaded by importing this module

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
