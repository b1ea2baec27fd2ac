"""The loop that reads a list by pages: what it owes is not forgotten when a question fails."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from ainf_tui.errors import UnreachableError
from ainf_tui.tui.lists import feed
from ainf_tui.tui.lists.feed import Page, PagedFeed


class Numbers(PagedFeed[int]):
    """All numbers below `count` that `step` divides; `failing` questions fail first."""

    def __init__(self, count: int) -> None:
        super().__init__(object, lambda: None)  # type: ignore[arg-type]  # nothing of it is used
        self.count = count
        self.step = 1
        self.held: list[int] = []
        self.failing = 0
        self.asked: list[tuple[int, str | None]] = []
        self.begun = asyncio.Event()

    def __len__(self) -> int:
        return len(self.held)

    async def _page(self, client: object, limit: int, after: str | None) -> Page[int]:
        self.asked.append((self.step, after))
        self.begun.set()
        await asyncio.sleep(0)
        if self.failing:
            self.failing -= 1
            raise UnreachableError("engine.away", "nobody answers")
        first = int(after or 0)
        found = list(range(first, self.count, self.step))[:limit]
        end = found[-1] + self.step if found else self.count
        return Page(found, str(end) if end < self.count else None, 1)

    def _take(self, rows: Sequence[int], *, complete: bool) -> None:
        self.held = list(rows)

    def _append(self, rows: Sequence[int], *, complete: bool) -> None:
        self.held += rows


@pytest.fixture
async def numbers(monkeypatch):
    monkeypatch.setattr(feed, "RETRY", 0.0)
    made = Numbers(1000)
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()


async def settled(made: Numbers) -> None:
    """Until it asks nothing more."""
    before = -1
    while before != len(made.asked) or made.loading:
        before = len(made.asked)
        for _ in range(20):
            await asyncio.sleep(0)


async def test_a_page_first_and_the_rest_when_it_is_wanted(numbers):
    numbers.reload()
    await settled(numbers)
    assert (len(numbers), numbers.complete) == (feed.FIRST, False)
    numbers.want(len(numbers) + 1)
    await settled(numbers)
    assert len(numbers) == feed.FIRST + feed.PAGE
    numbers.want(feed.MOST)
    await settled(numbers)
    assert (numbers.held, numbers.complete) == (list(range(1000)), True)


async def test_a_reload_that_failed_is_made_up_for(numbers):
    """Or the rows of the filter before stood there as those of the new one, until something else changed."""
    numbers.reload()
    await settled(numbers)
    numbers.step, numbers.failing = 10, 1
    numbers.reload()
    await settled(numbers)
    assert numbers.held == list(range(0, 1000, 10))
    assert numbers.error is None


async def test_what_was_asked_for_meanwhile_is_shown_instead(numbers):
    numbers.reload()
    await asyncio.wait_for(numbers.begun.wait(), 5)
    numbers.step = 5
    numbers.reload()
    await settled(numbers)
    assert numbers.held == list(range(0, 5 * feed.FIRST, 5))
    assert numbers.asked == [(1, None), (5, None)]


async def test_no_more_than_the_most_are_held(numbers, monkeypatch):
    monkeypatch.setattr(feed, "MOST", 300)
    numbers.reload()
    numbers.want(10_000)
    await settled(numbers)
    assert (len(numbers) >= 300, numbers.truncated) == (True, True)
    assert len(numbers) < 1000
