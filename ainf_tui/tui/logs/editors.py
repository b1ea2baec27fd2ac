"""How editors and pagers are told a line. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

PLUS = frozenset(
    [
        "vi",
        "vim",
        "nvim",
        "view",
        "nano",
        "pico",
        "emacs",
        "emacsclient",
        "less",
        "more",
        "most",
        "kak",
        "micro",
        "joe",
        "jed",
        "ne",
        "mcedit",
        "gedit",
    ]
)
"""Those that take `+LINE`."""
COLON = frozenset({"hx", "helix", "subl", "zed"})
"""Those that take `FILE:LINE`."""
GOTO = frozenset({"code", "codium", "code-server", "cursor"})
"""Those that take `--goto FILE:LINE`."""


def at_line(command: Sequence[str], path: Path, line: int | None) -> list[str]:
    """The whole command; of a program that is not known, without the line. ValueError for no command."""
    if not command:
        raise ValueError("there is no command")
    name = Path(command[0]).name
    if line is None:
        return [*command, str(path)]
    if name in PLUS:
        return [*command, f"+{line}", str(path)]
    if name in COLON:
        return [*command, f"{path}:{line}"]
    return [*command, "--goto", f"{path}:{line}"] if name in GOTO else [*command, str(path)]
