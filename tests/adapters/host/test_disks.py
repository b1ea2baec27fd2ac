"""Disks by file system, one of which may hang for ever."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ainf_tui.adapters.host import disks
from ainf_tui.adapters.host.disks import HANGS, SILENT, Disks, Seen, look


@pytest.fixture
def hung() -> Iterator[threading.Event]:
    """What a network share waits for that is gone; set at the end, so that no thread stays."""
    event = threading.Event()
    yield event
    event.set()


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every read is a new look."""
    monkeypatch.setattr(disks, "EVERY", 0.0)


async def test_folders_of_one_file_system_are_one_entry(tmp_path: Path) -> None:
    known = {"/": 1, "outputs": 2, "state": 1}
    folders = {label: tmp_path / label.strip("/") for label in known}

    def seen(path: Path) -> Seen:
        label = next(label for label, folder in folders.items() if folder == path)
        return Seen(known[label], 100, 10 * known[label])

    first, second = await Disks(folders, {}, look=seen).read()
    assert (first.label, first.path, first.free) == ("/, state", str(folders["/"]), 10)
    assert (second.label, second.free, second.message) == ("outputs", 20, "")


async def test_a_folder_that_is_not_yet_made_is_on_the_disk_above_it(tmp_path: Path) -> None:
    (found,) = await Disks({"outputs": tmp_path / "a" / "b"}, {"models": tmp_path / "m"}).read()
    assert found.label == "outputs"
    assert found.total is not None
    assert 0 <= (found.free or 0) <= found.total


def test_it_is_told_by_the_number_of_its_device(tmp_path: Path) -> None:
    assert look(tmp_path / "a" / "b").device == tmp_path.stat().st_dev


@pytest.mark.usefixtures("at_once")
async def test_an_optional_folder_comes_when_it_is_made(tmp_path: Path) -> None:
    models = tmp_path / "models"
    watched = Disks({"outputs": tmp_path}, {"models": models})
    assert [d.label for d in await watched.read()] == ["outputs"]
    models.mkdir()
    assert [d.label for d in await watched.read()] == ["outputs, models"]


@pytest.mark.usefixtures("at_once")
async def test_one_that_hangs_keeps_its_values_and_delays_no_other(
    tmp_path: Path, hung: threading.Event
) -> None:
    stuck, entered = threading.Event(), 0

    def seen(path: Path) -> Seen:
        nonlocal entered
        if path.name == "share" and stuck.is_set():
            entered += 1
            hung.wait()
        return Seen(1, 100, 50)

    watched = Disks({"outputs": tmp_path, "models": tmp_path / "share"}, {}, within=0.1, look=seen)
    assert [d.label for d in await watched.read()] == ["outputs, models"]
    stuck.set()
    for _ in range(3):
        outputs, models = await watched.read()
        assert (outputs.label, outputs.free, outputs.message) == ("outputs", 50, "")
        assert (models.label, models.free, models.message) == ("models", 50, HANGS)
    assert entered == 1  # one thread waits, not one a look
    began = time.monotonic()
    await watched.read()
    assert time.monotonic() - began < 0.1  # nor is it waited for again
    stuck.clear()
    hung.set()
    for _ in range(100):
        found = await watched.read()
        if len(found) == 1:
            break
        await asyncio.sleep(0.01)
    assert [(d.label, d.message) for d in found] == [("outputs, models", "")]


async def test_one_that_has_never_answered_has_no_values(tmp_path: Path, hung: threading.Event) -> None:
    def seen(_: Path) -> Seen:
        hung.wait()
        return Seen(1, 1, 1)

    (found,) = await Disks({"models": tmp_path}, {}, within=0.05, look=seen).read()
    assert (found.total, found.free, found.message) == (None, None, SILENT)


async def test_a_refusal_is_told_in_the_systems_words(tmp_path: Path) -> None:
    def seen(_: Path) -> Seen:
        raise OSError(116, "Stale file handle")

    (found,) = await Disks({"models": tmp_path}, {}, look=seen).read()
    assert (found.total, found.message) == (None, "Stale file handle")


async def test_between_two_looks_the_disks_are_left_alone(tmp_path: Path) -> None:
    looks = []

    def seen(path: Path) -> Seen:
        looks.append(path)
        return Seen(1, 1, 1)

    watched = Disks({"outputs": tmp_path}, {}, look=seen)
    await watched.read()
    await watched.read()
    assert len(looks) == 1
