"""Three apps on one engine show the same, and soon."""

from __future__ import annotations

import asyncio
import re
from contextlib import ExitStack
from statistics import median

from tests.fakes.watched import updates
from tests.tui.story import Story

UPDATES = 20
FACTOR = 6
"""How much slower the last of three may be than one alone, with two cores and other tests beside."""


def listed(terminal) -> list[str]:
    """Number and state of each row."""
    found = re.findall(r"^.. *(\d+) \W (\w+)", terminal.text, re.MULTILINE)
    return [f"{number} {state}" for number, state in found]


async def test_three_apps_show_the_same(tmp_path):
    async with Story(tmp_path) as story, asyncio.timeout(100):
        await story.start_engine()
        await story.client.queue.pause()
        await story.submit_some(5)
        with ExitStack() as stack:

            async def another():
                terminal = stack.enter_context(story.app((120, 40)))
                await asyncio.to_thread(terminal.wait_text, r"1 Dashboard +2 Queue")
                terminal.press("2")
                await asyncio.to_thread(terminal.wait_text, r"^.. *5 \W queued")
                return terminal

            first = await another()
            alone = await updates(story.client, 3, [first], UPDATES // 2)
            terminals = [first, await another(), await another()]
            together = await updates(story.client, 3, terminals, UPDATES)
            assert median(together) < FACTOR * median(alone)
            await story.client.queue.resume()
            await story.until(lambda jobs: all(job.state == "succeeded" for job in jobs.values()))
            for terminal in terminals:
                await asyncio.to_thread(terminal.wait_text, r"QUEUE +0 open")
                await asyncio.to_thread(terminal.wait_still)
            assert sorted(listed(first)) == [f"{number} succeeded" for number in range(1, 6)]
            assert listed(first) == listed(terminals[1]) == listed(terminals[2])
