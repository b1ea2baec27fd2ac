"""Three apps in three terminals on one engine: how soon all of them show a change."""

from __future__ import annotations

import asyncio
from contextlib import ExitStack
from statistics import median

from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import RunRequest
from benchmarks.box import Home, engine
from benchmarks.figures import Figure, Lab
from benchmarks.programs import ainf_queue
from benchmarks.sitting import STILL_MS, opened, percentile
from tests.fakes.watched import updates

APPS = 3
UPDATES = 200
JOBS = 5
WATCHED = 3
"""Number of the job that changes."""


async def three_apps(lab: Lab) -> Figure:
    """Milliseconds from the request until the last of three terminals shows it, 95th percentile. A waiting
    job is held and released in turn; the request's own time is in the figure.
    """
    async with engine(Home(lab.folder / "three")) as running:
        await running.client.queue.pause()
        values: dict[str, str | int] = {"prompt": "a red bicycle"}
        request = RunRequest(new_id(), preset="portrait", values=values, count=JOBS, seed="1")
        await running.client.jobs.submit(request)
        lab.say(f"{APPS} apps, {lab.amount(UPDATES)} changes")
        with ExitStack() as stack:
            terminals = [stack.enter_context(opened(ainf_queue(running.home))) for _ in range(APPS)]
            for terminal in terminals:
                await asyncio.to_thread(terminal.wait_text, rf"^.. *{WATCHED} \W queued")
                await asyncio.to_thread(terminal.wait_still, STILL_MS)
            taken = [
                seconds * 1e3
                for seconds in await updates(running.client, WATCHED, terminals, lab.amount(UPDATES, 20))
            ]
    note = f"median {median(taken):.0f} ms, slowest {max(taken):.0f} ms"
    return Figure(percentile(taken, 95), note, {"p50": median(taken), "slowest": max(taken)})
