"""What is taken from the Logs screen and what is opened over it: copies, files, records, bookmarks, times."""

from __future__ import annotations

import stat
from typing import Any

import pytest

from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.errors import AinfError
from ainf_tui.playbook import playbook
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.logs import taking
from ainf_tui.tui.options import Options
from ainf_tui.tui.session import Session
from tests.fakes.log_reading import BEGIN, log_row
from tests.tui.conftest import still
from tests.tui.logs.conftest import here, until
from tests.tui.screen_text import check_screen, text


@pytest.fixture
def copied(monkeypatch):
    """Texts that were copied."""
    found = []
    monkeypatch.setattr(AinfApp, "copy_text", lambda _app, words: found.append(words))
    return found


def logs_of(app: Any) -> Any:
    """The Logs screen."""
    return app.screen


async def choose(app, pilot, name):
    """Takes that option of the choice that is open."""
    await until(pilot, lambda: hasattr(app.screen, "table"))
    await still(pilot)
    assert app.screen.table.move_to_id(name)
    await pilot.press("enter")
    await still(pilot)


# -- the clipboard ----------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("what", "expected"),
    [
        ("line", "boom 280"),
        ("record", "\n".join(["boom 280", *(f"  more {n}" for n in range(1, 12))])),
        ("place", "/logs/a.log:281"),
        ("time", "2026-11-26T14:04:40+00:00"),
    ],
)
async def test_of_a_line_all_can_be_copied(on_logs, copied, what, expected):
    async with on_logs() as (app, pilot):
        await pilot.press("E", "y")
        await choose(app, pilot, what)
        assert copied == [expected]


async def test_a_line_that_is_cut_on_the_screen_is_copied_whole(on_logs, logs, copied):
    logs.records.append(log_row(300, "x" * 5_000))
    async with on_logs() as (app, pilot):
        assert app.screen.window.row.cut == 4_600
        await pilot.press("y")
        await choose(app, pilot, "line")
        assert copied == ["x" * 5_000]


async def test_a_marked_range_is_copied_whole_in_its_order(on_logs, copied):
    async with on_logs() as (app, pilot):
        await pilot.press("E", "j", "space", "k", "k")
        assert "3 marked" in text(app)
        assert text(app).count("│") >= 3
        await pilot.press("space", "G", "y")
        await choose(app, pilot, "range")
        lines = copied[0].split("\n")
        assert (lines[0], lines[1], lines[-1]) == ("line 279", "boom 280", "line 281")
        assert len(lines) == 14
        await pilot.press("escape")
        assert "marked" not in text(app)


# -- files ------------------------------------------------------------------------------------------
async def test_what_is_shown_is_saved_whole(on_logs, logs, tmp_path):
    logs.records = [log_row(number) for number in range(2_500)]
    async with on_logs() as (app, pilot):
        app.screen.take_stack(app.screen.stack.add(LogFilter("out", "7")))
        await still(pilot)
        await pilot.press("s")
        await until(pilot, lambda: hasattr(app.screen, "entry") and app.screen.entry.id == "text-entry")
        app.screen.entry.value = str(tmp_path / "kept.log")
        await pilot.press("enter")
        await until(pilot, (tmp_path / "kept.log").exists)
        found = (tmp_path / "kept.log").read_text().splitlines()
        assert found == [f"line {number}" for number in range(2_500) if "7" not in str(number)]
        await until(pilot, lambda: "records," in text(app))
        assert [path.name for path in tmp_path.iterdir()] == ["kept.log"]


async def test_a_file_that_is_there_is_replaced_only_when_asked(on_logs, tmp_path):
    old = tmp_path / "old.log"
    old.write_text("precious")
    old.chmod(0o640)
    async with on_logs() as (app, pilot):
        for keys, kept in ((("escape",), True), (("tab", "enter"), False)):
            await pilot.press("s")
            await until(pilot, lambda: getattr(app.screen, "entry", None) is not None)
            await until(pilot, lambda: app.screen.entry.id == "text-entry")
            app.screen.entry.value = str(old)
            await pilot.press("enter")
            await until(pilot, lambda: "is there already" in text(app))
            await pilot.press(*keys)
            await still(pilot, 8)
            assert (old.read_text() == "precious") is kept
        assert stat.S_IMODE(old.stat().st_mode) == 0o640


async def test_saving_is_ended_by_esc_and_leaves_nothing(on_logs, logs, tmp_path, monkeypatch):
    logs.records = [log_row(number) for number in range(20_000)]
    monkeypatch.setattr(taking, "BATCH", 10)
    async with on_logs() as (app, pilot):
        screen = app.screen
        work = app.run_worker(screen.save(tmp_path / "much.log"))
        await until(pilot, lambda: "records" in screen.saving)
        assert "writing much.log" in text(app)
        await pilot.press("escape")
        await work.wait()
        await until(pilot, lambda: "Nothing was written" in text(app))
        assert list(tmp_path.iterdir()) == []


async def test_a_reader_that_fails_leaves_the_old_file(on_logs, logs, tmp_path):
    old = tmp_path / "old.log"
    old.write_text("precious")
    async with on_logs() as (app, pilot):
        logs.fail = AinfError("engine.away", "nobody answers")
        await app.screen.save(old)
        await until(pilot, lambda: "was not written" in text(app))
        logs.fail = None
        assert old.read_text() == "precious"
        assert [path.name for path in tmp_path.iterdir()] == ["old.log"]


async def test_it_is_opened_in_the_pager_at_the_line(on_logs, logs, tmp_path, monkeypatch):
    run = []

    async def ran(_app, command):
        run.append(command)
        return 0

    monkeypatch.setattr(taking, "run_there", ran)
    path = tmp_path / "a.log"
    path.write_text("x")
    logs.details["path"] = str(path)
    async with on_logs() as (app, pilot):
        await pilot.press("E", "O")
        await choose(app, pilot, "less")
        assert run == [["less", "+281", str(path)]]
        logs.details["path"] = "/elsewhere/a.log"
        await pilot.press("O")
        await choose(app, pilot, "vi")
        assert "is not on this machine" in text(app)


async def test_the_plain_view_has_the_lines_that_are_seen(on_logs, logs, monkeypatch):
    shown = []

    async def printed(_app, words):
        shown.append(words)

    monkeypatch.setattr(taking, "print_there", printed)
    logs.records.append(log_row(300, "evil \x1b[2J" + "long " * 50))
    async with on_logs() as (app, pilot):
        await pilot.press("P")
        await still(pilot)
        lines = shown[0].split("\n")
        assert len(lines) == app.screen.view.page
        assert lines[-1].endswith("long " * 50)
        assert "\x1b" not in shown[0]


# -- over the screen --------------------------------------------------------------------------------
async def test_a_record_in_full_with_what_is_known_of_it(on_logs, logs):
    action = next(one.action for one in playbook().entries if one.code == "gpu.out_of_memory")
    logs.details |= {"code": "gpu.out_of_memory", "fields": {"job": 7, "name": "[/x]"}}
    async with on_logs((120, 50)) as (app, pilot):
        await pilot.press("E", "enter")
        await still(pilot)
        seen = text(app)
        for words in ("boom 280", "more 11", "WHAT IT MEANS", "[/x]", "/logs/a.log", "line 281", action):
            assert words in seen
        check_screen(app)
        await pilot.press("n")
        await still(pilot)
        assert "line 281" in text(app)
        await pilot.press("escape")
        assert here(app) == "line 281"
        await pilot.press("k", "enter")
        await still(pilot)
        await pilot.press("x")
        await still(pilot)
        assert app.screen.query_one("#command-entry").value == action.removeprefix("ainf ")


async def test_when_what_happened(on_logs):
    async with on_logs((100, 24)) as (app, pilot):
        await pilot.press("H")
        await still(pilot)
        assert "60 s each" in text(app)
        await pilot.press("g", "j", "j")
        check_screen(app)
        await pilot.press("enter")
        await until(pilot, lambda: here(app) == "line 120")


async def test_other_logs(on_logs, logs):
    async with on_logs((100, 24)) as (app, pilot):
        assert "comfyui+api" in text(app)
        await pilot.press("S")
        await still(pilot)
        assert "run-1" in text(app)
        await pilot.press("g", "space", "enter")
        await until(pilot, lambda: logs.called("open")[-1].sources == ("api",))
        await until(pilot, lambda: "comfyui+api" not in text(app))
        assert app.session.texts("logs_sources") == ["api"]
        await pilot.press("S")
        await still(pilot)
        await pilot.press("a")
        await until(pilot, lambda: "comfyui+api" in text(app))


# -- bookmarks --------------------------------------------------------------------------------------
async def test_bookmarks_are_there_the_next_time(fake_engine, on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("E", "m")
        await until(pilot, lambda: f"{app.signs.mark}" in text(app))
        await pilot.press("E", "m")
        await until(pilot, lambda: len(app.screen.kept.bookmarks) == 2)
        values = dict(app.session._values)
    again = AinfApp(fake_engine.opener, Options(), Session(values=values))
    async with again.run_test(size=(100, 24), notifications=True) as pilot:
        await until(pilot, lambda: logs_of(again).feed.loaded)
        for key, wanted in (("left_square_bracket", "boom 280"), ("left_square_bracket", "boom 230")):
            await pilot.press(key)
            await until(pilot, lambda wanted=wanted: here(again) == wanted)
        await pilot.press("left_square_bracket")
        await until(pilot, lambda: "There is no bookmark before" in text(again))
        await pilot.press("right_square_bracket")
        await until(pilot, lambda: here(again) == "boom 280")
        await pilot.press("M")
        await still(pilot)
        assert "boom 230" in text(again)
        await pilot.press("g", "d", "enter")
        await until(pilot, lambda: len(logs_of(again).kept.bookmarks) == 1)
        await pilot.press("m")
        assert len(logs_of(again).kept.bookmarks) == 0


# -- from elsewhere ---------------------------------------------------------------------------------
async def test_another_screen_leads_to_a_place(open_app, logs):
    async with open_app((100, 24), "queue") as (app, pilot):
        app.show_logs(file="/logs/a.log", start=1_200)
        await until(pilot, lambda: app.screen.id != "queue" and hasattr(app.screen, "window"))
        await until(pilot, lambda: app.screen.window.row is not None and here(app) == "line 120")
        assert logs.called("open")[-1].sources == ("file:/logs/a.log",)


async def test_a_time_and_filters_from_elsewhere(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("2")
        app.show_logs(source="comfyui", at=BEGIN.replace(minute=2), filters=(LogFilter("level", "error"),))
        await until(pilot, lambda: here(app) == "boom 130")
        assert "≥error" in text(app)
        app.show_logs(source="comfyui", file="/logs/a.log", start=999_990)
        await until(pilot, lambda: "That line is not there any more" in text(app))
        assert here(app) == "line 299"


# -- the session ------------------------------------------------------------------------------------
async def test_what_was_chosen_is_there_the_next_time(fake_engine, on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("w", "T", "L", "L")
        await still(pilot)
        values = dict(app.session._values)
    again = AinfApp(fake_engine.opener, Options(), Session(values=values))
    async with again.run_test(size=(100, 24), notifications=True) as pilot:
        await until(pilot, lambda: logs_of(again).feed.loaded)
        kept = logs_of(again).kept
        assert (kept.wrap, kept.times, logs_of(again).stack.level) == (True, "relative", "warning")


async def test_logs_of_the_last_time_that_are_gone_are_replaced(fake_engine, logs):
    session = Session(values={"screen": "app.logs", "logs_sources": ["run:gone/comfyui"]})
    app = AinfApp(fake_engine.opener, Options(), session)
    async with app.run_test(size=(100, 24), notifications=True) as pilot:
        await until(pilot, lambda: "line 299" in text(app))
        assert "comfyui+api" in text(app)
