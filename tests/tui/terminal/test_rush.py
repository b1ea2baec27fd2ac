"""Keys that wait for each other: what they change is painted together, and at once when the last is done."""

from __future__ import annotations

import time

import pytest
from textual.widgets import Static

from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.terminal.rush import EVERY, Rush
from tests.tui.terminal.test_pacing import Shown, paced


def test_only_while_keys_wait_a_paint_waits_for_its_turn():
    rush = Rush()
    rush.painted(10.0)
    assert rush.left(10.0) == 0
    rush.on = True
    assert rush.left(10.0) == pytest.approx(EVERY)
    assert rush.left(10.0 + EVERY) == 0
    rush.painted(11.0)
    rush.on = False
    assert rush.left(11.0) == 0


async def test_paints_and_what_follows_them_come_seldom_in_a_rush_and_last_when_it_ends():
    app = Shown()
    async with app.run_test() as pilot:
        pacer = await paced(app, pilot)
        screen = app.screen
        assert isinstance(screen, PacedScreen)
        one = screen.query_one("#one", Static)
        followed = []

        def look() -> None:
            followed.append(one.visual)

        pacer.rush.on = True
        app.shown.clear()
        began = time.monotonic()
        for count in range(40):
            one.update(f"new {count}")
            screen.follow(look)
            await pilot.pause(0.01)
        # A paint for each turn, one for what follows it, and one at each end.
        turns = (time.monotonic() - began) / EVERY
        assert 1 <= len(app.shown) <= 2 * turns + 2
        assert len(followed) <= turns + 2
        app.shown.clear()
        one.update("the last")
        await pilot.pause(0)
        pacer.rush.on = False
        pacer.progress()
        await pilot.pause(0.05)
        assert app.shown
        assert str(one.visual) == "the last"
