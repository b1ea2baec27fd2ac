"""A log that grows, is cut, renamed and read by one process after another: each failure once."""

from __future__ import annotations

import os
import tempfile
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs import tail as tails
from ainf_tui.adapters.logs.notes import beside
from ainf_tui.adapters.logs.tail import ErrorTail, read_mark
from ainf_tui.domain.errors.reports import LogPlace, Twin
from ainf_tui.domain.ports_error_sources import Turn
from tests.domain.test_error_joining import LOGS

TRACE = (
    "begin {0}\nTraceback (most recent call last):\n"
    '  File "/opt/a.py", line {0}, in f\n    f()\nValueError: no {0}\n'
)


class Clock:
    now = 0.0

    def __call__(self) -> float:
        return self.now


class Reader:
    """One process after another that reads a log and keeps what it has found together with its mark."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.mark = ""
        self.told: list[str] = []
        self.clock = Clock()
        self.tail = self.another()

    def another(self) -> ErrorTail:
        place = LogPlace("web", "r1", str(self.path))
        self.tail = ErrorTail(place, 0, self.mark, clock=self.clock)
        return self.tail

    def look(self, *, quiet: bool = False, stored: bool = True) -> Turn:
        """`quiet`: nothing has come for a while. Not `stored`: it dies before its word is kept."""
        if quiet:
            self.clock.now += tails.QUIET + 1
        turn = self.tail.poll()
        if stored:
            self.told += [told.report.message for told in turn.told]
            self.mark = turn.mark or self.mark
        return turn

    def die(self) -> None:
        self.tail.close()
        self.another()

    def to_the_end(self) -> list[str]:
        while self.look().behind:
            pass
        self.look(quiet=True)
        return self.told


@pytest.fixture
def log(tmp_path: Path) -> Path:
    return tmp_path / "web.log"


def append(path: Path, text: str | bytes) -> None:
    with path.open("ab") as stream:
        stream.write(text.encode() if isinstance(text, str) else text)


def rotate(path: Path) -> None:
    """As the launcher does: what is there is copied to LOG.1 and cut off the front in place. None goes."""
    for number in range(30, 0, -1):
        if (old := path.with_name(f"{path.name}.{number}")).exists():
            old.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.with_name(f"{path.name}.1").write_bytes(path.read_bytes())
    os.truncate(path, 0)


def test_what_fails_is_told_with_its_place_and_the_lines_before_it(log: Path) -> None:
    append(log, "".join(f"step {n}\n" for n in range(9)) + "ERROR: it broke\nall well\n")
    (told,) = Reader(log).look().told
    report = told.report
    assert (report.message, report.level, report.source) == ("it broke", "error", "web")
    assert (report.service, report.run, report.file) == ("web", "r1", str(log))
    assert log.read_bytes()[report.start :].startswith(b"ERROR: it broke")
    assert report.context == tuple(f"step {n}" for n in range(4, 9))
    assert report.at is not None


def test_the_last_record_is_told_once_nothing_more_comes(log: Path) -> None:
    append(log, TRACE.format(1))
    reader = Reader(log)
    assert reader.look().told == ()
    assert [t.report.message for t in reader.look(quiet=True).told] == ["ValueError: no 1"]
    assert reader.look(quiet=True).told == ()


def test_who_dies_in_the_middle_of_a_traceback_tells_it_whole_the_next_time(log: Path) -> None:
    whole = TRACE.format(7)
    append(log, "well\n" + whole[:60])
    reader = Reader(log)
    reader.look()
    reader.die()
    append(log, whole[60:] + "end\n")
    (told,) = reader.look(quiet=True).told + reader.look(quiet=True).told
    assert told.report.lines == tuple(whole.splitlines()[1:])
    assert told.report.context == ("well", "begin 7")


def test_nothing_is_told_twice_by_the_next_reader(log: Path) -> None:
    append(log, "ERROR: one\nERROR: two\nwell\n")
    reader = Reader(log)
    reader.look()
    reader.die()
    append(log, "ERROR: three\n")
    assert reader.to_the_end() == ["one", "two", "three"]


def test_what_came_while_nobody_read_is_told_though_the_log_was_rotated_twice(log: Path) -> None:
    append(log, "ERROR: one\nwell\n")
    reader = Reader(log)
    reader.to_the_end()
    reader.die()
    append(log, "ERROR: two\n")
    rotate(log)
    append(log, "ERROR: three\n")
    rotate(log)
    append(log, "ERROR: four\n")
    assert reader.to_the_end() == ["one", "two", "three", "four"]


@pytest.mark.parametrize("dies", [False, True], ids=["the same reader", "another one"])
@pytest.mark.parametrize("before", ["", "ERROR: zero\n"], ids=["never written", "rotated before"])
def test_what_an_empty_log_took_in_and_lost_between_two_looks_is_told(
    log: Path, before: str, *, dies: bool
) -> None:
    append(log, before)
    reader = Reader(log)
    reader.to_the_end()
    if before:
        rotate(log)
    reader.to_the_end()
    if dies:
        reader.die()
    append(log, "ERROR: one\n")
    rotate(log)
    append(log, "ERROR: two\n")
    rotate(log)
    append(log, "ERROR: three\nwell\n")
    assert reader.to_the_end() == ["zero", "one", "two", "three"][not before :]


def test_the_copy_of_a_log_that_is_not_cut_yet_is_not_read_as_an_older_one(log: Path) -> None:
    append(log, "")
    reader = Reader(log)
    reader.look()
    append(log, "ERROR: one\nERROR: two\n")
    log.with_name("web.log.1").write_text("ERROR: one\n")  # As far as it has come.
    reader.look()
    rotate(log)
    append(log, "ERROR: three\nwell\n")
    assert reader.to_the_end() == ["one", "two", "three"]


def test_a_log_that_was_renamed_is_read_to_its_end_and_then_its_successor(log: Path) -> None:
    append(log, "ERROR: one\nwell\n")
    reader = Reader(log)
    reader.to_the_end()
    reader.die()
    append(log, "ERROR: two\n")
    log.rename(log.with_name("web.log.1"))
    append(log, "ERROR: three\n")
    assert reader.to_the_end() == ["one", "two", "three"]


def test_what_was_noted_when_the_log_grew_is_when_it_failed(log: Path) -> None:
    """Not when the log was last written to, which is long after what nobody read for a night."""
    append(log, "ERROR: at night\nwell\n")
    size = log.stat().st_size
    append(log, "well\n" * 100)
    night, morning = 1_795_000_000, 1_795_030_000
    beside(log).write_text(f"0 {night}\n{size} {night + 1}\n{size + 500} {morning}\n")
    os.utime(log, (morning, morning))
    (told,) = Reader(log).look().told
    assert told.report.at == datetime.fromtimestamp(night, UTC)
    beside(log).unlink()
    (told,) = Reader(log).look().told
    assert told.report.at == datetime.fromtimestamp(morning, UTC), "nothing was noted"


def test_a_prompt_that_comes_in_parts_no_failure_from_its_traceback(log: Path) -> None:
    for quiet in (False, True):
        reader = Reader(log)
        append(log, "well\n" * 3 + "!!! Exception during processing !!! no 7\ngot prompt\n")
        found = list(reader.look().told)
        append(log, TRACE.format(7).partition("\n")[2] + "\nwell\n")
        found += [*reader.look(quiet=quiet).told, *reader.look(quiet=True).told]
        (told,) = found
        assert told.twin == Twin("web", "execution", "no7")
        assert told.report.lines[-1] == "ValueError: no 7"
        reader.tail.close()
        log.write_text("")


def test_of_a_log_that_was_never_read_only_the_end_is(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tails, "FIRST", 3_000)
    append(log, "".join(f"ERROR: number {n:05d}\n" for n in range(1_000)))
    told = Reader(log).to_the_end()
    assert told[-1] == "number 00999"
    assert 3_000 // 20 - 1 <= len(told) <= 3_000 // 20 + 1


def test_a_start_that_was_asked_for_skips_what_earlier_starts_wrote(log: Path) -> None:
    append(log, "ERROR: of an earlier start\n")
    start = log.stat().st_size
    append(log, "ERROR: of this one\nwell\n")
    (told,) = ErrorTail(LogPlace("web", "r", str(log)), start).poll().told
    assert told.report.message == "of this one"
    assert told.report.context == ("ERROR: of an earlier start",)


def test_a_log_that_is_not_there_is_gone_until_it_is(log: Path) -> None:
    reader = Reader(log)
    assert reader.look().gone
    append(log, "ERROR: now\nwell\n")
    assert len(reader.look().told) == 1


@pytest.mark.parametrize("mark", ["{", "[]", '{"offset": "x"}', '{"offset": 1, "before": "é"}'])
def test_a_mark_that_cannot_be_read_costs_the_memory_of_one_log(mark: str) -> None:
    assert read_mark(mark) is None


def test_failures_of_prompts_wait_for_the_jobs_word_and_others_do_not() -> None:
    told = ErrorTail(LogPlace("comfyui", "r", str(LOGS / "server.log")), 0).poll().told
    execution = next(t for t in told if t.twin is not None and t.twin.kind == "execution")
    assert execution.twin == Twin("comfyui", "execution", execution.twin.said if execution.twin else "")
    assert execution.twin is not None
    assert execution.twin.said.startswith("Givengroups1weightofsize4411")
    others = ErrorTail(LogPlace("comfyui", "r", str(LOGS / "server_worker_thread_died.log")), 0).poll().told
    assert [t.twin for t in others] == [None, None]


STEPS = st.lists(
    st.sampled_from(["line", "trace", "half", "look", "lost", "die", "rotate"]), min_size=1, max_size=30
)


@settings(max_examples=120, deadline=None)
@given(STEPS)
def test_whatever_happens_each_failure_is_told_once(steps: list[str]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        log = Path(folder) / "web.log"
        append(log, "begin\n")
        reader, written, rest = Reader(log), [], ""
        reader.look()
        for number, step in enumerate(steps):
            if step in {"line", "trace", "half"}:
                text = f"ERROR: no {number}\n" if step == "line" else TRACE.format(number)
                written.append(f"no {number}" if step == "line" else f"ValueError: no {number}")
                cut = text.index("\n") + 1 if step == "half" else len(text)
                append(log, rest + text[:cut])
                rest = text[cut:]
            elif step == "look":
                reader.look()
            elif step == "lost":  # Found, and dead before it was kept.
                reader.look(stored=False)
                reader.die()
            elif step == "die":
                reader.die()
            else:
                append(log, rest)
                rest = ""
                rotate(log)
        append(log, rest + "end\n")
        assert reader.to_the_end() == written
        reader.tail.close()
