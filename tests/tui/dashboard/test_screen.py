"""The Dashboard as its user meets it."""

from __future__ import annotations

import asyncio
from copy import deepcopy

import pytest

from ainf_tui.domain.documents import NodeDocument, QueueDocument
from ainf_tui.domain.service_documents import ServicesDocument
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.dashboard.screen import DashboardScreen
from ainf_tui.tui.dashboard.service import ServiceScreen
from ainf_tui.tui.errors.screen import ErrorsScreen
from ainf_tui.tui.frame.pane import TextPane
from ainf_tui.tui.options import Options
from ainf_tui.tui.queue.screen import QueueScreen
from ainf_tui.tui.session import Session
from tests.fakes.box_documents import check, crash_loop, fixable, history, host, service, services
from tests.fakes.error_reading import group
from tests.fakes.job_rows import NOW, job_document, job_row
from tests.tui.conftest import still
from tests.tui.screen_text import text

SIZES = [(20, 5), (80, 24), (120, 40), (200, 60)]


@pytest.fixture
def box(fake_engine):
    """A box where all is well and one job runs."""
    fake_engine.topics |= {"services": services(), "host": host(), "checks": (check("a", "ok"),)}
    fake_engine.history = history(NOW)
    fake_engine.put(job_row(1, "running"), job_row(2), job_row(3))
    fake_engine.say("active", (job_document(1, prompt="a red bicycle", progress=0.5),))
    return fake_engine


@pytest.fixture
def dashboard(open_app, box):
    def opened(size=(120, 40), **options):
        return open_app(size, screen="dashboard", **options)

    return opened


async def test_it_is_the_first_screen_and_shows_the_box(box):
    app = AinfApp(box.opener, Options(), Session())
    async with app.run_test(size=(120, 40)) as pilot:
        await still(pilot)
        assert isinstance(app.screen, DashboardScreen)
        shown = text(app)
    for words in ("all is well", "comfyui", "8188", "97%", "18.2/24.0G", "a red bicycle", "then 2 queued"):
        assert words in shown
    assert "1 Dashboard   2 Queue 3" in shown


@pytest.mark.parametrize("size", SIZES)
async def test_any_size(dashboard, size):
    async with dashboard(size) as (app, pilot):
        for key in ("tab",) * 7 + ("j", "k", "G", "g", "h", "l", "enter"):
            await pilot.press(key)
        await still(pilot)
        assert app.is_running


async def test_digits_switch_and_both_screens_stay(dashboard, box):
    async with dashboard() as (app, pilot):
        first = app.screen
        await pilot.press("2")
        await still(pilot)
        queue = app.screen
        assert isinstance(queue, QueueScreen)
        assert [row.number for row in queue.rows.jobs()] == [1, 2, 3]
        await pilot.press("1")
        await still(pilot)
        assert app.screen is first
        await pilot.press("2")
        await still(pilot)
        assert app.screen is queue
        assert app.session.text("screen") == "app.queue"


async def test_the_queue_is_read_behind_the_dashboard(dashboard, box):
    """Ends of jobs are told whichever screen is open."""
    async with dashboard() as (app, pilot):
        async with asyncio.timeout(20):
            while not app.is_screen_installed("app.queue"):
                await pilot.pause(0.02)
            queue = app.get_screen("app.queue")
            while len(queue.rows) < 3:
                await pilot.pause(0.02)
        assert queue.hidden


async def test_a_hidden_screen_is_not_brought_up_to_date_and_then_is(dashboard, box, monkeypatch):
    async with dashboard() as (app, pilot):
        screen = app.screen
        await pilot.press("2")
        await still(pilot)
        shown = []
        monkeypatch.setattr(screen.services, "update", lambda: shown.append("services"))
        box.say("services", ServicesDocument((crash_loop(),)))
        box.say("host", host(cpu=0.99))
        app.tick += 1.0
        await still(pilot)
        assert shown == []
        monkeypatch.undo()
        await pilot.press("1")
        await still(pilot)
        assert "crash-loop" in text(app)
        assert "99%" in text(app)


async def test_what_does_not_change_paints_nothing(dashboard, box, monkeypatch):
    async with dashboard((200, 60)) as (app, pilot):
        await still(pilot)
        painted = []
        for widget in app.screen.query("*"):
            monkeypatch.setattr(widget, "refresh", lambda *_, **__: painted.append(1))
        for name in ("services", "host", "checks", "health", "active", "queue", "errors"):
            app.topic_changed(name, deepcopy(box.topics[name]))
        app.screen.show_all()
        app.screen._beat()
        await pilot.pause()
        assert painted == []


async def test_a_service_that_fell_is_seen(dashboard, box):
    async with dashboard() as (app, pilot):
        box.say("services", ServicesDocument((service(), crash_loop())))
        await still(pilot)
        assert "✖ web        crash-loop" in text(app)


async def test_errors_are_told_and_counted(dashboard, box):
    async with dashboard() as (app, pilot):
        assert "nothing is open" in text(app)
        box.errors.put(
            *(group(number, title=f"broken {number}", unseen=number < 3) for number in range(1, 6))
        )
        await still(pilot)
        shown = text(app)
        assert "ERRORS  24 h   2 new   5 open   15 reports" in shown
        assert "✖ broken 1" in shown
        assert "broken 4" not in shown, "the latest three"
        assert "7 Errors 2" in shown
        assert "2 new errors" in app.screen.header.plain


async def test_empty_places_say_what_they_are_for(open_app, fake_engine):
    async with open_app((120, 40), screen="dashboard") as (app, _):
        shown = text(app)
    for words in ("No service is declared", "2 then a makes a new run", "nothing is open", "not checked yet"):
        assert words in shown


# -- to more ----------------------------------------------------------------------------------------
async def test_enter_opens_the_service_and_follows_its_log(dashboard, box):
    box.logs["comfyui"] = "first line\nsecond line\n"
    async with dashboard() as (app, pilot):
        await pilot.press("enter")
        await still(pilot)
        assert isinstance(app.screen, ServiceScreen)
        app.tick += 1.0
        await still(pilot)
        assert "second line" in text(app)
        box.logs["comfyui"] += "third \x1b[2J line\n"
        app.tick += 1.0
        await still(pilot)
        assert "third" in text(app)
        assert box.called("services.log")[-1] == ("comfyui", len("first line\nsecond line\n"))
        await pilot.press("escape")
        assert isinstance(app.screen, DashboardScreen)


async def test_enter_on_an_error_explains_it(dashboard, box):
    box.errors.put(*(group(number) for number in range(1, 4)))
    async with dashboard() as (app, pilot):
        app.screen.errors.focus()
        await pilot.press("j", "enter")
        await still(pilot, 8)
        assert isinstance(app.screen, ErrorsScreen)
        assert app.screen.row is not None
        assert app.screen.row.id == 2


async def test_enter_on_a_check_shows_its_fix(dashboard, box):
    box.topics["checks"] = (fixable(),)
    async with dashboard() as (app, pilot):
        app.screen.checks.focus()
        await pilot.press("enter")
        await still(pilot)
        assert isinstance(app.screen, TextPane)
        assert "mkdir -p /srv/out" in text(app)


async def test_tab_goes_round_the_panels_that_are_seen(dashboard):
    async with dashboard() as (app, pilot):
        seen = [app.focused.id]
        for _ in range(5):
            await pilot.press("tab")
            seen.append(app.focused.id)
        assert seen == [
            "dash-services",
            "dash-now",
            "dash-errors",
            "dash-checks",
            "dash-right",
            "dash-services",
        ]
        await pilot.press("l")
        assert app.focused.id == "dash-right"
        await pilot.press("h")
        assert app.focused.id == "dash-services"


async def test_a_node_and_its_steps(dashboard, box):
    async with dashboard() as (app, pilot):
        node = NodeDocument("3", "KSampler", "KSampler")
        box.say("active", (job_document(1, node=node, step=14, steps=30, progress=0.58, rate=2.1, eta=21.0),))
        box.say("queue", QueueDocument(running=1, queued=12, held=1, eta=540.0))
        await still(pilot)
        assert "KSampler 14/30" in text(app)
        assert "then 12 queued, 1 held: 9:00" in text(app)
