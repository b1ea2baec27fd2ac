"""`ainf` and `python -m ainf_tui`."""

from __future__ import annotations

import sys


def main() -> None:
    """Runs the command line and ends the process with its exit code."""
    from ainf_tui.cli.main import run  # noqa: PLC0415 -- nothing is loaded by importing this module

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
