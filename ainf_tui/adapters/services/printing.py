"""Where a process that we did not start writes what it prints. Linux; blocking, a few microseconds."""

from __future__ import annotations

import os
import stat
from pathlib import Path

from ainf_tui.adapters.processes import PROC

_STREAMS = (2, 1)
"""Standard error first: logs go there by habit."""


def printed_to(pid: int, proc: Path = PROC) -> str:
    """The file that it prints to (`python main.py > comfy.log 2>&1 &`).

    Empty: a terminal, a pipe, a journal, a file that is gone or may not be read, or not to be known.
    """
    for stream in _STREAMS:
        try:
            opened = (proc / str(pid) / "fd" / str(stream)).stat()
            path = (proc / str(pid) / "fd" / str(stream)).readlink()
            there = path.stat()
        except OSError:
            continue
        same = (opened.st_dev, opened.st_ino) == (there.st_dev, there.st_ino)
        if same and stat.S_ISREG(opened.st_mode) and os.access(path, os.R_OK):
            return str(path)
    return ""
