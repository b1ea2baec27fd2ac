"""The form of a new run as its user meets it: keys in, one request out, nothing typed is lost."""

from __future__ import annotations

import pytest
from textual import events
from textual.widgets import Button, Checkbox, TextArea

from ainf_tui.domain.workflows import PackInput
from ainf_tui.errors import UsageError
from ainf_tui.tui.frame.finder import Finder
from ainf_tui.tui.queue.form import FormScreen
from ainf_tui.tui.queue.screen import QueueScreen
from tests.fakes.job_details import put, until, whole_job
from tests.tui.conftest import still
from tests.tui.queue.test_form_fields import PACK, PRESET

SMALL, WIDE = (80, 24), (120, 40)


@pytest.fixture
def packs(fake_engine):
    fake_engine.packs, fake_engine.presets = (PACK,), (PRESET,)
    return fake_engine


async def open_form(pilot, *search):
    await pilot.press("a")
    await until(lambda: isinstance(pilot.app.screen, Finder))
    await pilot.press(*search, "enter")
    await until(lambda: isinstance(pilot.app.screen, FormScreen) and pilot.app.screen.focused is not None)
    await still(pilot)


def box(app, name):
    return next(box for box in app.screen.boxes if box.field.name == name)


def fill(app, name, text):
    found = box(app, name).input
    if isinstance(found, TextArea):
        found.text = text
    else:
        found.value = text


@pytest.mark.parametrize("size", [SMALL, WIDE])
async def test_a_run_by_keyboard_alone(open_app, packs, size):
    async with open_app(size) as (app, pilot):
        await open_form(pilot, *"warm")
        await pilot.press(*"a cat", "tab", "tab")
        await still(pilot)
        assert app.screen.focused is box(app, "seed").input
        await pilot.press("7", "enter")
        await still(pilot)
        assert app.screen.focused is box(app, "steps").input
        assert app.screen.summary.plain == "1 job, seed 7"
        assert app.screen.line_bar.plain.startswith("ainf run basic '--prompt=a cat' --preset warm --seed 7")
        await pilot.press("ctrl+s")
        await until(lambda: packs.called("submit") != [] and isinstance(app.screen, QueueScreen))
        asked = packs.called("submit")[0]
        assert (asked.pack, asked.preset, asked.seed) == ("basic", "warm", "7")
        assert dict(asked.values) == {"prompt": "a cat"}
        assert app.orders.log[-1].line.startswith("ainf run basic")


async def test_text_typed_behind_a_tab_in_one_go_is_the_next_fields(open_app, packs):
    async with open_app(WIDE) as (app, pilot):
        await open_form(pilot, *"basic")
        for key in ("a", "tab", "tab", "7"):
            app.post_message(events.Key(key, key if len(key) == 1 else None))
        await until(lambda: box(app, "seed").text == "7")
        assert box(app, "prompt").text == "a"


async def test_what_is_wrong_stands_below_its_field_and_is_not_sent(open_app, packs):
    async with open_app(WIDE) as (app, pilot):
        await open_form(pilot, *"basic")
        await pilot.press("ctrl+s")
        await still(pilot)
        assert "It is needed" in box(app, "prompt").wrong.plain
        fill(app, "prompt", "a cat")
        fill(app, "steps", "9999")
        await still(pilot)
        assert box(app, "prompt").wrong.plain.strip() == ""
        assert "more than the pack's maximum 200" in box(app, "steps").wrong.plain
        assert app.screen.line_bar.plain == ""
        await pilot.press("ctrl+s")
        await still(pilot)
        assert app.screen.focused is box(app, "steps").input
        assert packs.called("submit") == []


async def test_an_error_of_the_engine_stands_at_its_field_and_nothing_is_lost(open_app, packs):
    async with open_app(WIDE) as (app, pilot):
        await open_form(pilot, *"basic")
        fill(app, "prompt", "a cat")
        packs.fail = UsageError("value.not_an_option", "no cfg [/x] here", details={"input": "cfg"})
        await pilot.press("ctrl+s")
        await until(lambda: "no cfg [/x] here" in box(app, "cfg").wrong.plain)
        assert box(app, "prompt").text == "a cat"
        fill(app, "cfg", "6")
        await still(pilot)
        assert box(app, "cfg").wrong.plain.strip() == ""
        packs.fail = UsageError("graph.cycle", "the graph has a cycle")
        await pilot.press("ctrl+s")
        await until(lambda: "the graph has a cycle" in app.screen.summary.plain)


async def test_a_draft_is_kept_and_offered_again(open_app, packs):
    async with open_app(WIDE) as (app, pilot):
        await open_form(pilot, *"basic")
        fill(app, "prompt", "a cat")
        await still(pilot)
        await pilot.press("escape")
        await until(lambda: isinstance(app.screen, QueueScreen))
        await open_form(pilot)
        assert box(app, "prompt").text == "a cat"
        await pilot.press("escape", "a")
        await until(lambda: isinstance(app.screen, Finder))
        await pilot.press(*"warm", "enter")
        await until(lambda: bool(app.screen.query("#cancel")))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, QueueScreen))
        await open_form(pilot)
        assert box(app, "prompt").text == "a cat", "Cancel has the focus"


async def test_many_jobs_are_asked_about(open_app, packs):
    async with open_app(WIDE) as (app, pilot):
        await open_form(pilot, *"basic")
        fill(app, "prompt", "a cat")
        fill(app, "count", "500")
        await still(pilot)
        await pilot.press("ctrl+s")
        await until(lambda: bool(app.screen.query("#cancel")))
        app.screen.query_one("#do", Button).press()
        await until(lambda: packs.called("submit") != [])
        assert packs.called("submit")[0].allow_many


async def test_the_command_is_copied(open_app, packs, monkeypatch):
    copied: list[str] = []
    async with open_app(WIDE) as (app, pilot):
        monkeypatch.setattr(app, "copy_text", copied.append)
        await open_form(pilot, *"basic")
        fill(app, "prompt", "a cat")
        await still(pilot)
        await pilot.press("ctrl+y")
        app.screen.query_one("#form-submit", Button).focus()
        await pilot.press("y")
        assert copied == ["ainf run basic '--prompt=a cat'"] * 2


async def test_an_ended_job_is_changed_and_tried_again(open_app, packs):
    put(packs, whole_job(4, "failed", pack="basic", params={"prompt": "a cat", "steps": 30}, seed=7))
    async with open_app(WIDE) as (app, pilot):
        await pilot.press("e")
        await until(lambda: isinstance(app.screen, FormScreen))
        await still(pilot)
        assert "TRY #4 AGAIN" in app.screen.title_bar.plain
        assert box(app, "steps").text == "30"
        fill(app, "steps", "31")
        await still(pilot)
        assert app.screen.line_bar.plain == "ainf queue retry 4 --set=steps=31"
        await pilot.press("escape", "e")
        await until(lambda: isinstance(app.screen, FormScreen))
        await still(pilot)
        assert box(app, "steps").text == "31", "what was typed is still there"
        await pilot.press("ctrl+s")
        await until(lambda: packs.called("retry") != [])
        asked = packs.called("retry")[0]
        assert (asked.refs, dict(asked.values), asked.seed) == (("4",), {"steps": "31"}, "same")


async def test_an_open_job_is_not_changed(open_app, packs):
    put(packs, whole_job(4, "queued"))
    async with open_app(WIDE) as (app, pilot):
        await pilot.press("e")
        await still(pilot)
        assert isinstance(app.screen, QueueScreen)
        assert any("Only an ended job" in str(note.message) for note in app._notifications)


async def test_names_from_outside_are_shown_as_they_are(open_app, packs):
    odd = PackInput("[/x] \x1b", "text", ("1.a",), "[bold]\x1b]0;t\x07", "[/]", default="[/x]")
    packs.packs = (PACK.__class__("[/b]", "[/]", "[/y]", "1", "", (), (odd, *PACK.inputs), {}),)
    packs.presets = ()
    async with open_app(WIDE) as (app, pilot):
        await open_form(pilot)
        assert "[bold]" in box(app, "[/x] \x1b").label.plain
        assert "\x1b" not in box(app, "[/x] \x1b").label.plain
        assert "[/b]" in app.screen.title_bar.plain


async def test_read_only_nothing_is_sent(open_app, packs):
    async with open_app(WIDE, read_only=True) as (app, pilot):
        await pilot.press("a")
        await still(pilot)
        assert packs.called("submit") == []
        assert isinstance(app.screen, QueueScreen)


async def test_a_box_says_by_its_sign_whether_it_is_ticked(open_app, packs):
    async with open_app(WIDE) as (app, pilot):
        await open_form(pilot, *"warm")
        tiled = box(app, "tiled").input
        tiled.scroll_visible(animate=False)
        await still(pilot)
        assert str(tiled.render()).strip() == "[ ] no"
        tiled.focus()
        await pilot.press("space")
        await still(pilot)
        assert str(tiled.render()).strip() == "[x] yes"


async def test_no_cursor_blinks(open_app, packs):
    """It would paint twice a second for ever."""
    async with open_app(WIDE) as (app, pilot):
        assert not app.screen.entry.cursor_blink
        await open_form(pilot, *"warm")
        typed_in = [item.input for item in app.screen.boxes if not isinstance(item.input, Checkbox)]
        assert len(typed_in) > 5
        assert not any(item.cursor_blink for item in typed_in)
