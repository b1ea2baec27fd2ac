"""The file for errors that no engine could take: private, bounded, each report once, whoever dies."""

from __future__ import annotations

import asyncio
import os
import stat
import threading
from dataclasses import replace
from pathlib import Path

import pytest

from ainf_tui import error_spool
from ainf_tui.error_spool import SpoolFile, spool
from tests.domain.test_error_reports import failed


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state" / "errors-spool.jsonl"


def test_what_is_written_is_taken_and_only_this_user_can_read_it(path: Path) -> None:
    assert spool(path, failed())
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    file = SpoolFile(path)
    taken = asyncio.run(file.take())
    assert taken is not None
    assert [r.job for r in taken.reports] == [142]
    assert asyncio.run(file.take()) == taken, "the same again, until it is removed"
    spool(path, replace(failed(), job=2))
    asyncio.run(file.remove())
    later = asyncio.run(file.take())
    assert later is not None
    assert [r.job for r in later.reports] == [2]
    assert later.name != taken.name
    asyncio.run(file.remove())
    assert asyncio.run(file.take()) is None


def test_a_line_that_was_cut_off_costs_one_line(path: Path, caplog) -> None:
    spool(path, failed())
    with path.open("ab") as stream:
        stream.write(b'{"source": "cli", "mess')
    spool(path, replace(failed(), job=2))
    taken = asyncio.run(SpoolFile(path).take())
    assert taken is not None
    assert [r.job for r in taken.reports] == [142, 2]
    assert "line 2" in caplog.text


def test_it_does_not_fill_the_disk(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    spool(path, failed())
    size = path.stat().st_size
    monkeypatch.setattr(error_spool, "MAX_BYTES", 3 * size)
    assert [spool(path, failed()) for _ in range(4)] == [True, True, False, False]
    assert path.stat().st_size == 3 * size


def test_many_who_write_while_it_is_taken_lose_nothing(path: Path) -> None:
    spool(path, failed())
    file, found = SpoolFile(path), 0

    def write() -> None:
        for _ in range(50):
            spool(path, failed())

    writers = [threading.Thread(target=write) for _ in range(4)]
    for writer in writers:
        writer.start()
    while any(w.is_alive() for w in writers) or path.exists():
        if (taken := asyncio.run(file.take())) is not None:
            found += len(taken.reports)
            asyncio.run(file.remove())
    assert found == 201


def test_one_that_cannot_be_read_is_told(path: Path, caplog) -> None:
    path.mkdir(parents=True)
    assert asyncio.run(SpoolFile(path).take()) is None
    assert "not taken in" in caplog.text
    with pytest.raises(OSError, match="directory"):
        spool(path, failed())


def test_a_file_that_is_taken_away_while_we_wait_is_opened_anew(path: Path, monkeypatch) -> None:
    spool(path, failed())
    real = error_spool._is
    moved: list[Path] = []

    def taken_away(handle: int, name: Path) -> bool:
        if not moved:
            moved.append(name)
            name.rename(name.with_suffix(".taken"))
        return real(handle, name)

    monkeypatch.setattr(error_spool, "_is", taken_away)
    assert spool(path, failed())
    assert os.path.getsize(path) == os.path.getsize(path.with_suffix(".taken"))  # noqa: PTH202 - two of them
