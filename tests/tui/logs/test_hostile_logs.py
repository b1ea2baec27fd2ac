"""Hostile values in every field of what a log's reader answers: never fatal, never interpreted, in place."""

from __future__ import annotations

from dataclasses import replace

import pytest
from rich.style import Style

from ainf_tui.domain.errors.playbook import Entry
from ainf_tui.domain.log_documents import (
    LogBucket,
    LogFilter,
    LogPlace,
    LogRecordDocument,
    LogRow,
    LogSearchRequest,
    LogSourceDocument,
    LogSpan,
    LogStateDocument,
)
from ainf_tui.errors import AinfError
from ainf_tui.tui.logs.bookmarks import Bookmarks, of_row, restored
from ainf_tui.tui.logs.filters import Stack
from ainf_tui.tui.logs.record import record_lines
from ainf_tui.tui.logs.rows import TIMES, Mark, Shape, height, row_lines, styles_of
from ainf_tui.tui.logs.screen import _bucket_row, _source_cells
from ainf_tui.tui.logs.status import Told, empty_lines, status_line
from ainf_tui.tui.logs.strip import fraction, strip_cells
from ainf_tui.tui.looks import STYLES, Styles
from ainf_tui.tui.signs import Signs
from tests.fakes.hostile import TEXTS, cases, filled
from tests.fakes.log_reading import log_row
from tests.tui.conftest import still
from tests.tui.logs.conftest import until
from tests.tui.screen_text import SIZES, check_line, check_screen, text

SIGNS = Signs()
LOOKS = Styles({name: Style() for name in STYLES})
SHAPES = [
    Shape(
        cells, SIGNS, times=times, wrap=wrap, shift=shift, sources={"a": "accent", "b": ""}, short=cells < 100
    )
    for cells in (1, 19, 80, 180)
    for times, wrap, shift in ((TIMES[0], False, 0), (TIMES[1], False, 7), (TIMES[2], True, 0))
]


def check_row(row: LogRow) -> None:
    for shape in SHAPES:
        lines = row_lines(row, row, shape, Mark())
        assert len(lines) == height(row, shape)
        for line in lines:
            check_line(line, shape.cells)
            # Every style that a span may name is one that can be drawn.
            assert all(LOOKS[name] is not None for _, name in line)


def test_rows():
    for _, row in cases(LogRow):
        check_row(row)


def test_texts_with_colours_and_matches_everywhere():
    """Spans and matches that no honest reader would tell: beyond the text, backwards, over each other."""
    spans = (
        LogSpan(-3, 4, "1;31"),
        LogSpan(2, 10**9, "38;2;300;x;4"),
        LogSpan(9, 1, "99999;;m[31"),
        LogSpan(5, 6, "48;5;7"),
    )
    for turn, words in enumerate(TEXTS.values()):
        row = log_row(turn, words, time_end=turn * 7 % 30, lines=1 + turn % 3, cut=turn, level="error")
        check_row(replace(row, spans=spans, matches=((0, 1), (3, 2), (5, 10**9), (-4, 2)), hit=True))


def test_what_the_line_above_tells():
    for _, state in cases(LogStateDocument):
        for cells in (1, 20, 80, 200):
            check_line(status_line(Told(state=state, number=7), cells), cells)
        for sign, style in strip_cells(state, 20, (0.2, 0.4), SIGNS):
            check_line(((sign, style),), 1)
            assert LOOKS[style] is not None
    for words in TEXTS.values():
        told = Told(
            sources=(words, words[::-1]),
            stack=Stack((LogFilter("level", words), LogFilter("in", words))),
            search=LogSearchRequest(words, regex=True),
            busy=words,
            error=AinfError(words, words, hint=words),
            age=3.0,
        )
        for cells in (1, 20, 80, 200):
            check_line(status_line(told, cells), cells)
        for line in empty_lines(told, lambda _: "x", 76, asked=True, loaded=True):
            check_line(line)


def test_records_in_full():
    entry = Entry("x", "{what}", "cause [/x]", ("step",), (), "ainf \x1b[2J")
    for _, record in cases(LogRecordDocument):
        for line in record_lines(record, entry, 76):
            check_line(line)
    for words in TEXTS.values():
        record = replace(filled(LogRecordDocument, 1), text=words, fields={words: {words: [words]}})
        for line in record_lines(record, None, 20):
            check_line(line)


def test_sources_and_buckets_and_places():
    for _, source in cases(LogSourceDocument):
        for cell in _source_cells(source).values():
            check_line((cell,))
    for _, bucket in cases(LogBucket):
        for cell in _bucket_row(bucket, 3, SIGNS)[1].values():
            check_line((cell,))
    for _, place in cases(LogPlace):
        assert 0 <= fraction(place, 100) <= 1
    assert styles_of(list(TEXTS.values()))


@pytest.mark.parametrize(
    "value", [None, 1, "x", {}, [1, "x", None, {}], [{"path": "x", "start": "1", "hash": 2}]]
)
def test_a_session_that_somebody_wrote(value):
    assert len(restored(value)) == 0


def test_bookmarks_of_any_text():
    for turn, words in enumerate(TEXTS.values()):
        row = log_row(turn, words)
        marks = Bookmarks([of_row(row, words)])
        assert marks.of(row) is not None
        again = restored(marks.kept())
        assert again.of(row) == marks.of(row)


@pytest.mark.parametrize("size", SIZES)
async def test_on_the_screen(open_app, fake_engine, size):
    logs = fake_engine.log_reading
    logs.records = [
        log_row(turn, words, "error" if turn % 3 else "info", source=words[:50], lines=1 + turn % 2)
        for turn, words in enumerate(TEXTS.values())
    ]
    logs.sources_ = [LogSourceDocument(words[:50], words[:50], "file") for words in list(TEXTS.values())[:20]]
    async with open_app(size, "logs") as (app, pilot):
        await still(pilot)
        for key in ("w", "k", "E", "E", "w", "right", "m", "space", "pageup", "T", "L", "g", "n", "escape"):
            await pilot.press(key)
            await pilot.pause()
            check_screen(app)
        for keys in (("S",), ("H",), ("f", "escape"), ("M",)):
            await pilot.press(*keys)
            await still(pilot)
            check_screen(app)
            await pilot.press("escape")
        await pilot.press("enter")
        await still(pilot)
        check_screen(app)


async def test_markup_stands_as_it_is(open_app, fake_engine):
    logs = fake_engine.log_reading
    logs.records = [log_row(1, "[red]not red[/red] [@click=app.bell]x[/] $error")]
    async with open_app((120, 24), "logs") as (app, pilot):
        await until(pilot, lambda: "[red]not red[/red] [@click=app.bell]x[/] $error" in text(app))
