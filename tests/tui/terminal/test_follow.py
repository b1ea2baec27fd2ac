"""What follows the cursor is painted right after it, not when the screen's timer comes round again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from textual.app import App, ComposeResult
from textual.screen import Screen
from textual.widgets import Static

from ainf_tui.tui.terminal.pacing import PacedScreen


class _Two(PacedScreen[None]):
    def __init__(self) -> None:
        super().__init__()
        self.one, self.two = Static("one"), Static("two")
        self.painted: list[str] = []

    def compose(self) -> ComposeResult:
        yield self.one
        yield self.two

    def _compositor_refresh(self) -> None:
        super()._compositor_refresh()
        self.painted.append(f"{self.one.content} {self.two.content}")


class _TwoApp(App[None]):
    def get_default_screen(self) -> Screen[None]:
        return _Two()


def _without_timer(screen: _Two) -> None:
    """From now on nothing is painted by itself."""
    screen._update_timer.resume = lambda: None  # type: ignore[method-assign]  # as said


async def _until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(10):
        while not true():  # noqa: ASYNC110 - the screen tells nobody when it has painted
            await asyncio.sleep(0)


async def test_what_follows_is_painted_in_a_frame_of_its_own_without_the_timer() -> None:
    app = _TwoApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, _Two)
        _without_timer(screen)
        screen.painted.clear()

        def change() -> None:
            screen.one.update("changed")
            screen.two.update("changed")

        screen.follow(change)
        screen.follow(change)
        await _until(lambda: bool(screen.painted))
        assert screen.painted == ["changed changed"]


async def test_it_waits_for_the_frame_that_is_due() -> None:
    app = _TwoApp()
    async with app.run_test() as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, _Two)
        screen.painted.clear()
        screen.one.update("cursor")
        screen.follow(lambda: screen.two.update("detail"))
        await _until(lambda: len(screen.painted) >= 2)
        assert screen.painted[:2] == ["cursor two", "cursor detail"]
