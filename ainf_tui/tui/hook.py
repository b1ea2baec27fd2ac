"""The user's own command when jobs have ended: no shell, bounded time, nothing left behind."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import signal
from collections.abc import Mapping
from contextlib import suppress

from ainf_tui.tui.notices import Notice

SECONDS = 10.0
"""How long it may take; then it is killed with all that it started."""


async def run_hook(command: str, notice: Notice, environ: Mapping[str, str], seconds: float = SECONDS) -> str:
    """Runs it to its end; returns what was wrong, empty if nothing. Its output goes nowhere."""
    words = shlex.split(command)
    if not words:
        return ""
    try:
        process = await asyncio.create_subprocess_exec(
            *words,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
            env={**environ, **notice.variables()},
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        return f"{words[0]} cannot be started: {getattr(error, 'strerror', None) or error}"
    try:
        async with asyncio.timeout(seconds):
            await process.communicate(json.dumps(notice.document(), default=str).encode())
    except TimeoutError:
        return f"{words[0]} took longer than {seconds:g} s and was killed"
    finally:
        # While it has not been waited for, the group is its own and nobody else's.
        if process.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            await process.wait()
    return f"{words[0]} ended with {process.returncode}" if process.returncode else ""
