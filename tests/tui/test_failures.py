"""A mistake of ours behind the screen: told and written down, and the app goes on."""

from __future__ import annotations

from pathlib import Path

import pytest

from ainf_tui.tui import failures
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.orders import Orders
from tests.tui.conftest import still


def toasts(app):
    return " ".join(notice.message for notice in app._notifications)


@pytest.fixture
def mistakes(monkeypatch):
    async def broken(_orders):
        raise KeyError("[/no] such key")

    monkeypatch.setattr(Orders, "pause", broken)


async def test_an_order_that_fails_by_a_mistake_is_told_and_the_app_goes_on(
    open_app, failed_work, mistakes, tmp_path
):
    async with open_app(state_dir=tmp_path) as (app, pilot):
        await pilot.press("p")
        await still(pilot)
        assert "queue.pause failed" in toasts(app)
        assert "[/no] such key" in toasts(app)
        assert "KeyError" in (tmp_path / "app.log").read_text()
        await pilot.press("question_mark")
        await still(pilot)
        assert len(app.screen_stack) == 2
        assert [group for group, _ in failed_work] == ["queue.pause"]
    failed_work.clear()


async def test_a_log_that_cannot_be_written_is_said(open_app, failed_work, mistakes, tmp_path):
    async with open_app(state_dir=tmp_path / "gone") as (app, pilot):
        await pilot.press("p")
        await still(pilot)
        assert "not written" in toasts(app)
    failed_work.clear()


@pytest.mark.parametrize("group", ["app.link", "queue.feed"])
async def test_work_that_must_last_is_begun_again(open_app, failed_work, monkeypatch, group):
    monkeypatch.setattr(failures, "AGAIN", 0.01)
    async with open_app() as (app, pilot):
        before = {id(worker) for worker in app.workers if worker.group == group}
        app.work_failed(group, RuntimeError("broken"))
        await still(pilot)
        running = [worker for worker in app.workers if worker.group == group and worker.is_running]
        assert len(running) == 1
        assert id(running[0]) not in before
    failed_work.clear()


async def test_what_a_widget_began_is_told_too(open_app, failed_work):
    async def broken():
        raise KeyError("lost")

    async with open_app() as (app, pilot):
        in_background(app.screen.query("*").last(), broken(), group="some.widget")
        await still(pilot)
        assert "some.widget failed" in toasts(app)
    failed_work.clear()


def test_all_work_begins_where_its_failure_is_told():
    folder = Path(failures.__file__).parent
    begun = [path.name for path in folder.rglob("*.py") if "run_worker(" in path.read_text()]
    assert begun == ["failures.py"]
