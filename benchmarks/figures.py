"""What a row of the table is: a goal, how it is measured, and how the figure is judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

TOLERANCE = 1.2
"""A figure above its goal by more than this factor is a miss; below, the machine may be to blame."""


@dataclass(frozen=True, slots=True)
class Figure:
    """One measurement, in the row's unit. `details` are the numbers it was made of."""

    value: float
    note: str
    details: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Lab:
    """Where and how thoroughly to measure."""

    folder: Path
    """Empty, removed afterwards; each row makes its own folders in it."""
    quick: bool
    """A tenth of the work: to see that everything runs, not to judge by."""
    say: Callable[[str], None]
    """Narration: what is being done just now."""

    def amount(self, full: int, least: int = 1) -> int:
        """How many of something to do."""
        return max(least, full // 10) if self.quick else full


@dataclass(frozen=True, slots=True)
class Row:
    """One goal: the figure must not be greater than `limit`, in `unit`."""

    name: str
    title: str
    limit: float
    unit: str
    measure: Callable[[Lab], Awaitable[Figure]]

    def verdict(self, value: float) -> str:
        """ok | over (within the tolerance) | MISSED."""
        if value <= self.limit:
            return "ok"
        return "over" if value <= self.limit * TOLERANCE else "MISSED"


@dataclass(frozen=True, slots=True)
class Outcome:
    """A row that was measured, or (`figure` None) the reason why it could not be."""

    row: Row
    figure: Figure | None
    problem: str = ""

    @property
    def verdict(self) -> str:
        return "FAILED" if self.figure is None else self.row.verdict(self.figure.value)

    @property
    def passed(self) -> bool:
        return self.verdict in {"ok", "over"}
