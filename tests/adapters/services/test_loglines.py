"""A line in a log that grows and is rotated by the launcher: seen once, never one of an earlier start."""

from __future__ import annotations

import os

import pytest

from ainf_tui.adapters.services import launcher
from ainf_tui.adapters.services.loglines import LogLines

FILL = b"nothing of note\n"


class Log:
    """Written as a service does it, rotated as its launcher does."""

    def __init__(self, folder):
        self.path = folder / "web.log"
        self.handle = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.lines = LogLines()

    def write(self, data):
        os.write(self.handle, data)

    def rotate(self):
        launcher._rotate(
            0x3FFFFFFF, launcher._Notes(str(self.path), self.handle)
        )  # of no group that there is

    def look(self, since=0, pattern="ready"):
        found, problem = self.lines.look(str(self.path), since, pattern)
        assert problem == ""
        return found


@pytest.fixture(params=["cut off in place", "copied and emptied"])
def log(tmp_path, monkeypatch, request):
    if request.param != "cut off in place":
        monkeypatch.setattr(launcher, "_collapse", lambda _source, _length: False)
    made = Log(tmp_path)
    yield made
    os.close(made.handle)


def test_a_line_that_went_into_the_old_part_unread_is_found(log):
    log.write(FILL * 1000)
    assert not log.look()
    log.write(b"ready\n" + FILL * 1000)
    log.rotate()
    log.write(FILL)
    assert log.look()


def test_a_line_that_came_after_the_rotation_is_found(log):
    log.write(FILL * 1000 + b"rea")
    assert not log.look()
    log.rotate()
    assert not log.look()
    log.write(b"dy\n")
    assert log.look()


def test_a_line_of_an_earlier_start_does_not_come_back_by_rotation(log):
    log.write(FILL * 1000 + b"ready\n")
    since = 1000 * len(FILL) + len(b"ready\n")
    assert not log.look(since)
    log.rotate()  # cuts whole blocks: the earlier line may stay at the front of what is left
    assert not log.look(since)
    log.write(FILL + b"ready\n")
    assert log.look(since)


def test_a_large_log_is_read_piece_by_piece_and_a_long_line_is_no_burden(tmp_path):
    path = tmp_path / "web.log"
    path.write_bytes(b"x" * 300_000 + b"\n" + FILL * 1000 + b"ready\n")
    lines = LogLines(max_read=100_000)
    looks = [lines.look(str(path), 0, "^ready$")[0] for _ in range(5)]
    assert looks[0] is False
    assert looks[-1] is True


def test_it_forgets_the_logs_that_nobody_asks_for(tmp_path):
    lines = LogLines()
    for number in range(300):
        path = tmp_path / f"{number}.log"
        path.write_bytes(FILL)
        lines.look(str(path), 0, "x")
    assert len(lines._places) == 256
