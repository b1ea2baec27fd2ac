"""The simulator as a process: what `ainf simulator` and `python -m ainf_tui.simulator` call."""

from __future__ import annotations

import asyncio
import contextlib
import signal
import sys
from typing import Any

from ainf_tui.simulator.options import LOOPBACK, SimulatorOptions
from ainf_tui.simulator.server import serve


def run_simulator(port: int, **options: Any) -> None:
    """Run until interrupted; prints one line when it listens.

    `options` are the fields of `SimulatorOptions`. Raises `UsageError` for values that cannot be
    meant and `UnreachableError` if the port is taken.
    """
    chosen = SimulatorOptions(port=port, **options)
    with contextlib.suppress(KeyboardInterrupt, asyncio.CancelledError):
        asyncio.run(_serve(chosen))


async def _serve(options: SimulatorOptions) -> None:
    """Serve until SIGTERM or an interrupt, and leave no temporary folder behind."""
    task = asyncio.current_task()
    if task is not None:
        with contextlib.suppress(NotImplementedError):  # Windows ends a process without asking it
            asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    await serve(options, _ready)


def _ready(port: int) -> None:
    sys.stdout.write(f"ainf simulator (DEMO) listening on http://{LOOPBACK}:{port}\n")
    sys.stdout.flush()
