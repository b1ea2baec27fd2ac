"""The Errors screen as its user meets it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ainf_tui.actions import of_area
from ainf_tui.domain.error_documents import ErrorDetailDocument
from ainf_tui.domain.ports_errors import ErrorReading
from ainf_tui.errors import UsageError
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.console import Result
from ainf_tui.tui.dashboard.service import ServiceScreen
from ainf_tui.tui.errors import feed
from ainf_tui.tui.errors.group import GroupScreen
from ainf_tui.tui.errors.screen import ErrorsScreen
from ainf_tui.tui.frame.pane import TextPane
from ainf_tui.tui.link import AWAY, Link
from ainf_tui.tui.logs.screen import LogsScreen
from ainf_tui.tui.options import Options
from ainf_tui.tui.queue.screen import QueueScreen
from ainf_tui.tui.session import Session
from tests.fakes.box_documents import services
from tests.fakes.error_reading import CARD, FakeErrors, example, group
from tests.fakes.job_rows import job_row
from tests.tui.conftest import still
from tests.tui.screen_text import check_screen, text

SIZES = [(20, 5), (80, 24), (120, 40), (200, 60)]


@pytest.fixture(autouse=True)
def at_once(monkeypatch):
    """Lists are read again as soon as something has changed."""
    monkeypatch.setattr(feed, "AGAIN", 0.0)


@pytest.fixture
def box(fake_engine):
    """Three open groups, one that was resolved and one that is muted."""
    fake_engine.errors.put(
        group(1, title="out of memory", job=7, pack="portrait", code="gpu.out_of_memory"),
        group(2, "regressed", title="port 3000 is taken", source="web", service="web"),
        group(3, "ongoing", title="value not in list", level="warning"),
        group(4, "resolved", title="old story"),
        group(5, "muted", title="known noise"),
    )
    return fake_engine


@pytest.fixture
def errors(open_app, box):
    def opened(size=(120, 40), **options):
        return open_app(size, screen="errors", **options)

    return opened


def shown(app) -> list[int]:
    return [group.id for group in app.screen.groups]


async def until(app, pilot, words: str) -> None:
    """The screen shows the words: a card comes once the cursor has come to rest."""
    for _ in range(200):
        if words in text(app):
            return
        await still(pilot, 1)
    raise AssertionError(f"{words!r} is not in\n{text(app)}")


def said(app) -> str:
    return "\n".join(note.message for note in app._notifications)


def asked(box, name: str) -> list[Any]:
    found: list[Any] = box.called(f"errors.{name}")
    return found


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
        assert app.screen.group.id == 2


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
        assert len(app.screen.groups) == feed.FIRST
        await pilot.press("G")
        await still(pilot, 12)
        await pilot.press("G")
        await still(pilot, 2)
        assert (len(app.screen.groups), app.screen.group.id) == (10_000, 10_000)
        assert max(query.limit for query in asked(fake_engine, "listed")) == feed.PAGE
        check_screen(app)


# -- what changes -----------------------------------------------------------------------------------
async def test_what_comes_is_seen_and_the_cursor_stays_with_its_group(errors, box):
    async with errors() as (app, pilot):
        await pilot.press("j")
        box.errors.put(group(6, title="brand new"), replace(box.errors.groups[1], state="ongoing"))
        await still(pilot, 6)
        assert "brand new" in text(app)
        assert app.screen.group.id == 2
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
    monkeypatch.setattr("ainf_tui.tui.errors.card_feed.AGAIN", 0.0)
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
        assert app.screen.group.id == 1
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
        assert app.screen.group.id == 4
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
        await pilot.press("s", *["backspace"] * 200, *str(written), "enter")
        await until(app, pilot, "Nothing was written.")
        assert "there is such a file already" in app.orders.log[-1].error
