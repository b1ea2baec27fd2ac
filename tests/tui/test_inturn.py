"""Keys that come in one go do what they would do one by one."""

from __future__ import annotations

import asyncio

import pytest
from textual import events

from ainf_tui.errors import AinfError
from ainf_tui.tui import inturn
from tests.fakes.job_rows import job_row
from tests.fakes.tui_client import FakeList
from tests.tui.conftest import still
from tests.tui.frame.helpers import toasts

CHARACTERS = {"slash": "/", "colon": ":", "question_mark": "?", "space": " "}


def at_once(app, *keys: str) -> None:
    """As one read of the terminal gives them: all are in the app's queue before it looks at the first."""
    for key in keys:
        app.post_message(events.Key(key, CHARACTERS.get(key, key if len(key) == 1 else None)))


@pytest.fixture
def jobs(fake_engine):
    fake_engine.put(job_row(1), job_row(2, "failed", error="comfy.oom: out of memory"), job_row(3))
    return fake_engine


async def test_what_is_typed_after_the_filter_key_is_the_filter(open_app, jobs):
    async with open_app() as (app, pilot):
        await pilot.press("G")
        at_once(app, "slash", *"tzTp")
        await still(pilot)
        assert app.screen.entry.value == "tzTp"
        assert [jobs.called(name) for name in ("retry", "hold", "pause")] == [[], [], []]


async def test_what_is_typed_after_the_command_key_is_the_command(open_app, jobs):
    async with open_app() as (app, pilot):
        at_once(app, "colon", *"goto", "space", "3", "enter")
        await still(pilot)
        assert app.screen.row.number == 3


async def test_a_screen_that_opens_gets_what_is_typed_for_it(open_app, jobs):
    async with open_app() as (app, pilot):
        at_once(app, "question_mark", *"theme")
        await still(pilot)
        assert app.screen.query_one("Input").value == "theme"


async def test_a_key_that_comes_alone_is_followed_by_nothing(open_app, jobs, monkeypatch):
    async with open_app() as (app, pilot):
        followed = []
        monkeypatch.setattr(type(app), "on_in_turn_key_done", lambda *_: followed.append(1))
        for _ in range(2):
            at_once(app, "j")
            await still(pilot)
        assert app.screen.table.cursor == 2
        assert not followed


async def test_a_key_whose_widget_goes_away_holds_none_up(open_app, jobs, monkeypatch):
    monkeypatch.setattr(inturn, "PATIENCE", 0.05)
    async with open_app() as (app, pilot):
        monkeypatch.setattr(type(app), "on_in_turn_key_done", lambda *_: None)
        at_once(app, "j", "j")
        await pilot.pause(0.3)
        await still(pilot)
        assert app.screen.table.cursor == 2


async def test_a_question_that_work_asks_gets_what_is_typed_behind_its_key(open_app, jobs):
    """The dialog is opened by a worker, after the key has gone its way."""
    async with open_app() as (app, pilot):
        at_once(app, "j", "c", "right", "enter")
        await still(pilot, 8)
        assert len(jobs.called("cancel")) == 1
        assert app.screen.row.number == 3
        assert app.screen.table.has_focus, "the dialog's keys were not the list's"


async def test_where_the_work_opens_nothing_the_keys_go_on(open_app, jobs, monkeypatch):
    async def too_late(self):
        await asyncio.sleep(0.01)
        raise AinfError("client.timeout", "too late", hint="again")

    monkeypatch.setattr(FakeList, "list", too_late)
    async with open_app() as (app, pilot):
        at_once(app, "a", "j", "j")
        await still(pilot, 8)
        assert "too late" in toasts(app)
        assert app.screen.table.cursor == 2


async def test_the_app_hears_when_keys_begin_and_cease_to_wait(open_app, jobs, monkeypatch):
    async with open_app() as (app, pilot):
        heard = []
        monkeypatch.setattr(app, "rush", lambda *, on: heard.append(on))
        at_once(app, *"jjjjjk")
        await still(pilot)
        assert heard[0] is True
        assert heard[-1] is False
        assert heard.count(False) == 1
