"""A person's half hour with the app, by keyboard, in terminals of three sizes. The script is `story.py`."""

from __future__ import annotations

import asyncio
import base64

import pytest

from tests.tui.story import RETURN, STAGES, prepared, states

ENDED = {"succeeded", "failed", "cancelled"}


def copied(terminal) -> str:
    """What came to the terminal's clipboard last."""
    sent = [text for text in terminal.xterm.strings if text.startswith("]52;c;")]
    return base64.b64decode(sent[-1].rpartition(";")[2]).decode()


@pytest.mark.parametrize("size", [(80, 24), (120, 40), (200, 60)], ids=lambda size: f"{size[0]}x{size[1]}")
async def test_a_half_hour(tmp_path, size):
    async with prepared(tmp_path) as story:
        engine = story.engine_pid
        with story.app(size) as terminal:
            for stage in STAGES:
                await story.play(terminal, stage)
            terminal.press("q")
            assert await asyncio.to_thread(terminal.wait_exit) == 0
            assert terminal.modes_left_on() == []
            assert not terminal.xterm.unknown
            assert "comfyui.out_of_memory" in copied(terminal)
            assert terminal.tree.processes() == []
        left = await story.jobs()
        assert states(left, "running") == {3}, "work waits when the person leaves"
        await story.go_on()
        await story.until(lambda jobs: states(jobs, "succeeded") == {3, 4, 9, 10})
        with story.app(size) as terminal:
            await story.play(terminal, RETURN)
            terminal.press("q")
            assert await asyncio.to_thread(terminal.wait_exit) == 0
        assert story.engine_pid == engine
        jobs = await story.jobs()
        assert {number: job.state for number, job in jobs.items() if job.state not in ENDED} == {8: "queued"}
        assert jobs[8].held
        assert set((await story.sim.executions()).values()) == {1}
        assert all(len(jobs[number].outputs) == 1 for number in (3, 4, 9, 10))
