"""What a search finds without reading every record is what it finds by doing so."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs import matches as matches_module
from ainf_tui.adapters.logs import pieces as pieces_module
from ainf_tui.adapters.logs import sifting
from ainf_tui.adapters.logs.chosen import chosen
from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.adapters.logs.scan_tasks import Task, run
from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.filters import pattern_of
from ainf_tui.domain.logs.query import Query
from ainf_tui.domain.logs.records import Record

Fold = Callable[[int, int], Iterator[Record]]

CLOCK = Clock(datetime(2026, 11, 26, 12, tzinfo=UTC), UTC)
WORDS = (
    *(
        b"ab",
        b"AB",
        b"a",
        b"b",
        b"Kiss",
        b"is",
        b"k",
        b" ",
        b"1",
        b"e9",
        b"\\",
        b"\\\\",
        b"\x1b[31m",
        b"\x1b[0m",
    ),
    *(b"\x1b[", b"\r", b"\t", b"\0", b"\xff", b"\xe9", b"\xe2\x82", "\u00e9".encode(), "\u200b".encode()),
    *("\u212a".encode(), "\u017f".encode(), "\u0131".encode(), "\u2400".encode(), "\u2588".encode(), b"50%|"),
    *(
        b'{"message": "',
        b'"}',
        b"\\u0061b",
        b"\\u212a",
        b"\\n",
        b'"level": 40, ',
        b"2026-11-26T10:00:00Z INFO w: ",
    ),
    *(b"ERROR: ", b"Traceback (most recent call last):", b'  File "x.py", line 7', b"plain words", b"a{2}b"),
)
TEXTS = (
    *(
        "ab",
        "AB",
        "a b",
        " a",
        "b ",
        "    ",
        "kiss",
        "k",
        "is",
        "e9",
        "xe9",
        "u200b",
        "x1",
        "\\",
        "a\\",
        "\u2400",
    ),
    *("\u00e9a", "\u00e9", "1", "ba", "{", "plain words", "50%", "[31m", "sk"),
)
EXPRESSIONS = (
    "ab",
    "ab+",
    "a.b",
    "^ab",
    "b$",
    "abk?",
    "kis+",
    "a b[0-9]",
    r"is\Z",
    "(ab|k)",
    "e9ab",
    r"a\sb",
    "[^b]aab.",
)
lines = st.lists(st.lists(st.sampled_from(WORDS), max_size=6).map(b"".join), max_size=30)
patterns = st.one_of(
    st.tuples(st.sampled_from(TEXTS), st.just(False)), st.tuples(st.sampled_from(EXPRESSIONS), st.just(True))
)
wide = settings(
    max_examples=600,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)


@pytest.fixture(autouse=True)
def all_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "QUIET", -1.0)


@dataclass(frozen=True, slots=True)
class Asked:
    text: str
    regex: bool
    caseless: bool
    piece: int = 65_536
    grep: str = ""
    """Which program is taken for it; none: there is none."""


asked = st.builds(
    Asked,
    st.sampled_from(TEXTS),
    st.just(False),
    st.booleans(),
    st.sampled_from([128, 65_536]),
    st.sampled_from(["grep", "ls", ""]),
) | st.builds(
    Asked, st.sampled_from(EXPRESSIONS), st.just(True), st.booleans(), st.sampled_from([128, 65_536])
)


@wide
@given(lines, asked)
@example([b"a\x1b[31mb"], Asked("ab", False, True, grep="grep"))
@example([b"a\x1b[31mb", *[b"plain words"] * 10], Asked("ab", False, True))
@example([b"\x1b[31m{", b'{"message": "\\u212a"}'], Asked("k", False, True))
@example([b"x\ta", *[b"plain words"] * 10], Asked(" a", False, True))
@example([b"x\ra", *[b"plain words"] * 10], Asked(" a", False, False))
@example([b"\xc3\x1b[0m\xa9"], Asked("xc3", False, False))
@example(
    [b"one", b"b", b"2026-11-26T10:00:00Z INFO w: a", b"b", *[b"plain words"] * 10], Asked("b", False, False)
)
def test_the_same_records_as_by_reading_all(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: list[bytes], ask: Asked
) -> None:
    monkeypatch.setattr(pieces_module, "PIECE", ask.piece)
    monkeypatch.setattr(matches_module, "_LARGE", 0)
    monkeypatch.setattr(matches_module, "can_sift", lambda: bool(ask.grep))
    monkeypatch.setattr(sifting, "_GREP", ask.grep)
    path = tmp_path / "x.log"
    path.write_bytes(b"\n".join(text * 2))
    query = Query(pattern=pattern_of(ask.text, regex=ask.regex, ignore_case=ask.caseless))
    one = LogFilter("in", ask.text, ask.regex, ask.caseless)
    tasks = (
        Task("search", ask.text, ask.regex, ask.caseless, now=CLOCK.now.isoformat()),
        Task("hidden", filters=(one, LogFilter("in", "there is no such text"))),
    )
    with LogFile.open(path) as log:
        reader = LogRecords(log, "x", CLOCK)
        every = [record for record in reader.chosen(Query()) if query.keeps(record)]
        assert list(chosen(reader, query, CLOCK)) == every
        pieces = Pieces(log, "x", CLOCK)
        read = [record for number in range(pieces.last + 1) for record in pieces.get(number).records]
        kept = [record for record in read if query.keeps(record)]
        for task in tasks:
            reports = list(run(task, "0", Pieces(log, "x", CLOCK), 0))
            assert [start for report in reports for start in report.found] == [one.start for one in kept]
            assert sum(report.kept_lines for report in reports) == sum(len(one.lines) for one in kept)


def test_few_records_are_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """In a wholly coloured log that grep looks through, and in one that it does not."""
    monkeypatch.setattr(matches_module, "_LARGE", 0)
    plain = [f"2026-11-26T10:00:00.{n % 1000:03}Z INFO w: job {n} took 0.3 s" for n in range(20_000)]
    plain[7_000] += " RARE-1"
    for colour in ("", "\x1b[32m"):
        path = tmp_path / "x.log"
        path.write_text("\n".join(f"{colour}{line[:36]}{colour}{line[36:]}" for line in plain))
        with LogFile.open(path) as log:
            pieces = Pieces(log, "x", CLOCK)
            made, fold = list[int](), pieces.fold

            def counted(start: int, end: int, made: list[int] = made, fold: Fold = fold) -> Iterator[Record]:
                made.append(end - start)
                return fold(start, end)

            monkeypatch.setattr(pieces, "fold", counted)
            monkeypatch.setattr(pieces, "get", pytest.fail)
            reports = list(run(Task("search", "rare-1"), "0", pieces, 0))
        [found] = [start for report in reports for start in report.found]
        assert path.read_bytes()[found:].split(b"\n")[0].endswith(b"RARE-1")
        assert 0 < sum(made) < 1000
