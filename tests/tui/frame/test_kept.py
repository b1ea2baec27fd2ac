"""The session in the app: put back in place at the start, kept as it changes."""

from __future__ import annotations

import json

import pytest

from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.options import Options
from ainf_tui.tui.queue.rows import Sort
from ainf_tui.tui.session import Session, read_session
from tests.fakes.job_rows import job_row
from tests.tui.conftest import still
from tests.tui.frame.helpers import screen_of as on
from tests.tui.frame.helpers import toasts


@pytest.fixture
def jobs(fake_engine):
    fake_engine.put(*(job_row(n, "failed" if n % 2 else "queued") for n in range(1, 9)))
    return fake_engine


async def test_cursor_filter_and_sort_come_back(jobs, tmp_path):
    file = tmp_path / "app-session.json"
    app = AinfApp(jobs.opener, Options(), read_session(file))
    async with app.run_test(notifications=True) as pilot:
        await pilot.press("2")
        await still(pilot)
        on(app).set_filter("state:failed")
        await still(pilot)
        on(app).set_sort(Sort("job", reverse=True))
        on(app).go_to("3")
        await still(pilot)
    assert json.loads(file.read_text())["cursor"] == "id-000003"
    again = AinfApp(jobs.opener, Options(), read_session(file))
    async with again.run_test(notifications=True) as pilot:
        await still(pilot, 6)
        assert on(again).rows.filter.text == "state:failed"
        assert on(again).rows.sort == Sort("job", reverse=True)
        assert on(again).row.number == 3
        assert [row.number for row in on(again).rows.jobs()] == [7, 5, 3, 1]


async def test_a_job_that_is_gone_leaves_the_cursor_at_the_top(jobs):
    session = Session(values={"screen": "app.queue", "cursor": "id-999999", "sort": "no such", "filter": ""})
    app = AinfApp(jobs.opener, Options(), session)
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        assert on(app).table.cursor == 0
        assert on(app).rows.sort == Sort()
        await pilot.press("j")
        await still(pilot)
        assert session.text("cursor") == on(app).row.id


async def test_nothing_is_kept_before_the_list_is_there(fake_engine):
    """An app that never reached its engine must not forget what the one before knew."""
    fake_engine.up = False
    session = Session(values={"screen": "app.queue", "cursor": "id-000003", "filter": "state:failed"})
    app = AinfApp(fake_engine.opener, Options(), session)
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
    assert (session.text("cursor"), session.text("filter")) == ("id-000003", "state:failed")


async def test_what_was_set_aside_is_told(fake_engine, tmp_path):
    file = tmp_path / "app-session.json"
    file.write_text("{")
    app = AinfApp(fake_engine.opener, Options(), read_session(file))
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        assert "set aside as app-session.json.corrupt" in toasts(app)
