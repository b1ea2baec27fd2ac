"""Hostile values in every field, as they meet a screen: never fatal, never interpreted, always in place."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import Any

import pytest
from textual import events
from textual.geometry import Size

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.documents import (
    BackendDocument,
    DatabaseDocument,
    EngineDocument,
    HealthDocument,
    JobDetailDocument,
    JobDocument,
    JobRow,
    ProblemDocument,
    QueueDocument,
)
from ainf_tui.domain.error_documents import ErrorTotalsDocument
from ainf_tui.domain.host_documents import HostDocument
from ainf_tui.domain.service_documents import ServicesDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.link import AWAY, CONNECTING, LIVE, STOPPED, Link
from ainf_tui.tui.queue.job import JobScreen
from ainf_tui.tui.shell import TOPICS
from tests.fakes.hostile import MARKUP, STATES, TEXTS, TURNS, filled
from tests.fakes.job_rows import job_row
from tests.fakes.tui_client import FakeEngine
from tests.tui.conftest import still
from tests.tui.screen_text import SIZES, check_screen, settled, some, text

sizes = pytest.mark.parametrize("size", SIZES, ids=lambda size: f"{size[0]}x{size[1]}")


def hostile_row(turn: int) -> JobRow:
    """Its id is its own, and hostile; ended ones have ended, so that they stand where they should."""
    return filled(JobRow, turn, id=f"{list(TEXTS.values())[turn % TURNS][:50]}{turn}", revision=turn)


def hostile_detail(turn: int, row_id: str) -> JobDetailDocument:
    return filled(JobDetailDocument, turn, job=filled(JobDocument, turn, id=row_id, revision=2**61))


def hostile_topics(turn: int) -> dict[str, Any]:
    jobs = tuple(
        filled(JobDocument, turn + more, id=hostile_row(turn + more).id, revision=2**60) for more in range(2)
    )
    return {
        "engine": filled(EngineDocument, turn),
        "queue": filled(QueueDocument, turn, revision=turn),
        "active": jobs,
        "backends": tuple(filled(BackendDocument, turn + more) for more in range(2)),
        "database": filled(DatabaseDocument, turn),
        "health": filled(HealthDocument, turn),
        "services": filled(ServicesDocument, turn),
        "host": filled(HostDocument, turn),
        "checks": tuple(filled(CheckDocument, turn + more) for more in range(3)),
        "comfyui": filled(ComfyUIDocument, turn),
        "errors": filled(ErrorTotalsDocument, turn),
    }


@pytest.fixture
def hostile_engine(fake_engine: FakeEngine) -> FakeEngine:
    rows = [hostile_row(turn) for turn in range(2 * len(STATES) + TURNS)]
    fake_engine.rows = {row.id: row for row in rows}
    fake_engine.details = {row.id: hostile_detail(turn, row.id) for turn, row in enumerate(rows)}
    return fake_engine


@pytest.fixture
def on_screen(open_app):
    """As `open_app`; whatever was shown is checked at the end once more, and the app has not died."""

    @asynccontextmanager
    async def opened(size, **options):
        async with open_app(size, **options) as (app, pilot):
            yield app, pilot
            check_screen(app)
            assert app._exception is None

    return opened


# -- screens ----------------------------------------------------------------------------------------
@sizes
async def test_the_list_with_the_job_beside_it(on_screen, hostile_engine, size):
    async with on_screen(size) as (app, pilot):
        screen = app.screen
        screen.details.cache.update(hostile_engine.details)
        for row_id in some(hostile_engine.rows, size):
            screen.table.move_to_id(row_id)
            await pilot.pause()
            check_screen(app)
        assert len(screen.rows) >= len(hostile_engine.rows)


@sizes
async def test_the_job_on_the_whole_screen(on_screen, hostile_engine, size):
    async with on_screen(size) as (app, pilot):
        queue = app.screen
        queue.details.cache.update(hostile_engine.details)
        for row in some(queue.rows.jobs(), size, 7):
            queue.table.move_to_id(row.id)
            await pilot.press("enter", "o")
            assert isinstance(app.screen, JobScreen)
            check_screen(app)
            await pilot.press("G")
            check_screen(app)
            await pilot.press("escape")


@sizes
async def test_what_the_engine_tells(on_screen, hostile_engine, size):
    async with on_screen(size) as (app, pilot):
        for turn in some(range(TURNS), size):
            told = hostile_topics(turn)
            assert set(told) == set(TOPICS)
            for name, value in told.items():
                app.topic_changed(name, value)
            await pilot.pause()
            check_screen(app)


@sizes
async def test_where_the_engine_is(on_screen, size):
    async with on_screen(size) as (app, pilot):
        for turn in some(range(TURNS), size):
            state = (AWAY, STOPPED, CONNECTING, LIVE)[turn % 4]
            app.link_changed(filled(Link, turn, state=state))
            await pilot.pause()
            check_screen(app)


async def test_the_same_without_unicode(on_screen, hostile_engine):
    async with on_screen((80, 24), unicode=False) as (app, pilot):
        for _ in range(20):
            await pilot.press("j")
            check_screen(app)


async def test_labels_and_hosts_of_others(fake_engine, on_screen):
    for words in list(TEXTS.values())[::4]:
        async with on_screen((80, 24), label=words, host=words):
            pass


# -- toasts and dialogs -----------------------------------------------------------------------------
@sizes
async def test_toasts(on_screen, size):
    async with on_screen(size) as (app, pilot):
        for words in some(TEXTS.values(), size):
            app.clear_notifications()
            app.tell(words, words, severity="warning")
            app.tell_error(AinfError(words, words, hint=words))
            app.noticed(ProblemDocument(words, words, words))
            await pilot.pause()
            check_screen(app)
        assert len(app._notifications) == 3


@sizes
async def test_questions(on_screen, size):
    async with on_screen(size) as (app, pilot):
        for words in some(TEXTS.values(), size, 2):
            answer = app.run_worker(app.confirm(words, [words, words], words))
            await settled(app, pilot)
            await pilot.press("escape")
            assert await answer.wait() is False


@sizes
async def test_choices(on_screen, size):
    options = [Option(words, words, words) for words in TEXTS.values()]
    async with on_screen(size) as (app, pilot):
        for words in some(TEXTS.values(), size, 3):
            choice = app.run_worker(app.choose(words, options, words))
            await settled(app, pilot)
            await pilot.press("enter")
            assert await choice.wait() == words


async def test_markup_stands_as_it_is(on_screen, fake_engine):
    """In the list, the detail, a toast, a question and a choice: the brackets themselves are seen."""
    for number, words in enumerate(MARKUP.values(), 1):
        fake_engine.put(job_row(number, prompt=words))
    async with on_screen((200, 60)) as (app, pilot):
        for words in MARKUP.values():
            assert words in text(app)
            app.clear_notifications()
            app.tell(f"toast {words}")
            await pilot.pause()
            assert f"toast {words}" in text(app)
            asked = app.run_worker(app.confirm(f"ask {words}", [f"more {words}"], f"do {words}"[:40]))
            await settled(app, pilot)
            assert all(f"{part} {words}" in text(app) for part in ("ask", "more"))
            assert f"do {words}"[:20] in text(app)
            await pilot.press("escape")
            await asked.wait()
            asked = app.run_worker(app.choose(f"of {words}", [Option("x", f"a {words}", f"help {words}")]))
            await settled(app, pilot)
            assert all(part in text(app) for part in (f"of {words}", f"a {words}"[:20], f"help {words}"[:20]))
            await pilot.press("escape")
            await asked.wait()


async def test_anything_can_be_typed_as_a_filter(on_screen, hostile_engine):
    async with on_screen((80, 24)) as (app, pilot):
        await pilot.press("slash")
        for words in TEXTS.values():
            app.screen.entry.value = words
            await pilot.pause()
            check_screen(app)
        await pilot.press("escape")
        assert app.screen.rows.filter.text == ""


# -- much, little, fast -----------------------------------------------------------------------------
async def test_a_storm_of_sizes(on_screen, hostile_engine):
    async with on_screen((120, 40)) as (app, pilot):
        for turn in range(50):
            size = Size(20 + turn * 37 % 180, 5 + turn * 13 % 56)
            app._driver.process_message(events.Resize(size, size))
            if turn % 10 == 0:
                await settled(app, pilot)
        await pilot.resize_terminal(1, 1)
        await settled(app, pilot)
        await pilot.resize_terminal(80, 24)
        await settled(app, pilot)
        assert app.screen.size == Size(80, 24)


async def test_a_thousand_keys(on_screen, fake_engine):
    """As fast as they come: none is lost, and the app answers afterwards."""
    for number in range(1, 1200):
        fake_engine.rows[f"id-{number:06d}"] = job_row(number)
    fake_engine.put()
    async with on_screen((80, 24)) as (app, pilot):
        await pilot.press("G")
        await still(pilot)
        await pilot.press("g")
        for _ in range(1000):
            app._driver.process_message(events.Key("j", "j"))
        for _ in range(500):
            await pilot.pause(0.02)
            if app.screen.table.cursor >= 1000:
                break
        await pilot.press("j")
        assert app.screen.table.cursor == 1001


async def test_ten_thousand_rows(on_screen, fake_engine):
    fake_engine.rows = {f"id-{n:06d}": job_row(n, "succeeded") for n in range(1, 10_001)}
    fake_engine.put()
    async with on_screen((80, 24)) as (app, pilot):
        await pilot.press("G")
        await still(pilot, 20)
        check_screen(app)
        await pilot.press("G")
        await pilot.pause()
        assert (len(app.screen.rows), app.screen.row.number) == (10_000, 1)
        check_screen(app)


async def test_nothing_at_all(on_screen, fake_engine):
    async with on_screen((20, 5)) as (app, pilot):
        for key in (
            "j",
            "k",
            "G",
            "g",
            "enter",
            "space",
            "A",
            "c",
            "t",
            "z",
            "J",
            "K",
            "X",
            "U",
            "plus",
            "h",
            "l",
        ):
            app.clear_notifications()
            await pilot.press(key)
            check_screen(app)
        assert fake_engine.called("cancel") == []
