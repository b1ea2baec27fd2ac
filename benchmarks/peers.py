"""`python -m benchmarks.peers`: installs the peers that come from PyPI, each in an environment of its own,
so that `make bench` can measure them in the same run. The compiled ones come from the system's packages.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Mapping, Sequence

from benchmarks.programs import PEERS

PACKAGES: Mapping[str, Sequence[str]] = {
    "toolong": ["toolong"],
    # With tree-sitter 0.26 the Textual that posting asks for dies of a segmentation fault.
    "posting": ["posting", "tree-sitter<0.26"],
    "harlequin": ["harlequin"],
}
SYSTEM = ("htop", "btop", "lnav")


def main() -> int:
    """1 if one of them could not be installed; the others are there all the same."""
    failed = [name for name, packages in PACKAGES.items() if not _installed(name, packages)]
    print(f"also measured where they are on PATH: {', '.join(SYSTEM)}")
    if failed:
        print(f"not installed: {', '.join(failed)}", file=sys.stderr)
    return 1 if failed else 0


def _installed(name: str, packages: Sequence[str]) -> bool:
    folder = PEERS / name
    print(f"{name}: {folder}", flush=True)
    steps = (
        [sys.executable, "-m", "venv", "--clear", str(folder)],
        [
            str(folder / "bin" / "python"),
            "-m",
            "pip",
            "install",
            "-q",
            "--disable-pip-version-check",
            *packages,
        ],
    )
    return all(subprocess.run(step, check=False).returncode == 0 for step in steps)


if __name__ == "__main__":
    sys.exit(main())
