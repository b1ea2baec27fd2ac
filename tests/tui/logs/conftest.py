"""A Logs screen over 300 records."""

from __future__ import annotations

from contextlib import asynccontextmanager

import pytest

from tests.fakes.log_reading import log_row
from tests.tui.conftest import still
from tests.tui.screen_text import check_screen


def made(number):
    """Each 50th is an error with its traceback, each 20th a warning, the others say little."""
    if number % 50 == 30:
        return log_row(number, f"boom {number}", "error", lines=12, traceback=True)
    return log_row(number, level="warning" if number % 20 == 10 else "info")


@pytest.fixture
def logs(fake_engine):
    found = fake_engine.log_reading
    found.records = [made(number) for number in range(300)]
    return found


@pytest.fixture
def on_logs(open_app, logs):
    @asynccontextmanager
    async def opened(size=(100, 24), **options):
        async with open_app(size, "logs", **options) as (app, pilot):
            await still(pilot)
            yield app, pilot
            check_screen(app)

    return opened


async def until(pilot, true, patience=100):
    """Waits until it is true."""
    for _ in range(patience):
        if true():
            return
        await pilot.pause(0.02)
    raise AssertionError("it never came to be")


def here(app):
    """The text of the line under the cursor."""
    return app.screen.window.row.text
