"""The Errors screen as its user meets it."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ainf_tui.actions import of_area
from ainf_tui.domain.ports_errors import ErrorReading
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.errors import feed
from ainf_tui.tui.errors.group import GroupScreen
from ainf_tui.tui.errors.screen import ErrorsScreen
from ainf_tui.tui.frame.pane import TextPane
from ainf_tui.tui.link import AWAY, Link
from ainf_tui.tui.lists.feed import FIRST, PAGE
from ainf_tui.tui.options import Options
from ainf_tui.tui.session import Session
from tests.fakes.error_reading import FakeErrors, group
from tests.tui.conftest import still
from tests.tui.errors.looking import asked, shown, until
from tests.tui.screen_text import check_screen, text

SIZES = [(20, 5), (80, 24), (120, 40), (200, 60)]


def test_the_fake_is_one():
    fake: ErrorReading = FakeErrors(lambda *_: None, lambda _: None)
    assert fake is not None


# -- what is seen -----------------------------------------------------------------------------------
async def test_seven_opens_the_inbox_with_the_first_error_explained(open_app, box):
    async with open_app((120, 40), screen="dashboard") as (app, pilot):
        assert asked(box, "listed") == [], "a screen that nobody looks at asks nothing"
        await pilot.press("7")
        await still(pilot, 8)
        assert isinstance(app.screen, ErrorsScreen)
        assert shown(app) == [1, 2, 3]
        told = text(app)
    for words in (
        "7 Errors 2",
        "2 new errors",
        "▸ ✖ new       out of memory",
        "WHAT TO DO",
        "runs ainf host",
    ):
        assert words in told
    assert "old story" not in told


@pytest.mark.parametrize("size", SIZES)
async def test_any_size_and_key(errors, size):
    async with errors(size) as (app, pilot):
        keys = [action.keys[0] for action in of_area("errors") if action.keys]
        for key in ("j", "k", "G", "g", "l", "h", "tab", *keys):
            app.clear_notifications()
            await pilot.press(key)
            await still(pilot, 1)
            check_screen(app)
            while not isinstance(app.screen, ErrorsScreen):
                await pilot.press("escape")
                await still(pilot, 1)
        assert app.is_running


async def test_the_keys_of_the_card_hold_where_it_is_not_seen(errors):
    async with errors((80, 24)) as (app, pilot):
        for _ in range(100):
            await still(pilot, 1)
            if app.screen.cards.found():
                break
        assert "WHAT TO DO" not in text(app)
        await pilot.press("f")
        await until(app, pilot, "Run `ainf host`?")


@pytest.mark.parametrize("size", [(80, 24), (120, 40)])
async def test_enter_explains_it_on_the_whole_screen(errors, size):
    async with errors(size) as (app, pilot):
        await still(pilot)
        assert ("WHAT IT MEANS" in text(app)) == (size[0] >= 100)
        await pilot.press("j", "enter")
        await until(app, pilot, "WHAT IT MEANS")
        assert isinstance(app.screen, GroupScreen)
        assert "port 3000 is taken" in text(app)
        await pilot.press("escape")
        assert isinstance(app.screen, ErrorsScreen)
        assert app.screen.row.id == 2


async def test_the_traceback_opens_and_other_examples_are_a_key_away(errors, box):
    async with errors((200, 60)) as (app, pilot):
        await until(app, pilot, "2 frames of packages")
        await pilot.press("O")
        assert "_call" in text(app)
        await pilot.press("O")
        assert "2 frames of packages" in text(app)
        await pilot.press("right_square_bracket")
        assert "EXAMPLE 2 of 2" in text(app)
        await pilot.press("right_square_bracket")
        await still(pilot, 1)
        assert "No other report" in text(app)


async def test_a_filter_an_order_and_what_is_settled(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("slash", *"state:reg", "enter")
        await still(pilot)
        assert shown(app) == [2]
        assert "/state:reg  1 match" in text(app)
        await pilot.press("escape", "H")
        await still(pilot)
        assert shown(app) == [1, 2, 3, 5, 4]
        assert "with resolved and muted" in text(app)
        await pilot.press("S", "G", "enter")
        await still(pilot)
        assert asked(box, "listed")[-1].order == "count_24h"
        assert shown(app) == [5, 4, 3, 2, 1]
        kept = app.session
        assert (kept.text("errors_order"), kept.flag("errors_hidden_too")) == ("count_24h", True)
    app = AinfApp(box.opener, Options(), Session(values={"screen": "app.errors", **kept._values}))
    async with app.run_test() as pilot:
        await still(pilot, 6)
        assert shown(app) == [5, 4, 3, 2, 1]


async def test_an_empty_inbox_says_that_all_is_well(open_app, fake_engine):
    async with open_app((120, 40), screen="errors") as (app, _):
        assert "All is well: no error is open." in text(app)
        assert "failed jobs" in text(app)


async def test_help_explains_this_filter(errors):
    async with errors() as (app, pilot):
        await pilot.press("question_mark", *"level:error")
        await still(pilot)
        assert "at least so grave" in text(app)


async def test_totals_by_level_and_source(errors):
    async with errors() as (app, pilot):
        assert "24 h  12 error  3 warning  from  comfyui 13  web 2" in text(app)
        await pilot.press("T")
        await still(pilot)
        assert isinstance(app.screen, TextPane)
        assert "source" in text(app)


async def test_ten_thousand_groups_come_by_pages(open_app, fake_engine):
    fake_engine.errors.put(*(group(number, "ongoing") for number in range(1, 10_001)))
    async with open_app((80, 24), screen="errors") as (app, pilot):
        assert len(app.screen.groups) == FIRST
        await pilot.press("G")
        await still(pilot, 12)
        assert (len(app.screen.groups), app.screen.row.id) == (10_000, 10_000)
        assert max(query.limit for query in asked(fake_engine, "listed")) == PAGE
        check_screen(app)


async def test_who_goes_elsewhere_on_the_way_to_the_end_stays_there(open_app, fake_engine):
    fake_engine.errors.put(*(group(number, "ongoing") for number in range(1, 2_001)))
    async with open_app((80, 24), screen="errors") as (app, pilot):
        await pilot.press("G", "k")
        place = app.screen.row.id
        await still(pilot, 12)
        assert (len(app.screen.groups), app.screen.row.id) == (2_000, place)


# -- what changes -----------------------------------------------------------------------------------
async def test_what_comes_is_seen_and_the_cursor_stays_with_its_group(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("j")
        box.errors.put(group(6, title="brand new"), replace(box.errors.groups[1], state="ongoing"))
        await still(pilot, 6)
        assert "brand new" in text(app)
        assert app.screen.row.id == 2
        assert shown(app) == [6, 2, 1, 3]


async def test_a_screen_at_rest_asks_and_paints_nothing(errors, box, monkeypatch):
    async with errors((200, 60)) as (app, pilot):
        await still(pilot, 6)
        calls, painted = box.called("errors.listed"), []
        for widget in app.screen.query("*"):
            monkeypatch.setattr(widget, "refresh", lambda *a, w=widget, **__: painted.append((w.id, a)))
        app.topic_changed("errors", replace(box.topics["errors"]))
        app.tick += 1.0
        app.screen._beat()
        await still(pilot)
        assert (painted, box.called("errors.listed")) == ([], calls)


async def test_only_a_new_revision_is_read_and_a_flood_not_more_than_once_a_while(errors, box, monkeypatch):
    async with errors() as (_, pilot):
        monkeypatch.setattr(feed, "AGAIN", 30.0)
        box.errors.say()
        await still(pilot)
        before = len(asked(box, "listed"))
        for _ in range(20):
            box.errors.say()
            await still(pilot, 1)
        assert len(asked(box, "listed")) == before
        await pilot.press("H")
        await still(pilot)
        assert len(asked(box, "listed")) == before + 1, "the user does not wait for that"


async def test_a_group_that_changes_is_explained_anew(errors, box, monkeypatch):
    monkeypatch.setattr("ainf_tui.tui.lists.detail.AGAIN", 0.0)
    async with errors() as (app, pilot):
        await until(app, pilot, "WHAT IT MEANS")
        before = len(asked(box, "show"))
        box.errors.put(replace(box.errors.groups[1], count=99, note="look at this"))
        await until(app, pilot, "look at this")
        await still(pilot, 10)
        assert len(asked(box, "show")) == before + 1


async def test_the_engine_away_leaves_the_last_values_with_their_age(errors, box, monkeypatch):
    async with errors() as (app, pilot):
        app.screen.feed.read_at -= 130.0
        app.link_changed(Link(AWAY, message="no route"))
        await still(pilot, 1)
        assert "as of 2m ago" in text(app)
        assert shown(app) == [1, 2, 3]


# -- looked at --------------------------------------------------------------------------------------
async def test_leaving_the_screen_means_that_they_were_looked_at(errors, box):
    async with errors() as (app, pilot):
        assert asked(box, "seen") == []
        await pilot.press("2")
        await still(pilot)
        assert len(asked(box, "seen")) == 1
        assert "new error" not in app.screen.header.plain
        await pilot.press("7")
        await pilot.press("2")
        await still(pilot)
        assert len(asked(box, "seen")) == 1, "nothing was new"


async def test_so_does_a_while_on_it_and_what_was_new_stays_marked(errors, box, monkeypatch):
    monkeypatch.setattr("ainf_tui.tui.errors.inbox.SEEN_AFTER", 0.05)
    async with errors() as (app, pilot):
        await asyncio.sleep(0.1)
        await still(pilot)
        assert len(asked(box, "seen")) == 1
        assert "7 Errors " in text(app)
        assert "7 Errors 2" not in text(app)
        assert app.screen.rows.cells(0)["error"][1] == "strong"


async def test_an_app_that_may_only_look_leaves_them_new(errors, box):
    async with errors(read_only=True) as (_, pilot):
        await pilot.press("2")
        await still(pilot)
        assert asked(box, "seen") == []
