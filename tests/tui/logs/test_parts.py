"""The parts of the Logs screen that know nothing of it: rows as lines, filters as text, status, places."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.color import Color
from rich.style import Style

from ainf_tui.domain.log_documents import LogFilter, LogSearchRequest, LogSpan, LogStateDocument
from ainf_tui.errors import UsageError
from ainf_tui.tui.lines import line_width
from ainf_tui.tui.logs.editors import at_line
from ainf_tui.tui.logs.filters import KINDS, Stack, parse, restored, written
from ainf_tui.tui.logs.goto import goto_request
from ainf_tui.tui.logs.rows import Mark, Shape, height, row_lines
from ainf_tui.tui.logs.status import Told, status_line
from ainf_tui.tui.logs.strip import strip_cells
from ainf_tui.tui.looks import Styles, sgr_style
from ainf_tui.tui.signs import Signs
from tests.fakes.log_reading import log_row


def said(line):
    return "".join(text for text, _ in line)


def line_of(row, shape, before=None):
    (line,) = row_lines(row, before, shape, Mark())
    return said(line).rstrip()


# -- rows -------------------------------------------------------------------------------------------
def test_a_row_with_its_time_and_level():
    row = log_row(5, "2026-11-26 14:00:05 queue is deep", "warning", time_end=19)
    assert line_of(row, Shape(80)) == " 14:00:05.000 ▲ queue is deep"
    assert line_of(row, Shape(80, times="none")) == " ▲ 2026-11-26 14:00:05 queue is deep"
    before = log_row(3)
    assert (
        line_of(row, Shape(80, times="relative"), before)
        == " +2.000s      ▲ 2026-11-26 14:00:05 queue is deep"
    )


def test_a_time_of_the_line_before_is_shown_once():
    said, inherits = log_row(5, "said it"), log_row(5, "x", inherited=True)
    assert line_of(inherits, Shape(80), before=said) == " " * 16 + "x"
    # Behind filters the line that said it is not there, and of merged logs another stands between.
    assert line_of(inherits, Shape(80), before=log_row(4)) == " 14:00:05.000   x"
    assert line_of(inherits, Shape(80)) == " 14:00:05.000   x"


def test_what_parts_the_time_from_the_rest_goes_with_it():
    row = log_row(1, "2026-11-26 14:00:01,000 - root - INFO - loaded", time_end=23)
    assert line_of(row, Shape(80)) == " 14:00:01.000   root - INFO - loaded"


def test_a_traceback_is_folded_to_its_first_line():
    line = line_of(log_row(1, "boom", "error", lines=12, traceback=True), Shape(60))
    assert line.startswith(" 14:00:01.000 ✖ boom")
    assert line.endswith("12 …")
    assert len(line) == 60


def test_a_traceback_that_says_nothing_at_first_says_what_happened():
    row = log_row(1, "Traceback:", "error", lines=12, traceback=True, ending="KeyError: '[bold]\x1b[31mx'")
    assert " ✖ Traceback: KeyError: '[bold]␛[31mx'" in line_of(row, Shape(60))
    shape = Shape(34, wrap=True)
    told = row_lines(row, None, shape, Mark())
    assert len(told) == height(row, shape) == 3


def test_sources_are_told_apart_by_a_column():
    shape = Shape(60, sources={"comfyui": "sgr:36", "a-service-with-a-long-name": "sgr:35"})
    assert line_of(log_row(1, "x"), shape) == " 14:00:01.000 comfyui          x"


def test_the_colours_of_the_writer_are_kept_and_matches_lie_over_them():
    row = log_row(1, "red and plain", "error", spans=(LogSpan(0, 3, "1;31"),), matches=((2, 5),))
    (line,) = row_lines(row, None, Shape(60, times="none"), Mark())
    assert line[2:6] == (
        ("re", "sgr:1;31"),
        ("d", "sgr:1;31+match"),
        (" a", "error+match"),
        ("nd plain", "error"),
    )


def test_a_wrapped_row_loses_nothing():
    words = " ".join(f"word{number}" for number in range(60))
    lines = row_lines(log_row(1, words), None, Shape(40, wrap=True), Mark())
    assert len(lines) > 5
    assert "".join(said(line)[18 if index else 16 :] for index, line in enumerate(lines)) == words


@given(st.text(max_size=300), st.integers(1, 200), st.integers(0, 300), st.booleans())
def test_no_row_is_wider_than_its_room(words, cells, shift, wrap):
    row = log_row(1, words or "x", "error", lines=3)
    for line in row_lines(row, None, Shape(cells, wrap=wrap, shift=shift), Mark()):
        assert line_width(line) <= cells


def test_sideways():
    row = log_row(1, "0123456789" * 30)
    assert line_of(row, Shape(40, times="none", shift=25)).strip().startswith("5678901234")


# -- looks ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("codes", "style"),
    [
        ("1;31", Style(bold=True, color=Color.from_ansi(1))),
        ("94;42", Style(color=Color.from_ansi(12), bgcolor=Color.from_ansi(2))),
        ("38;5;200", Style(color=Color.from_ansi(200))),
        ("48;2;1;2;3;4", Style(bgcolor=Color.from_rgb(1, 2, 3), underline=True)),
        ("38;5", Style()),
        ("x;;5;777", Style()),
    ],
)
def test_styles_of_logs(codes, style):
    assert sgr_style(codes) == style


def test_styles_do_not_gather_without_end():
    looks = Styles({"error": Style(bold=True)})
    for number in range(10_000):
        assert looks[f"error+sgr:38;2;{number % 256};{number // 256};0"].bold
    assert len(looks) < 5_000
    with pytest.raises(KeyError):
        looks["no such style"]


# -- filters ----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "one"),
    [
        ("oom", LogFilter("in", "oom")),
        ("OOM", LogFilter("in", "OOM", ignore_case=False)),
        ("-got prompt", LogFilter("out", "got prompt")),
        ("/o+m/", LogFilter("in", "o+m", regex=True)),
        ("-/a b/", LogFilter("out", "a b", regex=True)),
        ('"level:x"', LogFilter("in", "level:x")),
        ('-"-x"', LogFilter("out", "-x")),
        ("level: Warning", LogFilter("level", "warning")),
        ("source:api,web", LogFilter("source", "api,web")),
        ("since:10m", LogFilter("since", "10m")),
        ("GET /x", LogFilter("in", "GET /x", ignore_case=False)),
        ("  ", None),
        ("-", None),
    ],
)
def test_what_is_typed(text, one):
    assert parse(text) == one


@given(st.sampled_from(["in", "out"]), st.text(min_size=1, max_size=30).filter(str.strip), st.booleans())
def test_what_is_written_is_read_again(kind, value, regex):
    if regex:
        value = "".join(letter for letter in value if letter.isalnum()) or "a+"
    one = LogFilter(kind, value.strip(), regex, ignore_case=value.strip() == value.strip().lower())
    assert parse(written(one)) == one


@pytest.mark.parametrize("text", ["level:loud", "since:soon", "/(/", "source:", "until:"])
def test_what_cannot_be_meant_is_refused(text):
    with pytest.raises(UsageError):
        parse(text)


def test_a_level_stands_once_and_goes_round():
    stack = Stack((LogFilter("in", "x"),))
    seen = []
    for _ in range(5):
        stack = stack.next_level()
        seen.append(stack.level)
        assert sum(one.kind == "level" for one in stack.filters) <= 1
    assert seen == ["info", "warning", "error", "", "info"]
    assert restored(stack.kept()) == stack


@given(
    st.lists(st.fixed_dictionaries({"kind": st.sampled_from([*KINDS, "x"]), "value": st.text(max_size=9)}))
)
def test_a_kept_stack_is_never_one_that_cannot_be_asked(values):
    for one in restored([*values, 3, None]).filters:
        assert parse(written(one)) is not None or one.kind in {"in", "out"}


# -- the status -------------------------------------------------------------------------------------
def test_the_line_above():
    state = LogStateDocument(1, 10**9, 10_482_113, 1.0, hidden=1_204, searched=0.62, found=17)
    told = Told(
        sources=("comfyui", "api"),
        stack=Stack((LogFilter("level", "info"), LogFilter("in", "a"), LogFilter("out", "b"))),
        state=state,
        row=log_row(1),
        today=date(2026, 11, 26),
    )
    assert said(status_line(told, 120)) == (
        " comfyui+api   ≥info   2 filters on (1,204 hidden)   following"
        "                             10,482,113 lines   0 dropped"
    )
    searched = Told(
        sources=("a",), state=state, search=LogSearchRequest("oom"), number=3, follow=False, fresh=128
    )
    assert "▼ 128 new   /oom 3 of 17+ 62%" in said(status_line(searched, 120))
    assert said(status_line(told, 60)).startswith(" ≥info   2 filters on (1,204 hidden)   following")
    assert said(status_line(told, 30)).strip().startswith("following")
    lost = Told(state=LogStateDocument(1, 1, 1, 1.0, dropped=7))
    assert "7 dropped" in said(status_line(lost, 60))


def test_the_strip_tells_what_lies_where():
    marks = (*[(0.05, "warning")] * 4, (0.95, "error"), (0.95, "warning"))
    state = LogStateDocument(1, 100, 10, 1.0, marks=marks, found_at=(0.55,))
    cells = strip_cells(state, 10, (0.3, 0.39), Signs())
    assert cells[0] == ("▇", "warning")
    assert cells[3] == ("│", "accent")
    assert cells[5] == ("◆", "mark")
    assert cells[9][1] == "error"
    assert cells[1] == (" ", "")


# -- places -----------------------------------------------------------------------------------------
def test_places_that_are_typed():
    def found(text):
        request = goto_request(text)
        return None if request is None else (request.what, request.value)

    assert found("50%") == ("fraction", "0.500000")
    assert found("200 %") == ("fraction", "1.000000")
    assert found(":120") == ("line", "120")
    assert found("2026-11-26T14:03:05Z") == ("time", "2026-11-26T14:03:05+00:00")
    what, value = found("10m")
    assert what == "time"
    assert datetime.now(UTC) - datetime.fromisoformat(value) >= timedelta(minutes=10)
    assert found(" ") is None


def test_editors_are_told_the_line_as_they_understand_it():
    path = Path("/x/a.log")
    assert at_line(["vim", "-R"], path, 7) == ["vim", "-R", "+7", "/x/a.log"]
    assert at_line(["/usr/bin/code"], path, 7)[-2:] == ["--goto", "/x/a.log:7"]
    assert at_line(["hx"], path, 7) == ["hx", "/x/a.log:7"]
    assert at_line(["ed"], path, 7) == ["ed", "/x/a.log"]
    assert at_line(["less"], path, None) == ["less", "/x/a.log"]
    with pytest.raises(ValueError, match="no command"):
        at_line([], path, 1)
