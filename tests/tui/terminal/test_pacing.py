"""Repaints wait for the terminal: the one method of Textual's own that is replaced, and what it decides."""

from __future__ import annotations

import inspect
import subprocess
import sys
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from textual.app import App
from textual.geometry import Region
from textual.screen import ModalScreen, Screen
from textual.widgets import Static

from ainf_tui.tui.terminal.pace import WINDOW
from ainf_tui.tui.terminal.pacing import PacedScreen, Pacer, around, rows

WHOLE = Region(0, 0, 80, 24)


class Main(PacedScreen[None]):
    def compose(self):
        yield Static("one", id="one", markup=False)
        yield Static("two", id="two", markup=False)


class Ask(PacedScreen[None], ModalScreen[None]):
    def compose(self):
        yield Static("sure?", markup=False)


class Shown(App[None]):
    """Counts what would go to the terminal."""

    def __init__(self):
        super().__init__()
        self.shown = []

    def get_default_screen(self):
        return Main()

    def _display(self, screen, renderable):
        if renderable is not None:
            self.shown.append(type(renderable).__name__)
        super()._display(screen, renderable)


async def paced(app, pilot):
    """From now on the app paints as its pacer says, which is returned."""
    pacer = Pacer(lambda _: None)
    vars(app._driver)["pacer"] = pacer
    await pilot.pause(0.1)
    return pacer


def closed(pacer):
    """As if the terminal had drawn nothing of what it was sent."""
    pacer.pace.answered(time.monotonic())
    pacer.pace.wrote(WINDOW, time.monotonic())
    pacer.pace.marking(time.monotonic())


def opened(pacer):
    pacer.pace.answered(time.monotonic())
    pacer.progress()


def test_textual_still_paints_through_the_method_that_is_replaced():
    source = inspect.getsource(Screen)
    assert source.count("app._display(") == 2, "inline and not: both in one method"
    assert inspect.getsource(Screen._compositor_refresh).count("app._display(") == 2
    assert "super()._compositor_refresh()" in inspect.getsource(PacedScreen._compositor_refresh)
    assert PacedScreen.__mro__.index(PacedScreen) < PacedScreen.__mro__.index(Screen)


async def test_nothing_is_composed_while_the_terminal_is_behind():
    app = Shown()
    async with app.run_test() as pilot:
        pacer = await paced(app, pilot)
        closed(pacer)
        app.shown.clear()
        for count in range(20):
            app.screen.query_one("#one", Static).update(f"new {count}")
            await pilot.pause(0.02)
        assert app.shown == []
        opened(pacer)
        await pilot.pause(0.1)
        assert len(app.shown) == 1, "one repaint for twenty changes, in their last state"
        assert "new 19" in str(app.screen.query_one("#one", Static).render())


async def test_layout_and_a_dialog_wait_as_well():
    app = Shown()
    async with app.run_test() as pilot:
        pacer = await paced(app, pilot)
        closed(pacer)
        app.shown.clear()
        await app.screen.mount(Static("three"))
        await app.push_screen(Ask())
        await pilot.pause(0.1)
        assert app.shown == []
        opened(pacer)
        await pilot.pause(0.1)
        assert "LayoutUpdate" in app.shown or "ChopsUpdate" in app.shown
        assert app.screen.query(Static)


async def test_a_repaint_that_comes_before_its_time_forgets_no_change():
    """The terminal being further, it comes before Textual's own timer, which notes what has changed."""
    app = Shown()
    async with app.run_test() as pilot:
        await paced(app, pilot)
        app.shown.clear()
        one = app.screen.query_one("#one", Static)
        one.update("new")
        app.screen._update_timer.pause()
        app.screen._dirty_widgets.add(one)
        app.screen._compositor_refresh()
        assert len(app.shown) == 1


async def test_without_a_pacer_it_is_a_plain_screen():
    app = Shown()
    async with app.run_test() as pilot:
        app.shown.clear()
        app.screen.query_one("#one", Static).update("new")
        await pilot.pause(0.1)
        assert app.shown


def pacer_at(rate, *, slow):
    pacer = Pacer(lambda _: None)
    pacer.pace.answered(1.0)
    pacer.pace.low = slow
    pacer.pace.rate = rate
    return pacer


def test_all_at_once_on_a_line_that_is_not_slow():
    pacer = pacer_at(None, slow=False)
    dirty = {WHOLE}
    chosen, wait = pacer.choose(dirty, WHOLE, 10.0)
    assert (chosen, dirty, wait) == ([WHOLE], set(), 0.0)


def test_a_slow_line_gets_a_repaint_in_strips():
    pacer = pacer_at(5_000, slow=True)
    dirty = {WHOLE}
    seen, now = [], 10.0
    while (chosen := pacer.choose(dirty, Region(0, 0, 0, 0), now)[0]) or pacer.strips:
        assert sum(region.area for region in chosen) <= 80 * 6
        seen += chosen
        now += 0.01
    assert seen == [Region(0, y, 80, 1) for y in range(24)]


def test_what_moves_meanwhile_waits_for_the_repaint_and_for_its_time():
    pacer = pacer_at(5_000, slow=True)
    pacer.choose({WHOLE}, Region(0, 0, 0, 0), 10.0)
    dirty = {Region(0, 3, 80, 1)}
    while pacer.strips:
        pacer.choose(dirty, Region(0, 0, 0, 0), 10.1)
    chosen, wait = pacer.choose(dirty, Region(0, 0, 0, 0), 10.2)
    assert chosen == []
    assert wait == pytest.approx(0.3)
    assert pacer.choose(dirty, Region(0, 0, 0, 0), 10.6)[0] == [Region(0, 3, 80, 1)]


def test_after_a_key_what_lies_under_the_focus_goes_first():
    pacer = pacer_at(5_000, slow=True)
    pacer.choose({WHOLE}, Region(0, 0, 0, 0), 10.0)
    pacer.pace.key(10.1)
    dirty = {Region(0, 20, 80, 2)}
    chosen, _ = pacer.choose(dirty, Region(10, 20, 10, 1), 10.15)
    assert chosen[0] == Region(10, 20, 10, 1)
    left = [*chosen, *pacer.strips, *dirty]
    assert {(x, y) for x in range(80) for y in (20, 21)} <= cells(left), "the rest is not forgotten"


def cells(regions):
    return {(x, y) for r in regions for x in range(r.x, r.right) for y in range(r.y, r.bottom)}


regions = st.builds(
    Region, st.integers(0, 70), st.integers(0, 20), st.integers(1, 80), st.integers(1, 24)
).map(WHOLE.intersection)
happenings = st.lists(
    st.tuples(st.lists(regions, max_size=3), st.booleans(), st.booleans(), st.floats(0, 0.7)), max_size=25
)


@settings(deadline=None)
@given(happenings, regions)
def test_every_change_is_painted_in_the_end(happened, near):
    """Whatever changes when, whichever keys come, and however slowly the terminal takes it."""
    pacer, now = pacer_at(3_000, slow=True), 10.0
    dirty: set[Region] = set()
    stale: set[tuple[int, int]] = set()
    calm: list[tuple[list[Region], bool, bool, float]] = [([], False, True, 0.2)] * 400
    for changed, key, answered, passed in [*happened, *calm]:
        now += passed
        dirty.update(changed)
        stale |= cells(changed)
        if key:
            pacer.pace.key(now)
        if answered and pacer.pace.marked:
            pacer.pace.answered(now)
        chosen, _ = pacer.choose(dirty, near, now)
        stale -= cells(chosen)
        pacer.pace.wrote(sum(region.area for region in chosen) * 2, now)
        if pacer.pace.mark_wanted(waiting=True):
            pacer.pace.marking(now)
        if not stale and not dirty and not pacer.strips and not changed:
            break
    assert stale == set()


sizes = st.integers(0, 12)


@given(sizes, sizes, st.integers(1, 12), st.integers(1, 12))
def test_what_lies_around_is_all_but_the_hole(x, y, width, height):
    region, hole = Region(3, 4, 10, 6), Region(x, y, width, height)
    if region.overlaps(hole):
        pieces = list(around(region, hole))
        assert cells(pieces) == cells([region]) - cells([hole])
        assert sum(piece.area for piece in pieces) == len(cells(pieces))


def test_strips_cover_each_cell_once():
    regions = [Region(0, 0, 10, 2), Region(5, 1, 10, 2), Region(30, 1, 5, 1), Region(15, 1, 3, 1)]
    strips = list(rows(regions))
    assert [strip.y for strip in strips] == sorted(strip.y for strip in strips)
    assert sum(strip.width for strip in strips) == len(cells(strips))
    assert cells(strips) == cells(regions)


def test_the_driver_loads_no_picture_library():
    code = "import sys, ainf_tui.tui.terminal.driver, ainf_tui.tui.terminal.pictures as p\n"
    code += "assert not {'PIL', 'textual_image'} & {*sys.modules}, 'loaded'\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_the_command_line_can_ask_without_textual():
    code = "import sys, ainf_tui.tui.terminal.abilities, ainf_tui.tui.terminal.clipboard\n"
    code += "assert not {'textual', 'rich'} & {*sys.modules}, 'loaded'\n"
    subprocess.run([sys.executable, "-c", code], check=True, timeout=60)


def test_picture_widgets_come_without_a_question_to_the_terminal():
    """At import textual-image writes to a terminal and reads its answer, which is the driver's to read."""
    code = """
import sys
class Tty:
    def isatty(self): return True
    def write(self, text): raise SystemExit(f"asked {text!r}")
    def flush(self): pass
    def fileno(self): return 1
sys.__stdout__ = Tty()
from ainf_tui.tui.terminal.pictures import load
from textual_image._terminal import get_cell_size
for protocol, cell in (("kitty", (9, 18)), ("sixel", (7, 14)), ("blocks", None)):
    widget = load(protocol, cell)
    assert tuple(get_cell_size()) == (cell or (8, 16)), get_cell_size()
    sys.stderr.write(f"{widget.__module__}.{widget.__name__} ")
"""
    done = subprocess.run(
        [sys.executable, "-c", code], check=False, timeout=60, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert [name.rpartition(".")[2] for name in done.stderr.split()] == ["TGPImage", "Image", "HalfcellImage"]
