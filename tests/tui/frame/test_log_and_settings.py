"""The command log and the settings screen."""

from __future__ import annotations

import tomllib
from dataclasses import replace

import pytest

from ainf_tui.errors import ConflictError, UsageError
from ainf_tui.settings import Settings, resolve
from ainf_tui.settings_text import shown
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.frame.command_log import CommandLog
from ainf_tui.tui.frame.pane import TextPane
from ainf_tui.tui.frame.settings import SettingsScreen, restart_advice, toml_line
from tests.fakes.job_rows import job_row
from tests.tui.conftest import still
from tests.tui.frame.helpers import toasts


@pytest.fixture
def copied(monkeypatch):
    found: list[str] = []
    monkeypatch.setattr(AinfApp, "copy_text", lambda _self, text: found.append(text))
    return found


async def test_log_shows_what_was_asked_newest_last(open_app, fake_engine, copied):
    fake_engine.put(job_row(4))
    async with open_app() as (app, pilot):
        await pilot.press("p", "p", "z")
        await still(pilot)
        await pilot.press("at")
        await still(pilot)
        assert isinstance(app.screen, CommandLog)
        lines = [app.screen.table.source.cells(index)["line"][0] for index in range(3)]
        assert lines == ["ainf queue pause", "ainf queue resume", "ainf queue hold 4"]
        assert "3 asked" in app.screen.title_bar.plain
        assert "Command log" in app.screen.tabs.plain
        await pilot.press("y", "k", "y")
        await still(pilot)
        assert copied == ["ainf queue hold 4", "ainf queue resume"]
        await pilot.press("at")
        await still(pilot)
        assert not isinstance(app.screen, CommandLog)


async def test_log_opens_an_error_in_full(open_app, fake_engine):
    fake_engine.put(job_row(4))
    fake_engine.fail = ConflictError("job.wrong_state", "[/not] like this\x1b]52;c;x\a")
    async with open_app() as (app, pilot):
        await pilot.press("z")
        await still(pilot)
        await pilot.press("at", "enter")
        await still(pilot)
        assert isinstance(app.screen, TextPane)
        assert "refused: job.wrong_state: [/not] like this\u241b]52;c;x\u2407" in app.screen.view.plain
        await pilot.press("escape", "escape")
        await still(pilot)
        assert len(app.screen_stack) == 1


async def test_an_empty_log_says_what_it_is_for(open_app):
    async with open_app() as (app, pilot):
        await pilot.press("at", "y", "enter")
        await still(pilot)
        assert isinstance(app.screen, CommandLog)
        assert "Nothing was asked" in app.screen.table.empty[0][0][0]


FILE = """[queue]
max_attempts = 3
[app]
notify_hook = "say \\"[/x]\\""
[backends.gpu]
url = "http://127.0.0.1:1"
tags = ["a", "b"]
token = "secretsecret"
[keys]
"queue.cancel" = ["x", "f8"]
"""


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "config.toml"
    path.write_text(FILE)
    return path


def test_copied_lines_are_toml_that_sets_the_same(file):
    settings = resolve({}, {}, file)
    for row in shown(settings):
        if row.id.startswith("backends.gpu.token") or row.id == "backends.gpu.headers":
            continue  # hidden, and a table
        told = tomllib.loads(toml_line(row))
        section, _, name = row.id.partition(".")
        if section == "backends":
            told, name = told["backends"]["gpu"], row.id.rpartition(".")[2]
        else:
            told = told[section]
        value = list(row.value) if isinstance(row.value, tuple) else row.value
        assert told[name] == value
    assert "secretsecret" not in "".join(toml_line(row) for row in shown(settings))


def test_advice_says_what_has_to_start_again():
    before = Settings()
    app = replace(before, app=replace(before.app, bell=True))
    engine = replace(before, queue=replace(before.queue, max_attempts=5))
    both = replace(app, queue=engine.queue)
    assert restart_advice(before, before) == ""
    assert "start the app again" in restart_advice(before, app)
    assert "engine stop" not in restart_advice(before, app)
    assert "ainf engine stop" in restart_advice(before, engine)
    assert restart_advice(before, both).startswith("2 changed")


async def test_settings_are_shown_searched_and_copied(open_app, file, copied):
    settings = resolve({}, {}, file)
    async with open_app(settings=settings, config_file=file) as (app, pilot):
        await pilot.press("comma")
        await still(pilot)
        assert isinstance(app.screen, SettingsScreen)
        assert str(file) in app.screen.title_bar.plain
        await pilot.press("slash", *"notify_hook", "enter")
        await still(pilot)
        assert [row.id for row in app.screen.source.found] == ["app.notify_hook"]
        assert "AINF_APP_NOTIFY_HOOK" in app.screen.about.plain
        cells = app.screen.source.cells(0)
        assert cells["value"] == ('say "[/x]"', "strong")
        assert cells["source"][0] == f"{file}:4"
        await pilot.press("y")
        assert copied == ['[app]\nnotify_hook = "say \\"[/x]\\""']
        await pilot.press("escape")
        await still(pilot)
        assert len(app.screen.source.found) > 20
        await pilot.press("escape")
        await still(pilot)
        assert not isinstance(app.screen, SettingsScreen)


async def test_after_the_editor_what_changed_is_told(open_app, file):
    def reread():
        return resolve({}, {}, file)

    async with open_app(settings=reread(), config_file=file, reread=reread) as (app, pilot):
        await pilot.press("comma")
        await still(pilot)
        file.write_text(FILE.replace("max_attempts = 3", "max_attempts = 4"))
        await app.screen._reread(file, 0)
        await still(pilot)
        assert "1 changed. For it to hold: `ainf engine stop`" in toasts(app)
        assert app.screen.source.cells(app.screen.source.index_of("queue.max_attempts"))["value"][0] == "4"
        file.write_text("[queue]\nmax_atempts = 4\n")
        await app.screen._reread(file, 0)
        await still(pilot)
        assert "max_atempts" in toasts(app)


async def test_without_a_terminal_to_lend_the_file_is_named(open_app, file):
    def reread():
        raise UsageError("config.bad_toml", "unused")

    environ = {"EDITOR": "true", "TERM": "xterm"}
    async with open_app(config_file=file, reread=reread, environ=environ) as (app, pilot):
        await pilot.press("comma", "e")
        await still(pilot)
        assert f"The file is {file}" in toasts(app)
