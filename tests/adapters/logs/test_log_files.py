"""Log files: opened at any place, searched, archives behind a spool."""

from __future__ import annotations

import gzip
import os
import re
import tracemalloc
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs.file import MAX_LINE, LogFile, Splitter
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.adapters.logs.search import may_hold, needle_of
from ainf_tui.adapters.logs.spool import Spool, open_log
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.query import Query, compiled
from ainf_tui.domain.logs.records import RawLine
from ainf_tui.errors import AinfError, NotFoundError
from tests.domain.logsamples import CLOCK
from tests.tools.biglog import pieces, size_of

HOSTILE = (
    b"a",
    b"b",
    b"\n",
    b"\r",
    b"\x1b[31m",
    b"\xe2\x82",
    b"\xc3\xa9",
    b"\t",
    b"\0",
    b"x\\ny",
    b'{"message":"',
)


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def written(data: bytes, name: str = "a.log") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return written


def records(path: Path) -> LogRecords:
    return LogRecords(LogFile.open(path), "a", CLOCK)


def messages(found) -> list[str]:
    return [record.message for record in found]


# -- files -----------------------------------------------------------------------------------------
@given(st.lists(st.sampled_from(HOSTILE), max_size=60).map(b"".join))
def test_lines_are_the_file_whatever_is_in_it(tmp_path_factory, data):
    path = tmp_path_factory.mktemp("x") / "a.log"
    path.write_bytes(data)
    with LogFile.open(path) as log:
        lines = list(log.lines())
        assert b"".join(line.data for line in lines) == data
        assert [(line.start, line.end) for line in lines] == [
            (sum(len(one.data) for one in lines[:n]), sum(len(one.data) for one in lines[: n + 1]))
            for n in range(len(lines))
        ]
        for place in range(len(data)):
            [line] = [line for line in lines if line.start <= place < line.end]
            assert log.line_start(place) == line.start


def test_a_line_without_an_end_comes_in_pieces():
    splitter = Splitter()
    taken: list[RawLine] = []
    for _ in range(2 * MAX_LINE // 1_048_576 + 1):
        taken += splitter.feed(b"x" * 1_048_576)
    assert [line.end - line.start for line in taken] == [MAX_LINE, MAX_LINE]
    assert [line.end - line.start for line in splitter.rest()] == [1_048_576]


def test_what_is_no_file_is_told(tmp_path):
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(NotFoundError, match="there is no file"):
        LogFile.open(tmp_path / "none.log")
    for path in (tmp_path, tmp_path / "pipe"):
        with pytest.raises(AinfError, match="cannot be read") as raised:
            LogFile.open(path)
        assert raised.value.code == "logs.unreadable"


# -- archives --------------------------------------------------------------------------------------
@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
def test_archives_are_told_by_what_is_in_them(write, pack):
    text = b"".join(pieces(300_000))
    whole = open_log(write(pack(text), "a.log.1"))
    assert isinstance(whole, Spool)
    assert whole.wait(20)
    assert whole.problem is None
    assert whole.log.read(0, len(text) + 1) == text
    whole.log.close()


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.ZstdCompressor().compress], ids=["gzip", "zstd"])
@pytest.mark.parametrize("harm", ["cut off", "other bytes"])
def test_a_damaged_archive_shows_what_there_is_and_says_so(write, pack, harm):
    text = b"".join(pieces(300_000))
    packed = pack(text)
    half = len(packed) // 2
    spool = open_log(write(packed[:half] if harm == "cut off" else packed[:half] + bytes(99) + packed[half:]))
    assert isinstance(spool, Spool)
    assert spool.wait(20)
    assert spool.problem is not None
    assert spool.problem.code == "logs.unreadable"
    there = spool.log.read(0, len(text))
    assert there
    if harm == "cut off":
        assert text.startswith(there)
    spool.log.close()


def test_an_archive_that_is_cut_off_in_its_head_is_no_crash(write):
    for magic in (b"\x1f\x8b", b"\x28\xb5\x2f\xfd"):
        spool = open_log(write(magic))
        assert isinstance(spool, Spool)
        assert spool.wait(20)
        assert spool.problem is not None
        spool.log.close()


def test_a_spool_keeps_what_there_is_room_for():
    chunks = iter([b"one\n", b"two\n", b"three\n", b""])
    spool = Spool("-", lambda _: next(chunks), limit=8)
    spool.start()
    assert spool.wait(20)
    assert spool.problem is not None
    assert spool.problem.code == "logs.spool_full"
    assert spool.log.read(0, 100) == b"one\ntwo\n"
    spool.log.close()


# -- what is wanted --------------------------------------------------------------------------------
def test_the_end_of_a_large_file_is_there_without_reading_it(tmp_path):
    path = tmp_path / "big.log"
    with path.open("wb") as stream:
        stream.seek(8 << 40)  # 8 TB that are not there: whoever read them would not be back today.
        stream.write(b"\n" + b"".join(pieces(600_000)))
    tracemalloc.start()
    found = records(path).newest(Query(), 10)
    assert tracemalloc.get_traced_memory()[1] < 20_000_000
    tracemalloc.stop()
    assert len(found) == 10
    assert found[-1].message == "LAST-LINE"


def test_newest_are_the_last_of_all(write):
    path = write(b"".join(pieces(900_000)))
    every = list(records(path).chosen(Query()))
    assert [(r.start, r.end) for r in records(path).newest(Query(), 3000)] == [
        (r.start, r.end) for r in every[-3000:]
    ]
    errors = Query(level=Level.ERROR)
    wanted = [record for record in every if record.level >= Level.ERROR]
    assert len(wanted) > 5
    assert all(len(record.lines) == 7 for record in wanted)
    assert list(records(path).chosen(errors)) == wanted
    assert records(path).newest(errors, 5) == wanted[-5:]
    assert every[0].start == 0
    assert all(a.end == b.start for a, b in pairwise(every))
    assert every[-1].end == path.stat().st_size


@pytest.mark.parametrize(
    "text", ["RARE-MID-1", "rare-mid", r"RARE-(MID|END)-\d", "job .* step 7 took 0.1", "100%"]
)
def test_grep_finds_what_reading_all_of_it_finds(write, text):
    path = write(b"".join(pieces(2_500_000)))
    query = Query(pattern=compiled(text, ignore_case=text.islower()))
    wanted = [record for record in records(path).chosen(Query()) if query.keeps(record)]
    assert wanted
    assert list(records(path).chosen(query)) == wanted
    assert records(path).newest(query, 2) == wanted[-2:]


def test_a_range_of_time_reads_its_own_part_only(tmp_path):
    path = tmp_path / "days.log"
    begin = datetime(2026, 1, 1, tzinfo=UTC)
    with path.open("w") as stream:
        for minute in range(60_000):
            at = (begin + timedelta(minutes=minute)).isoformat()
            stream.write(f"{at} INFO worker: minute {minute} {'.' * 60}\n")
    query = Query(since=begin + timedelta(minutes=30_000), until=begin + timedelta(minutes=30_003))
    log = records(path)
    assert messages(log.chosen(query)) == [f"minute {n} {'.' * 60}" for n in (30_000, 30_001, 30_002)]
    assert query.since is not None
    assert query.until is not None
    size = path.stat().st_size
    assert log.end_of(query.until, size) - log.start_of(query.since) < size / 3
    assert messages(log.newest(query, 1)) == [f"minute 30002 {'.' * 60}"]
    assert messages(log.chosen(Query(until=begin))) == []
    assert messages(log.chosen(Query(since=begin + timedelta(minutes=59_999)))) == [
        f"minute 59999 {'.' * 60}"
    ]


def test_a_line_without_a_time_inherits_across_a_large_gap(write):
    path = write(b"2026-11-26T08:00:00Z INFO a: first\n" + b"plain words\n" * 60_000)
    [last] = records(path).newest(Query(), 1)
    assert (last.inherited, last.at) == (True, datetime(2026, 11, 26, 8, tzinfo=UTC))


# -- telling without folding -------------------------------------------------------------------------
PATTERNS = (
    "ab",
    "a b",
    "^a",
    "b$",
    "a.b",
    "(?<!b)a",
    r"\Aa",
    "a(?=b)",
    "[^b]a",
    "é",
    "xe2",
    "␀",
    "    ",
    r"x\\ny",
    "a|^$",
    "(?i)A",
    "ab+é?",
    "[^b]aab.",
    r"(b)?a\.b|c",
    "a{2}b*bab",
)


@settings(max_examples=400, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.sampled_from(HOSTILE), max_size=40).map(b"".join), st.sampled_from(PATTERNS))
def test_what_is_passed_over_has_no_match(tmp_path_factory, data, text):
    """The one thing that may never happen: a line that would be shown is not."""
    pattern = compiled(text)
    path = tmp_path_factory.getbasetemp() / "fuzzed.log"
    path.write_bytes(data)
    query = Query(pattern=pattern)
    if any(query.keeps(record) for record in records(path).chosen(Query())):
        assert may_hold(data, needle_of(pattern))


def test_what_holds_nothing_is_passed_over():
    data = next(pieces(100_000))
    for text in ("RARE", r"RARE-\d+", "(?i)rare-mid"):
        assert not may_hold(data, needle_of(re.compile(text)))


# -- the generator -----------------------------------------------------------------------------------
def test_a_generated_log_is_the_same_each_time():
    once = b"".join(pieces(500_000, seed=3))
    assert once == b"".join(pieces(500_000, seed=3)) != b"".join(pieces(500_000, seed=4))
    assert 500_000 <= len(once) < 700_000
    assert once.count(b"RARE-MID-1") == once.count(b"RARE-END-1") == 1
    assert [size_of(text) for text in ("1GB", "300 M", "77")] == [10**9, 3 * 10**8, 77]
    with pytest.raises(ValueError, match="no size"):
        size_of("much")
