"""The Logs screen on a fake of everything that can be asked: following, moving, looking for things."""

from __future__ import annotations

import asyncio
from datetime import timedelta

from ainf_tui.domain.log_documents import LogFilter, LogPageDocument, LogPlace
from ainf_tui.errors import AinfError, NotFoundError
from ainf_tui.tui.logs.pages import FILTERING
from tests.fakes.log_reading import BEGIN, log_row
from tests.tui.conftest import still
from tests.tui.logs.conftest import here, until
from tests.tui.screen_text import check_screen, text


# -- following --------------------------------------------------------------------------------------
async def test_it_opens_at_the_end_and_follows(on_logs, logs):
    async with on_logs() as (app, pilot):
        assert "line 299" in text(app)
        assert "following" in text(app)
        await until(pilot, lambda: "366 lines" in text(app))
        logs.records.append(log_row(300, "just written"))
        await until(pilot, lambda: "just written" in text(app))
        assert here(app) == "just written"


async def test_a_step_up_pauses_and_what_comes_is_counted(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("k")
        assert "paused" in text(app)
        seen = here(app)
        logs.records += [log_row(number) for number in range(300, 428)]
        await until(pilot, lambda: "▼ 128 new" in text(app))
        assert here(app) == seen
        await pilot.press("G")
        await until(pilot, lambda: here(app) == "line 427")
        assert "following" in text(app)


async def test_a_flood_while_it_is_paused_is_counted_by_its_lines(on_logs, logs):
    async with on_logs() as (app, pilot):
        # What comes is counted from what the whole had when it was followed: that has to be known.
        await until(pilot, lambda: app.screen.feed.followed_lines is not None)
        await pilot.press("k")
        logs.records += [log_row(number) for number in range(300, 9_300)]
        await until(pilot, lambda: "▼ 9,000+ new" in text(app), 300)
        assert len(app.screen.window.rows) < 2_100


async def test_of_a_flood_only_the_end_is_fetched(on_logs, logs):
    async with on_logs() as (app, pilot):
        logs.asked.clear()
        logs.records += [log_row(number) for number in range(300, 9_300)]
        await until(pilot, lambda: here(app) == "line 9299")
        brought = sum(request.before + request.after for request in logs.called("page"))
        assert brought < 1_500


async def test_nothing_is_asked_while_another_screen_is_seen(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("2")
        await still(pilot)
        logs.asked.clear()
        logs.records.append(log_row(300, "meanwhile"))
        await pilot.pause(0.4)
        assert logs.asked == []
        await pilot.press("6")
        await until(pilot, lambda: "meanwhile" in text(app))


async def test_a_still_log_paints_nothing(on_logs, logs):
    async with on_logs() as (app, pilot):
        painted = []
        view = app.screen.view
        view.refresh = lambda *regions, **_: painted.append(regions)
        await pilot.pause(0.5)
        assert painted == []


# -- moving -----------------------------------------------------------------------------------------
async def test_pages_are_there_before_they_are_asked_for(on_logs, logs):
    async with on_logs() as (app, pilot):
        page = app.screen.view.page
        assert len(app.screen.window.rows) >= 3 * page
        logs.fail = AinfError("x", "nobody answers")
        before = app.screen.window.cursor
        for _ in range(2):
            await pilot.press("pageup")
        assert app.screen.window.cursor == before - 2 * page


async def test_a_walk_to_the_top_and_back(on_logs, logs):
    async with on_logs() as (app, pilot):
        for _ in range(40):
            await pilot.press("pageup")
        await until(pilot, lambda: app.screen.window.top)
        await pilot.press("g")
        await until(pilot, lambda: here(app) == "line 0")
        assert "line 0 " in text(app)
        await pilot.press("G")
        await until(pilot, lambda: here(app) == "line 299")


async def test_g_goes_to_the_top_of_a_log_that_is_not_held(on_logs, logs):
    logs.records = [log_row(number) for number in range(20_000)]
    async with on_logs() as (app, pilot):
        await pilot.press("g")
        await until(pilot, lambda: here(app) == "line 0")
        await pilot.press("j", "j")
        assert here(app) == "line 2"
        assert len(app.screen.window.rows) < 2_100


async def test_errors_and_warnings_one_after_the_other(on_logs, logs):
    async with on_logs() as (app, pilot):
        for wanted in ("boom 280", "boom 230", "boom 180"):
            await pilot.press("E")
            await until(pilot, lambda wanted=wanted: here(app) == wanted)
        await pilot.press("e")
        await until(pilot, lambda: here(app) == "boom 230")
        await pilot.press("v")
        await until(pilot, lambda: app.screen.window.row.level == "warning")
        assert here(app) == "line 250"
        await pilot.press("V")
        await until(pilot, lambda: here(app) == "line 210")
        await pilot.press("g")
        await until(pilot, lambda: here(app) == "line 0")
        await pilot.press("E")
        await until(pilot, lambda: here(app) == "boom 280")
        assert "Nothing more above: went around the end" in text(app)


async def test_to_a_time_a_line_and_a_share(on_logs, logs):
    async with on_logs() as (app, pilot):
        at = (BEGIN + timedelta(seconds=77)).isoformat()
        for typed, wanted in ((at, "line 77"), (":121", "line 120"), ("50%", "line 149")):
            await pilot.press("t")
            app.screen.entry.value = typed
            await pilot.press("enter")
            await until(pilot, lambda wanted=wanted: here(app) == wanted)
        await pilot.press("t", *"yesterdayish", "enter")
        await until(pilot, lambda: "is no time" in text(app))


# -- search -----------------------------------------------------------------------------------------
async def test_a_search_goes_to_the_last_match_and_from_match_to_match(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("slash", *"line 17", "enter")
        await until(pilot, lambda: here(app) == "line 179")
        assert "11 of 11" in text(app)
        await pilot.press("N")
        await until(pilot, lambda: here(app) == "line 178")
        assert "10 of 11" in text(app)
        await pilot.press("n")
        await until(pilot, lambda: here(app) == "line 179")
        await pilot.press("n")
        await until(pilot, lambda: here(app) == "line 17")
        assert "1 of 11" in text(app)
        assert "Nothing more below: went around the end" in text(app)
        assert any(sign == app.signs.mark for sign, _ in app.screen.strip.cells)
        await pilot.press("escape")
        await until(pilot, lambda: "of 11" not in text(app))
        assert logs.pattern is None


async def test_a_match_found_before_all_is_searched_gets_its_number_when_it_is(on_logs, logs):
    async with on_logs() as (app, pilot):
        logs.states |= {"searched": 0.4, "searching": True}
        await pilot.press("slash", *"line 17", "enter")
        await until(pilot, lambda: here(app) == "line 179")
        assert "11+ found 40%" in text(app)
        await pilot.press("N")
        assert "11+ found" in text(app)
        logs.states.clear()
        await until(pilot, lambda: "10 of 11" in text(app))
        assert here(app) == "line 178"


async def test_what_is_no_match_gets_no_number(on_logs, logs):
    async with on_logs() as (app, pilot):
        logs.states |= {"searched": 0.4, "searching": True}
        await pilot.press("slash", *"line 17", "enter")
        await until(pilot, lambda: here(app) == "line 179")
        await pilot.press("k", "k", "k")
        logs.states.clear()
        await until(pilot, lambda: "11 found" in text(app))
        assert here(app) == "line 176"


async def test_a_regular_expression_and_a_broken_one(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("slash", *"/boom 1.0/", "enter")
        await until(pilot, lambda: here(app) == "boom 180")
        await pilot.press("slash")
        app.screen.entry.value = "/(/"
        await pilot.press("enter")
        await until(pilot, lambda: "is no regular expression" in text(app))
        assert here(app) == "boom 180"


async def test_what_is_not_there_is_said(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("slash", *"zebra", "enter")
        await until(pilot, lambda: "zebra: not found" in text(app))
        assert here(app) == "line 299"


async def test_n_without_a_search_asks_for_one(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("n")
        assert app.screen.entry.has_focus


# -- filters ----------------------------------------------------------------------------------------
async def test_the_level_in_turn(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("L", "L")
        await until(pilot, lambda: "≥warning" in text(app))
        await until(pilot, lambda: "hidden)" in text(app))
        assert "line 299" not in text(app)
        await pilot.press("L")
        await until(pilot, lambda: "line 290" not in text(app))
        assert "boom 280" in text(app)
        await pilot.press("L")
        await until(pilot, lambda: "line 299" in text(app))
        assert "hidden" not in text(app)


async def test_filters_are_added_switched_changed_and_removed(on_logs, logs):
    async with on_logs((100, 40)) as (app, pilot):
        logs_screen = app.screen
        await pilot.press("f")
        await still(pilot)
        await pilot.press(*"-line", "enter")
        await still(pilot)
        assert logs_screen.stack.filters == (LogFilter("out", "line"),)
        assert "[x] without    -line" in text(app)
        await pilot.press("a", *"/boom 2/", "enter")
        await until(pilot, lambda: len(logs_screen.window.rows) == 2)
        await pilot.press("space")
        assert [one.value for one in logs_screen.stack.on] == ["boom 2"]
        await pilot.press("d", "escape")
        await still(pilot)
        assert logs_screen.stack.filters == (LogFilter("in", "boom 2", regex=True),)
        assert "1 filter on (298 hidden)" in text(app)
        await pilot.press("f", "enter")
        await still(pilot)
        app.screen.entry.value = "level:loud"
        await pilot.press("enter")
        assert "'loud' is no level" in text(app)
        await pilot.press("escape", "0", "escape")
        await until(pilot, lambda: "filters off" in text(app))
        assert "line 299" in text(app)


async def test_a_hit_in_context_and_back(on_logs, logs):
    async with on_logs() as (app, pilot):
        app.screen.take_stack(app.screen.stack.add(LogFilter("in", "boom")))
        await until(pilot, lambda: len(app.screen.window.rows) == 6)
        app.screen.view.go(3)
        assert here(app) == "boom 180"
        await pilot.press("c")
        await until(pilot, lambda: "line 181" in text(app))
        assert here(app) == "boom 180"
        assert "in context, filters off" in text(app)
        row = app.screen.window.cursor - app.screen.window.first
        assert abs(row - app.screen.view.page // 2) <= 1
        await pilot.press("escape")
        await until(pilot, lambda: "line 181" not in text(app))
        assert here(app) == "boom 180"


async def test_context_around_what_is_let_through(on_logs, logs):
    async with on_logs() as (app, pilot):
        app.screen.take_stack(app.screen.stack.add(LogFilter("in", "boom")))
        await until(pilot, lambda: len(app.screen.window.rows) == 6)
        await pilot.press("plus", "plus")
        await until(pilot, lambda: "line 282" in text(app))
        assert "line 283" not in text(app)
        assert "±2" in text(app)
        await pilot.press("minus", "minus")
        await until(pilot, lambda: "line 281" not in text(app))


async def test_what_filters_look_for_long_is_told_and_given_up(on_logs, logs, monkeypatch):
    """In a log of a gigabyte the next line that is let through may be far."""
    answer = logs.page

    async def far(view, request):
        if not request.filters:
            return await answer(view, request)
        await asyncio.sleep(0.005)
        place = request.place or LogPlace({"a": 3_000})
        return LogPageDocument((), 0, place, place, top=False, bottom=False, partial=True)

    monkeypatch.setattr(logs, "page", far)
    async with on_logs() as (app, pilot):
        app.screen.take_stack(app.screen.stack.add(LogFilter("in", "nowhere")))
        await until(pilot, lambda: FILTERING in text(app))
        await pilot.press("c")
        await until(pilot, lambda: "in context" in text(app) and FILTERING not in text(app))
        assert "line 299" in text(app)
        await pilot.press("c")
        await until(pilot, lambda: FILTERING in text(app))
        await pilot.press("escape")
        await until(pilot, lambda: "The filters let nothing through" in text(app))
        assert FILTERING not in text(app)


async def test_of_a_flood_the_end_alone_is_fetched(on_logs, logs):
    """And once it is over, what is above it again."""
    async with on_logs() as (app, pilot):
        before = len(logs.asked)
        for flood in range(3):
            logs.records += [log_row(300 + flood * 1_000 + n) for n in range(1_000)]
            end = f"line {1_299 + flood * 1_000}"
            await until(pilot, lambda end=end: end in text(app))
        fetched = [request.before + request.after for name, request in logs.asked[before:] if name == "page"]
        assert sum(fetched) < 1_000
        await until(pilot, lambda: len(app.screen.window.rows) > 2 * app.screen.view.page)
        rows = app.screen.window.rows
        assert [row.start for row in rows] == list(range(rows[0].start, rows[-1].start + 10, 10))


# -- what goes wrong --------------------------------------------------------------------------------
async def test_without_a_run_it_says_what_to_do_and_goes_on_when_there_is_one(on_logs, logs):
    sources, logs.sources_ = logs.sources_, ()
    async with on_logs() as (app, pilot):
        assert "there is no run yet" in text(app)
        assert "`ainf up` begins one" in text(app)
        logs.sources_ = sources
        await until(pilot, lambda: "line 299" in text(app))


async def test_nothing_written_yet(on_logs, logs):
    logs.records.clear()
    async with on_logs() as (app, pilot):
        assert "Nothing has been written yet" in text(app)
        logs.records.append(log_row(0, "the first"))
        await until(pilot, lambda: "the first" in text(app))


async def test_an_engine_that_is_away_leaves_the_rows_with_their_age(on_logs, logs):
    async with on_logs() as (app, pilot):
        logs.fail = AinfError("engine.away", "the engine does not answer")
        await until(pilot, lambda: "the engine does not answer" in text(app))
        assert "line 299" in text(app)
        logs.fail = None
        logs.records.append(log_row(300, "it is back"))
        await until(pilot, lambda: "it is back" in text(app))
        assert "does not answer" not in text(app)


async def test_a_view_that_has_ended_is_opened_again_at_the_same_line(on_logs, logs):
    async with on_logs() as (app, pilot):
        await pilot.press("k", "k")
        seen = here(app)
        logs.fail = NotFoundError("logs.no_view", "there is no such view")
        await pilot.pause(1.1)
        logs.fail = None
        await until(pilot, lambda: len(logs.called("open")) > 1)
        await until(pilot, lambda: app.screen.feed.loaded)
        assert here(app) == seen


async def test_every_size(on_logs, logs):
    logs.records[-1] = log_row(299, "x" * 500, "error", lines=12, cut=0)
    for size in ((20, 5), (80, 24), (120, 40), (200, 60)):
        async with on_logs(size) as (app, pilot):
            for key in ("w", "T", "T", "right", "T", "w", "right", "left"):
                await pilot.press(key)
                check_screen(app)


async def test_a_storm_of_sizes(on_logs, logs):
    async with on_logs((120, 40)) as (app, pilot):
        for turn in range(30):
            await pilot.resize_terminal(20 + turn * 37 % 180, 5 + turn * 13 % 56)
        await still(pilot)
        check_screen(app)
        assert here(app) == "line 299"
