"""Lines become records; records are chosen and put in order."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.domain.logs.fold import MAX_LINES, fold, is_firm
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.query import Query, compiled, merged, moment
from ainf_tui.domain.logs.records import RawLine
from ainf_tui.domain.logs.shown import plain
from ainf_tui.errors import UsageError
from tests.domain.logsamples import CLOCK, NOW, SAMPLES, raw
from tests.tools import fuzzlogs

CRASH = """\
got prompt
!!! Exception during processing !!! CUDA error: out of memory
Traceback (most recent call last):
  File "/opt/ComfyUI/execution.py", line 518, in execute
    output = f()
             ^^^
torch.AcceleratorError: CUDA error: out of memory
CUDA kernel errors might be asynchronously reported at some other API call.
Compile with `TORCH_USE_CUDA_DSA` to enable device-side assertions.

Prompt executed in 0.01 seconds
"""
CHAIN = """\
ERROR:root:no luck
Traceback (most recent call last):
  File "a.py", line 1, in f
KeyError: 'x'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "a.py", line 3, in g
ValueError: y
done
"""


def folded(text):
    return list(fold(raw(text), "a.log", CLOCK))


def shape(text):
    return [(record.level.word, len(record.lines), record.traceback) for record in folded(text)]


def test_a_traceback_is_one_record_with_the_error_above_it():
    assert shape(CRASH) == [("info", 1, False), ("error", 8, True), ("info", 1, False)]
    assert folded(CRASH)[1].message == "!!! Exception during processing !!! CUDA error: out of memory"


def test_exceptions_in_a_train_are_one_record():
    assert shape(CHAIN) == [("error", 10, True), ("info", 1, False)]


def test_two_tracebacks_in_a_row_are_two():
    once = 'Traceback (most recent call last):\n  File "a", line 1, in f\nKeyError: 1\n'
    assert shape(once + "ERROR:root:x\n" + once) == [("error", 3, True), ("error", 4, True)]


def test_a_logged_traceback_with_a_time_of_its_own_joins_its_error():
    text = (
        "2024-12-16 17:10:56,767 - root - ERROR - !!! Exception during processing !!! Allocation on device\n"
        "2024-12-16 17:10:56,770 - root - ERROR - Traceback (most recent call last):\n"
        '  File "/opt/ComfyUI/execution.py", line 317, in execute\n'
        "torch.OutOfMemoryError: Allocation on device\n\n"
        "2024-12-16 17:10:57,000 - root - INFO - Prompt executed in 2 seconds\n"
    )
    assert shape(text) == [("error", 4, True), ("info", 1, False)]


def test_comfyuis_complaints_about_a_prompt_are_one_record():
    text = (
        "Failed to validate prompt for output 9:\n* CheckpointLoaderSimple 4:\n"
        "  - Value not in list: ckpt_name: 'x' not in []\nOutput will be ignored\ninvalid prompt: {}\n"
    )
    assert shape(text) == [("error", 4, False), ("error", 1, False)]


def test_postgres_details_belong_to_their_error():
    text = (
        "2026-11-26 08:11:02.123 UTC [71] ERROR:  duplicate key\n"
        "2026-11-26 08:11:02.123 UTC [71] DETAIL:  Key (id)=(1) already exists.\n"
        "2026-11-26 08:11:02.123 UTC [71] STATEMENT:  INSERT\n\tINTO t\n"
        "2026-11-26 08:11:03.123 UTC [71] LOG:  checkpoint\n"
    )
    assert shape(text) == [("error", 4, False), ("info", 1, False)]


def test_a_line_without_a_time_has_that_of_the_line_before():
    first, second, third = folded("before\n2026-11-26 08:11:02 INFO a: b\nplain\n")
    assert (first.at, first.inherited) == (None, True)
    assert (second.at, second.inherited) == (datetime(2026, 11, 26, 8, 11, 2, tzinfo=UTC), False)
    assert (third.at, third.inherited) == (second.at, True)


def test_a_record_without_end_is_cut_and_nothing_is_lost():
    text = "ERROR:root:dump\n" + "  more\n" * (2 * MAX_LINES)
    records = folded(text)
    assert [len(record.lines) for record in records] == [MAX_LINES, MAX_LINES, 1]
    assert {record.level for record in records} <= {Level.ERROR, Level.INFO}


PIECES = st.lists(
    st.sampled_from(
        [
            *CRASH.splitlines(),
            *CHAIN.splitlines(),
            *(sample[0] for sample in SAMPLES),
            "",
            " x",
            "\tAt",
            "plain",
        ]
    ),
    max_size=60,
)


@settings(deadline=None, max_examples=200)
@given(
    PIECES | st.lists(st.text(st.characters(exclude_characters="\n"), max_size=20), max_size=30),
    st.booleans(),
)
def test_every_byte_is_in_one_record(lines, ends):
    data = "\n".join(lines).encode("utf-8", "surrogatepass") + (b"\n" if ends else b"")
    records = folded(data)
    assert [record.start for record in records] == [0, *(record.end for record in records)][: len(records)]
    assert (records[-1].end if records else 0) == len(data)
    told = [line.text for record in records for line in record.lines if line.text.strip()]
    assert told == [text for line in raw(data) if (text := plain(line.data)).strip()]


@settings(deadline=None, max_examples=200)
@given(PIECES)
def test_reading_may_begin_at_any_firm_line(lines):
    """So a reader that starts in the middle of a file sees the records that one from its beginning sees."""
    whole = raw("\n".join(lines) + "\n")
    starts = [record.start for record in fold(whole, "", CLOCK)]
    for index, line in enumerate(whole):
        if is_firm(plain(line.data), CLOCK):
            part = [record.start for record in fold(whole[index:], "", CLOCK)]
            assert part == [start for start in starts if start >= line.start]


# -- choice and order --------------------------------------------------------------------------------
def at(second):
    return NOW + timedelta(seconds=second)


def lines_at(*seconds, name="x"):
    text = "".join(
        f"{at(s):%Y-%m-%dT%H:%M:%SZ} INFO {name}: {s}\n" if s is not None else "none\n" for s in seconds
    )
    return list(fold(raw(text), name, CLOCK))


def test_sources_are_merged_by_time_and_each_keeps_its_order():
    one, two = lines_at(1, 5, 3, 9, name="one"), lines_at(2, None, 4, 6, name="two")
    order = [(record.source, record.message) for record in merged([(one, NOW), (two, NOW)])]
    assert order == [
        ("one", "1"), ("two", "2"), ("two", "none"), ("two", "4"),
        ("one", "5"), ("one", "3"), ("two", "6"), ("one", "9"),
    ]  # fmt: skip


def test_lines_before_any_time_stand_where_they_are_said_to():
    undated = list(fold(raw("a\nb\n"), "u", CLOCK))
    order = [record.source for record in merged([(lines_at(1, 5), NOW), (undated, at(3))])]
    assert order == ["x", "u", "u", "x"]


@settings(deadline=None, max_examples=100)
@given(st.lists(st.lists(st.none() | st.integers(0, 50), max_size=12), max_size=4))
def test_merging_loses_nothing(seconds):
    streams = [(lines_at(*group, name=f"s{index}"), NOW) for index, group in enumerate(seconds)]
    order = list(merged(streams))
    for index, (records, _) in enumerate(streams):
        assert [record for record in order if record.source == f"s{index}"] == records


def test_a_query_takes_what_fits_all_of_it():
    records = folded("x\n2026-11-26 08:00:00 INFO a: one\n2026-11-26 09:00:00 ERROR a: two\n  more of two\n")
    hour = timedelta(hours=1)
    eight = datetime(2026, 11, 26, 8, tzinfo=UTC)

    def kept(**what):
        return [record.message for record in records if Query(**what).keeps(record)]

    assert kept() == ["x", "one", "two"]
    assert kept(since=eight + hour) == ["two"]
    assert kept(until=eight + hour) == ["one"]
    assert kept(level=Level.WARNING) == ["two"]
    assert kept(pattern=compiled("MORE of", ignore_case=True)) == ["two"]
    assert kept(pattern=compiled("^ +more"), level=Level.CRITICAL) == []


@pytest.mark.parametrize(
    ("text", "when"),
    [
        ("10m", NOW - timedelta(minutes=10)),
        ("2 hours ago", NOW - timedelta(hours=2)),
        ("1d", NOW - timedelta(days=1)),
        ("11:30", datetime(2026, 11, 26, 11, 30, tzinfo=UTC)),
        ("12:30:05", datetime(2026, 11, 25, 12, 30, 5, tzinfo=UTC)),
        ("2026-11-01", datetime(2026, 11, 1, tzinfo=UTC)),
        ("2026-11-01 10:20", datetime(2026, 11, 1, 10, 20, tzinfo=UTC)),
        ("2026-11-01T10:20:30+02:00", datetime(2026, 11, 1, 8, 20, 30, tzinfo=UTC)),
    ],
)
def test_moments(text, when):
    assert moment(text, CLOCK) == when


@pytest.mark.parametrize("text", ["", "soon", "25:00", "2026-13-01", "10x", "-5m", "2026-11-01T10:20:30Zz"])
def test_what_is_no_moment_is_told(text):
    with pytest.raises(UsageError) as told:
        moment(text, CLOCK)
    assert told.value.code == "logs.bad_time"


def test_what_is_no_pattern_is_told():
    with pytest.raises(UsageError) as told:
        compiled("a(b")
    assert told.value.code == "logs.bad_pattern"


def test_a_raw_line_keeps_its_place():
    assert raw(b"a\nbc") == [RawLine(0, 2, b"a\n"), RawLine(2, 4, b"bc")]


def test_hostile_logs():
    """`make fuzz` tries a hundred thousand."""
    assert fuzzlogs.run(1_000, seed=7) is None


def test_the_fuzzer_sees_what_it_looks_for(monkeypatch, capsys):
    monkeypatch.setattr(fuzzlogs, "fold", lambda lines, *_: list(fold(lines[1:], "a", CLOCK)))
    assert fuzzlogs.run(100, seed=7)
    assert "belong to no record" in capsys.readouterr().err
