"""Forty of the kills of `make faults`: each named point once, and sixteen more."""

from __future__ import annotations

from pathlib import Path

import pytest

from ainf_tui.killpoints import POINTS
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


@pytest.mark.parametrize("group", range(GROUPS))
async def test_nothing_is_lost_or_done_twice(tmp_path: Path, group: int) -> None:
    outcomes = await play_all(tmp_path, _plan()[group::GROUPS], first_seed=(group + 1) * 1_000_000)
    assert all(outcome.ok for outcome in outcomes), failures(outcomes)
