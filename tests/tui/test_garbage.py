"""Collections of garbage: not while keys come, and what dialogs leave goes."""

from __future__ import annotations

import asyncio
import gc
import time

import pytest
from textual._styles_cache import StylesCache
from textual.app import App
from textual.screen import ModalScreen
from textual.widgets import Static

from ainf_tui.tui.garbage import BACKSTOP, QUIET, WORTH, Garbage


class Counted:
    """A collector that says what was asked of it."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.new = WORTH + 1
        self.found = WORTH
        self.costs = 0.0
        self.threshold = 0
        self.now = 100.0

    def monotonic(self) -> float:
        return self.now

    def set_threshold(self, threshold0: int, threshold1: int = 0, threshold2: int = 0, /) -> None:
        del threshold1, threshold2
        self.threshold = threshold0

    def get_count(self) -> tuple[int, int, int]:
        return self.new, 0, 0

    def freeze(self) -> None:
        self.asked.append("freeze")

    def collect(self) -> int:
        self.asked.append("collect")
        self.now += self.costs
        return self.found


@pytest.fixture
def counted(monkeypatch: pytest.MonkeyPatch) -> Counted:
    counted = Counted()
    monkeypatch.setattr(time, "monotonic", counted.monotonic)
    return counted


def test_what_lives_as_long_as_the_app_is_not_looked_at(counted: Counted) -> None:
    found = Garbage(settled=4.0, collector=counted)
    assert counted.threshold == BACKSTOP
    counted.now += 3.9
    found.look()
    assert counted.asked == []
    counted.now += 0.2
    found.look()
    found.look()
    assert counted.asked == ["freeze", "collect", "collect"]


def test_little_is_left_alone(counted: Counted) -> None:
    found = Garbage(settled=0.0, collector=counted)
    counted.new = WORTH
    found.look()
    assert counted.asked == ["freeze"]


def test_a_collection_that_cost_much_and_found_little_is_not_repeated_soon(counted: Counted) -> None:
    found = Garbage(settled=0.0, collector=counted)
    counted.found, counted.costs = 10, 0.03
    found.look()
    counted.now += 2.9
    found.look()
    assert counted.asked.count("collect") == 1
    counted.now += 0.2
    found.look()
    assert counted.asked.count("collect") == 2


async def test_nothing_is_collected_between_keys() -> None:
    counted = Counted()
    found = Garbage(settled=0.0, collector=counted)
    for _ in range(4):
        found.key()
        found.look()
        await asyncio.sleep(QUIET / 3)
        assert counted.asked == []
    await asyncio.sleep(QUIET * 1.5)
    assert counted.asked == ["freeze", "collect"]


class Kept:
    """Python's own, which may look at everything: tests go on after this."""

    set_threshold = staticmethod(lambda *_: None)
    collect = staticmethod(lambda: max(gc.collect(), WORTH))
    freeze = staticmethod(lambda: None)

    def get_count(self) -> tuple[int, int, int]:
        return WORTH + 1, 0, 0


class _Dialog(ModalScreen[None]):
    def compose(self):
        for number in range(20):
            yield Static(f"line {number}")


async def test_dialogs_that_were_closed_are_gone() -> None:
    app = App[None]()
    async with app.run_test() as pilot:
        found = Garbage(settled=0.0, collector=Kept())
        found.look()
        before = sum(isinstance(thing, StylesCache) for thing in gc.get_objects())
        for _ in range(3):
            await app.push_screen(_Dialog())
            await pilot.pause()
            await app.pop_screen()
        await pilot.pause()
        found.look()
        left = sum(isinstance(thing, StylesCache) for thing in gc.get_objects()) - before
        assert left < 20, f"{left}: the lines of all of them are kept"
