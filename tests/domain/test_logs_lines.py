"""A line by itself: what it says, and what of it reaches a screen."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.domain.logs import levels
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.heads import read_head
from ainf_tui.domain.logs.levels import Level, inferred, level_of
from ainf_tui.domain.logs.shown import Span, shown
from tests.domain.logsamples import CLOCK, NOW, SAMPLES

HOSTILE = (b"\x1b[", b"31m", b"\r", b"\xe2\x80", b"12%|", b"\x9b", b"{", b"]52;", b"a")
HARMLESS = frozenset("\N{ZERO WIDTH JOINER}\N{ZERO WIDTH NON-JOINER}\u00a0\u2002\u2003\u3000")


@pytest.mark.parametrize(
    ("line", "says"), [(line, says) for line, *says in SAMPLES], ids=lambda v: str(v)[:30]
)
def test_every_format_is_read(line, says):
    form, at, level, name, message = says
    head = read_head(line, CLOCK)
    assert head is not None
    assert (head.format, head.name, head.message) == (form, name, message)
    assert head.at == (None if at is None else datetime.fromisoformat(at).replace(tzinfo=UTC))
    assert head.level == (None if level is None else level_of(level))


@pytest.mark.parametrize(
    "line",
    [
        "loaded 7 things",
        "2026-13-45 08:11:02 INFO no such day",
        "2026-11-26",
        "{not json}",
        '{"a": 1}',
        "[" * 500,
        "{" * 100_000 + "}",
        "<999>Nov 26 08:11:02 box app: x",
        "71:M 26 Foo 2026 08:11:02 * x",
        "",
    ],
    ids=lambda line: line[:20],
)
def test_others_are_left_alone(line):
    assert read_head(line, CLOCK) is None


def test_fields_of_a_json_line_are_kept():
    head = read_head('{"ts": 1, "level": "info", "message": "m", "pid": 7, "fix": "x"}', CLOCK)
    assert head is not None
    assert head.fields == {"pid": 7, "fix": "x"}


def test_a_year_that_is_left_out_is_the_last_one_possible():
    head = read_head("Dec 31 23:59:59 box cron: ran", CLOCK)
    assert head is not None
    assert head.at == datetime(2025, 12, 31, 23, 59, 59, tzinfo=UTC)


def test_a_time_without_zone_is_the_clocks():
    from zoneinfo import ZoneInfo

    head = read_head("2026-07-01 08:00:00 INFO x: y", Clock(NOW, ZoneInfo("Europe/Berlin")))
    assert head is not None
    assert head.at == datetime(2026, 7, 1, 6, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "level"),
    [
        ("torch.OutOfMemoryError: Allocation on device", Level.ERROR),
        ("UserWarning: this is old", Level.WARNING),
        ("error: externally-managed-environment", Level.ERROR),
        ("main.c:3: fatal error: foo.h", Level.ERROR),
        ("   0.1 seconds (IMPORT FAILED): /opt/ComfyUI/custom_nodes/x", Level.ERROR),
        ("0 errors found", None),
        ("no error in sight", None),
        ("terrors: none", None),
    ],
)
def test_words_suggest_a_level(text, level):
    assert inferred(text) is level


def test_colours_are_kept_and_the_rest_is_seen():
    line = shown(b"a \x1b[1;31mred\x1b[0m b\x1b]52;c;aGk=\x07 \x1b[2J\x1b[8mhidden\n")
    assert line.text == "a red b\u241b]52;c;aGk=\u2407 \u241b[2Jhidden"
    assert line.spans == (Span(2, 5, "1;31"),)


@pytest.mark.parametrize(
    ("codes", "sgr"),
    [
        (b"38;5;196", "38;5;196"),
        (b"38;2;1;2;3;4", "38;2;1;2;3;4"),
        (b"38;5;999", ""),
        (b"31;39", ""),
        (b"5", ""),
        (b"01;032", "1;32"),
        (b"38:5:7", "38;5;7"),
        (b"38", ""),
        (b"91;7;107", "91;7;107"),
    ],
)
def test_codes_of_colours(codes, sgr):
    line = shown(b"\x1b[" + codes + b"mx")
    assert line.text == "x"
    assert [span.sgr for span in line.spans] == ([sgr] if sgr else [])


def test_progress_is_folded_and_nothing_else_is():
    bars = "\r".join(f" {n}%|#| {n}/100 [00:00]" for n in range(100))
    line = shown(f"{bars}\n".encode())
    assert line.text == " 99%|#| 99/100 [00:00]"
    assert line.updates == 99
    assert shown(b"Error: disk\r 10%|#| 1/10 [00:01]\n").text == "Error: disk \u240d  10%|#| 1/10 [00:01]"
    assert shown(b"step 1\rstep 2\rstep 30\n").text == "step 30"
    assert shown(b"dos\r\n") == shown(b"dos\n")
    assert shown(b"\r\r\n").text == ""


def test_a_hundred_thousand_updates_are_one_line():
    line = shown(b"\r".join(b"update %d" % n for n in range(100_000)))
    assert (line.text, line.updates) == ("update 99999", 99_999)


def test_what_is_no_text_is_seen():
    assert shown(b"caf\xc3 \xff\0\xc2\x9b1m\xe2\x80\xae").text == "caf\\xc3 \\xff\u2400\\u009b1m\\u202e"
    assert shown(b"a\tb").text == "a    b"


def test_a_line_is_cut_and_tells_how_much():
    line = shown(b"x" * 10_000_000, 100)
    assert len(line.text) == 100
    assert line.left_out == 9_999_900
    assert len(shown(b"\x1b[31mx" * 1_000_000).text) == 1_000_000


@settings(deadline=None, max_examples=300)
@given(st.binary(max_size=200) | st.lists(st.sampled_from(HOSTILE)).map(b"".join))
def test_no_bytes_reach_a_terminal_raw(data):
    line = shown(data)
    assert all(char.isprintable() or char in HARMLESS for char in line.text)
    assert all(0 <= span.start < span.end <= len(line.text) for span in line.spans)
    assert all(set(span.sgr) <= set("0123456789;") for span in line.spans)
    assert shown(data, 10).text == line.text[:10]
    read_head(line.text, CLOCK)


@settings(deadline=None)
@given(st.sampled_from([pattern for _, pattern in levels._patterns()]).flatmap(st.from_regex))
def test_no_level_is_missed_for_the_sake_of_speed(text):
    assert inferred(text) is not None or len(text) > levels.LOOKED_AT
