"""A mistake of ours behind the screen: told and written down, and the app goes on."""

from __future__ import annotations

import asyncio
import contextlib
import gc
import threading
from pathlib import Path

import pytest

from ainf_tui.locations import locate
from ainf_tui.settings import Settings
from ainf_tui.tui import failures, main
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.main import run_app
from ainf_tui.tui.orders import Orders
from ainf_tui.tui.setup import Setup
from ainf_tui.tui.terminal.abilities import Abilities
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


async def test_a_mistake_is_handed_over_by_a_thread_that_nobody_waits_for(
    open_app, failed_work, mistakes, tmp_path
):
    handed = []

    def hand_over(report):
        handed.append((report, threading.current_thread() is threading.main_thread()))
        return "the disk is full"

    async with open_app(state_dir=tmp_path, hand_over=hand_over) as (app, pilot):
        await pilot.press("p")
        await still(pilot)
        for _ in range(50):
            if "not collected" in toasts(app):
                break
            await still(pilot, 1)
        assert "It was not collected: the disk is full" in toasts(app)
    ((report, in_main),) = handed
    assert not in_main
    assert (report.source, report.kind, report.lines[0]) == ("app", "KeyError", "queue.pause")
    failed_work.clear()


PLAIN = Abilities("none", True, False, "off", False, False, "", None, None)


def test_what_ends_the_app_is_handed_over(monkeypatch, fake_engine, tmp_path):
    """Textual keeps the exception and returns; the terminal is the user's again by then."""
    handed = []

    def hand_over(report):
        handed.append(report)
        return "engine"

    class Ended(AinfApp):
        def run(self, **_):
            async def broken():
                async with self.run_test():
                    self.call_later(lambda: 1 / 0)

            with contextlib.suppress(ZeroDivisionError):  # `run_test` raises what `run` prints.
                asyncio.run(broken())
            self._return_code = 1

    monkeypatch.setattr(main, "AinfApp", Ended)
    monkeypatch.setattr(main, "decide", lambda *_, **__: PLAIN)
    setup = Setup(Settings(), locate({"AINF_HOME": str(tmp_path)}), hand_over=hand_over)
    assert run_app(fake_engine.opener, setup) == 1
    assert [(r.source, r.kind) for r in handed] == [("app", "ZeroDivisionError")]


async def test_work_that_never_begins_is_dropped_without_a_word(open_app, fake_engine, recwarn):
    """As of an app that ends right then: Python complains of a coroutine that nobody awaits."""
    begun = []

    async def work() -> None:
        begun.append(1)

    async with open_app() as (app, _):
        in_background(app.screen, work(), group="queue.never")
        app.workers.cancel_group(app.screen, "queue.never")
        await asyncio.sleep(0)
    gc.collect()
    assert begun == []
    assert [str(warning.message) for warning in recwarn if "never awaited" in str(warning.message)] == []
