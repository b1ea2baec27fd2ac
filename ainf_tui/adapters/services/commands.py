"""A command that runs for a moment: an exec check, a stop command. Blocking: call it in a thread."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence

NOT_FOUND, NOT_EXECUTABLE = 127, 126
"""What a shell answers for a command that is not there, or is no program."""
_LAST_PATIENCE = 1.0


def run_command(command: Sequence[str], *, cwd: str, env: Mapping[str, str], within: float) -> int | None:
    """Its exit code (-9 for SIGKILL); None: it did not end in time, and its whole group has been killed.

    What it prints goes nowhere: it would be the one unbounded thing here. `env` is over our own.
    """
    try:
        process = subprocess.Popen(  # noqa: S603 - the user's own command, no shell
            list(command),
            cwd=cwd or None,
            env={**os.environ, **env},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except FileNotFoundError:
        return NOT_FOUND
    except (OSError, ValueError):  # ValueError: a NUL in an argument
        return NOT_EXECUTABLE
    if _ends(process, within):
        return process.returncode
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    with contextlib.suppress(subprocess.TimeoutExpired):  # A disk that hangs holds even the killed.
        process.wait(_LAST_PATIENCE)
    return None


def _ends(process: subprocess.Popen[bytes], within: float) -> bool:
    """Without looking again and again where the system can tell (Linux)."""
    with contextlib.suppress(AttributeError, OSError):
        handle = os.pidfd_open(process.pid)
        try:
            wakes = select.poll()
            wakes.register(handle, select.POLLIN)
            wakes.poll(within * 1000)
        finally:
            os.close(handle)
        return process.poll() is not None
    with contextlib.suppress(subprocess.TimeoutExpired):
        process.wait(within)
    return process.returncode is not None
