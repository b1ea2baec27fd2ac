"""How `make bench` judges; what it measures with is tested in test_instruments.py."""

import asyncio
import sys

import pytest

from benchmarks.__main__ import _measured, main
from benchmarks.figures import Figure, Lab, NotHere, Row
from benchmarks.programs import Program
from benchmarks.rounds import against, best
from benchmarks.rows import ROWS
from benchmarks.sitting import Idle, Keys, Sitting, Start, sit


def sitting(complete: float) -> Sitting:
    keys = Keys((1.0, 2.0, 9.0), (3.0, 4.0, 5.0))
    return Sitting(Start(complete, 0.2, 0.2, 1000, 10), Idle(1.0, 0.0, 10.0), keys)


def lab_in(folder) -> Lab:
    return Lab(folder, quick=True, say=lambda _: None)


def test_ratio_is_of_the_same_round():
    rounds = {"ainf": [sitting(s) for s in (0.3, 3.0, 0.4)], "floor": [sitting(s) for s in (0.2, 2.0, 0.1)]}
    assert against(rounds, "floor", lambda sat: sat.start.complete, "s").value == pytest.approx(1.5)


def test_best_of_those_that_are_here():
    rounds = {"one": [sitting(0.9)], "two": [sitting(0.4)]}
    assert best(rounds, ("absent", "one", "two"), lambda sat: sat.start.complete) == "two"


def test_what_is_not_here_is_no_miss(tmp_path):
    async def measure(_: Lab) -> Figure:
        return against({"ainf": [sitting(1)]}, "htop", lambda sat: sat.idle.percent, "%")

    outcome = _measured(Row("x", "x", 1, "x", measure), lab_in(tmp_path))
    assert (outcome.verdict, outcome.passed) == ("not here", True)
    assert "htop" in outcome.problem


def test_shared_measurement_is_made_once(tmp_path):
    lab, made = lab_in(tmp_path), []

    async def measure() -> int:
        made.append(1)
        return 7

    async def twice() -> list[int]:
        return [await lab.once("name", measure), await lab.once("name", measure)]

    assert asyncio.run(twice()) == [7, 7]
    assert made == [1]


def test_unknown_row_is_told(capsys):
    assert main(["app-*", "nonsense"]) == 2
    assert "nonsense" in capsys.readouterr().err


def test_names_of_rows_are_unique():
    assert len({row.name for row in ROWS}) == len(ROWS)


ECHO = """
import sys, termios, tty
tty.setraw(0)
print("ready", end="\\r\\n", flush=True)
while True:
    print(repr(sys.stdin.read(1)), end="\\r\\n", flush=True)
"""


def test_sitting_sees_what_a_program_does():
    """Start, idle and keys of a program whose figures are known."""
    program = Program("echo", (sys.executable, "-c", ECHO), "ready", keys=("a", "b"))
    seen = sit(program, 0.2, 4)
    assert 0 < seen.start.complete <= seen.start.stable
    assert seen.start.bytes == len("ready\r\n")
    assert seen.start.cpu > 0
    assert seen.start.pss > 1_000_000
    assert seen.idle.bytes == 0
    assert seen.idle.percent < 20
    assert len(seen.keys.first) == 4
    assert all(
        0 < first <= settled for first, settled in zip(seen.keys.first, seen.keys.settled, strict=True)
    )


def test_missing_first_screen_fails(monkeypatch):
    monkeypatch.setattr("benchmarks.sitting.START_SECONDS", 0.2)
    program = Program("echo", (sys.executable, "-c", ECHO), "never")
    with pytest.raises(AssertionError, match="'never'"):
        sit(program, 0.1, 1)


def test_not_here_is_told_apart_from_failure(tmp_path):
    async def broken(_: Lab) -> Figure:
        raise RuntimeError("no engine")

    async def absent(_: Lab) -> Figure:
        raise NotHere("no htop")

    verdicts = [_measured(Row("x", "x", 1, "x", m), lab_in(tmp_path)).verdict for m in (broken, absent)]
    assert verdicts == ["FAILED", "not here"]
