"""Count, seeds and sweeps make jobs."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.expansion import expand
from ainf_tui.domain.requests import SweepAxis
from ainf_tui.domain.values import MAX_SEED
from ainf_tui.errors import UsageError


def made(**options):
    options = {"values": {}, "draw": lambda: 1000, "new_id": lambda: "batch-1", **options}
    return expand(**options)


def axis(name, *values):
    return SweepAxis(name, values)


def test_one_job_draws_a_seed_and_is_no_batch():
    (only,) = made(values={"prompt": "x"})
    assert (only.seed, only.seed_mode, only.batch, only.sweep) == (1000, "random", {}, {})
    assert only.values == {"prompt": "x"}


def test_count_increments_from_the_first():
    jobs = made(seed="7", count=3)
    assert [(j.seed, j.seed_mode) for j in jobs] == [(7, "fixed"), (8, "increment"), (9, "increment")]
    assert [j.batch for j in jobs] == [{"id": "batch-1", "index": i, "count": 3} for i in range(3)]


def test_random_is_drawn_once_and_incremented():
    drawn = itertools.count(500, 100)
    assert [j.seed for j in made(seed="Random", count=3, draw=lambda: next(drawn))] == [500, 501, 502]
    assert next(drawn) == 600


def test_a_graph_keeps_its_own_seed_until_asked_otherwise():
    assert made(own_seed=5)[0].seed is None
    assert [j.seed for j in made(own_seed=5, count=2)] == [5, 6]
    assert made(own_seed=5, seed="random")[0].seed == 1000
    assert made(own_seed=5, seed="9")[0].seed == 9


def test_a_graph_without_seeds_is_repeated_as_it_is():
    assert [j.seed for j in made(has_seed=False, count=3)] == [None, None, None]


def test_sweep_keeps_the_seed_and_moves_the_first_axis_slowest():
    jobs = made(seed="10", sweep=(axis("cfg", "5", "7"), axis("steps", "20", "30")), values={"prompt": "p"})
    assert [(j.sweep["cfg"], j.sweep["steps"]) for j in jobs] == [
        ("5", "20"),
        ("5", "30"),
        ("7", "20"),
        ("7", "30"),
    ]
    assert {j.seed for j in jobs} == {10}
    assert {j.seed_mode for j in jobs} == {"fixed"}
    assert jobs[2].values == {"prompt": "p", "cfg": "7", "steps": "20"}


def test_count_and_sweep_give_all_combinations_for_each_seed():
    jobs = made(seed="10", count=2, sweep=(axis("cfg", 5, 7),))
    assert [(j.seed, j.sweep["cfg"]) for j in jobs] == [(10, 5), (10, 7), (11, 5), (11, 7)]
    assert [j.batch["index"] for j in jobs] == [0, 1, 2, 3]


def test_the_seed_itself_can_be_swept_or_set_as_a_value():
    jobs = made(sweep=(axis("seed", "3", "18446744073709551615"),))
    assert [j.seed for j in jobs] == [3, MAX_SEED]
    assert "seed" not in jobs[0].values
    (only,) = made(values={"seed": "12", "cfg": 1})
    assert (only.seed, only.seed_mode, only.values) == (12, "fixed", {"cfg": 1})


def test_seeds_wrap_at_the_sampler_s_maximum():
    assert [j.seed for j in made(seed=str(MAX_SEED), count=2)] == [MAX_SEED, 0]
    assert [j.seed for j in made(seed="99", count=2, max_seed=99)] == [99, 0]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ({"count": 0}, "run.bad_count"),
        ({"count": 101}, "run.too_many"),
        ({"count": 51, "sweep": (axis("cfg", 1, 2),)}, "run.too_many"),
        ({"seed": "x"}, "seed.bad"),
        ({"seed": "-1"}, "seed.bad"),
        ({"seed": str(MAX_SEED + 1)}, "seed.bad"),
        ({"seed": "9" * 5000}, "seed.bad"),
        ({"values": {"seed": 1.5}}, "seed.bad"),
        ({"values": {"seed": True}}, "seed.bad"),
        ({"seed": "100", "max_seed": 99}, "seed.bad"),
        ({"seed": "1", "values": {"seed": "1"}}, "seed.twice"),
        ({"seed": "1", "sweep": (axis("seed", 1),)}, "seed.twice"),
        ({"count": 2, "sweep": (axis("seed", 1),)}, "seed.twice"),
        ({"seed": "1", "has_seed": False}, "seed.no_place"),
        ({"sweep": (axis("seed", 1),), "has_seed": False}, "seed.no_place"),
        ({"sweep": (axis("cfg"),)}, "sweep.empty"),
        ({"sweep": (axis("", 1),)}, "sweep.empty"),
        ({"sweep": (axis("cfg", 1), axis("cfg", 2))}, "sweep.twice"),
        ({"sweep": (axis("cfg", 1),), "values": {"cfg": 2}}, "sweep.also_set"),
    ],
)
def test_what_cannot_be_made(options, code):
    with pytest.raises(UsageError) as caught:
        made(**options)
    assert caught.value.code == code
    assert caught.value.hint


def test_many_are_made_when_meant_and_the_number_is_named():
    assert len(made(count=101, allow_many=True)) == 101
    with pytest.raises(UsageError, match="150 jobs"):
        made(count=50, sweep=(axis("a", 1, 2, 3),))


@given(st.integers(1, 6), st.lists(st.integers(1, 3), max_size=3), st.integers(0, MAX_SEED))
def test_every_combination_once(count, sizes, seed):
    sweep = tuple(axis(f"a{i}", *range(size)) for i, size in enumerate(sizes))
    jobs = made(count=count, seed=str(seed), sweep=sweep, allow_many=True)
    seen = {(j.seed, *j.sweep.values()) for j in jobs}
    total = count
    for size in sizes:
        total *= size
    assert len(jobs) == len(seen) == total
    assert all(0 <= j.seed <= MAX_SEED for j in jobs)
