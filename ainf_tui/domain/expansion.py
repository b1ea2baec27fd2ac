"""One request, many jobs: `--count` gives seeds, `--sweep` gives combinations of values.

For each seed come all combinations: `--count 2 --sweep cfg=5,7` with seed 10 gives (10, 5), (10, 7),
(11, 5), (11, 7). Of several axes the first changes slowest.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import field
from math import prod
from typing import Any, overload

from ainf_tui.domain.requests import SweepAxis
from ainf_tui.domain.text import visible
from ainf_tui.domain.values import MAX_SEED
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

MANY = 100
"""More jobs than this only if the user says that they are meant."""
DRAWN_BELOW = 2**53
"""Seeds drawn by us lie below: every JSON reader and the web page hold them exactly."""


@frozen
class Variant:
    """What one job of a request differs in."""

    values: Mapping[str, Any]
    """All values to bind: the request's, with this combination's; without the seed."""
    seed: int | None
    """None: the graph keeps its own."""
    seed_mode: str
    """fixed | random | increment"""
    batch: Mapping[str, Any] = field(default_factory=dict)
    """`{"id", "index" (from 0), "count"}`; empty for a single job."""
    sweep: Mapping[str, Any] = field(default_factory=dict)


def expand(
    *,
    values: Mapping[str, Any],
    draw: Callable[[], int],
    new_id: Callable[[], str],
    count: int = 1,
    seed: str = "",
    sweep: Sequence[SweepAxis] = (),
    allow_many: bool = False,
    own_seed: int | None = None,
    has_seed: bool = True,
    max_seed: int = MAX_SEED,
) -> Variants:
    """The jobs of a request, in the order in which they are to run; checked now, made when asked for.

    `seed`: a number, `random` or empty; a `seed` among `values` or on an axis counts as given.
    `own_seed`: what stands in a graph, kept where no seed is given; None for packs, which draw. `draw`
    gives a seed in 0..2^53-1 and is called at most once. Seeds beyond `max_seed` go on from 0. A graph
    without any seed (`has_seed` false) is repeated as it is.

    UsageError: `run.bad_count`, `run.too_many`, `seed.bad`, `seed.twice`, `seed.no_place`,
    `sweep.empty`, `sweep.twice`, `sweep.also_set`.
    """
    _check_axes(sweep, values)
    total = _check_total(count, sweep, allow_many=allow_many)
    rest = {name: value for name, value in values.items() if name != "seed"}
    on_axis = any(axis.name == "seed" for axis in sweep)
    given = _given_seed(seed, values, max_seed)
    _check_seed(given, on_axis=on_axis, count=count, has_seed=has_seed)
    first, mode = (None, "fixed") if on_axis else _first(given, own_seed, count, draw, has_seed=has_seed)
    plan = _Plan(rest, first, mode, max_seed, new_id() if total > 1 else "", total)
    for value in next((axis.values for axis in sweep if axis.name == "seed"), ()):
        _seed(value, max_seed)
    return Variants(plan, tuple(sweep))


class Variants(Sequence[Variant]):
    """Each made when it is asked for: there may be tens of thousands."""

    def __init__(self, plan: _Plan, axes: Sequence[SweepAxis]) -> None:
        self._plan = plan
        self._axes = axes

    def __len__(self) -> int:
        return self._plan.total

    @property
    def combinations(self) -> int:
        """How many combinations a sweep has: so many of the first differ in more than their seed."""
        return prod(len(axis.values) for axis in self._axes)

    @overload
    def __getitem__(self, index: int) -> Variant: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Variant, ...]: ...
    def __getitem__(self, index: int | slice) -> Variant | tuple[Variant, ...]:
        places = range(len(self))[index]
        return self._make(places) if isinstance(places, int) else tuple(map(self._make, places))

    def _make(self, index: int) -> Variant:
        """As a clock counts: the seed is the hour, the last axis the second."""
        rest, chosen = index, []
        for axis in reversed(self._axes):
            rest, at = divmod(rest, len(axis.values))
            chosen.append((axis.name, axis.values[at]))
        return self._plan.variant(index, rest, dict(reversed(chosen)))


@frozen
class _Plan:
    """What all jobs of a request have in common."""

    values: Mapping[str, Any]
    first: int | None
    mode: str
    max_seed: int
    batch_id: str
    total: int

    def variant(self, index: int, offset: int, sweep: Mapping[str, Any]) -> Variant:
        seed = None if self.first is None else (self.first + offset) % (self.max_seed + 1)
        own = sweep.get("seed")
        return Variant(
            values={**self.values, **{name: value for name, value in sweep.items() if name != "seed"}},
            seed=seed if own is None else _seed(own, self.max_seed),
            seed_mode="increment" if offset and self.first is not None else self.mode,
            batch={"id": self.batch_id, "index": index, "count": self.total} if self.batch_id else {},
            sweep=sweep,
        )


def _first(
    given: int | str | None, own_seed: int | None, count: int, draw: Callable[[], int], *, has_seed: bool
) -> tuple[int | None, str]:
    """The first seed and how it came about; None leaves the graph's own as it stands."""
    if isinstance(given, int):
        return given, "fixed"
    if not has_seed:
        return None, "fixed"
    if given is None and own_seed is not None:
        return (None if count == 1 else own_seed), "fixed"
    return draw(), "random"


def _given_seed(seed: str, values: Mapping[str, Any], max_seed: int) -> int | str | None:
    """A number, `random`, or None."""
    if seed and "seed" in values:
        raise UsageError(
            "seed.twice", "the seed is given twice", hint="Give --seed or --set seed=, not both."
        )
    raw = seed or values.get("seed")
    if raw is None or raw == "":
        return None
    if isinstance(raw, str) and raw.strip().lower() == "random":
        return "random"
    return _seed(raw, max_seed)


def _seed(raw: Any, max_seed: int) -> int:
    text = str(raw).strip()
    whole = not isinstance(raw, bool | float) and text.isascii() and text.isdigit() and len(text) <= 40
    if not whole or int(text) > max_seed:
        raise UsageError(
            "seed.bad",
            f"{visible(text, 80)} is no seed",
            hint=f"A seed is a whole number from 0 to {max_seed}, or `random`.",
            details={"max": str(max_seed)},
        )
    return int(text)


def _check_seed(given: int | str | None, *, on_axis: bool, count: int, has_seed: bool) -> None:
    if on_axis and (given is not None or count > 1):
        raise UsageError(
            "seed.twice",
            "the seed is swept, so that neither --seed nor --count can give it",
            hint="Leave out --seed and --count, or sweep something else.",
        )
    if not has_seed and (given is not None or on_axis):
        raise UsageError(
            "seed.no_place",
            "the workflow has no seed that could be set",
            hint="Run it without a seed, or set the input that is meant: --set NODE.INPUT=VALUE",
        )


def _check_axes(sweep: Sequence[SweepAxis], values: Mapping[str, Any]) -> None:
    seen: set[str] = set()
    for axis in sweep:
        name = visible(axis.name, 80)
        if not axis.values or not axis.name:
            raise UsageError(
                "sweep.empty",
                f"the sweep over {name or 'nothing'} has no values",
                hint="Write --sweep NAME=V1,V2,...",
                details={"axis": axis.name},
            )
        if axis.name in seen:
            raise UsageError(
                "sweep.twice",
                f"{name} is swept twice",
                hint="Put all its values into one --sweep.",
                details={"axis": axis.name},
            )
        if axis.name in values:
            raise UsageError(
                "sweep.also_set",
                f"{name} is swept and set at once",
                hint=f"Leave out the value of {name}, or its --sweep.",
                details={"axis": axis.name},
            )
        seen.add(axis.name)


def _check_total(count: int, sweep: Sequence[SweepAxis], *, allow_many: bool) -> int:
    if count < 1:
        raise UsageError("run.bad_count", f"{count} jobs cannot be made", hint="--count is 1 or more.")
    total = count * prod(len(axis.values) for axis in sweep)
    if total > MANY and not allow_many:
        raise UsageError(
            "run.too_many",
            f"this makes {total} jobs",
            hint=f"Give --yes if more than {MANY} are meant.",
            details={"jobs": total},
        )
    return total
