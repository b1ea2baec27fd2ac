"""Forty of the kills of `make faults`: each named point once, and sixteen more."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import ainf_tui
from ainf_tui.killpoints import ERROR_POINTS, POINTS, SERVICE_POINTS
from tests.faults.report import failures
from tests.faults.rounds import Kill, at_random, moments, named, play_all

SEED = 2
GROUPS = 8


def _plan() -> list[Kill]:
    """A fixed list, so that a failure is found again."""
    points = named(5)
    spread = [points[i + len(POINTS) * (i % 5)] for i in range(len(POINTS))]
    return [*spread, *moments(1), *at_random(SEED, 40 - len(POINTS) - 4)]


def test_the_plan_is_forty_kills_and_every_point() -> None:
    plan = _plan()
    assert len(plan) == 40
    assert {kill.name for kill in plan} >= set(POINTS)


def test_every_point_in_the_code_is_listed_and_every_listed_one_is_there() -> None:
    """A name that only one side knows would never be killed at."""
    package = Path(ainf_tui.__file__).parent
    sources = [path.read_text(encoding="utf-8") for path in package.rglob("*.py")]
    assert {name for text in sources for name in re.findall(r'\breach\("([a-z_.]+)"\)', text)} == {
        *POINTS,
        *SERVICE_POINTS,
        *ERROR_POINTS,
        "submit.posted",  # of the module's own example
    }


@pytest.mark.parametrize("group", range(GROUPS))
async def test_nothing_is_lost_or_done_twice(tmp_path: Path, group: int) -> None:
    outcomes = await play_all(tmp_path, _plan()[group::GROUPS], first_seed=(group + 1) * 1_000_000)
    assert all(outcome.ok for outcome in outcomes), failures(outcomes)
