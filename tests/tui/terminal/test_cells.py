"""Cells that are painted for themselves look as they do on the whole screen, and no others are made."""

from __future__ import annotations

from collections.abc import Iterable

from hypothesis import given, settings
from hypothesis import strategies as st
from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.app import ComposeResult
from textual.containers import Horizontal, Vertical, VerticalScroll
from textual.geometry import Region
from textual.reactive import var
from textual.screen import Screen
from textual.strip import Strip
from textual.widget import Widget
from textual.widgets import Static

from ainf_tui.tui.looks import make_looks
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.terminal.cells import CellsUpdate
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.painted import Bar, LineView, Looking, Painter

SIZE = (40, 14)
Cell = tuple[str, Style]
_regions = st.builds(Region, st.integers(-5, 45), st.integers(-3, 16), st.integers(1, 30), st.integers(1, 9))


class _Screen(PacedScreen[None]):
    def compose(self) -> ComposeResult:
        with VerticalScroll(id="scroll"):
            yield Static("one two three 日本語 " * 20, id="long")
        with Vertical():
            self.padded, self.framed, self.lines = Bar(id="padded"), Bar(id="framed"), LineView(id="lines")
            yield self.padded
            yield self.framed
            yield self.lines
        yield Static("above all others", id="over")


class _App(Looking):
    CSS = """
    #scroll { height: 4; }
    #long { height: 9; width: 30; }
    #padded { padding: 1 2 0 3; height: 3; background: darkblue; }
    #framed { border: round red; height: 3; }
    #lines { height: 4; width: 20; }
    #over { layer: above; offset: 10 3; width: 12; height: 4; background: darkgreen; border: solid white; }
    Screen { layers: below above; }
    """

    signs: var[Signs] = var(Signs())

    def __init__(self) -> None:
        super().__init__()
        self.looks = make_looks(_tokens())

    def get_default_screen(self) -> Screen[None]:
        return _Screen()

    def fill(self) -> None:
        """Lines with wide glyphs, and colours that a filter makes others of."""
        screen = self.screen
        assert isinstance(screen, _Screen)
        screen.padded.show((("日本 wide", "error"), (" plain", "")), (("second", "sgr:2;31"),))
        screen.framed.show((("in a frame", "title"),))
        screen.lines.show([((f"line {number} 日本", "sgr:32"), (" end", "muted")) for number in range(9)])


def _tokens() -> dict[str, str]:
    names = ("muted", "accent-text", "ok", "warn", "bad", "mark")
    return dict.fromkeys(names, "#4070a0") | {
        "cursor-background": "#203040",
        "cursor-muted-background": "#101820",
    }


def cells_of(strip: Strip) -> list[Cell]:
    """One a cell; a wide glyph stands in its first."""
    found: list[Cell] = []
    for text, style, _ in strip:
        for glyph in text:
            found.append((glyph, _seen(style)))
            found += [("", _seen(style))] * (Segment(glyph).cell_length - 1)
    return found


def _seen(style: Style | None) -> Style:
    """What a person can tell apart: a blank has no ink, and links are none of ours."""
    return Style() if style is None else Style.from_color(style.color, style.bgcolor)


def alike(one: Cell, other: Cell) -> bool:
    if one[0].strip() or other[0].strip():
        return one == other
    return one[1].bgcolor == other[1].bgcolor


def whole_cell(cells: list[Cell], x: int) -> bool:
    """Whether no wide glyph is cut at this cell: half of one is a blank."""
    return cells[x][0] != "" and (x + 1 == len(cells) or cells[x + 1][0] != "")


async def test_cells_that_are_painted_for_themselves_are_those_of_the_whole_screen() -> None:
    app = _App()
    async with app.run_test(size=SIZE) as pilot:
        app.fill()
        await pilot.pause()
        compositor = app.screen._compositor
        whole = [cells_of(strip) for strip in compositor.render_strips()]

        @settings(max_examples=60, deadline=None)
        @given(st.lists(_regions, min_size=1, max_size=5))
        def one(regions: list[Region]) -> None:
            compositor._dirty_regions.update(regions)
            update = compositor.render_partial_update()
            wanted = {
                (x, y)
                for region in regions
                for y in range(max(0, region.y), min(SIZE[1], region.bottom))
                for x in range(max(0, region.x), min(SIZE[0], region.right))
            }
            painted: dict[tuple[int, int], Cell] = {}
            pieces = update.pieces if isinstance(update, CellsUpdate) else ()
            for y, first, strip in pieces:
                painted |= {(first + x, y): cell for x, cell in enumerate(cells_of(strip))}
            assert set(painted) == wanted
            for (x, y), cell in painted.items():
                if whole_cell(whole[y], x):
                    assert alike(cell, whole[y][x]), (x, y)

        one()


async def test_only_widgets_that_are_seen_there_are_asked() -> None:
    app = _App()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        asked: list[str | None] = []
        for widget in app.screen.query("*").results(Widget):
            _watch(widget, asked)
        app.screen._compositor._dirty_regions.add(Region(12, 4, 3, 1))
        app.screen._compositor.render_partial_update()
        assert asked == ["over"], "it lies above all others there"


def _watch(widget: Widget, asked: list[str | None]) -> None:
    own = widget.render_lines

    def render_lines(crop: Region) -> list[Strip]:
        asked.append(widget.id)
        return own(crop)

    widget.render_lines = render_lines  # type: ignore[method-assign]  # to count


async def test_bare_lines_are_those_that_textual_would_make() -> None:
    app = _App()
    async with app.run_test(size=SIZE) as pilot:
        app.fill()
        await pilot.pause()
        for painter in _painters(app):
            crop = Region(2, 0, painter.outer_size.width - 3, painter.outer_size.height)
            ours = [cells_of(strip) for strip in painter.render_lines(crop)]
            inks, painter._known = painter._inks(), None
            assert inks.bare == (painter.id != "framed")
            theirs = [cells_of(strip) for strip in Widget.render_lines(painter, crop)]
            assert len(ours) == len(theirs) == crop.height
            for y, (own, other) in enumerate(zip(ours, theirs, strict=True)):
                assert all(alike(*pair) for pair in zip(own, other, strict=True)), (painter.id, y)


async def test_a_style_that_changes_above_a_widget_changes_its_lines() -> None:
    app = _App()
    async with app.run_test(size=SIZE) as pilot:
        app.fill()
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, _Screen)
        before = screen.lines.render_lines(Region(0, 0, 5, 1))[0]
        assert screen.lines.parent is not None
        screen.lines.styles.background = "transparent"
        screen.lines.ancestors[0].styles.background = "#123456"
        after = screen.lines.render_lines(Region(0, 0, 5, 1))[0]
        grounds = [cells_of(strip)[0][1].bgcolor for strip in (before, after)]
        assert grounds[0] != grounds[1]
        assert grounds[1] is not None
        assert grounds[1].get_truecolor().hex == "#123456"


def _painters(app: _App) -> Iterable[Painter]:
    return app.screen.query("*").results(Painter)


class _Told(Static):
    """Keeps the widths that it was told of."""

    def on_mount(self) -> None:
        self.told: list[int] = []

    def on_resize(self, event: events.Resize) -> None:
        self.told.append(event.size.width)


class _Beside(PacedScreen[None]):
    def compose(self) -> ComposeResult:
        with Horizontal():
            self.left, self.right = _Told("left", id="left"), Static("right", id="right")
            yield self.left
            yield self.right


class _BesideApp(Looking):
    CSS = "#left { width: 1fr; height: 2; } #right { width: 10; height: 2; }"
    signs: var[Signs] = var(Signs())

    def get_default_screen(self) -> Screen[None]:
        return _Beside()


async def test_a_widget_is_told_its_width_though_somebody_asked_for_its_place_before() -> None:
    app = _BesideApp()
    async with app.run_test(size=SIZE) as pilot:
        await pilot.pause()
        screen = app.screen
        assert isinstance(screen, _Beside)
        assert screen.left.told == [30]
        screen.right.styles.width = 20
        screen.right._check_refresh()  # As when it is idle: a layout is asked for, and has not come.
        screen._compositor._full_map_invalidated = True  # As after a scroll.
        screen._compositor._visible_map = None
        assert screen.left.region.width == 20
        await pilot.pause()
        assert screen.left.told == [30, 20]
