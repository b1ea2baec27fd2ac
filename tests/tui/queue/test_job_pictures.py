"""Pictures of the job that is shown: previews while it is made, its outputs afterwards."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from operator import itemgetter
from types import SimpleNamespace

import pytest

from ainf_tui.domain.documents import OutputDocument
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.pictures import store
from ainf_tui.tui.pictures.room import Room
from ainf_tui.tui.queue.job import JobScreen
from ainf_tui.tui.queue.pictures import JobPictures, Way
from tests.fakes.images import bomb, png
from tests.fakes.job_details import put, until, whole_job
from tests.fakes.job_rows import at
from tests.tui.conftest import still

WIDE, NARROW = (120, 40), (80, 24)
ID = "id-000001"


def output(name="a.png", size=1000, **fields):
    values = {"path": f"/out/{name}", "kind": "images", "bytes": size, "sha256": None, "node": "7"}
    return OutputDocument(**(values | fields))


def pane(app):
    return app.screen.detail


def drawing(app):
    return pane(app).picture.drawing


def caption(app):
    return pane(app).caption.plain


def top_left(app):
    """Upper colour of the picture's first cell."""
    return None if drawing(app) is None else colour_of(drawing(app))


def colour_of(drawn):
    return next(iter(drawn.strips[0])).style.color.get_truecolor()


def watched(engine):
    """Whether the previews of the job are asked for."""
    return bool(engine.sockets and engine.sockets[0].wishes) and ID in engine.sockets[0].wishes[-1]


async def test_an_output_is_fetched_drawn_and_named(open_app, fake_engine):
    put(fake_engine, whole_job(1, outputs=(output(),)))
    fake_engine.pictures[ID, 0] = png(640, 480, (248, 0, 0))
    async with open_app(WIDE) as (app, _):
        await until(lambda: "a.png" in caption(app) and "640 x 480" in caption(app))
        assert top_left(app) == (248, 0, 0)
        await until(lambda: pane(app).picture.region.size == drawing(app).box)
        assert fake_engine.called("output") == [(ID, 0)]
        assert "/out" in pane(app).text.plain


async def test_keys_step_through_outputs_and_each_is_fetched_once(open_app, fake_engine):
    put(fake_engine, whole_job(1, outputs=(output("a.png"), output("b.png"))))
    fake_engine.pictures |= {(ID, 0): png(colour=(248, 0, 0)), (ID, 1): png(colour=(0, 0, 248))}
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: "1/2" in caption(app) and "64 x" in caption(app))
        await pilot.press("right_square_bracket")
        await until(lambda: "2/2" in caption(app) and top_left(app) == (0, 0, 248))
        await pilot.press("left_square_bracket")
        await until(lambda: "1/2" in caption(app) and top_left(app) == (248, 0, 0))
        assert fake_engine.called("output") == [(ID, 0), (ID, 1)]


async def test_a_large_file_waits_for_its_key(open_app, fake_engine):
    put(fake_engine, whole_job(1, outputs=(output(size=store.LARGEST + 1),)))
    fake_engine.pictures[ID, 0] = png()
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: "8.0M: i fetches it" in caption(app))
        assert fake_engine.called("output") == []
        await pilot.press("i")
        await until(lambda: "64 x 48" in caption(app))


async def test_a_file_larger_than_it_was_said_to_be_is_dropped(open_app, fake_engine, monkeypatch):
    monkeypatch.setattr("ainf_tui.tui.queue.pictures.LARGEST", 100)
    put(fake_engine, whole_job(1, outputs=(output(size=None),)))
    fake_engine.pictures[ID, 0] = png(900, 900)
    async with open_app(WIDE) as (app, _):
        await until(lambda: "more than 100B" in caption(app))
        assert drawing(app) is None


@pytest.mark.parametrize(
    ("name", "data", "told"),
    [
        ("a.png", b"junk", "a.png: it cannot be read"),
        ("a.png", bomb(), "a.png: "),
        ("clip.mp4", b"", "clip.mp4 is no picture"),
        ("[b].png", b"junk", "[b].png: it cannot"),
    ],
)
async def test_what_cannot_be_drawn_is_one_line(open_app, fake_engine, name, data, told):
    put(fake_engine, whole_job(1, outputs=(output(name),)))
    fake_engine.pictures[ID, 0] = data
    async with open_app(WIDE) as (app, _):
        await until(lambda: told in caption(app))
        assert drawing(app) is None


async def test_previews_are_watched_while_the_job_runs_and_only_then(open_app, fake_engine):
    put(fake_engine, whole_job(1, "running"), whole_job(2))
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: watched(fake_engine))
        wishes = fake_engine.sockets[0].wishes
        fake_engine.preview(ID, png(colour=(0, 248, 0)))
        await until(lambda: "preview" in caption(app) and top_left(app) == (0, 248, 0))
        await pilot.press("down")
        await until(lambda: ID not in wishes[-1])
        await until(lambda: drawing(app) is None)
        await pilot.press("up")
        await until(lambda: ID in wishes[-1])
        fake_engine.pictures[ID, 0] = png(colour=(248, 0, 0))
        put(fake_engine, whole_job(1, finished_at=at(99), outputs=(output(),)))
        await until(lambda: "a.png" in caption(app) and top_left(app) == (248, 0, 0))
        assert ID not in wishes[-1]


async def test_the_job_on_a_screen_of_its_own_begins_with_the_newest_preview(open_app, fake_engine):
    """The next one comes with the sampler's next step, which may take a while."""
    put(fake_engine, whole_job(1, "running"))
    async with open_app(WIDE) as (app, pilot):
        await until(lambda: watched(fake_engine))
        fake_engine.preview(ID, png(colour=(0, 248, 0)))
        await until(lambda: top_left(app) == (0, 248, 0))
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, JobScreen) and top_left(app) == (0, 248, 0))


class Timers:
    """A clock, and timers by it."""

    def __init__(self):
        self.now = 1000.0
        self._due: list[tuple[float, Callable[[], None]]] = []

    def later(self, seconds, call):
        timer = (self.now + seconds, call)
        self._due.append(timer)
        return SimpleNamespace(stop=lambda: self._due.remove(timer))

    def pass_until(self, moment):
        while self._due and min(self._due, key=itemgetter(0))[0] <= moment:
            timer = min(self._due, key=itemgetter(0))
            self._due.remove(timer)
            self.now = timer[0]
            timer[1]()
        self.now = moment


async def test_of_many_previews_two_a_second_are_drawn(monkeypatch):
    """One each 30 ms for 1.2 s; drawn at once, then each half second, and at last the newest."""
    timers, begun, drawn = Timers(), [], []
    monkeypatch.setattr("ainf_tui.tui.queue.pictures.time", SimpleNamespace(monotonic=lambda: timers.now))
    shown = JobPictures(
        lambda: None,
        later=timers.later,
        run=lambda: begun.append(timers.now),
        show=lambda drawing, _: drawn.append((timers.now, drawing)) if drawing is not None else None,
        watch=lambda _: None,
    )
    job, way = whole_job(1, "running"), Way(Room(16, 8), "blocks")
    shown.look_at(job, way)
    for index in range(40):
        shown.preview_came(ID, png(colour=(8 * (index % 30), 0, 0)))
        shown.look_at(job, way)
        timers.pass_until(1000.0 + 0.03 * (index + 1))
        if len(begun) > len(drawn):
            await shown.bring()
    timers.pass_until(1010.0)
    await shown.bring()
    moments = [moment for moment, _ in drawn]
    assert len(drawn) == 4
    assert all(0.5 <= late - early < 0.6 for early, late in pairwise(moments[:-1]))
    assert colour_of(drawn[-1][1]).red == 8 * 9


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"images": "off"}, "pictures are off"),
        ({"unicode": False}, "no pictures with ASCII signs"),
        ({"slow": True}, "no pictures on a slow line"),
    ],
)
async def test_where_no_pictures_are_wanted_nothing_is_fetched(open_app, fake_engine, options, told):
    put(fake_engine, whole_job(1, outputs=(output(),)))
    fake_engine.pictures[ID, 0] = png()
    async with open_app(WIDE, **options) as (app, pilot):
        await until(lambda: told in caption(app))
        await pilot.pause(0.3)
        assert fake_engine.called("output") == []
        assert "a.png" in pane(app).text.plain


async def test_another_way_of_drawing_is_chosen_by_key(open_app, fake_engine, monkeypatch):
    sent: list[str] = []
    put(fake_engine, whole_job(1, outputs=(output(),)))
    fake_engine.pictures[ID, 0] = png()
    async with open_app(WIDE, images="kitty") as (app, pilot):
        monkeypatch.setattr(app, "write_raw", sent.append)
        await until(lambda: drawing(app) is not None)
        shown = drawing(app)
        await pilot.press("v")
        await still(pilot)
        await pilot.press("home", "down", "enter")  # auto, blocks
        await until(lambda: drawing(app) is not None and not drawing(app).sequence)
        assert sent[-1] == shown.end, "the terminal forgets what it no longer shows"
        assert fake_engine.called("output") == [(ID, 0)]


async def test_sixel_is_drawn_after_the_cells_and_not_under_a_dialog(open_app, fake_engine, monkeypatch):
    sent: list[str] = []
    put(fake_engine, whole_job(1, outputs=(output(),)))
    fake_engine.pictures[ID, 0] = png()
    # Before it begins: the picture is drawn once.
    monkeypatch.setattr(AinfApp, "write_raw", lambda _, text: sent.append(text))
    async with open_app(WIDE, images="sixel") as (app, pilot):
        await until(lambda: any("\x1bP" in text for text in sent))
        place = pane(app).picture.region
        assert sent[-1].startswith(f"\x1b7\x1b[{place.y + 1};{place.x + 1}H\x1bP")
        assert sent[-1].endswith("\x1b\\\x1b8")
        await pilot.press("v")
        await still(pilot)
        sent.clear()
        app.refresh()
        app.screen_stack[0].refresh()
        await still(pilot)
        assert sent == []
        await pilot.press("escape")
        await until(lambda: any("\x1bP" in text for text in sent))


async def test_leaving_the_job_takes_its_picture_from_the_terminal(open_app, fake_engine, monkeypatch):
    sent: list[str] = []
    put(fake_engine, whole_job(1, outputs=(output(),)))
    fake_engine.pictures[ID, 0] = png()
    async with open_app(NARROW, images="kitty") as (app, pilot):
        monkeypatch.setattr(app, "write_raw", sent.append)
        await pilot.press("enter")
        await until(lambda: isinstance(app.screen, JobScreen) and drawing(app) is not None)
        shown = drawing(app)
        await pilot.press("q")
        await until(lambda: shown.end in sent)
