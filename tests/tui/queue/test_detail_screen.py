"""The detail beside the list and on a screen of its own, on an engine that remembers its calls."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest

from ainf_tui.domain.documents import NodeDocument, NodeProgressDocument, ProblemDocument
from ainf_tui.errors import NotFoundError
from ainf_tui.tui.queue.job import JobScreen
from ainf_tui.tui.queue.screen import QueueScreen
from tests.fakes.job_details import put, until, whole_job
from tests.fakes.tui_client import FakeJobs
from tests.tui.conftest import still

WIDE, NARROW = (120, 40), (80, 24)
SAMPLER, DECODE = NodeDocument("3", "Sampler", "KSampler"), NodeDocument("4", "Decode", "VAEDecode")


def running(number, **fields):
    return whole_job(number, "running", **({"node": SAMPLER, "step": 3, "steps": 20} | fields))


def shown(app):
    """Everything in the pane, as words."""
    pane = app.screen.detail
    return " ".join(f"{pane.head.plain}\n{pane.text.plain}".split())


def asked(engine):
    return engine.called("show")


async def test_the_job_under_the_cursor_is_asked_for_once_it_rests(open_app, fake_engine):
    put(fake_engine, *(whole_job(number) for number in (1, 2, 3)))
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: asked(fake_engine) == [("id-000003", True)])
        app.screen.table.step(1)
        app.screen.table.step(1)
        await until(lambda: len(asked(fake_engine)) == 2)
        # The one in between was passed, not looked at.
        assert asked(fake_engine)[1] == ("id-000001", True)
        assert "picture 1" in shown(app)
        app.screen.table.step(-2)
        await pilot.pause(0.3)
        assert len(asked(fake_engine)) == 2, "what is known and unchanged is not asked for again"


async def test_a_rows_own_facts_stand_there_before_the_rest_has_come(open_app, fake_engine, monkeypatch):
    put(fake_engine, whole_job(1, "failed", error=ProblemDocument("a.b", "out of memory")))
    come = asyncio.Event()
    show = FakeJobs.show

    async def late(self, ref, **asked):
        await come.wait()
        return await show(self, ref, **asked)

    monkeypatch.setattr(FakeJobs, "show", late)
    async with open_app(WIDE) as (app, _):
        await until(lambda: "a.b: out of memory" in shown(app))
        assert "Reading the rest" in shown(app)
        come.set()
        await until(lambda: "Reading the rest" not in shown(app))


async def test_a_new_revision_is_fetched_and_not_more_than_once_a_second(open_app, fake_engine):
    put(fake_engine, whole_job(1))
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: len(asked(fake_engine)) == 1)
        for number in (1, 2, 3):
            put(fake_engine, whole_job(1, prompt=f"changed {number}", seed_text=f"{number}00"))
            await pilot.pause(0.15)
        assert len(asked(fake_engine)) == 1
        await until(lambda: len(asked(fake_engine)) == 2)
        await until(lambda: "changed 3" in shown(app))


async def test_progress_comes_from_the_topic_without_a_question(open_app, fake_engine):
    job = running(1)
    nodes = (NodeProgressDocument("3", "Sampler", "KSampler", "running", 3, 20),)
    put(fake_engine, job, nodes=nodes)
    async with open_app(WIDE) as (app, _):
        await until(lambda: "● Sampler 3/20" in shown(app))
        now = fake_engine.details[job.id].job
        fake_engine.say("active", (replace(now, step=11, progress=0.5),))
        await until(lambda: "● Sampler 11/20" in shown(app) and "50%" in shown(app))
        assert len(asked(fake_engine)) == 1
        fake_engine.say("active", (replace(now, node=DECODE),))
        await until(lambda: len(asked(fake_engine)) == 2)


async def test_a_waiting_job_moves_up_though_it_has_not_changed_itself(open_app, fake_engine):
    put(fake_engine, whole_job(1), whole_job(2, "queued", position=3))
    async with open_app(WIDE) as (app, _):
        await until(lambda: "2 before it" in shown(app) and "position 3" in shown(app))
        known = fake_engine.details["id-000002"]
        fake_engine.details["id-000002"] = replace(known, job=replace(known.job, position=2))
        # Another one has been cancelled: the row and the revision of this one are what they were.
        fake_engine.remove("id-000001")
        fake_engine.put()
        queue = fake_engine.topics["queue"]
        fake_engine.say("queue", replace(queue, revision=queue.revision + 1))
        await until(lambda: "1 before it" in shown(app) and "position 2" in shown(app))


async def test_what_cannot_be_read_is_told_in_the_pane(open_app, fake_engine, monkeypatch):
    put(fake_engine, whole_job(1))

    async def gone(self, ref, **_):
        raise NotFoundError("job.not_found", f"there is no job {ref}", hint="")

    monkeypatch.setattr(FakeJobs, "show", gone)
    async with open_app(WIDE) as (app, _):
        await until(lambda: "The rest could not be read: there is no job id-000001" in shown(app))


async def test_a_narrow_terminal_shows_the_job_on_a_screen_of_its_own(open_app, fake_engine):
    put(fake_engine, whole_job(1), whole_job(2))
    async with open_app(NARROW) as (app, pilot):
        await pilot.pause(0.3)
        assert asked(fake_engine) == [], "what is not shown is not asked for"
        await pilot.press("down", "enter")
        await until(lambda: isinstance(app.screen, JobScreen) and "picture 1" in shown(app))
        await until(lambda: asked(fake_engine) == [("id-000001", True)])
        await pilot.press("t")
        await until(lambda: fake_engine.called("retry") != [])
        assert fake_engine.called("retry")[0].refs == ("1",)
        await pilot.press("q")
        assert isinstance(app.screen, QueueScreen)


async def test_the_job_screen_follows_its_job_and_leaves_the_marks_alone(open_app, fake_engine):
    put(fake_engine, running(1), whole_job(2))
    async with open_app(NARROW) as (app, pilot):
        await pilot.press("G", "space", "g", "enter")
        await until(lambda: isinstance(app.screen, JobScreen) and "Sampler" in shown(app))
        put(fake_engine, whole_job(1, "failed"))
        await until(lambda: "✖ failed" in shown(app))
        await pilot.press("t")
        await until(lambda: fake_engine.called("retry") != [])
        assert fake_engine.called("retry")[0].refs == ("1",)
        await pilot.press("escape")
        assert app.screen.table.marks == {"id-000002"}


@pytest.mark.parametrize(("there", "back"), [("tab", "shift+tab"), ("l", "h"), ("right", "left")])
async def test_the_pane_takes_the_focus(open_app, fake_engine, there, back):
    put(fake_engine, whole_job(1))
    async with open_app(WIDE) as (app, pilot):
        await pilot.press(there)
        assert app.screen.detail.text.has_focus
        await pilot.press(back)
        assert app.screen.table.has_focus


async def test_the_pane_scrolls_and_stays_where_it_was_read(open_app, fake_engine):
    many = {f"value_{index:02}": index for index in range(60)}
    put(fake_engine, whole_job(1), whole_job(2, params=many))
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: "value_59" in shown(app))
        await pilot.press("tab", "j", "j", "down")
        text = app.screen.detail.text
        assert text.scroll_offset.y == 3
        put(fake_engine, whole_job(2, params=many, prompt="another"))
        await until(lambda: "another" in shown(app))
        assert text.scroll_offset.y == 3
        await pilot.press("h", "down")
        await until(lambda: "picture 1" in shown(app))
        assert text.scroll_offset.y == 0


async def test_the_traceback_opens_and_closes(open_app, fake_engine):
    frames = ['  File "/comfy/nodes.py", line 1, in f\n    boom()\n']
    error = ProblemDocument("comfyui.execution_error", "it failed", details={"traceback": frames})
    put(fake_engine, whole_job(1, "failed", error=error))
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: "▸ traceback" in shown(app))
        assert "boom()" not in shown(app)
        await pilot.press("o")
        assert "boom()" in shown(app)
        await pilot.press("o")
        assert "boom()" not in shown(app)


async def test_resizing_brings_the_pane_and_takes_it_away(open_app, fake_engine):
    put(fake_engine, whole_job(1))
    async with open_app(NARROW) as (app, pilot):
        await pilot.resize_terminal(*WIDE)
        await until(lambda: "picture 1" in shown(app))
        await pilot.resize_terminal(*NARROW)
        await still(pilot)
        assert not app.screen.detail.display
