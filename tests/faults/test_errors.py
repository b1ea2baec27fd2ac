"""A real engine is killed while a service floods its log with errors: each line is counted once."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from ainf_tui.error_spool import spool
from ainf_tui.killpoints import ERROR_POINTS
from ainf_tui.locations import locate
from tests.domain.test_error_reports import failed
from tests.faults.test_services import PYTHON, Home, _lives, until

LINES = 20_000
"""In two seconds: ten thousand a second."""
NOISE = f"""
import sys, time
for begin in range(0, {LINES}, 100):
    sys.stdout.write("".join(f"ERROR: number {{n}} of the flood\\\\n" for n in range(begin, begin + 100)))
    sys.stdout.flush()
    time.sleep(0.01)
"""


class Flood(Home):
    """A box whose service `noisy` writes errors and ends."""

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        script = folder / "noise.py"
        script.write_text(NOISE.replace("\\\\n", "\\n"))
        with (folder / "config" / "services.toml").open("a") as stream:
            stream.write(f'\n[services.noisy]\ncommand = ["{PYTHON}", "{script}"]\nautostart = false\n')

    def by_source(self) -> dict[str, int]:
        found: dict[str, int] = self.look("/v1/errors/stats")["by_source"]
        return found

    def counted(self) -> int:
        return self.by_source().get("noisy", 0)


@pytest.fixture
def flood(tmp_path: Path) -> Iterator[Flood]:
    box = Flood(tmp_path / "box")
    yield box
    box.end()


def kill(pid: int) -> None:
    os.kill(pid, signal.SIGKILL)
    until(lambda: not _lives(pid))


def settled(box: Flood) -> None:
    """All is counted, and nothing more is for two seconds."""
    until(lambda: box.counted() >= LINES)
    time.sleep(2.0)
    assert box.counted() == LINES


@pytest.mark.parametrize("point", [f"{name}:{nth}" for name in ERROR_POINTS for nth in (1, 3)])
def test_an_engine_that_dies_around_a_store_loses_and_doubles_no_line(flood: Flood, point: str) -> None:
    flood.run("engine", "start", AINF_KILL_AT=point)
    pid = flood.engine()
    flood.run("services", "start", "noisy", "--no-wait")
    until(lambda: not _lives(pid))
    settled(flood)


def test_engines_that_die_again_and_again_count_what_was_written_meanwhile(flood: Flood) -> None:
    flood.run("services", "start", "noisy", "--no-wait")
    for pause in (0.3, 0.7, 0.2):
        flood.run("engine", "start")
        time.sleep(pause)
        kill(flood.engine())
    settled(flood)


def test_a_front_end_that_crashed_without_an_engine_is_told_by_the_next_one(flood: Flood) -> None:
    path = locate({"AINF_HOME": str(flood.folder)}).error_spool
    spool(path, failed())
    assert flood.by_source() == {"comfyui": 1}
    assert not path.exists()
