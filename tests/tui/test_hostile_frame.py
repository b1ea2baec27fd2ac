"""Hostile values where the frame shows them: palette, command line, command log, settings, panes."""

from __future__ import annotations

import pytest

from ainf_tui.domain.workflows import Preset
from ainf_tui.settings_text import ShownSetting
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.console import Result
from ainf_tui.tui.frame.command_line import CommandLine
from ainf_tui.tui.frame.command_log import CommandLog
from ainf_tui.tui.frame.palette import Palette
from ainf_tui.tui.frame.pane import TextPane
from ainf_tui.tui.frame.settings import SettingsScreen
from ainf_tui.tui.options import Options
from ainf_tui.tui.orders import Order
from ainf_tui.tui.session import Session
from tests.fakes.hostile import TEXTS, TURNS, filled
from tests.fakes.job_rows import NOW
from tests.tui.conftest import still
from tests.tui.screen_text import SIZES, check_screen, settled, some

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


@sizes
async def test_presets_in_the_palette(open_app, fake_engine, size):
    fake_engine.presets = tuple(filled(Preset, turn) for turn in range(TURNS))
    async with open_app(size) as (app, pilot):
        await pilot.press("ctrl+p")
        await still(pilot)
        assert isinstance(app.screen, Palette)
        shown = [item.value for item in app.screen._items]
        assert sum(value.startswith("preset:") for value in shown) == TURNS
        for value in some([value for value in shown if value.startswith("preset:")], size):
            app.screen.table.move_to_id(value)
            app.screen._tell()
            await pilot.pause()
            check_screen(app)
        for words in some(TEXTS.values(), size, 4):
            app.screen.entry.value = words
            await pilot.pause()
            check_screen(app)


@sizes
async def test_the_command_log(open_app, size):
    async with open_app(size) as (app, pilot):
        app.orders.log.extend(filled(Order, turn, number=turn + 1, at=NOW) for turn in range(TURNS))
        await pilot.press("at")
        await settled(app, pilot)
        assert isinstance(app.screen, CommandLog)
        for turn in some(range(TURNS), size, 2):
            app.screen.table.move_to(turn)
            await pilot.pause()
            check_screen(app)
            await pilot.press("enter")
            assert isinstance(app.screen, TextPane)
            await settled(app, pilot)
            await pilot.press("escape")


@sizes
async def test_settings(open_app, size):
    async with open_app(size) as (app, pilot):
        await pilot.press("comma")
        screen = app.screen
        assert isinstance(screen, SettingsScreen)
        screen.source.rows = [filled(ShownSetting, turn) for turn in range(TURNS)]
        screen.source.search("")
        screen.table.update()
        for turn in some(range(TURNS), size):
            screen.table.move_to(turn)
            await pilot.pause()
            check_screen(app)


class Echo:
    """A console whose commands print one text; completion offers it too."""

    def __init__(self) -> None:
        self.said = ""

    def run(self, args):
        return Result(len(self.said) % 2, self.said, self.said)

    def complete(self, words, incomplete):
        return [(self.said, self.said), (f"{self.said}2", "")]


@sizes
async def test_what_a_command_prints_and_what_completes_it(fake_engine, size):
    console = Echo()
    app = AinfApp(fake_engine.opener, Options(console=console))
    async with app.run_test(size=size, notifications=True) as pilot:
        said = some(TEXTS.values(), size, 2)
        for words in said:
            console.said = words
            app.clear_notifications()
            await pilot.press("colon", "x", "tab")
            await still(pilot, 1)
            check_screen(app)
            app.screen.query_one(CommandLine).entry.value = "status"
            await pilot.press("enter")
            for _ in range(100):
                await pilot.pause(0.01)
                if app._notifications or isinstance(app.screen, TextPane):
                    break
            await settled(app, pilot)
            app.action_queue()
        assert [order.line for order in app.orders.log] == ["ainf status"] * len(said)


async def test_a_session_of_anything(fake_engine):
    """History, filter and sort of the last time; the file may have been written by anybody."""
    for turn, words in enumerate(list(TEXTS.values())[::4]):
        kept = [words, None, {words: words}][turn % 3]
        names = ("history", "filter", "sort", "cursor", "theme", "reverse", "theme_setting")
        session = Session(values={**dict.fromkeys(names, kept), "history": [words] if turn % 2 else kept})
        session.problem = words
        app = AinfApp(fake_engine.opener, Options(), session)
        async with app.run_test(size=(80, 24), notifications=True) as pilot:
            await still(pilot, 2)
            check_screen(app)
            await pilot.press("colon")
            line = app.screen.query_one(CommandLine)
            line.action_history(-1)
            await pilot.pause()
            check_screen(app)
            await pilot.press("escape")
