"""The app without a terminal, on a fake engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.options import Options
from tests.fakes.tui_client import FakeEngine


@pytest.fixture
def fake_engine():
    return FakeEngine()


@pytest.fixture
def open_app(fake_engine):
    """`async with open_app(...) as (app, pilot)`: connected and still."""

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (120, 40), **options: Any
    ) -> AsyncIterator[tuple[AinfApp, Pilot[None]]]:
        app = AinfApp(fake_engine.opener, Options(**options))
        async with app.run_test(size=size, notifications=True) as pilot:
            await still(pilot)
            yield app, pilot

    return opened


async def still(pilot: Pilot[Any], times: int = 4) -> None:
    """What was begun has been done: the link, the feed, the workers and the paint after them."""
    for _ in range(times):
        await pilot.pause(0.02)
