"""A view that is followed while its files are rotated: every line once, and what is lost is told."""

from __future__ import annotations

import random
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from ainf_tui.adapters.logs import pieces as pieces_module
from ainf_tui.adapters.logs.openfiles import OpenFiles
from ainf_tui.adapters.logs.pages import Pages
from ainf_tui.adapters.logs.sources import Group, groups_of_run
from ainf_tui.domain.log_documents import LogPageRequest, LogPlace
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.filters import Sieve

CLOCK = Clock(datetime(2026, 11, 26, 12, tzinfo=UTC), UTC)


@pytest.fixture(autouse=True)
def all_is_quiet(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pieces_module, "QUIET", -1.0)


class Followed:
    """A view of a run's folder that asks at its end again and again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.files = OpenFiles(self.groups(), CLOCK, self.groups)
        self.files.open()
        self._place = LogPlace()
        self.seen: list[str] = []

    def groups(self) -> list[Group]:
        return groups_of_run(self._folder, newest=True)

    def ask(self) -> None:
        self.files.look_again()
        self.files.refresh()
        while True:
            request = LogPageRequest(self._place, after=1000)
            page = Pages(self.files.pieces, seconds=60).page(request, Sieve(), None)
            self._place = page.end
            self.seen += [row.text for row in page.rows]
            if page.bottom:
                return


def rename(path: Path) -> None:
    for number in (3, 2, 1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    path.rename(path.with_name(f"{path.name}.1"))
    path.touch()


def copy_and_cut(path: Path) -> None:
    for number in (3, 2, 1):
        older = path.with_name(f"{path.name}.{number}")
        if older.exists():
            older.rename(path.with_name(f"{path.name}.{number + 1}"))
    shutil.copy(path, path.with_name(f"{path.name}.1"))
    with path.open("r+b") as stream:
        stream.truncate(0)


@pytest.mark.parametrize("more", ["", "copied too\n"])
@pytest.mark.parametrize("whole", [False, True], ids=["while it is copied", "when it has been"])
def test_a_look_between_the_copy_and_the_cut_shows_nothing_twice(
    tmp_path: Path, more: str, whole: bool
) -> None:
    path, copy = tmp_path / "web.log", tmp_path / "web.log.1"
    path.write_text("".join(f"line {number}\n" for number in range(100)))
    view = Followed(tmp_path)
    view.ask()
    wanted = list(view.seen)
    with path.open("a") as stream:
        stream.write(more)
    text = path.read_bytes()
    copy.write_bytes(text if whole else text[:400])
    view.ask()
    copy.write_bytes(text)
    view.ask()
    with path.open("r+b") as raw:
        raw.truncate(0)
    with path.open("a") as stream:
        stream.write("afterwards\n")
    view.ask()
    assert view.seen == [*wanted, *more.split("\n")[:-1], "afterwards"]


def test_a_view_that_is_opened_between_the_copy_and_the_cut_shows_nothing_twice(tmp_path: Path) -> None:
    path, copy = tmp_path / "web.log", tmp_path / "web.log.1"
    lines = [f"line {number}" for number in range(100)]
    path.write_text("".join(f"{line}\n" for line in lines))
    shutil.copy(path, copy)
    view = Followed(tmp_path)
    view.ask()
    assert view.seen == lines
    with path.open("r+b") as raw:
        raw.truncate(0)
    with path.open("a") as stream:
        stream.write("afterwards\n")
    view.ask()
    assert view.seen == [*lines, "afterwards"]
    view.files.close()


@pytest.mark.parametrize("first", ["", "line\n"], ids=["when it was empty", "when it held something"])
def test_what_is_written_and_cut_between_two_looks_is_shown(tmp_path: Path, first: str) -> None:
    path = tmp_path / "web.log"
    path.write_text(first)
    files = OpenFiles([Group("file", "web.log", "file", (path,))], CLOCK, list)
    files.open()
    for number in range(3):
        with path.open("a") as stream:
            stream.write(f"life {number}\n")
        copy_and_cut(path)
    with path.open("a") as stream:
        stream.write("and on\n")
    files.refresh()
    page = Pages(files.pieces, seconds=60).page(LogPageRequest(LogPlace(), after=100), Sieve(), None)
    wanted = [*first.splitlines(), "life 0", "life 1", "life 2", "and on"]
    assert sorted(row.text for row in page.rows) == sorted(wanted)
    files.close()


@pytest.mark.parametrize("rotate", [rename, copy_and_cut])
@pytest.mark.parametrize("seed", range(4))
def test_every_line_once(tmp_path: Path, rotate: object, seed: int) -> None:
    assert callable(rotate)
    path, chance = tmp_path / "web.log", random.Random(seed)
    path.touch()
    followed, written = Followed(tmp_path), list[str]()
    for _ in range(60):
        with path.open("a") as stream:
            for _ in range(chance.randint(1, 200)):
                written.append(f"step {len(written)}")
                stream.write(f"{written[-1]}\n")
        if chance.random() < 0.7:
            followed.ask()
        if chance.random() < 0.2:
            rotate(path)
            followed.ask()
    followed.ask()
    assert sorted(followed.seen) == sorted(written)
    followed.files.close()


def test_a_cut_without_a_copy_is_told(tmp_path: Path) -> None:
    path = tmp_path / "web.log"
    path.write_text("one\ntwo\nthree\n")
    followed = Followed(tmp_path)
    followed.ask()
    path.write_text("four\n")
    followed.ask()
    assert followed.seen == ["one", "two", "three", "four"]
    assert "there is no copy of it" in followed.files.messages[-1]
    followed.files.close()


def test_what_is_made_later_and_what_is_removed(tmp_path: Path) -> None:
    (tmp_path / "web.log").write_text("one\n")
    followed = Followed(tmp_path)
    followed.ask()
    (tmp_path / "api.log").write_text("two\n")
    (tmp_path / "web.log").unlink()
    followed.ask()
    followed.ask()
    assert followed.seen == ["one", "two"]
    assert {group.name for group in followed.files.groups} == {"web", "api"}
    assert [text for text in followed.files.messages if "not there any more" in text]
    followed.files.close()
