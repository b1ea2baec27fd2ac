"""A log that is followed: every line once, whatever happens to its file."""

from __future__ import annotations

import shutil
import subprocess
import sys
import time
from pathlib import Path

import pytest

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.follow import LINGER, Batch, Follower, Stream
from ainf_tui.adapters.logs.spool import Spool


class Watched:
    """A log and its follower, with a clock that is moved by hand."""

    def __init__(self, path: Path, *, exists: bool = True) -> None:
        self.path = path
        self.told: list[str] = []
        self.now = 100.0
        if exists:
            path.touch()
        log = LogFile.open(path) if exists else None
        self.follower = Follower(path, log, tell=self.told.append, clock=lambda: self.now)

    def add(self, text: str | bytes, name: str = "") -> None:
        path = self.path.with_name(name) if name else self.path
        with path.open("ab") as stream:
            stream.write(text.encode() if isinstance(text, str) else text)

    def rotate(self, most: int = 3) -> None:
        """By renaming, as logrotate does."""
        for number in range(most, 0, -1):
            older = self.path.with_name(f"{self.path.name}.{number}")
            if older.exists():
                older.rename(self.path.with_name(f"{self.path.name}.{number + 1}"))
        self.path.rename(self.path.with_name(f"{self.path.name}.1"))

    def copy_and_cut(self, name: str = "") -> None:
        shutil.copy(self.path, self.path.with_name(name or f"{self.path.name}.1"))
        with self.path.open("r+b") as stream:
            stream.truncate()

    def batches(self) -> list[Batch]:
        return list(self.follower.poll())

    def lines(self) -> list[str]:
        return [line.data.decode().rstrip("\n") for batch in self.batches() for line in batch.lines]


@pytest.fixture
def log(tmp_path):
    watched = Watched(tmp_path / "a.log")
    yield watched
    watched.follower.close()


@pytest.mark.parametrize("cut", [False, True], ids=["renamed", "copied and cut"])
def test_who_takes_the_lines_may_take_so_long_that_the_log_is_rotated_twice(log: Watched, cut: bool) -> None:
    def turn() -> None:
        for number in (2, 1):
            older = log.path.with_name(f"{log.path.name}.{number}")
            if older.exists():
                older.rename(log.path.with_name(f"{log.path.name}.{number + 1}"))
        if cut:
            log.copy_and_cut()
        else:
            log.rotate(0)

    seen = []
    log.add("one\n")
    seen += log.lines()
    turn()
    log.add("two\n")
    for number, batch in enumerate(log.follower.poll()):
        seen += [line.data.decode().strip() for line in batch.lines]
        if not number:
            turn()
            log.add("three\n")
            turn()
            log.add("four\n")
    seen += log.lines() + log.lines()
    assert seen == ["one", "two", "three", "four"]


def test_a_file_whose_name_was_missed_is_read_as_long_as_its_writer_may_not_know(log: Watched) -> None:
    log.add("one\n")
    seen = log.lines()
    log.rotate()
    log.add("two\n")
    log.rotate()
    log.add("four\n")
    seen += log.lines()
    log.add("three\n", "a.log.1")
    seen += log.lines()
    assert sorted(seen) == ["four", "one", "three", "two"]


def test_what_is_appended_comes_and_a_half_line_waits_for_its_end(log):
    log.add("one\ntwo\nthr")
    assert log.lines() == ["one", "two"]
    assert log.lines() == []
    log.add("ee\n")
    [batch] = log.batches()
    assert [(line.start, line.end, line.data) for line in batch.lines] == [(8, 14, b"three\n")]


def test_it_begins_where_it_is_told_to(tmp_path):
    path = tmp_path / "a.log"
    path.write_text("old\nnew\n")
    follower = Follower(path, LogFile.open(path), 4, tell=lambda _: None)
    assert [line.data for batch in follower.poll() for line in batch.lines] == [b"new\n"]
    follower.close()


def test_a_file_that_is_made_late_is_read_from_its_top(tmp_path):
    log = Watched(tmp_path / "late.log", exists=False)
    assert log.lines() == log.lines() == []
    assert [text.partition("late.log ")[2] for text in log.told] == ["is not there; waiting for it"]
    log.add("here\n")
    assert log.lines() == ["here"]
    log.follower.close()


def test_a_renamed_file_is_read_to_its_end_and_the_new_one_from_its_top(log):
    log.add("one\n")
    assert log.lines() == ["one"]
    log.add("two\n")
    log.rotate()
    assert log.lines() == ["two"]
    log.add("late, by a writer that does not know yet\n", "a.log.1")
    log.add("three\n")
    assert log.lines() == ["late, by a writer that does not know yet", "three"]
    log.add("very late\n", "a.log.1")
    assert log.lines() == ["very late"]
    log.now += LINGER + 1
    log.add("no end", "a.log.1")
    assert log.lines() == ["no end"]
    log.add("too late\n", "a.log.1")
    log.add("four\n")
    assert log.lines() == ["four"]
    assert log.told == [f"{log.path} is not there; waiting for it"]


def test_files_that_came_and_went_between_two_looks_are_read(log):
    for text in ("one\n", "two\n", "three\n"):
        log.add(text)
        log.rotate()
    log.add("four\n")
    batches = log.batches()
    assert [line.data for batch in batches for line in batch.lines] == [
        b"one\n",
        b"two\n",
        b"three\n",
        b"four\n",
    ]
    assert [batch.fresh for batch in batches] == [False, True, True, True]


def test_a_file_that_is_removed_and_made_again(log):
    log.add("one\n")
    assert log.lines() == ["one"]
    log.path.unlink()
    assert log.lines() == []
    log.add("two\n")
    assert log.lines() == ["two"]


@pytest.mark.parametrize("copy", ["a.log.1", "a.log-20261126", "a.log.1.old"])
@pytest.mark.parametrize("after", ["new\n", "new, and longer than what stood there before\n"])
def test_the_rest_of_a_file_that_was_copied_and_cut_is_read_from_the_copy(log, copy, after):
    log.add("one\ntw")
    assert log.lines() == ["one"]
    log.add("o\nthree\n")
    log.copy_and_cut(copy)
    log.add(after)
    assert log.lines() == ["two", "three", after.rstrip("\n")]
    assert log.told == []


def test_two_copies_between_two_looks(log):
    log.add("one\n")
    assert log.lines() == ["one"]
    log.add("two\n")
    log.copy_and_cut("a.log.2")
    log.add("three\n")
    log.copy_and_cut("a.log.1")
    log.add("four\n")
    assert log.lines() == ["two", "three", "four"]


def test_a_file_that_was_cut_without_a_copy_says_so(log):
    log.add("one\nhal")
    assert log.lines() == ["one"]
    log.path.write_text("two\n")
    assert log.lines() == ["hal", "two"]
    assert log.told == [f"{log.path} was cut, and there is no copy of it; reading from its top"]


def test_the_hole_that_a_writer_leaves_in_a_cut_file_is_no_line(log):
    with log.path.open("wb") as stream:  # Not in append mode: it goes on at its own offset.
        stream.write(b"one\n" * 1_000_000)
        stream.flush()
        while log.lines():
            pass
        log.copy_and_cut()
        stream.write(b"two\n")
    assert log.lines() == ["two"]


def test_what_cannot_be_read_is_told_and_waited_for(tmp_path):
    (tmp_path / "a.log").mkdir()
    log = Watched(tmp_path / "a.log", exists=False)
    assert log.lines() == []
    assert "cannot be read" in log.told[0]
    (tmp_path / "a.log").rmdir()
    log.add("one\n")
    assert log.lines() == ["one"]
    log.follower.close()


def test_a_flood_is_taken_in_pieces(log):
    log.add(b"x" * 99 + b"\n")
    log.add((b"x" * 99 + b"\n") * 30_000)
    sizes = [len(log.lines())]
    while log.follower.behind:
        sizes.append(len(log.lines()))
    assert sum(sizes) == 30_001
    assert len(sizes) == 3


def test_a_stream_ends_with_its_last_line_even_without_an_end():
    chunks = iter([b"one\ntw", b"o", b""])
    spool = Spool("-", lambda _: next(chunks))
    stream = Stream(spool)
    assert list(stream.poll()) == []
    spool.start()
    assert spool.wait(20)
    assert [line.data for batch in stream.poll() for line in batch.lines] == [b"one\n", b"two"]
    assert stream.ended
    stream.close()


WRITER = """
import os, shutil, sys, time
path, way, lines = sys.argv[1], sys.argv[2], int(sys.argv[3])
stream = open(path, "ab", buffering=0)
begin = time.monotonic()
for number in range(lines):
    stream.write(b"line %d %s\\n" % (number, b"x" * (number % 90)))
    if number % 100 == 99:
        time.sleep(max(0, begin + number / 10_000 - time.monotonic()))
    if number % 1500 == 1499:
        for old in range(8, 0, -1):
            if os.path.exists(f"{path}.{old}"):
                os.rename(f"{path}.{old}", f"{path}.{old + 1}")
        if way == "rename":
            os.rename(path, path + ".1")
            if number % 3000 == 1499:  # The writer is told later than the file is renamed.
                stream.write(b"line %d late\\n" % -number)
            stream.close()
            stream = open(path, "ab", buffering=0)
        else:
            shutil.copy(path, path + ".tmp")
            os.rename(path + ".tmp", path + ".1")
            os.truncate(path, 0)
"""


@pytest.mark.parametrize("way", ["rename", "copy"])
def test_every_line_comes_once_at_ten_thousand_a_second(tmp_path, way):
    path = tmp_path / "a.log"
    path.touch()
    told: list[str] = []
    follower = Follower(path, LogFile.open(path), tell=told.append)
    amount = 15_000
    writer = subprocess.Popen([sys.executable, "-c", WRITER, str(path), way, str(amount)])
    try:
        seen: list[int] = []
        give_up = time.monotonic() + 40
        while writer.poll() is None or follower.behind or not seen or max(seen) < amount - 1:
            for batch in follower.poll():
                seen += [int(line.data.split()[1]) for line in batch.lines]
            assert time.monotonic() < give_up, f"{len(seen)} lines so far; {told}"
            time.sleep(0.05)
    finally:
        writer.kill()
        writer.wait()
        follower.close()
    assert writer.returncode == 0
    ahead = [number for number in seen if number >= 0]
    assert sorted(seen) == sorted(set(seen))
    assert ahead == list(range(amount))
    if way == "rename":
        assert len(seen) - len(ahead) == amount // 3000
