"""The Queue screen as its user meets it: keys in, calls of the client out."""

from __future__ import annotations

import pytest
from textual.geometry import Size

from ainf_tui.domain.documents import ForeignDocument
from ainf_tui.domain.requests import JobsRequest
from ainf_tui.domain.wire import STOP_ASKED
from ainf_tui.errors import ConflictError
from tests.fakes.job_rows import backend, job_document, job_row
from tests.tui.conftest import still

PAGE = 19
"""Rows of the list in a terminal of 80x24."""


def numbers(app) -> list[int]:
    return [row.number for row in app.screen.rows.jobs()]


def toasts(app) -> str:
    return "\n".join(str(note.message) for note in app._notifications)


@pytest.fixture
def some_jobs(fake_engine):
    fake_engine.put(
        job_row(1, "succeeded"),
        job_row(2, "failed", error="comfy.oom: out of memory"),
        job_row(3, "running"),
        job_row(4),
        job_row(5),
        job_row(6, held=True),
    )
    return fake_engine


async def test_lists_the_jobs_and_counts_them(open_app, some_jobs):
    async with open_app() as (app, _):
        assert numbers(app) == [3, 4, 5, 6, 2, 1]
        assert "3 open" in app.screen.title_bar.plain
        assert "1 held" in app.screen.title_bar.plain
        assert "gpu-box" in app.screen.header.plain
        assert "● ok" in app.screen.header.plain


async def test_an_empty_list_says_which_key_fills_it(open_app):
    async with open_app() as (app, _):
        text = "\n".join("".join(span for span, _ in line) for line in app.screen.table.empty)
        assert "a makes a new run" in text


async def test_changes_come_by_themselves(open_app, some_jobs):
    async with open_app() as (app, pilot):
        some_jobs.put(job_row(4, "succeeded"), job_row(7))
        await still(pilot)
        assert numbers(app) == [3, 5, 7, 6, 4, 2, 1]
        some_jobs.remove("id-000002")
        await still(pilot)
        assert numbers(app) == [3, 5, 7, 6, 4, 1]


async def test_the_cursor_stays_with_its_job(open_app, some_jobs):
    async with open_app() as (app, pilot):
        await pilot.press("j", "j")
        assert app.screen.row.number == 5
        some_jobs.put(job_row(3, "succeeded"), job_row(4, "succeeded"))
        await still(pilot)
        assert app.screen.row.number == 5
        await pilot.press("G")
        assert app.screen.row.number == 1
        await pilot.press("g")
        assert app.screen.row.number == 5


@pytest.mark.parametrize(
    ("keys", "number"),
    [
        (["down", "down"], 2),
        (["down", "down", "up"], 1),
        (["pagedown"], PAGE),
        (["end"], 99),
        (["end", "pageup"], 99 - PAGE),
        (["end", "home"], 0),
    ],
)
async def test_keys_that_scroll_elsewhere_move_the_cursor_here(open_app, fake_engine, keys, number):
    """Textual gives arrows and pages to whatever scrolls; in a list of ours they are the cursor's."""
    fake_engine.put(*(job_row(n) for n in range(1, 101)))
    async with open_app(size=(80, 24)) as (app, pilot):
        await pilot.press(*keys)
        assert app.screen.table.page == PAGE
        assert app.screen.table.cursor == number
        top = app.screen.table.scroll_offset.y
        assert top <= number < top + PAGE


async def test_moving_lays_nothing_out_anew(open_app, fake_engine, monkeypatch):
    """Another job has another number of lines in its detail; a layout would paint the whole screen."""
    fake_engine.put(job_row(1), job_row(2, "failed", error="comfy.oom: out of memory"))
    async with open_app() as (app, pilot):
        await still(pilot, 15)  # the detail of the first job has come
        laid_out = []
        monkeypatch.setattr(app.screen, "_refresh_layout", lambda *_, **__: laid_out.append(1))
        lines = len(app.screen.detail.text.lines)
        await pilot.press("down")
        await still(pilot)
        assert len(app.screen.detail.text.lines) != lines
        assert not laid_out


async def test_length_reaches_the_scrollbar(open_app, fake_engine):
    async with open_app(size=(80, 24)) as (app, pilot):
        fake_engine.put(*(job_row(n) for n in range(1, 101)))
        await still(pilot)
        table = app.screen.table
        assert table.vertical_scrollbar.window_virtual_size == 101
        assert table.max_scroll_y == 101 - table.size.height
        await pilot.press("end")
        table.set_length(Size(table.size.width, 11))
        assert (table.scroll_offset.y, table.vertical_scrollbar.window_virtual_size) == (0, 11)


async def test_cancel_asks_with_cancel_focused(open_app, some_jobs):
    async with open_app() as (_, pilot):
        await pilot.press("j", "c")
        await still(pilot)
        await pilot.press("enter")
        await still(pilot)
        assert some_jobs.called("cancel") == []
        await pilot.press("c")
        await still(pilot)
        await pilot.press("tab", "enter")
        await still(pilot)
        assert some_jobs.called("cancel") == [JobsRequest(("4",))]


async def test_marks_are_acted_on_together_and_then_gone(open_app, some_jobs):
    async with open_app() as (app, pilot):
        await pilot.press("j", "space", "space")
        assert "2 marked" in app.screen.title_bar.plain
        await pilot.press("z")
        await still(pilot)
        assert some_jobs.called("hold") == [JobsRequest(("4", "5"))]
        assert app.screen.table.marks == set()


async def test_hold_releases_what_is_held(open_app, some_jobs):
    async with open_app() as (app, pilot):
        app.screen.table.move_to_id("id-000006")
        await pilot.press("z")
        await still(pilot)
        assert some_jobs.called("release") == [JobsRequest(("6",))]


async def test_moves_past_the_neighbour_and_says_where_there_is_none(open_app, some_jobs):
    async with open_app() as (app, pilot):
        await pilot.press("j", "J")
        await still(pilot)
        request = some_jobs.called("move")[0]
        assert (request.refs, request.after) == (("4",), "5")
        await pilot.press("K")
        await still(pilot)
        assert len(some_jobs.called("move")) == 1
        assert "first already" in toasts(app)


async def test_tries_again_with_the_same_or_a_new_seed(open_app, some_jobs):
    async with open_app() as (app, pilot):
        app.screen.table.move_to_id("id-000002")
        await pilot.press("t")
        await still(pilot)
        await pilot.press("T")
        await still(pilot)
        assert [(r.refs, r.seed) for r in some_jobs.called("retry")] == [(("2",), "same"), (("2",), "new")]


async def test_pauses_and_goes_on(open_app, some_jobs):
    async with open_app() as (app, pilot):
        await pilot.press("p")
        await still(pilot)
        assert "paused" in app.screen.title_bar.plain
        assert "p resume" in app.screen.footer.plain
        await pilot.press("p")
        await still(pilot)
        assert [name for name, _ in some_jobs.calls if name in {"pause", "resume"}] == ["pause", "resume"]


async def test_a_failure_is_told_with_its_hint_and_nothing_else_happens(open_app, some_jobs):
    some_jobs.fail = ConflictError("job.ended", "job 4 has ended [/x]", hint="`t` tries it again")
    async with open_app() as (app, pilot):
        await pilot.press("j", "z")
        await still(pilot)
        assert "job 4 has ended [/x]\n`t` tries it again" in toasts(app)


async def test_filters_while_typing_and_esc_ends_it(open_app, some_jobs):
    async with open_app() as (app, pilot):
        await pilot.press("slash", *"state:failed")
        await still(pilot)
        assert numbers(app) == [2]
        await pilot.press("enter")
        assert app.focused is app.screen.table
        assert "/state:failed  1 match" in app.screen.title_bar.plain
        await pilot.press("escape")
        await still(pilot)
        assert len(numbers(app)) == 6


async def test_removal_can_be_taken_back(open_app, some_jobs, monkeypatch):
    async with open_app() as (app, pilot):
        app.screen.table.move_to_id("id-000001")
        await pilot.press("X")
        await still(pilot)
        await pilot.press("tab", "enter")
        await still(pilot)
        assert 1 not in numbers(app)
        await pilot.press("U")
        await still(pilot)
        assert 1 in numbers(app)
        assert some_jobs.called("clear") == []
        monkeypatch.setattr("ainf_tui.tui.queue.removal.WINDOW", 0.05)
        app.screen.table.move_to_id("id-000001")
        await pilot.press("X")
        await still(pilot)
        await pilot.press("tab", "enter")
        await still(pilot, 25)
        assert [r.refs for r in some_jobs.called("clear")] == [("1",)]


async def test_leaving_carries_a_removal_out(open_app, some_jobs):
    async with open_app() as (app, pilot):
        app.screen.table.move_to_id("id-000001")
        await pilot.press("X")
        await still(pilot)
        await pilot.press("tab", "enter")
        await still(pilot)
        await pilot.press("q")
        await still(pilot)
    assert [r.refs for r in some_jobs.called("clear")] == [("1",)]


async def test_a_stopped_engine_stays_stopped_until_it_is_asked_for(open_app, some_jobs):
    async with open_app() as (app, pilot):
        some_jobs.go(STOP_ASKED)
        await still(pilot, 10)
        assert app.link.state == "stopped"
        assert ("reopen", None) not in some_jobs.calls
        assert len(numbers(app)) == 6
        await pilot.press("ctrl+r")
        await still(pilot, 10)
        assert app.link.live


async def test_an_engine_that_dies_is_brought_back(open_app, some_jobs):
    async with open_app() as (app, pilot):
        some_jobs.go()
        await still(pilot, 30)
        assert ("reopen", None) in some_jobs.calls
        assert app.link.live


async def test_progress_and_prompts_of_others(open_app, some_jobs):
    async with open_app() as (app, pilot):
        some_jobs.say("active", (job_document(3, progress=0.58, eta=21.0, revision=99),))
        some_jobs.say("backends", (backend("default", ForeignDocument("p", "running", 0, 7)),))
        await still(pilot)
        cells = app.screen.table.source.cells(0)
        assert cells["done"][0] == "58%"
        assert cells["eta"][0] == "0:21"
        assert "foreign" in app.screen.table.source.cells(1)["state"][0]


async def test_sorts_by_what_is_chosen(open_app, some_jobs):
    async with open_app() as (app, pilot):
        await pilot.press("S", "j", "enter")
        await still(pilot)
        assert numbers(app) == [1, 2, 3, 4, 5, 6]
        await pilot.press("S", "enter")
        await still(pilot)
        assert numbers(app) == [6, 5, 4, 3, 2, 1]


@pytest.mark.parametrize("size", [(20, 5), (80, 24), (120, 40), (200, 60)])
async def test_any_size(open_app, some_jobs, size):
    async with open_app(size=size) as (app, pilot):
        await pilot.press("j", "k", "G", "space", "c")
        await still(pilot)
        await pilot.press("escape")
        assert app.is_running
