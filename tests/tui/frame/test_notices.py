"""What is said when jobs end, and to whom."""

from __future__ import annotations

import asyncio
import json
import os
import shlex
import sys
import time
from dataclasses import replace

import psutil
import pytest

from ainf_tui.domain.documents import QueueDocument
from ainf_tui.settings import Settings
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.frame import notifying
from ainf_tui.tui.hook import run_hook
from ainf_tui.tui.notices import EndWatch, Notice, Progress
from tests.fakes.job_rows import at, job_document, job_row
from tests.tui.conftest import still
from tests.tui.frame.helpers import toasts


def take(watch: EndWatch) -> list[int]:
    notice = watch.take()
    return [row.number for row in notice.rows] if notice else []


def test_what_had_ended_before_is_no_news():
    watch = EndWatch()
    watch.fold([job_row(1, "succeeded"), job_row(2, "running")])
    assert take(watch) == []
    watch.fold([job_row(1, "succeeded", warnings=1), job_row(2, "succeeded", finished_at=at(0))])
    assert take(watch) == [2]
    watch.fold([job_row(2, "succeeded", finished_at=at(0), outputs=2)])
    assert take(watch) == []


def test_a_job_that_came_and_ended_unseen_is_news():
    watch = EndWatch()
    watch.fold([job_row(5, "succeeded")])
    watch.fold([job_row(6, "failed"), job_row(3, "succeeded")])
    assert take(watch) == [6]


def test_from_an_empty_list_everything_is_news():
    watch = EndWatch()
    watch.fold([])
    watch.fold([job_row(1, "succeeded")])
    assert take(watch) == [1]


def test_what_ended_while_the_engine_was_away_is_news():
    watch = EndWatch()
    watch.fold([job_row(1, "running")])
    watch.fold([job_row(1, "succeeded"), job_row(2)])
    assert take(watch) == [1]


def test_cancelled_is_no_news():
    watch = EndWatch()
    watch.fold([job_row(1, "running")])
    watch.fold([job_row(1, "cancelled")])
    assert take(watch) == []


def test_a_batch_of_a_hundred_is_one_notice_at_its_end():
    watch = EndWatch()
    jobs = [job_row(n, batch_id="b") for n in range(1, 101)]
    watch.fold(jobs)
    for row in jobs[:-1]:
        watch.fold([replace(row, state="succeeded", finished_at=at(row.number))])
        assert not watch.ready
    watch.fold([replace(jobs[-1], state="failed", finished_at=at(100), error="x: y")])
    assert watch.ready
    notice = watch.take()
    assert notice is not None
    assert notice.text == "100 jobs ended: 99 succeeded, 1 failed"
    assert notice.variables()["AINF_JOB_NUMBER"] == "100"
    assert not watch.ready


def test_one_line_that_no_terminal_acts_upon():
    row = job_row(7, "failed", pack="[/x]", error="comfy: \x1b]52;c;x\a\nsecond")
    notice = Notice((row,))
    assert notice.text == "#7 [/x] failed: comfy: \u241b]52;c;x\u2407\u240asecond"
    assert Notice((job_row(7, "succeeded", pack="p", elapsed=52.0),)).text == "#7 p succeeded in 0:52"
    assert "\0" not in Notice((job_row(7, "failed", error="a\0b"),)).variables()["AINF_JOB_ERROR"]


def test_title_counts_from_when_the_queue_was_empty():
    title = Progress()
    running = (replace(job_document(9, "running"), progress=0.434),)
    assert title.title(QueueDocument(ended=40), ()) == "ainf"
    assert title.title(QueueDocument(queued=6, running=1, ended=40), running) == "ainf [1/7 43%]"
    assert title.title(QueueDocument(queued=5, running=1, ended=41), running, coarse=True) == "ainf [2/7]"
    assert title.title(QueueDocument(queued=5, running=1, ended=0), running) == "ainf [1/6 43%]"
    assert title.title(QueueDocument(ended=7), ()) == "ainf"


# -- the hook --------------------------------------------------------------------------------------
ROW = job_row(7, "failed", pack="p", error='it\'s "bad" $(x)')


def python(code: str) -> str:
    return shlex.join([sys.executable, "-c", code])


async def test_hook_gets_the_jobs_as_json_and_variables(tmp_path):
    code = (
        "import json, os, sys; d = json.load(sys.stdin);"
        f"open({str(tmp_path / 'out')!r}, 'w').write(json.dumps([d, dict(os.environ)]))"
    )
    assert await run_hook(python(code), Notice((ROW,)), {"PATH": os.environ["PATH"], "MINE": "1"}) == ""
    document, environ = json.loads(await asyncio.to_thread((tmp_path / "out").read_text))
    assert document["schema"] == "ainf.ended/1"
    assert document["jobs"][0]["error"] == ROW.error
    assert environ["AINF_JOB_ERROR"] == ROW.error
    assert (environ["AINF_JOB_STATE"], environ["AINF_JOB_COUNT"], environ["MINE"]) == ("failed", "1", "1")


async def test_hook_is_no_shell(tmp_path):
    target = tmp_path / "made"
    assert await run_hook(f"true ; touch {target}", Notice((ROW,)), dict(os.environ)) == ""
    assert not target.exists()


@pytest.mark.parametrize(
    ("command", "words"),
    [
        (python("raise SystemExit(3)"), "ended with 3"),
        ("/does/not/exist x", "cannot be started: No such file"),
        ("", ""),
    ],
)
async def test_hook_failure_in_words(command, words):
    told = await run_hook(command, Notice((ROW,)), dict(os.environ))
    assert (words in told) if words else told == ""


async def test_hook_that_hangs_is_killed_with_its_children(tmp_path):
    code = (
        "import subprocess, sys, time;"
        "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(60)']);"
        f"open({str(tmp_path / 'pid')!r}, 'w').write(str(p.pid)); time.sleep(60)"
    )
    told = await run_hook(python(code), Notice((ROW,)), dict(os.environ), seconds=3.0)
    assert "took longer than 3 s" in told
    pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
    assert await asyncio.to_thread(gone, pid)


def gone(pid: int) -> bool:
    """Waits until it lives no longer; what nobody has waited for does not live."""
    give_up = time.monotonic() + 10
    while time.monotonic() < give_up:
        try:
            if psutil.Process(pid).status() == psutil.STATUS_ZOMBIE:
                return True
        except psutil.NoSuchProcess:
            return True
        time.sleep(0.02)
    return False


# -- in the app ------------------------------------------------------------------------------------
@pytest.fixture
def raw(monkeypatch):
    written: list[str] = []
    monkeypatch.setattr(AinfApp, "write_raw", lambda _self, sequence: written.append(sequence))
    monkeypatch.setattr(notifying, "GATHER", 0.01)
    return written


def settings(**app) -> Settings:
    return replace(Settings(), app=replace(Settings().app, **app))


async def test_app_rings_and_notifies_once_for_what_ends_while_it_is_there(open_app, fake_engine, raw):
    fake_engine.put(job_row(1, "succeeded"), job_row(2, "running"), job_row(3, "running"))
    async with open_app(settings=settings(bell=True)) as (_, pilot):
        await still(pilot)
        assert "\a" not in raw
        fake_engine.put(job_row(2, "succeeded"), job_row(3, "failed", error="x: y"))
        await still(pilot)
        assert raw.count("\a") == 1
        assert [text for text in raw if "]9;" in text] == [
            "\x1b]9;ainf: 2 jobs ended: 1 succeeded, 1 failed\a"
        ]


async def test_settings_switch_each_off(open_app, fake_engine, raw):
    fake_engine.put(job_row(2, "running"))
    quiet = settings(desktop_notifications=False, title=False)
    async with open_app(settings=quiet) as (_, pilot):
        fake_engine.put(job_row(2, "succeeded"))
        await still(pilot)
        assert raw == []


async def test_a_hook_that_fails_is_told_once(open_app, fake_engine, raw):
    fake_engine.put(*(job_row(n, "running") for n in (1, 2)))
    async with open_app(settings=settings(notify_hook="/does/not/exist")) as (app, pilot):
        for number in (1, 2):
            fake_engine.put(job_row(number, "succeeded"))
            await still(pilot, 8)
        assert toasts(app).count("/does/not/exist cannot be started") == 1


async def test_the_title_tells_how_far_the_queue_is(open_app, fake_engine, raw):
    fake_engine.put(job_row(2, "running"), job_row(3))
    async with open_app() as (app, pilot):
        app._beat()
        await still(pilot)
        assert "\x1b]2;ainf [1/2]\a" in raw
        count = len(raw)
        app._beat()
        await still(pilot)
        assert len(raw) == count
