"""The app without a terminal, on a fake engine."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual.pilot import Pilot

from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.failures import Failures
from ainf_tui.tui.options import Options
from ainf_tui.tui.session import Session
from tests.fakes.tui_client import FakeEngine


@pytest.fixture(autouse=True)
def failed_work(monkeypatch):
    """(group, error) of all work behind the screen that failed; a test that leaves one fails."""
    failed: list[tuple[str, BaseException]] = []
    told = Failures.work_failed

    def kept(app: Failures, group: str, error: BaseException) -> None:
        failed.append((group, error))
        told(app, group, error)

    monkeypatch.setattr(Failures, "work_failed", kept)
    yield failed
    for group, error in failed:
        raise AssertionError(f"the work {group} failed") from error


@pytest.fixture
def fake_engine():
    return FakeEngine()


@pytest.fixture
def open_app(fake_engine):
    """`async with open_app(...) as (app, pilot)`: connected and still."""

    @asynccontextmanager
    async def opened(
        size: tuple[int, int] = (120, 40), screen: str = "queue", **options: Any
    ) -> AsyncIterator[tuple[AinfApp, Pilot[None]]]:
        # The screen that was open the last time; the Dashboard has its own tests.
        session = Session(values={"screen": f"app.{screen}"})
        app = AinfApp(fake_engine.opener, Options(**options), session)
        async with app.run_test(size=size, notifications=True) as pilot:
            await still(pilot)
            yield app, pilot

    return opened


async def still(pilot: Pilot[Any], times: int = 4) -> None:
    """What was begun has been done: the link, the feed, the workers and the paint after them."""
    for _ in range(times):
        await pilot.pause(0.02)
