"""The simulator as a process: what `ainf simulator` and `python -m ainf_tui.simulator` call."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import sys
from typing import Any

from ainf_tui.simulator.options import LISTENS, LOOPBACK, SimulatorOptions
from ainf_tui.simulator.server import serve


def run_simulator(port: int, *, until_stdin_ends: bool = False, **options: Any) -> None:
    """Run until interrupted; prints one line when it listens. `until_stdin_ends`: or until whoever holds the
    other end of our stdin, a pipe, is gone, however that came about.

    `options` are the fields of `SimulatorOptions`. Raises `UsageError` for values that cannot be
    meant and `UnreachableError` if the port is taken.
    """
    chosen = SimulatorOptions(port=port, **options)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(chosen, until_stdin_ends=until_stdin_ends))


async def _serve(options: SimulatorOptions, *, until_stdin_ends: bool) -> None:
    """Serve until SIGTERM or an interrupt, and leave no temporary folder behind."""
    task, loop = asyncio.current_task(), asyncio.get_running_loop()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows ends a process without asking it
            loop.add_signal_handler(signal.SIGTERM, task.cancel)
        if until_stdin_ends:
            loop.add_reader(0, lambda: os.read(0, 4096) or task.cancel())
    await serve(options, _ready)


def _ready(port: int) -> None:
    sys.stdout.write(f"ainf simulator (DEMO) {LISTENS}http://{LOOPBACK}:{port}\n")
    sys.stdout.flush()
