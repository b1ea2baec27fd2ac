"""Pages of logs: whoever reads on, back, or here and there sees every record once, in its order."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs import pieces as pieces_module
from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.finding import Finder
from ainf_tui.adapters.logs.pages import Pages
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.domain.log_documents import (
    LogFilter,
    LogFindRequest,
    LogPageDocument,
    LogPageRequest,
    LogPlace,
    LogRow,
)
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.filters import pattern_of, sieve_of

CLOCK = Clock(datetime(2026, 11, 26, 12, tzinfo=UTC), UTC)
BEGIN = datetime(2026, 11, 26, 10, tzinfo=UTC)
SMALL = 512
"""Bytes of a piece here, so that small files have many."""
TRACE = (
    "Traceback (most recent call last):\n"
    '  File "/app/x.py", line 7, in run\n    work()\n\n'
    "RuntimeError: CUDA out of memory\n"
)

line = st.one_of(
    st.tuples(st.just("dated"), st.integers(-40, 400), st.sampled_from(["INFO", "WARNING", "ERROR"])),
    st.tuples(
        st.just("raw"),
        st.sampled_from(["got prompt", "", "   indented", "plain words", "\r50%|##  | 1/2 [", "x" * 900]),
        st.just(""),
    ),
    st.tuples(st.just("trace"), st.just(""), st.just("")),
)
logs = st.lists(line, max_size=40)
filters = st.lists(
    st.sampled_from(
        [
            LogFilter("in", "needle"),
            LogFilter("in", "GOT", ignore_case=True),
            LogFilter("out", "plain"),
            LogFilter("level", "warning"),
            LogFilter("since", "2026-11-26T10:01:00Z"),
            LogFilter("until", "2026-11-26T10:03:00Z"),
            LogFilter("in", r"^x+$", regex=True),
        ]
    ),
    max_size=2,
).map(tuple)


@pytest.fixture(autouse=True)
def small_pieces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "PIECE", SMALL)
    monkeypatch.setattr(pieces_module, "QUIET", -1.0)


def text_of(lines: list[tuple[str, object, str]]) -> str:
    out, at = [], BEGIN
    for number, (kind, what, level) in enumerate(lines):
        if kind == "dated":
            at += timedelta(seconds=int(str(what)))
            word = "needle" if number % 7 == 0 else "step"
            out.append(f"{at:%Y-%m-%d %H:%M:%S},000 {level} app: {word} {number}\n")
        else:
            out.append(TRACE if kind == "trace" else f"{what}\n")
    return "".join(out)


def pages_of(folder: Path, texts: list[str], seconds: float = 60) -> Pages:
    files = {}
    for number, text in enumerate(texts):
        path = folder / f"{number}.log"
        path.write_text(text)
        files[str(number)] = Pieces(LogFile.open(path), f"s{number}", CLOCK)
    return Pages(files, seconds=seconds)


def closed(pages: Pages) -> None:
    for pieces in pages.files.values():
        pieces.log.close()


def key(row: LogRow) -> tuple[str, int, int, bool]:
    return row.file, row.start, row.end, row.context


class Reader:
    """Asks for pages of one choice."""

    def __init__(self, pages: Pages, chosen: tuple[LogFilter, ...], context: int = 0) -> None:
        self.pages = pages
        self.chosen = chosen
        self.context = context

    def page(self, place: LogPlace | None, before: int = 0, after: int = 0) -> LogPageDocument:
        request = LogPageRequest(place, before, after, self.chosen, self.context)
        return self.pages.page(request, sieve_of(self.chosen, CLOCK), None)

    def forward(self, place: LogPlace | None = None, step: int = 3) -> list[LogRow]:
        rows: list[LogRow] = []
        place = LogPlace() if place is None else place
        for _ in range(10_000):
            page = self.page(place, after=step)
            rows += page.rows
            place = page.end
            if page.bottom:
                return rows
        raise AssertionError("it has no end")

    def back(self, place: LogPlace | None = None, step: int = 4) -> list[LogRow]:
        rows: list[LogRow] = []
        for _ in range(10_000):
            page = self.page(place, before=step)
            rows[:0] = page.rows
            place = page.start
            if page.top:
                return rows
        raise AssertionError("it has no top")


def given_logs(examples: int):
    def decorate(test):
        checked = settings(
            max_examples=examples,
            deadline=None,
            phases=[Phase.explicit, Phase.reuse, Phase.generate],
            suppress_health_check=[HealthCheck.function_scoped_fixture],
        )(test)
        return given(st.lists(logs, min_size=1, max_size=3), filters, st.integers(0, 2**32))(checked)

    return decorate


@given_logs(120)
def test_from_the_top_and_from_the_end_the_same_records(
    tmp_path: Path, lines: list[list[tuple[str, object, str]]], chosen: tuple[LogFilter, ...], seed: int
) -> None:
    pages = pages_of(tmp_path, [text_of(one) for one in lines])
    context = seed % 3
    reader = Reader(pages, chosen, context)
    onward, back = reader.forward(), reader.back()
    assert sorted(map(key, onward)) == sorted(map(key, back))
    assert len(set(map(key, onward))) == len(onward)
    for file in pages.files:
        starts = [row.start for row in onward if row.file == file]
        assert starts == sorted(starts)
        assert starts == [row.start for row in back if row.file == file]
    closed(pages)


@given_logs(120)
def test_from_any_place_nothing_is_lost_or_doubled(
    tmp_path: Path, lines: list[list[tuple[str, object, str]]], chosen: tuple[LogFilter, ...], seed: int
) -> None:
    """Here and there at random; then on to both ends."""
    pages = pages_of(tmp_path, [text_of(one) for one in lines])
    reader, chance = Reader(pages, chosen), random.Random(seed)
    every = sorted(map(key, reader.forward()))
    place = LogPlace({file: chance.randint(0, size + 3) for file, size in pages.ends.items()})
    middle = reader.page(place, before=chance.randint(0, 5), after=chance.randint(0, 5))
    before, after = reader.back(middle.start), reader.forward(middle.end)
    assert sorted(map(key, [*before, *middle.rows, *after])) == every
    again = reader.page(middle.start, after=len(middle.rows))
    assert len(again.rows) == len(middle.rows)
    closed(pages)


@given_logs(60)
def test_little_time_loses_nothing(
    tmp_path: Path, lines: list[list[tuple[str, object, str]]], chosen: tuple[LogFilter, ...], seed: int
) -> None:
    """Each answer is cut short after one step."""
    texts = [text_of(one) for one in lines]
    whole = pages_of(tmp_path, texts)
    hasty = Pages(whole.files, seconds=-1)
    assert list(map(key, Reader(hasty, chosen).forward())) == list(map(key, Reader(whole, chosen).forward()))
    assert list(map(key, Reader(hasty, chosen).back())) == list(map(key, Reader(whole, chosen).back()))
    closed(whole)


@given_logs(60)
def test_what_is_let_through_is_what_the_filters_say(
    tmp_path: Path, lines: list[list[tuple[str, object, str]]], chosen: tuple[LogFilter, ...], seed: int
) -> None:
    """Pieces are skipped by their bytes; the records say whether rightly."""
    pages = pages_of(tmp_path, [text_of(one) for one in lines])
    sieve = sieve_of(chosen, CLOCK)
    wanted = [
        (file, record.start)
        for file, pieces in pages.files.items()
        for number in range(pieces.last + 1)
        for record in pieces.get(number).records
        if sieve.keeps(record)
    ]
    assert sorted((row.file, row.start) for row in Reader(pages, chosen).forward()) == sorted(wanted)
    closed(pages)


def numbered(count: int, start: datetime = BEGIN, step: int = 1, word: str = "step") -> str:
    times = (start + timedelta(seconds=step * n) for n in range(count))
    return "".join(f"{at:%Y-%m-%d %H:%M:%S},000 INFO app: {word} {n}\n" for n, at in enumerate(times))


def test_several_files_come_in_the_order_of_time_from_both_sides(tmp_path: Path) -> None:
    later = BEGIN + timedelta(seconds=50)
    pages = pages_of(tmp_path, [numbered(200), numbered(200, later), numbered(100, later, 2)])
    reader = Reader(pages, ())
    onward = reader.forward(step=7)
    assert [row.at for row in onward] == sorted(row.at for row in onward if row.at)
    assert list(map(key, onward)) == list(map(key, reader.back(step=9)))
    closed(pages)


def test_what_is_appended_changes_no_record_but_the_last(tmp_path: Path) -> None:
    whole = text_of([("dated", 5, "ERROR"), ("trace", "", ""), ("raw", "plain", "")] * 60)
    path = tmp_path / "grows.log"
    path.write_text("")
    pieces = Pieces(LogFile.open(path), "s", CLOCK)
    reader, place, seen = Reader(Pages({"0": pieces}), ()), LogPlace(), dict[int, LogRow]()
    chance = random.Random(7)
    data = whole.encode()
    while data:
        count = chance.randint(1, 400)
        with path.open("ab") as stream:
            stream.write(data[:count])
        data = data[count:]
        pieces.refresh()
        page = reader.page(place, after=1000)
        place = page.end
        for row in page.rows:
            seen = {start: one for start, one in seen.items() if not row.start <= start < row.end}
            seen[row.start] = row
    fresh = {row.start: row for row in reader.forward()}
    assert {start: row.end for start, row in seen.items()} == {start: row.end for start, row in fresh.items()}
    pieces.log.close()


def test_an_error_waits_for_its_traceback_unless_all_is_quiet(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pages = pages_of(
        tmp_path, ["2026-11-26 10:00:00,000 INFO app: a\n2026-11-26 10:00:01,000 ERROR app: b\n"]
    )
    monkeypatch.setattr(pieces_module, "QUIET", 3600.0)
    pages.refresh()
    page = Reader(pages, ()).page(LogPlace(), after=10)
    assert ([row.level for row in page.rows], page.bottom) == (["info"], True)
    monkeypatch.setattr(pieces_module, "QUIET", -1.0)
    pages.refresh()
    assert [row.level for row in Reader(pages, ()).page(page.end, after=10).rows] == ["error"]
    closed(pages)


def test_a_traceback_tells_what_happened_where_its_first_line_does_not(tmp_path: Path) -> None:
    frames = '  File "x.py", line 1, in f\n    g(1)\n    ~^^^\n'
    bare = f"Traceback (most recent call last):\n{frames}KeyError: 'unet'\n"
    led = f"ERROR: it failed\n{bare}"
    pages = pages_of(tmp_path, [f"begin\n{bare}between\n{led}well\n"])
    rows = Reader(pages, ()).page(LogPlace(), after=10).rows
    told = {row.text: row.ending for row in rows if row.traceback}
    assert told == {"Traceback (most recent call last):": "KeyError: 'unet'", "ERROR: it failed": ""}
    closed(pages)


def test_the_next_and_the_one_before(tmp_path: Path) -> None:
    text = numbered(300) + TRACE + numbered(300, BEGIN + timedelta(hours=1), word="needle")
    pages = pages_of(tmp_path, [text, numbered(300, BEGIN + timedelta(minutes=1))])
    finder = Finder(pages, CLOCK, pattern_of("needle 7", regex=False, ignore_case=True))
    error = finder.find(LogFindRequest("error", LogPlace()))
    assert error.row is not None
    assert error.row.traceback
    assert error.place is not None
    back = finder.find(LogFindRequest("error", None, back=True))
    assert back.row == error.row
    assert not back.wrapped
    page = Reader(pages, ()).page(error.place, after=1)
    assert page.rows == (error.row,)
    wrapped = finder.find(LogFindRequest("error", page.end))
    assert (wrapped.row, wrapped.wrapped) == (error.row, True)
    found = [finder.find(LogFindRequest("match", LogPlace())).row, finder.find(LogFindRequest("match")).row]
    assert [row.text.rpartition(" ")[2] for row in found if row] == ["7", "7"]
    assert finder.find(LogFindRequest("warning", LogPlace())).place is None
    closed(pages)


@pytest.mark.parametrize(
    ("what", "value", "text"),
    [
        ("time", "2026-11-26T10:02:30Z", "step 150"),
        ("line", "42", "step 41"),
        ("top", "", "step 0"),
        ("fraction", "0", "step 0"),
        ("record", "0:0", "step 0"),
    ],
)
def test_where_to_go(tmp_path: Path, what: str, value: str, text: str) -> None:
    pages = pages_of(tmp_path, [numbered(400)])
    found = Finder(pages, CLOCK).find(LogFindRequest(what, value=value))
    assert found.row is not None
    assert found.row.text.endswith(text)
    closed(pages)


def test_a_share_of_several_files_lies_at_one_time(tmp_path: Path) -> None:
    pages = pages_of(tmp_path, [numbered(900), numbered(300, BEGIN, 3)])
    found = Finder(pages, CLOCK).find(LogFindRequest("fraction", value="0.5"))
    assert found.row is not None
    assert found.row.at is not None
    assert found.place is not None
    assert abs((found.row.at - BEGIN).total_seconds() - 450) < 30
    assert abs(sum(found.place.offsets.values()) / sum(pages.ends.values()) - 0.5) < 0.02
    closed(pages)


def test_a_file_without_line_ends_is_read_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "MAX_LINE", 4096)
    pages = pages_of(tmp_path, ["é" * 30_000])
    rows = Reader(pages, ()).forward()
    assert sum(row.end - row.start for row in rows) == 60_000
    assert len(rows) > 5
    assert list(map(key, rows)) == list(map(key, Reader(pages, ()).back()))
    closed(pages)
