"""One engine a state folder: an advisory lock that death releases and nothing else does."""

from __future__ import annotations

import asyncio
import fcntl
import os
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from ainf_tui.errors import ConflictError

_PATIENCE = 1.0
"""Seconds: a starter's look at the lock and a predecessor's last moments pass by themselves."""
_STEP = 0.05


@asynccontextmanager
async def held(path: Path) -> AsyncIterator[None]:
    """Holds the lock and writes our pid into the file, for people and for the error of the next one.

    Raises ConflictError(`engine.running`) when another process holds it for longer than a second.
    The descriptor is not inherited: a service that outlives the engine does not hold its lock.
    """
    handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        await _take(handle, path)
        os.ftruncate(handle, 0)
        os.pwrite(handle, f"{os.getpid()}\n".encode(), 0)
        yield
    finally:
        os.close(handle)


async def _take(handle: int, path: Path) -> None:
    give_up = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > give_up:
                raise _running(os.pread(handle, 32, 0), path) from None
            await asyncio.sleep(_STEP)
        else:
            return


def _running(content: bytes, path: Path) -> ConflictError:
    pid = content.decode("ascii", errors="replace").strip()
    known = pid.isdecimal()
    return ConflictError(
        "engine.running",
        f"an engine{f' (pid {pid})' if known else ''} already holds {path.parent}",
        hint="`ainf engine status` shows it, `ainf engine stop` ends it.",
        details={"pid": int(pid) if known else None, "path": str(path)},
    )
