"""Help, palette and themes: what they list is what holds, and what is taken is done."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.theme import Theme

from ainf_tui.actions import ACTIONS, AREAS, BY_ID, of_area
from ainf_tui.settings import Settings
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.frame.command_log import CommandLog
from ainf_tui.tui.frame.dialogs import Confirm
from ainf_tui.tui.frame.finder import Finder, Item, holding, nearest
from ainf_tui.tui.frame.reasons import READ_ONLY, why_not_for
from ainf_tui.tui.frame.settings import SettingsScreen
from ainf_tui.tui.options import Options
from ainf_tui.tui.queue.form import FormScreen
from ainf_tui.tui.queue.screen import QueueScreen
from ainf_tui.tui.session import Session
from ainf_tui.tui.terminal.messages import LineChanged
from ainf_tui.tui.widgets.table import Table
from tests.fakes.job_details import until
from tests.fakes.job_rows import job_row
from tests.tui.conftest import still
from tests.tui.frame.helpers import toasts
from tests.tui.queue.test_form_fields import PACK, PRESET


def item(value: str, words: str = "", **fields) -> Item:
    return Item(value, {"name": (words or value, "")}, words or value, **fields)


def listed(app) -> list[str]:
    assert isinstance(app.screen, Finder)
    return [found.value for found in app.screen._found.items if found.value]


def test_holding_keeps_order_and_the_headings_that_still_head_something():
    items = [
        Item("", {}, group="A"),
        item("one", "first thing", group="A"),
        Item("", {}, group="B"),
        item("two", "second thing", group="B"),
    ]
    assert holding("", items) == items
    assert holding("THING sec", items) == items[2:]
    assert holding("nothing", items) == []


def test_nearest_is_fuzzy_and_what_can_be_done_stands_first():
    items = [item("a", "retry failed", why_not="no"), item("b", "retry failed"), item("c", "sort")]
    assert [found.value for found in nearest("rtf", items)] == ["b", "a"]
    assert nearest(" ", items) == items


@pytest.mark.parametrize(
    ("action", "state", "words"),
    [
        ("queue.cancel", "succeeded", "has ended"),
        ("queue.cancel", "running", ""),
        ("queue.retry", "running", "not ended yet"),
        ("queue.retry", "failed", ""),
        ("queue.hold", "running", "not waiting"),
        ("queue.move_up", "queued", ""),
        ("queue.pause", "failed", ""),
    ],
)
def test_reasons_are_those_of_the_job(action, state, words):
    reason = why_not_for(BY_ID[action], job_row(7, state), marked=False)
    assert (words in reason) if words else reason == ""
    assert why_not_for(BY_ID[action], job_row(7, state), marked=True) == ""


def test_without_a_job_nothing_can_be_done_to_one():
    assert "no job" in why_not_for(BY_ID["queue.copy"], None, marked=False)


async def test_help_lists_every_key_that_holds_by_area(open_app, fake_engine):
    fake_engine.put(job_row(1))
    async with open_app() as (app, pilot):
        await pilot.press("question_mark")
        await still(pilot)
        areas = {"queue", "detail", "list", "app"}
        assert set(listed(app)) == {action.id for action in ACTIONS if action.area in areas}
        assert app.screen._found.items[0].cells["help"][0] == AREAS["queue"].upper()
        assert "state:failed" in " ".join(found.words for found in app.screen._found.items)
        assert app.screen.table.scroll_offset.y == 0
        assert "shift-drag" in " ".join(found.words for found in app.screen._found.items)


async def test_help_searches_and_enter_does_it(open_app, fake_engine):
    fake_engine.put(job_row(1))
    async with open_app() as (app, pilot):
        await pilot.press("question_mark", *"send nothing")
        await still(pilot)
        assert listed(app) == ["queue.pause"]
        await pilot.press("enter")
        await still(pilot)
        assert fake_engine.called("pause") == [None]
        assert not isinstance(app.screen, Finder)


async def test_esc_takes_back_what_was_typed_and_then_closes(open_app):
    async with open_app() as (app, pilot):
        await pilot.press("question_mark", "x", "x", "escape")
        await still(pilot)
        assert len(listed(app)) > 10
        await pilot.press("escape")
        await still(pilot)
        assert not isinstance(app.screen, Finder)


async def test_read_only_help_says_why_and_does_nothing(open_app, fake_engine):
    fake_engine.put(job_row(1))
    async with open_app(read_only=True) as (app, pilot):
        await pilot.press("question_mark", *"send nothing", "enter")
        await still(pilot)
        assert isinstance(app.screen, Finder)
        assert READ_ONLY in toasts(app)
        assert READ_ONLY in app.screen.foot.plain
        assert fake_engine.called("pause") == []


async def test_changed_keys_are_those_of_help_footer_and_binding(open_app, fake_engine):
    fake_engine.put(job_row(1))
    async with open_app(keys={"queue.pause": ("f9",), "queue.cancel": ()}) as (app, pilot):
        assert "f9 pause" in app.screen.footer.plain.replace("F9", "f9")
        await pilot.press("p", "f9")
        await still(pilot)
        assert fake_engine.called("pause") == [None]
        await pilot.press("question_mark", *"cancel the marked")
        await still(pilot)
        assert app.screen._found.items[-1].cells["keys"] == ("no key", "muted")


async def test_palette_goes_to_a_job(open_app, fake_engine):
    fake_engine.put(*(job_row(n) for n in range(1, 9)))
    async with open_app() as (app, pilot):
        await pilot.press("ctrl+p", "#", "7", "enter")
        await still(pilot)
        assert app.screen.row.number == 7
        await pilot.press("ctrl+p", *"go to 99", "enter")
        await still(pilot)
        assert app.screen.rows.filter.text == "#99"


async def test_palette_names_the_reason_of_what_cannot_be_done(open_app, fake_engine):
    fake_engine.put(job_row(1, "succeeded"))
    async with open_app() as (app, pilot):
        await pilot.press("ctrl+p", *"cancel the marked")
        await still(pilot)
        assert "#1 has ended" in app.screen.foot.plain
        assert "not on this screen" in next(
            found.why_not for found in app.screen._items if found.value == "action:log.copy"
        )


async def test_palette_offers_presets_and_opens_the_form(open_app, fake_engine):
    fake_engine.packs, fake_engine.presets = (PACK,), (PRESET,)
    async with open_app() as (app, pilot):
        await pilot.press("ctrl+p")
        await still(pilot)
        await pilot.press(*"run from warm", "enter")
        await until(lambda: isinstance(app.screen, FormScreen))
        await still(pilot)
        assert app.screen.title_bar.plain.strip().startswith("NEW RUN   warm, a preset of basic")
        await pilot.press("x", "escape", "ctrl+p")
        await still(pilot)
        await pilot.press(*"run from warm", "enter")
        await until(lambda: isinstance(app.screen, Confirm))
        assert "forget what you typed" in str(app.screen.query_one("#question").render())


async def test_theme_is_seen_while_the_cursor_moves_kept_by_enter_and_given_back_by_esc(fake_engine):
    session = Session()
    app = AinfApp(fake_engine.opener, Options(), session)
    async with app.run_test(size=(100, 30), notifications=True) as pilot:
        await still(pilot)
        await app.do("app.theme")
        await still(pilot)
        await pilot.press("down")
        await still(pilot)
        assert app.theme == "ainf-light"
        await pilot.press("escape")
        await still(pilot)
        assert (app.theme, session.text("theme")) == ("ainf-dark", "")
        await app.do("app.theme")
        await still(pilot)
        await pilot.press("down", "enter")
        await still(pilot)
        assert (app.theme, session.text("theme")) == ("ainf-light", "ainf-light")
        assert session.chosen("theme", "ainf-dark") == "ainf-light"
        assert session.chosen("theme", "nord") == ""


async def test_how_pictures_are_drawn_is_kept_until_the_setting_changes(fake_engine):
    session = Session()
    app = AinfApp(fake_engine.opener, Options(), session)
    async with app.run_test(notifications=True) as pilot:
        await still(pilot)
        app.choose_images("off")
    again = AinfApp(fake_engine.opener, Options(), session)
    assert again.images == "off"
    changed = Options(
        settings=replace(Settings(), app=replace(Settings().app, images="sixel")), images="sixel"
    )
    assert AinfApp(fake_engine.opener, changed, session).images == "sixel"
    session.choose("images", "[/x]", "auto")
    assert AinfApp(fake_engine.opener, Options(images="blocks"), session).images == "blocks"


@pytest.mark.parametrize(("setting", "slow"), [("auto", True), ("no", False)])
async def test_a_slow_line_is_believed_unless_the_setting_says_no(open_app, setting, slow):
    settings = replace(Settings(), app=replace(Settings().app, low_bandwidth=setting))
    async with open_app(settings=settings) as (app, pilot):
        app.post_message(LineChanged(slow=True, rate=5000.0))
        await still(pilot)
        assert app.slow is slow


async def test_user_themes_are_there_and_broken_ones_are_told(open_app, tmp_path):
    (tmp_path / "night.toml").write_text('[colours]\nprimary = "#112233"\n')
    (tmp_path / "bad.toml").write_text("colours = [/x]")
    async with open_app(themes_dir=tmp_path, theme="night") as (app, _):
        assert app.theme == "night"
        assert isinstance(app.current_theme, Theme)
        assert "bad.toml:1" in toasts(app)


async def test_an_unknown_theme_is_told_and_the_usual_one_taken(open_app):
    async with open_app(theme="[/nothing]") as (app, _):
        assert app.theme == "ainf-dark"
        assert "there is no theme '[/nothing]'" in toasts(app)


def test_every_action_of_the_frame_has_somebody_who_does_it():
    """A key that nobody answers to would be a promise of the help that is not kept."""
    doers: dict[str, tuple[type, ...]] = {
        "app": (AinfApp,),
        "list": (Table, QueueScreen),
        "log": (CommandLog,),
        "settings": (SettingsScreen,),
    }
    lacking = [
        action.id
        for area, found in doers.items()
        for action in of_area(area)
        if not any(hasattr(doer, f"action_{action.name}") for doer in found)
    ]
    assert lacking == []
