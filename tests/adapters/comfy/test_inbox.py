from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.comfy.dial import Backoff, SocketTiming
from ainf_tui.adapters.comfy.inbox import Inbox
from ainf_tui.domain.comfy import (
    Connected,
    ExecutionStart,
    Preview,
    Progress,
    ProgressState,
    QueueStatus,
    UnknownMessage,
)


def preview(prompt, data):
    return Preview(prompt, "3", "3", "image/jpeg", data)


async def drained(inbox):
    inbox.close()
    return [event async for event in inbox.events()]


async def test_everything_comes_in_order_and_previews_only_newest():
    inbox = Inbox()
    for event in (
        ExecutionStart("a"),
        preview("a", b"1"),
        QueueStatus(1),
        preview("b", b"1"),
        preview("a", b"2"),
        QueueStatus(1),
    ):
        inbox.put(event)
    assert await drained(inbox) == [
        ExecutionStart("a"),
        preview("a", b"2"),
        QueueStatus(1),
        preview("b", b"1"),
        QueueStatus(1),
    ]


async def test_pictures_that_may_be_results_all_stay():
    inbox = Inbox()
    pictures = [Preview("a", "3", "3", "image/png", data) for data in (b"1", b"2")]
    for event in (preview("a", b"1"), *pictures, preview("a", b"2")):
        inbox.put(event)
    assert await drained(inbox) == [preview("a", b"2"), *pictures]


async def test_a_taken_preview_makes_room_for_the_next():
    inbox = Inbox()
    events = inbox.events()
    for n in (b"1", b"2"):
        inbox.put(preview("a", n))
        assert await anext(events) == preview("a", n)


async def test_a_far_behind_consumer_loses_old_progress_and_nothing_else():
    inbox = Inbox(collapse_at=10)
    inbox.put(Connected("c", 0))
    inbox.put(preview("a", b"1"))
    for n in range(100):
        inbox.put(ProgressState("a", ()))
        inbox.put(Progress("a", "3", n, 100))
        inbox.put(QueueStatus(n))
        inbox.put(UnknownMessage("x", ""))
        if n % 10 == 0:
            inbox.put(ExecutionStart(str(n)))
    assert len(inbox) < 30
    got = await drained(inbox)
    assert got[:2] == [Connected("c", 0), preview("a", b"1")]
    assert [e.prompt_id for e in got if isinstance(e, ExecutionStart)] == [str(n) for n in range(0, 100, 10)]
    assert [e.queue_remaining for e in got if isinstance(e, QueueStatus)][-1] == 99
    assert [e.value for e in got if isinstance(e, Progress)][-1] == 99


async def test_what_cannot_be_collapsed_is_kept_whole():
    inbox = Inbox(collapse_at=10)
    for n in range(500):
        inbox.put(ExecutionStart(str(n)))
    assert [e.prompt_id for e in await drained(inbox)] == [str(n) for n in range(500)]


async def test_a_waiting_consumer_is_woken_and_a_failure_is_raised_after_what_waited():
    inbox = Inbox()
    events = inbox.events()
    taking = asyncio.ensure_future(anext(events))
    await asyncio.sleep(0)
    inbox.put(QueueStatus(1))
    assert await taking == QueueStatus(1)
    inbox.put(QueueStatus(2))
    inbox.close(ValueError("a bug"))
    inbox.close()
    assert await anext(events) == QueueStatus(2)
    with pytest.raises(ValueError, match="a bug"):
        await anext(events)


async def test_a_long_backlog_lets_other_tasks_run():
    inbox = Inbox()
    for n in range(1000):
        inbox.put(ExecutionStart(str(n)))
    inbox.close()
    turns = 0

    async def other():
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    task = asyncio.create_task(other())
    assert len([e async for e in inbox.events()]) == 1000
    task.cancel()
    assert turns >= 5


@settings(deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abp"), st.integers(0, 2)), max_size=60), st.integers(2, 12))
def test_any_sequence_keeps_starts_in_order_and_the_newest_of_the_rest(puts, limit):
    inbox = Inbox(collapse_at=limit)
    made = []
    for n, (kind, prompt) in enumerate(puts):
        event = {
            "a": ExecutionStart(f"{prompt}", n),
            "b": ProgressState(f"{prompt}", ()),
            "p": preview(f"{prompt}", n.to_bytes(2)),
        }[kind]
        made.append(event)
        inbox.put(event)
    got = asyncio.run(drained(inbox))
    assert [e for e in got if isinstance(e, ExecutionStart)] == [
        e for e in made if isinstance(e, ExecutionStart)
    ]
    for prompt in "012":
        mine = [e for e in made if isinstance(e, Preview) and e.prompt_id == prompt]
        assert [e for e in got if isinstance(e, Preview) and e.prompt_id == prompt] == mine[-1:]
        states = [e for e in made if isinstance(e, ProgressState) and e.prompt_id == prompt]
        assert bool(states) == any(isinstance(e, ProgressState) and e.prompt_id == prompt for e in got)


def test_the_backoff_doubles_to_its_ceiling_with_full_jitter():
    asked = []

    def highest(low, high):
        asked.append((low, high))
        return high

    backoff = Backoff(SocketTiming(), highest)
    waits = [backoff.next(rejected=False) for _ in range(9)]
    assert waits == [0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 30.0, 30.0, 30.0]
    assert {low for low, _ in asked} == {0.0}
    backoff.reset()
    assert backoff.next(rejected=False) == 0.5
    backoff.reset()
    assert [backoff.next(rejected=True) for _ in range(6)] == [5.0, 5.0, 5.0, 5.0, 8.0, 16.0]
    assert asked[-1] == (5.0, 16.0)
    for _ in range(5000):
        backoff.next(rejected=False)
    assert backoff.next(rejected=False) == 30.0
