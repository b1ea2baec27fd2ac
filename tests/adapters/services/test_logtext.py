"""Pieces of a log: its end, what follows, what is not there."""

import pytest

from ainf_tui.adapters.services.logtext import LogFiles
from ainf_tui.errors import AinfError


@pytest.fixture
def log(tmp_path):
    path = tmp_path / "web.log"
    path.write_bytes(b"one\ntwo\nthree")
    return path


async def piece(path, start=None, limit=1000):
    return await LogFiles().piece(str(path), start=start, limit=limit)


async def test_the_end_begins_with_a_whole_line(log):
    found = await piece(log, limit=10)
    assert (found.text, found.start, found.next, found.size) == ("two\n", 4, 8, 13)


async def test_what_follows_is_asked_for_by_its_offset(log):
    found = await piece(log)
    assert (found.text, found.next) == ("one\ntwo\n", 8)
    unfinished = await piece(log, start=found.next)
    assert (unfinished.text, unfinished.next) == ("three", 13)
    assert (await piece(log, start=13)).text == ""


async def test_a_log_that_was_rotated_is_read_from_its_new_beginning(log):
    log.write_bytes(b"new\n")
    assert (await piece(log, start=13)).text == "new\n"


async def test_a_line_longer_than_all_that_was_asked_for_comes_in_parts(log):
    log.write_bytes(b"x" * 50)
    assert len((await piece(log, start=0, limit=20)).text) == 20
    assert (await piece(log, limit=20)).text == "x" * 20


async def test_what_is_not_there_is_nothing_and_what_cannot_be_read_is_told(tmp_path, log):
    assert (await piece(tmp_path / "none.log")).size == 0
    assert (await piece(log / "below.log")).size == 0
    with pytest.raises(AinfError, match="cannot be read"):
        await piece(tmp_path)
