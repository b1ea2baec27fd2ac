"""Drawing real files for terminals, where they fit, and what is kept of them."""

from __future__ import annotations

import base64
import io
import re
import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from rich.segment import Segment
from rich.style import Style
from textual.strip import Strip

from ainf_tui.tui.pictures.drawing import draw
from ainf_tui.tui.pictures.drawn import Drawing, Undrawable
from ainf_tui.tui.pictures.method import METHODS, method
from ainf_tui.tui.pictures.room import Room, fit, room_for
from ainf_tui.tui.pictures.store import PictureStore
from ainf_tui.tui.pictures.view import changes
from tests.fakes.images import bomb, encoded, png

ROOM, CELL = Room(40, 20), (10, 20)
HALVES = Image.new("RGB", (40, 40), (255, 0, 0))
HALVES.paste((0, 0, 255), (0, 20, 40, 40))


def drawn(data, how="blocks", room=ROOM):
    found = draw(data, room, how, CELL)
    assert isinstance(found, Drawing), found
    return found


def colours(drawing, y):
    """(upper, lower) colour of the cell at the left of the line."""
    style = next(iter(drawing.strips[y])).style
    return style.color.get_truecolor(), style.bgcolor.get_truecolor()


def test_blocks_show_two_pixels_a_cell():
    found = drawn(encoded(HALVES, "PNG"))
    assert found.box == Room(40, 20)
    assert found.size == (40, 40)
    red, blue = colours(found, 0)[0], colours(found, 19)[1]
    assert (red.red // 8, red.blue) == (31, 0)
    assert (blue.blue // 8, blue.red) == (31, 0)
    assert all(strip.cell_length == 40 for strip in found.strips)
    assert len(list(found.strips[0])) == 1, "neighbours of one colour are one segment"


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
@pytest.mark.parametrize("mode", ["RGB", "L", "1"])
def test_usual_formats_are_drawn(kind, mode):
    assert drawn(encoded(Image.new(mode, (30, 20)), kind)).size == (30, 20)


def test_what_is_transparent_stands_on_black():
    found = drawn(encoded(Image.new("RGBA", (10, 10), (255, 255, 255, 0)), "PNG"))
    assert colours(found, 0)[0] == (0, 0, 0)


def test_sixel_goes_over_blank_cells():
    found = drawn(png(), "sixel")
    assert found.over.startswith("\x1bP")
    assert found.over.endswith("\x1b\\")
    size = re.match(r'\x1bP0;0;0q"1;1;(\d+);(\d+)', found.over)
    assert size is not None
    assert (int(size[1]), int(size[2])) == (found.box.width * CELL[0], found.box.height * CELL[1])
    assert {segment.text.strip() for strip in found.strips for segment in strip} == {""}


def test_kitty_sends_the_picture_once_and_takes_it_back():
    found = drawn(png(), "kitty")
    number = re.search(r"\x1b_Gi=(\d+),", found.sequence)
    assert number is not None
    messages = re.findall(r"\x1b_Gi=\d+,f=100,m=([01]),q=2;([^\x1b]*)\x1b\\", found.sequence)
    assert [more for more, _ in messages] == ["1"] * (len(messages) - 1) + ["0"]
    sent = Image.open(io.BytesIO(base64.b64decode("".join(data for _, data in messages))))
    assert sent.size == (found.box.width * CELL[0], found.box.height * CELL[1])
    assert f"\x1b_Ga=p,i={number[1]},c={found.box.width},r={found.box.height},U=1" in found.sequence
    assert found.end == f"\x1b_Ga=d,d=I,i={number[1]},q=2\x1b\\"
    assert all("\U0010eeee" in segment.text for strip in found.strips for segment in strip)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"no picture",
        png()[:40],
        png()[:-30],
        b"\x89PNG\r\n\x1a\n" + b"\0" * 100,
        b"GIF89a" + b"\xff" * 50,
        bomb(),
        bomb(9_000, 9_000),
        b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n",
    ],
)
@pytest.mark.parametrize("how", ["blocks", "sixel", "kitty"])
def test_broken_and_hostile_files_are_a_line_of_text(data, how):
    found = draw(data, ROOM, how, CELL)
    assert isinstance(found, Undrawable)
    assert found.why


@given(
    data=st.binary(max_size=300),
    head=st.sampled_from([b"", png()[:33], b"GIF89a", b"\xff\xd8\xff\xe0", b"RIFF"]),
)
def test_no_bytes_raise(data, head):
    assert isinstance(draw(head + data, ROOM, "blocks", CELL), Drawing | Undrawable)


@given(
    size=st.tuples(st.integers(1, 20_000), st.integers(1, 20_000)),
    room=st.tuples(st.integers(1, 200), st.integers(1, 100)),
)
def test_a_picture_never_leaves_its_room(size, room):
    box = fit(size, Room(*room), CELL)
    assert 1 <= box.width <= room[0]
    assert 1 <= box.height <= room[1]
    # It fills the room in one direction, unless it is thinner than a cell.
    assert box.width == room[0] or box.height == room[1]


def test_the_text_keeps_its_room():
    assert room_for(120, 30, beside=True) == Room(54, 29)
    assert room_for(64, 30, beside=True) == Room(28, 29)
    assert room_for(46, 30, beside=False) == Room(46, 12)
    assert not room_for(46, 8, beside=False).enough


@pytest.mark.parametrize(
    ("wanted", "unicode", "slow", "told"),
    [
        ("blocks", True, False, "blocks"),
        ("sixel", True, False, "sixel"),
        ("of tomorrow", True, False, "blocks"),
        ("off", True, False, "off"),
        ("kitty", False, False, "off"),
        ("kitty", True, True, "off"),
    ],
)
def test_what_holds_and_why_nothing_does(wanted, unicode, slow, told):
    found, why = method(wanted, unicode=unicode, slow=slow)
    assert found == told
    assert found in METHODS
    assert bool(why) == (told == "off")


def test_the_store_is_bounded_in_bytes_and_keeps_what_was_used():
    store = PictureStore(limit=100)
    for index in range(3):
        store.put(("a", index), b"x" * 30)
    assert store.get(("a", 0)) == b"x" * 30
    store.put(("a", 3), b"x" * 30)
    assert store.get(("a", 1)) is None
    assert store.get(("a", 0)) is not None
    store.put(("a", 0), b"y")
    assert store.bytes == 61
    store.put(("b", 0), b"z" * 101)
    assert store.get(("b", 0)) is None
    assert store.bytes == 61


def test_only_the_cells_that_differ_are_named():
    red, blue = Style(color="red"), Style(color="blue")
    line = Strip([Segment("▀▀▀▀", red)], 4)
    assert changes(line, Strip([Segment("▀▀", red), Segment("▀▀", red)], 4)) is None
    assert changes(line, Strip([Segment("▀", red), Segment("▀▀", blue), Segment("▀", red)], 4)) == (1, 3)
    assert changes(line, Strip([Segment("▀▀▀", red), Segment("▀", blue)], 4)) == (3, 4)


def test_the_apps_start_loads_nothing_of_pictures_and_forms():
    screens = "ainf_tui.tui.dashboard.screen, ainf_tui.tui.queue.screen"
    code = f"import sys, ainf_tui.tui.app, {screens}; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    loaded = set(done.stdout.split())
    assert "ainf_tui.tui.queue.pictures" in loaded
    assert not {"PIL", "textual_image", "textual.widgets._text_area"} & loaded
