"""What is read behind a view: the same as if every record had been looked at; in a child that can end."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs import pieces as pieces_module
from ainf_tui.adapters.logs import scan_marks, scanner, sifting
from ainf_tui.adapters.logs.behind import Behind
from ainf_tui.adapters.logs.chosen import chosen
from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.grave import grave_records
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.adapters.logs.scan_reports import Report
from ainf_tui.domain.log_documents import LogFilter, LogSearchRequest, LogStateDocument
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.query import Query
from tests.domain.logsamples import SAMPLES

CLOCK = Clock(datetime(2026, 11, 26, 12, tzinfo=UTC), UTC)
BEGIN = datetime(2026, 11, 26, 10, tzinfo=UTC)

WORDS = [
    *(
        "ERROR",
        "Error",
        "error:",
        "WARN",
        "Warning: ",
        "warning",
        "FATAL",
        "fatal:",
        "Traceback (most recent call last):",
    ),
    *(
        "Failed to ",
        "Failed to validate prompt",
        "Could not ",
        "Killed",
        "oom-kill",
        "NVRM: Xid",
        "(IMPORT FAILED)",
    ),
    *(
        "[error]",
        "[ warn ]",
        "{",
        "}",
        '"level": ',
        '"severity":40',
        '"er\\u0072or"',
        '"message": "x"',
        ", ",
        "<11>",
        "<4>",
    ),
    *(
        "\x1b[31m",
        "\x1b[0m",
        "\r",
        "\t",
        " ",
        ":",
        '  File "x.py", line 7',
        "RuntimeError: out",
        "invalid prompt:",
    ),
    *(
        "7:M 26 Nov 2026 10:00:00.000 # ",
        "7:M\t26 Nov",
        "2026-11-26 10:00:00,000 ",
        "- app - ",
        "INFO",
        "plain",
        "Segmentation fault",
    ),
    *(
        "Out of memory: Kill",
        "Cannot import /x module",
        "!!! Exception",
        "CRITICAL",
        "PANIC",
        "emerg",
        "alert",
        "severe",
        "\u212a",
        "\u0131",
    ),
]


def painted(text: str) -> str:
    """A colour before each letter."""
    return "".join(f"\x1b[3{index % 8}m{char}" for index, char in enumerate(text))


lines = st.lists(st.lists(st.sampled_from(WORDS), max_size=5).map("".join), max_size=30)


@pytest.fixture(autouse=True)
def all_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "QUIET", -1.0)


@settings(
    max_examples=400,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines, st.sampled_from([Level.WARNING, Level.ERROR]), st.sampled_from([128, 65_536]))
@example([sample[0] for sample in SAMPLES], Level.WARNING, 65_536)
def test_no_warning_or_error_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: list[str], level: Level, size: int
) -> None:
    monkeypatch.setattr(pieces_module, "PIECE", size)
    path = tmp_path / "x.log"
    path.write_text("\n".join(text))
    with LogFile.open(path) as log:
        pieces = Pieces(log, "x", CLOCK)
        wanted = [
            (record.start, record.end, record.level)
            for number in range(pieces.last + 1)
            for record in pieces.get(number).records
            if record.level >= level
        ]
        found = grave_records(pieces, 0, pieces.last + 1, level)
        assert [(record.start, record.end, record.level) for record in found] == wanted


@settings(
    max_examples=100,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(lines, st.sampled_from(["grep", "no grep", "a grep that gives up"]))
@example([sample[0] for sample in SAMPLES], "grep")
@example([painted(sample[0]) for sample in SAMPLES], "grep")
@example([painted(sample[0]) for sample in SAMPLES], "no grep")
@example(["\x1b[36m" + sample[0] + "\x1b[0m" for sample in SAMPLES], "grep")
@example(["50%|\r<3>it failed", "50%|\r7:M\x1b[0m # it failed"], "grep")
@example(["50%|\r<3>it failed", "50%|\r7:M\x1b[0m # it failed"], "no grep")
def test_marks_of_a_large_file_are_those_of_all_its_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: list[str], grep: str
) -> None:
    monkeypatch.setattr(scan_marks, "can_sift", lambda: grep != "no grep")
    monkeypatch.setattr(sifting, "_GREP", "grep" if grep == "grep" else "ls")
    path = tmp_path / "x.log"
    path.write_text("\n".join(text * 2))
    found = []
    with LogFile.open(path) as log:
        for exact in (1 << 30, -1):
            monkeypatch.setattr(scan_marks, "EXACT", exact)
            reports = scan_marks.marks("0", Pieces(log, "x", CLOCK), 0)
            found.append([(one.errors, one.warnings) for one in reports])
    assert found[1] == found[0]


def test_what_a_flood_adds_to_a_small_file_is_looked_through_as_a_large_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.log"
    path.write_text(log_text(3000))
    with LogFile.open(path) as log:
        pieces = Pieces(log, "x", CLOCK)
        whole = list(scan_marks.marks("0", pieces, 0))
        wanted = [place for one in whole for place in (*one.errors, *one.warnings)]
        start = pieces.bound(pieces.last) or wanted[len(wanted) // 2]
        monkeypatch.setattr(scan_marks, "GROWN", 100)
        monkeypatch.setattr(scan_marks, "_exact", None)  # Not called, or this fails.
        added = [
            place for one in scan_marks.marks("0", pieces, start) for place in (*one.errors, *one.warnings)
        ]
    assert wanted
    assert sorted(added) == sorted(place for place in wanted if place >= start)


def test_by_level_alone_the_same_records_as_by_reading_all(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_text(log_text(3000) + "RuntimeError: without a time\n\n  and more\n" * 3)
    with LogFile.open(path) as log:
        for level in (Level.INFO, Level.WARNING, Level.ERROR):
            query = Query(level=level)
            wanted = list(LogRecords(log, "x", CLOCK).chosen(query, log.size - 20))
            assert list(chosen(LogRecords(log, "x", CLOCK), query, CLOCK, log.size - 20)) == wanted
            assert wanted


def log_text(count: int) -> str:
    out = []
    for number in range(count):
        at = BEGIN + timedelta(seconds=number)
        level = "ERROR" if number % 100 == 50 else "WARNING" if number % 25 == 0 else "INFO"
        out.append(f"{at:%Y-%m-%d %H:%M:%S},000 {level} app: step {number} of many\n")
        if number % 200 == 150:
            out.append('Traceback (most recent call last):\n  File "x.py", line 7\nRuntimeError: gone\n')
    return "".join(out)


@pytest.fixture
def behind() -> Iterator[Behind]:
    found = Behind()
    yield found
    found.close()


def known(
    behind: Behind, files: dict[str, Pieces], until: Callable[[LogStateDocument], bool], seconds: float = 20
) -> LogStateDocument:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        behind.go_on(files)
        state = behind.state(files, 0, ())
        if until(state):
            return state
        time.sleep(0.01)
    raise AssertionError(f"it never came to that: {state}")


@pytest.mark.parametrize("at_once", [1 << 30, 0], ids=["at once", "in a child"])
def test_what_is_known_of_the_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind: Behind, at_once: int
) -> None:
    monkeypatch.setattr(scanner, "AT_ONCE", at_once)
    path = tmp_path / "x.log"
    path.write_text(log_text(2000))
    files = {"0": Pieces(LogFile.open(path), "x", CLOCK)}
    behind.search(LogSearchRequest("STEP 7 of"))
    behind.hide((LogFilter("level", "error"), LogFilter("in", "nothing", on=False)))
    state = known(
        behind, files, lambda now: min(now.indexed, now.marked, now.searched) == 1 and now.hidden_exact
    )
    assert state.lines == 2000 + 3 * 10
    assert (state.errors, state.warnings) == (20, 60)
    assert (state.found, len(state.found_at), state.searching) == (1, 1, False)
    assert state.hidden == 2000 + 30 - 20 - 30
    assert (state.first, state.last) == (BEGIN, files["0"].key_at(files["0"].last).replace(microsecond=0))
    assert 0 < len(state.marks) <= 400
    assert state.problem == ""
    assert behind.line_at("0", path.read_bytes().index(b"step 7 of") - 34, files["0"]) == 8
    histogram = behind.histogram(files, 10)
    assert histogram.exact
    assert sum(bucket.error for bucket in histogram.buckets) == 20
    assert sum(bucket.info for bucket in histogram.buckets) == 2000 - 80
    with path.open("a") as stream:
        stream.write("2026-11-26 11:00:00,000 ERROR app: step 7 of more\nand more\n")
    files["0"].refresh()
    grown = known(behind, files, lambda now: now.found == 2 and now.errors == 21 and now.indexed == 1)
    assert grown.lines == 2032
    assert grown.revision > state.revision
    assert behind.state(files, 0, ()).revision == grown.revision
    files["0"].log.close()


def test_another_search_ends_the_one_that_runs(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind: Behind
) -> None:
    monkeypatch.setattr(scanner, "AT_ONCE", 0)
    path = tmp_path / "x.log"
    path.write_text(log_text(30_000))
    files = {"0": Pieces(LogFile.open(path), "x", CLOCK)}
    behind.search(LogSearchRequest("step"))
    behind.go_on(files)
    begun = time.monotonic()
    behind.search(LogSearchRequest("step 77 of", ignore_case=False))
    assert time.monotonic() - begun < 1
    state = known(behind, files, lambda now: now.searched == 1)
    assert state.found == 1
    behind.search(LogSearchRequest())
    assert behind.state(files, 0, ()).found == 0
    files["0"].log.close()


def test_a_child_that_dies_says_so_and_is_not_begun_again(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, behind: Behind
) -> None:
    monkeypatch.setattr(scanner, "AT_ONCE", 0)
    path = tmp_path / "x.log"
    path.write_text("a" * 40 + "\n" + log_text(10))
    files = {"0": Pieces(LogFile.open(path), "x", CLOCK)}
    behind.search(LogSearchRequest("(a+)+$x", regex=True, filters=()))
    behind.go_on(files)
    scan = behind._search
    assert scan is not None
    assert scan._child is not None
    os.kill(scan._child.process.pid, signal.SIGALRM)
    state = known(behind, files, lambda now: bool(now.problem))
    assert "too many ways" in state.problem
    behind.go_on(files)
    assert not scan.running
    files["0"].log.close()


def test_what_is_known_is_told_while_reports_come_in(tmp_path: Path, behind: Behind) -> None:
    """A report of a child comes in its own thread, in the middle of whatever is being told."""
    path = tmp_path / "x.log"
    path.write_text(log_text(10))
    files = {"0": Pieces(LogFile.open(path), "x", CLOCK)}
    wrong: list[BaseException] = []
    done = threading.Event()

    def told() -> None:
        try:
            while not done.is_set():
                behind.state(files, 0, ())
                behind.histogram(files, 60)
        except RuntimeError as error:  # Python's: a dictionary changed while it was gone through.
            wrong.append(error)

    switch = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    asker = threading.Thread(target=told)
    asker.start()
    try:
        for number in range(3_000):
            at = number * 65_536
            seconds = {str(number): [0, 1, 0, 1]}
            behind._take_marks(Report("0", at + 1, errors=(at,), at=number, seconds=seconds))
    finally:
        done.set()
        asker.join()
        sys.setswitchinterval(switch)
    assert wrong == []
    assert behind.state(files, 0, ()).errors == 3_000
    files["0"].log.close()
