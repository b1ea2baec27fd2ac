"""Logs whose lines say no time, and what the launcher of their service has noted of it beside them."""

from __future__ import annotations

import os
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.notes import beside
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.adapters.logs.times import offset_of
from ainf_tui.adapters.services import launcher
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.query import Query

BEGAN = datetime(2026, 11, 26, 8, tzinfo=UTC)
CLOCK = Clock(BEGAN)


class Service:
    """Writes a log under a clock of its own, with its launcher's notes or without."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.path = folder / "comfyui.log"
        self.now = BEGAN
        monkeypatch.setattr(time, "time", lambda: self.now.timestamp())  # noqa: PLW0108 - it moves on
        self.log = os.open(self.path, os.O_WRONLY | os.O_CREAT | os.O_APPEND)
        self.notes = launcher._Notes(str(self.path), self.log)
        self.written: list[tuple[str, datetime]] = []

    def writes(self, seconds: float, lines: int = 1, *, noted: bool = True) -> None:
        """So many seconds later."""
        self.now += timedelta(seconds=seconds)
        if noted and seconds > 1:  # It looks each second, also while nothing is written.
            before, self.now = self.now, self.now - timedelta(seconds=1)
            self.notes.look()
            self.now = before
        for _ in range(lines):
            text = f"step {len(self.written)}"
            os.write(self.log, f"{text}\n".encode())
            self.written.append((text, self.now))
        if noted:
            self.notes.look()
        at = self.now.timestamp()
        os.utime(self.path, (at, at))

    def records(self, path: Path | None = None) -> list[tuple[str, datetime | None]]:
        with LogFile.open(path or self.path) as log:
            return [(r.text, r.at) for r in LogRecords(log, "comfyui", CLOCK).chosen(Query())]

    def check(self, found: list[tuple[str, datetime | None]]) -> None:
        assert [text for text, _ in found] == [text for text, _ in self.written]
        for (text, at), (_, true) in zip(found, self.written, strict=True):
            assert at is not None, text
            assert timedelta(0) <= true - at <= timedelta(seconds=2), (text, at, true)


@pytest.fixture
def service(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    made = Service(tmp_path, monkeypatch)
    yield made
    os.close(made.log)


def test_each_line_has_the_time_at_which_it_was_written(service: Service) -> None:
    for pause in (0, 0.5, 1, 3600, 0.2, 7, 86_400):
        service.writes(pause, lines=3)
    service.check(service.records())
    raw = service.path.read_bytes()
    assert raw == b"".join(f"{text}\n".encode() for text, _ in service.written), "nothing is put into the log"


def test_a_range_of_time_chooses_among_lines_without_one(service: Service) -> None:
    for _ in range(50):
        service.writes(600, lines=100)
    since = BEGAN + timedelta(seconds=600 * 40 - 5)
    with LogFile.open(service.path) as log:
        reader = LogRecords(log, "comfyui", CLOCK)
        assert reader.dated
        found = [record.text for record in reader.chosen(Query(since=since))]
        assert found == [text for text, at in service.written if at >= since]
        pieces = Pieces(log, "comfyui", CLOCK)
        place = offset_of(pieces, since)
        assert log.read(place, place + 9).startswith(found[0].encode())
        keys = [key for n in range(pieces.last + 1) for key in pieces.get(n).keys]
        assert keys == sorted(keys)
        assert pieces.dated(0)


@pytest.mark.parametrize("in_place", [True, False])
def test_notes_go_with_a_log_that_is_rotated(
    service: Service, monkeypatch: pytest.MonkeyPatch, in_place: bool
) -> None:
    if not in_place:
        monkeypatch.setattr(launcher, "_collapse", lambda _source, _length: False)
    for _ in range(3):
        for _ in range(40):
            service.writes(60, lines=50)
        launcher._rotate(0x3FFFFFFF, service.notes)
        moment = service.now.timestamp()
        os.utime(service.path.with_name("comfyui.log.1"), (moment, moment))
    service.writes(60, lines=50)
    pieces = [service.path.with_name(f"comfyui.log.{number}") for number in (3, 2, 1)]
    data = b"".join(path.read_bytes() for path in [*pieces, service.path])
    found = [pair for path in [*pieces, service.path] for pair in service.records(path)]
    true = dict(service.written)
    assert data.splitlines()[-1].decode() == service.written[-1][0]
    halves = 0
    for text, at in found:
        if text not in true:
            halves += 1  # A line that begins in one piece and ends in the next.
            continue
        assert at is not None
        assert timedelta(0) <= true[text] - at <= timedelta(seconds=62), (text, at, true[text])
    assert halves <= 6


def test_a_file_that_got_another_name_keeps_its_notes(service: Service) -> None:
    for _ in range(300):
        service.writes(60, lines=5)
    with LogFile.open(service.path) as log:
        service.path.rename(service.path.with_name("comfyui.log.2"))
        beside(service.path).rename(beside(Path(f"{service.path}.2")))
        assert log.notes.before(0) is not None
    service.path.write_text("another\n")
    assert service.records() == [("another", None)]


def test_what_was_written_after_the_launcher_was_killed_has_no_wrong_time(service: Service) -> None:
    service.writes(1, lines=3)
    service.writes(3600, lines=2, noted=False)
    service.writes(3600, lines=2, noted=False)
    found = service.records()
    service.written, late = service.written[:3], found[3:]
    service.check(found[:3])
    assert {at for _, at in late} == {service.now}, "as without notes: when the file was last written to"


def test_another_launcher_goes_on_behind_a_note_that_was_cut_off(service: Service) -> None:
    service.writes(1, lines=3)
    with beside(service.path).open("a") as stream:
        stream.write("123")
    service.now += timedelta(seconds=60)
    service.notes = launcher._Notes(str(service.path), service.log)
    service.writes(1, lines=2)
    service.check(service.records())


@pytest.mark.parametrize(
    "text", ["", "x y\n", "5\n", "1e5 3\n", "-5 99999999999999999999\n", "\0\0\n", "99 1\n"]
)
def test_what_are_no_notes_of_this_log_counts_as_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.log"
    path.write_text("one\ntwo\n")
    beside(path).write_text(text)
    with LogFile.open(path) as log:
        assert log.notes.before(4) is None


def test_a_log_that_somebody_else_rotates_is_not_given_its_old_notes(service: Service) -> None:
    service.writes(1, lines=20)
    service.path.rename(service.path.with_name("kept.log"))
    service.path.write_text("new\n" * 100)
    os.write(service.log, b"step\n")  # into what it has open
    service.notes.look()
    assert not beside(service.path).exists()
    assert {at for _, at in service.records()} == {None}


def test_there_are_never_many_notes_and_the_newest_are_exact(service: Service) -> None:
    for _ in range(launcher._NOTES * 2):
        service.writes(1)
    lines = beside(service.path).read_text().splitlines()
    assert len(lines) <= launcher._NOTES
    found = service.records()
    service.written, found = service.written[-launcher._EXACT :], found[-launcher._EXACT :]
    service.check(found)


def test_a_disk_that_refuses_a_while_costs_no_note(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    service.writes(1)
    folder = service.path.parent
    name = beside(service.path)
    name.unlink()
    name.mkdir()  # Nothing can be written there.
    for _ in range(5):
        service.writes(1)
    name.rmdir()
    service.writes(1)
    service.check(service.records())
    assert sorted(path.name for path in folder.iterdir()) == [name.name, "comfyui.log"]
