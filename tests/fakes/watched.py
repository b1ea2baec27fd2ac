"""Several apps on one engine: how long a change takes until each of them shows it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Sequence

from ainf_tui.client import Client
from ainf_tui.domain.requests import JobsRequest
from tests.fakes.terminal import Terminal

PATIENCE = 30.0


async def updates(client: Client, number: int, terminals: Sequence[Terminal], count: int) -> list[float]:
    """Holds and releases the job in turn; of each change the seconds until the last of the terminals shows
    it, by the clock at their wires. The job waits, and its row is in sight of all.
    """
    taken = []
    for turn in range(count):
        held = turn % 2 == 0
        row = rf"^.. *{number} \W {'held' if held else 'queued'} "
        # While it waits, no terminal shows yet what is asked for, so none is met by the screen of before.
        shown = [terminal.expect(row) for terminal in terminals]
        began = time.monotonic()
        request = JobsRequest((str(number),))
        await (client.jobs.hold(request) if held else client.jobs.release(request))
        moments = [await asyncio.to_thread(expected.wait, PATIENCE) for expected in shown]
        taken.append(max(moments) - began)
    return taken
