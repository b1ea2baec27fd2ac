"""What a process is called."""

from __future__ import annotations

import psutil


def process_name(pid: int) -> str:
    """Empty where it has ended, or lives in another container's namespace."""
    try:
        return psutil.Process(pid).name()
    except psutil.Error:
        return ""
