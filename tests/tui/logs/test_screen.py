"""The Logs screen on a fake of everything that can be asked."""

from __future__ import annotations

from tests.fakes.log_reading import log_row
from tests.tui.conftest import still
from tests.tui.screen_text import check_screen, text


async def test_it_opens_at_the_end_and_follows(open_app, fake_engine):
    logs = fake_engine.log_reading
    logs.records = [log_row(number) for number in range(300)]
    async with open_app((120, 30), "logs") as (app, pilot):
        await still(pilot)
        check_screen(app)
        print(text(app))
        assert "line 299" in text(app)
        assert "following" in text(app)
