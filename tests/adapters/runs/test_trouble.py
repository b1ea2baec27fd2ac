"""A disk that refuses costs nobody anything but the writing: it is told, kept, and made up for."""

from __future__ import annotations

import errno
import os
import shutil
import threading

import pytest

from ainf_tui.adapters.runs import writer as module
from tests.fakes.runs import FIRST, SECRET, comes_true


class Refusing:
    """`os.write` of events, which fails while `reason` is set, having written half of them or nothing."""

    def __init__(self, monkeypatch):
        self.reason = 0
        self.half = False
        self._write = os.write
        monkeypatch.setattr("ainf_tui.adapters.runs.events.os.write", self)

    def __call__(self, handle, data):
        if not self.reason or not data.startswith(b'{"ts"'):
            return self._write(handle, data)
        if self.half:
            self._write(handle, data[: len(data) // 2])
        raise OSError(self.reason, os.strerror(self.reason))


@pytest.fixture
def disk(monkeypatch):
    return Refusing(monkeypatch)


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("reason", [errno.ENOSPC, errno.EROFS, errno.EACCES, errno.EIO])
async def test_what_a_disk_refused_is_told_and_written_later(box, disk, caplog, reason, half):
    logs = box.engine()
    await logs.begin("test")
    disk.reason, disk.half = reason, half
    logs.event("warning", "web", f"first {SECRET}")
    await comes_true(lambda: logs.trouble)
    assert os.strerror(reason) in logs.trouble
    logs.event("error", "web", "second")
    told = [record.message for record in caplog.records]
    assert told.count("web: first ***") == told.count("web: second") == 1
    assert [event["message"] for event in await logs.events()] == ["The run begins", "first ***", "second"]
    assert [line["seq"] for line in box.lines()] == [1]
    disk.reason = 0
    await comes_true(lambda: not logs.trouble)
    await logs.events()
    lines = box.lines()
    assert [line["seq"] for line in lines] == [1, 2, 3, 4]
    assert [line["message"] for line in lines[1:3]] == ["first ***", "second"]
    assert lines[3]["message"].startswith("For 0 s nothing could be written here")
    assert lines[3]["fields"] == {"lost": 0}


async def test_too_many_to_keep_are_counted(box, disk, monkeypatch):
    monkeypatch.setattr(module, "WAITING", 10)
    logs = box.engine()
    await logs.begin("test")
    disk.reason = errno.ENOSPC
    for number in range(30):
        logs.event("info", "web", f"event {number}")
    await comes_true(lambda: logs.trouble)
    disk.reason = 0
    await comes_true(lambda: not logs.trouble)
    await logs.events()
    lines = box.lines()
    assert [line["seq"] for line in lines] == [1, *range(22, 33)]
    assert lines[-1]["fields"] == {"lost": 20}


async def test_a_file_in_place_of_the_folder(box, caplog):
    box.folder.parent.mkdir()
    box.folder.write_text("in the way")
    logs = box.engine()
    assert await logs.begin("test") == FIRST
    assert str(box.folder) in logs.trouble
    assert await logs.log_path("web") == str(box.folder / FIRST / "web.log")
    await logs.link("web", "/elsewhere/web.log")
    await logs.summarize(["well"], "running")
    assert (await logs.runs()).runs == ()
    assert (await logs.events())[0]["message"] == "The run begins"
    assert "Run logs cannot be written" in caplog.text
    assert not await box.engine().resume(FIRST)
    box.folder.unlink()
    await comes_true(lambda: not logs.trouble)
    assert box.lines()[0]["message"] == "The run begins"
    assert "well" in (box.folder / FIRST / "summary.txt").read_text()
    assert await box.engine().resume(FIRST)


async def test_an_end_on_a_disk_that_refuses_is_an_end(box, disk, caplog):
    logs = box.engine()
    await logs.begin("test")
    disk.reason = errno.ENOSPC
    await logs.end("SUCCESS", [])
    assert logs.run == logs.trouble == ""
    assert "1 events of the run 20261126-120000 could not be written" in caplog.text
    disk.reason = 0
    box.later()
    assert await logs.begin("next") == "20261126-120100"
    assert [line["seq"] for line in box.lines("20261126-120100")] == [1]


async def test_a_summary_that_cannot_be_written_comes_later(box):
    logs = box.engine()
    await logs.begin("test")
    summary = box.folder / FIRST / "summary.txt"
    summary.mkdir()
    await logs.summarize(["well"], "running")
    assert "Is a directory" in logs.trouble
    summary.rmdir()
    await comes_true(lambda: not logs.trouble)
    assert "well" in summary.read_text()
    assert sorted(path.name for path in summary.parent.iterdir()) == ["events.jsonl", "summary.txt"]


async def test_a_folder_that_is_removed_meanwhile_is_made_again(box):
    logs = box.engine()
    await logs.begin("test")
    await logs.summarize(["well"], "running")
    shutil.rmtree(box.folder)
    logs.event("info", "web", "goes on")
    await logs.events()
    await logs.events()
    lines = box.lines()
    assert [line["seq"] for line in lines] == [2, 3]
    assert lines[1]["message"] == "The folder of this run was removed; it begins anew"
    assert "well" in (box.folder / "latest" / "summary.txt").read_text()
    assert logs.trouble == ""


async def test_a_disk_that_does_not_answer_holds_up_nobody(box, monkeypatch):
    logs = box.engine(patience=0.02)
    await logs.begin("test")
    answers = threading.Event()
    write = os.write

    def stuck(handle, data):
        answers.wait(20)
        return write(handle, data)

    monkeypatch.setattr("ainf_tui.adapters.runs.events.os.write", stuck)
    try:
        logs.event("info", "web", "first")
        await comes_true(lambda: logs.trouble)
        assert logs.trouble == "the disk does not answer"
        logs.event("info", "web", "second")
        await logs.summarize(["well"], "running")
        assert await logs.log_path("web") == str(box.folder / FIRST / "web.log")
        assert (await logs.runs()).runs == ()
    finally:
        answers.set()
    await comes_true(lambda: not logs.trouble)
    await comes_true(lambda: len(box.lines()) >= 3)
    await logs.events()
    seqs = [line["seq"] for line in box.lines()]
    assert seqs == list(range(1, len(seqs) + 1))
    assert [line["message"] for line in box.lines()][1:3] == ["first", "second"]
