"""Of frames that come together only those that say something are read, and the others change nothing."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from typing import Any

import pytest

from ainf_tui.adapters.comfy.burst import Burst
from ainf_tui.adapters.comfy.wire import parse_frame
from ainf_tui.domain.comfy import ComfyEvent, MalformedMessage, Progress, ProgressState
from ainf_tui.domain.progress import Tracker
from tests.adapters.comfy.recordings import SESSIONS, frames

ID = "0b5b1ac5-19b9-4f4f-9d7b-a8c3a0d6f0aa"
OTHER = "7c1c4ffe-55a1-4cdd-a6b5-7e4b5b9a1fbb"


class Taken:
    """A burst whose events are kept; `parsed` counts the frames that were decoded."""

    def __init__(self) -> None:
        self.events: list[ComfyEvent] = []
        self.parsed = 0
        self.burst = Burst(self._parse, self.events.append)

    def _parse(self, raw: str | bytes) -> tuple[ComfyEvent, ...]:
        self.parsed += 1
        return parse_frame(raw)


def state(step: int, prompt: str = ID, **more: Any) -> str:
    node = {"value": step, "max": 20, "state": "running", "node_id": "3", "prompt_id": prompt}
    return json.dumps({"type": "progress_state", "data": {"prompt_id": prompt, "nodes": {"3": node}, **more}})


def step(value: int, prompt: str = ID) -> str:
    data = {"value": value, "max": 20, "prompt_id": prompt, "node": "3"}
    return json.dumps({"type": "progress", "data": data})


def executing(prompt: str = ID) -> str:
    return json.dumps({"type": "executing", "data": {"node": "8", "display_node": "8", "prompt_id": prompt}})


def values(events: list[ComfyEvent]) -> list[Any]:
    """Steps of progress states, names of other kinds."""
    return [
        event.nodes[0].value if isinstance(event, ProgressState) else type(event).__name__ for event in events
    ]


async def test_the_newest_progress_stands_for_all_before_it() -> None:
    taken = Taken()
    for n in range(1, 8):
        taken.burst.take(state(n))
        taken.burst.take(step(n))
    await asyncio.sleep(0)
    assert [v for v in values(taken.events) if v != "Progress"] == [1, 7]  # the first one, to be understood
    taken.parsed = 0
    for n in range(8, 18):
        taken.burst.take(state(n))
        taken.burst.take(step(n))
    assert taken.parsed == 0
    await asyncio.sleep(0)
    assert (taken.parsed, values(taken.events)[-1]) == (1, 17)


async def test_what_comes_alone_is_told_at_the_loops_next_turn() -> None:
    taken = Taken()
    for n in (1, 2, 3):
        taken.burst.take(state(n))
        await asyncio.sleep(0)
    assert values(taken.events) == [1, 2, 3]


async def test_other_frames_keep_their_place() -> None:
    taken = Taken()
    for raw in (state(1), state(2), executing(), state(3), state(4, OTHER), state(5, OTHER), state(6)):
        taken.burst.take(raw)
    taken.burst.flush()
    assert values(taken.events) == [2, "Executing", 3, 5, 6]


async def test_progress_of_a_prompt_without_a_state_is_told() -> None:
    """As older servers send it, and for a prompt whose states nobody can read."""
    taken = Taken()
    taken.burst.take(step(1))
    taken.burst.take(state(2).replace('"nodes": {', '"nodes": [{').replace("}}}", "}]}}"))
    taken.burst.take(step(3))
    taken.burst.take(state(4, OTHER))
    taken.burst.flush()
    taken.burst.take(step(5))
    kinds = [type(event) for event in taken.events]
    assert kinds == [Progress, MalformedMessage, Progress, ProgressState, Progress]


@pytest.mark.parametrize("separators", [(",", ":"), (" , ", " : ")])
async def test_written_in_another_way_it_is_decoded_as_it_comes(separators: tuple[str, str]) -> None:
    taken = Taken()
    for n in (1, 2):
        taken.burst.take(json.dumps(json.loads(state(n)), separators=separators))
    assert values(taken.events) == [1, 2]


@pytest.mark.parametrize("path", SESSIONS, ids=lambda path: path.stem)
async def test_recordings_end_as_if_every_frame_had_been_read(path: Any) -> None:
    """All frames in one burst, the worst there is: nothing but progress in between is left out."""
    plain = [event for _, raw in frames(path) for event in parse_frame(raw)]
    taken = Taken()
    for _, raw in frames(path):
        taken.burst.take(raw)
    taken.burst.flush()
    assert _others(taken.events) == _others(plain)
    for prompt in {event.prompt_id for event in plain if isinstance(event, ProgressState)}:
        assert _folded(taken.events, prompt) == _folded(plain, prompt)


def _others(events: list[ComfyEvent]) -> list[ComfyEvent]:
    return [event for event in events if not isinstance(event, Progress | ProgressState)]


def _folded(events: list[ComfyEvent], prompt: str) -> Any:
    tracker = Tracker(prompt, {}, frozenset())
    for event in events:
        if getattr(event, "prompt_id", None) == prompt:
            tracker.take(event, 0.0)
    # A socket of nobody's hears of no `executing`: a node that came and went in between was not the newest.
    snapshot = replace(tracker.snapshot(0.0), node=None)
    return snapshot, tracker.nodes(), tracker.end, tracker.closed
