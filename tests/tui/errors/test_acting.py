"""What the keys of the Errors screen do, and where its links lead."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from textual.events import Paste

from ainf_tui.actions import of_area
from ainf_tui.domain.error_documents import ErrorDetailDocument
from ainf_tui.errors import UsageError
from ainf_tui.tui.console import Result
from ainf_tui.tui.dashboard.service import ServiceScreen
from ainf_tui.tui.errors.screen import ErrorsScreen
from ainf_tui.tui.frame.command_line import CommandLine
from ainf_tui.tui.logs.screen import LogsScreen
from ainf_tui.tui.queue.screen import QueueScreen
from tests.fakes.box_documents import services
from tests.fakes.error_reading import CARD, example, group
from tests.fakes.job_rows import job_row
from tests.tui.conftest import still
from tests.tui.errors.looking import asked, said, shown, until
from tests.tui.screen_text import text

SIZES = [(20, 5), (80, 24), (120, 40), (200, 60)]


# -- acting -----------------------------------------------------------------------------------------
async def test_resolve_and_undo(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("r")
        await still(pilot, 6)
        assert asked(box, "resolve")[0].errors == ("1",)
        assert shown(app) == [2, 3]
        assert "Resolved #1 out of memory. `U` takes it back." in said(app)
        assert app.orders.log[-1].line == "ainf errors resolve 1"
        await pilot.press("U")
        await still(pilot, 6)
        assert asked(box, "reopen")[0].errors == ("1",)
        assert 1 in shown(app)


async def test_resolve_again_opens_it(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("H")
        await still(pilot)
        app.screen.table.move_to_id("4")
        await still(pilot)
        assert "r reopen" in text(app)
        await pilot.press("r")
        await still(pilot)
        assert asked(box, "reopen")[0].errors == ("4",)


async def test_mute_asks_how_long_and_unmutes(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("space", "space", "m", "enter")
        await still(pilot, 6)
        request = asked(box, "mute")[0]
        assert request.errors == ("1", "2")
        assert timedelta(minutes=59) < request.until - datetime.now(UTC) <= timedelta(hours=1)
        assert app.screen.table.marks == set()
        assert app.orders.log[-1].line == "ainf errors mute 1 2 --for 60m"
        await pilot.press("H")
        await still(pilot)
        app.screen.table.move_to_id("5")
        await pilot.press("m")
        await still(pilot)
        assert asked(box, "reopen")[0].errors == ("5",)


async def test_a_note(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("i", *"known", "enter")
        await until(app, pilot, "NOTE")
        assert [(r.error, r.note) for r in asked(box, "note")] == [("1", "known")]
        await pilot.press("i", "escape")
        await still(pilot)
        assert len(asked(box, "note")) == 1


async def test_marked_ones_are_merged_into_the_one_under_the_cursor_and_split_again(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("space", "space", "M")
        await still(pilot)
        told = text(app)
        for words in ("Merge into #3 value not in list?", "#1 out of memory", "#2 port 3000 is taken"):
            assert words in told
        await pilot.press("enter")
        await still(pilot)
        assert asked(box, "merge") == [], "Cancel has the focus"
        await pilot.press("M", "tab", "enter")
        await still(pilot, 8)
        assert [(r.into, r.errors) for r in asked(box, "merge")] == [("3", ("1", "2"))]
        assert shown(app) == [3]
        assert app.orders.log[-1].line == "ainf errors merge 3 1 2"
        assert "2 others merged into it" in app.screen.card.text.plain
        await pilot.press("D", "enter")
        await still(pilot, 8)
        assert asked(box, "split")[0].fingerprint == group(1).fingerprint
        assert len(shown(app)) == 2


async def test_clear_asks_and_tells_where_they_are(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("X", "tab", "enter")
        await still(pilot, 6)
        assert 4 not in box.errors.groups
        assert "archive.jsonl" in text(app)


async def test_a_refusal_is_told(errors, box):
    async with errors() as (app, pilot):
        box.fail = UsageError("errors.no", "it will not be", hint="never")
        await pilot.press("r")
        await still(pilot)
        assert "it will not be" in text(app)
        assert shown(app) == [1, 2, 3]


CHANGING = [action for action in of_area("errors") if action.changes]


@pytest.mark.parametrize("action", CHANGING, ids=lambda action: action.id)
async def test_an_app_that_may_only_look_asks_nothing(errors, box, action):
    async with errors(read_only=True) as (_, pilot):
        await pilot.press("space", "j", action.keys[0], "tab", "enter")
        await still(pilot)
        names = {name for name, _ in box.calls if name.startswith("errors.")}
        assert names <= {"errors.listed", "errors.show"}


# -- to more ----------------------------------------------------------------------------------------
class Said:
    """A console that keeps its lines."""

    def __init__(self) -> None:
        self.lines: list[tuple[str, ...]] = []

    def run(self, args):
        self.lines.append(tuple(args))
        return Result(0, "GPU 0  17.0G of 24.0G\n", "")

    def complete(self, words, incomplete):
        return ()


async def test_fix_shows_the_command_asks_and_runs_it(errors, box):
    console = Said()
    async with errors(console=console) as (app, pilot):
        await until(app, pilot, "f runs")
        await pilot.press("f")
        await until(app, pilot, "Run `ainf host`?")
        await pilot.press("enter")
        await still(pilot)
        assert console.lines == [], "Cancel has the focus"
        await pilot.press("f", "tab", "enter")
        await still(pilot, 8)
        assert console.lines == [("host",)]
        assert app.orders.log[-1].line == "ainf host"


async def test_a_fix_that_needs_a_name_is_typed_and_left_to_the_user(errors, box):
    card = replace(CARD, action="ainf comfyui nodes install SOURCE")
    box.errors.details[1] = ErrorDetailDocument(group(1), card, (example(1),))
    console = Said()
    async with errors(console=console) as (app, pilot):
        await until(app, pilot, "f types ainf comfyui nodes install SOURCE")
        await pilot.press("f")
        await still(pilot)
        assert app.screen.query_one(CommandLine).entry.value == "comfyui nodes install "
        assert console.lines == []
        await pilot.press(*"x.git", "enter")
        await still(pilot, 8)
        assert console.lines == [("comfyui", "nodes", "install", "x.git")]


async def test_what_has_no_fix_no_job_and_no_log_says_so(errors, box):
    box.errors.details[3] = ErrorDetailDocument(group(3), None, (example(1),))
    async with errors() as (app, pilot):
        await pilot.press("G")
        await until(app, pilot, "does not know this one")
        for key, words in (
            ("f", "no command that mends"),
            ("b", "no job"),
            ("B", "no service"),
            ("o", "no log"),
        ):
            app.clear_notifications()
            await pilot.press(key)
            await still(pilot, 1)
            assert words in text(app)


async def test_to_the_job_and_back(errors, box):
    box.put(job_row(7, "failed"), job_row(8))
    async with errors() as (app, pilot):
        await pilot.press("b")
        await still(pilot, 8)
        assert isinstance(app.screen, QueueScreen)
        assert app.screen.row is not None
        assert app.screen.row.number == 7
        await pilot.press("escape")
        await still(pilot)
        assert isinstance(app.screen, ErrorsScreen)
        assert app.screen.row.id == 1
        await pilot.press("2", "escape")
        assert isinstance(app.screen, QueueScreen), "who went there by himself stays"


async def test_to_the_log_at_its_place_and_back(errors, box, monkeypatch):
    at = example(1, file="/runs/1/comfyui.log", start=4711)
    box.errors.details[1] = ErrorDetailDocument(group(1), CARD, (at,))
    shown_logs: list[tuple[object, ...]] = []
    monkeypatch.setattr(LogsScreen, "show_logs", lambda _, *where: shown_logs.append(where))
    async with errors() as (app, pilot):
        await until(app, pilot, "o log")
        await pilot.press("o")
        await still(pilot, 8)
        assert isinstance(app.screen, LogsScreen)
        assert shown_logs == [("", "/runs/1/comfyui.log", 4711, at.at, ())]
        await pilot.press("escape")
        await still(pilot)
        assert isinstance(app.screen, ErrorsScreen)


async def test_to_the_service_and_back(errors, box):
    box.say("services", services())
    async with errors() as (app, pilot):
        await pilot.press("j", "B")
        await still(pilot)
        assert isinstance(app.screen, ServiceScreen)
        await pilot.press("escape")
        assert isinstance(app.screen, ErrorsScreen)


async def test_a_group_that_is_settled_is_found_too(errors, box):
    async with errors() as (app, pilot):
        app.show_error("4")
        await still(pilot, 6)
        assert app.screen.row.id == 4
        app.show_error("99")
        await still(pilot, 6)
        assert "There is no error #99 any more." in text(app)


async def test_copying_a_report(errors, box, monkeypatch):
    box.errors.details[1] = ErrorDetailDocument(
        group(1), CARD, (example(1, lines=("token=abcd1234secret",)),)
    )
    async with errors() as (app, pilot):
        copied: list[str] = []
        monkeypatch.setattr(app, "copy_text", copied.append)
        await pilot.press("y", "enter")
        await still(pilot, 8)
        assert copied[0].startswith("## out of memory")
        assert "abcd1234secret" not in copied[0]


async def test_export_writes_what_the_command_line_prints_to_a_new_file(errors, box, tmp_path, monkeypatch):
    monkeypatch.setattr("ainf_tui.tui.errors.screen._HOME", tmp_path)
    console = Said()
    async with errors(console=console) as (app, pilot):
        await pilot.press("space", "s", "enter")
        await until(app, pilot, "1 error written to")
        assert console.lines == [("errors", "export", "1")]
        (written,) = tmp_path.iterdir()
        assert written.read_text() == "GPU 0  17.0G of 24.0G\n"
        assert app.orders.log[-1].line == f"ainf errors export 1 > {written}"
        await pilot.press("s", "ctrl+u")
        app.post_message(Paste(str(written)))
        await pilot.press("enter")
        await until(app, pilot, "Nothing was written.")
        assert "there is such a file already" in app.orders.log[-1].error
