"""What a row of the table is: a goal, how it is measured, and how the figure is judged."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

T = TypeVar("T")
TOLERANCE = 1.2
"""A figure above its goal by more than this factor is a miss; below, the machine may be to blame."""


class NotHere(Exception):  # noqa: N818 - no error: a thing to compare with is not installed
    """The row cannot be measured on this machine; the message says what is missing."""


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
    rounds: int = 5
    """Of what is measured against another program, in turn."""
    kept: dict[str, Any] = field(default_factory=dict)
    """What several rows are read from, by name."""

    async def once(self, name: str, measure: Callable[[], Awaitable[T]]) -> T:
        """What was measured under that name, now or for another row; also if it failed."""
        if name not in self.kept:
            try:
                self.kept[name] = await measure()
            except Exception as error:
                self.kept[name] = error
                raise
        found: T | Exception = self.kept[name]
        if isinstance(found, Exception):
            raise found
        return found

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
    here: bool = True
    """False: what it would be compared with is not on this machine."""

    @property
    def verdict(self) -> str:
        if self.figure is None:
            return "FAILED" if self.here else "not here"
        return self.row.verdict(self.figure.value)

    @property
    def passed(self) -> bool:
        return self.verdict in {"ok", "over", "not here"}
