"""From a place of a view onwards or back: the records of all its files in the order of time.

A *step* is a record, or a stretch in which nothing is let through. Files are merged by steps, not by
records, so that a file in which nothing is found for a long time holds nobody up: where the walk stands is
known after every step.
"""

from __future__ import annotations

import heapq
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from ainf_tui.adapters.logs.pieces import GROUP, Piece, Pieces
from ainf_tui.adapters.logs.search import Needle, needle_of
from ainf_tui.domain.logs.filters import Sieve
from ainf_tui.domain.logs.records import Record
from ainf_tui.frozen import frozen


@frozen
class Step:
    """`start` to `end` has been passed. `record`: it is let through; None: nothing there is."""

    key: datetime
    start: int
    end: int
    record: Record | None = None
    context: bool = False


@frozen
class Choice:
    """What is let through, and how many records around it (as context of a text)."""

    sieve: Sieve
    context: int = 0
    needles: tuple[tuple[Needle, ...], ...] = field(default=())

    @classmethod
    def of(cls, sieve: Sieve, context: int = 0) -> Choice:
        needles = tuple(tuple(needle_of(pattern) for pattern in group) for group in sieve.needles)
        return cls(sieve, context if sieve.needles else 0, needles)


@dataclass(slots=True)
class Walk:
    """One way through one file. `offset`: how far it has been passed. Only what lies between `low` and `high`
    is looked at.
    """

    pieces: Pieces
    offset: int
    choice: Choice
    low: int = 0
    high: int | None = None
    count: int = 0
    """How many are wanted, where that is known."""

    def forward(self) -> Iterator[Step]:
        """What ends behind the offset, to the end; but for a last record that is being written."""
        offset = max(self.offset, self.low)
        if self.pieces.size <= offset:
            return
        stop = self.pieces.open_record()
        stop = stop if self.high is None else min(stop, self.high)
        number = self.pieces.number_at(offset)
        while number <= self.pieces.last:
            count = self._barren(range(number, min(number + GROUP, self.pieces.last + 1)))
            if count:
                start, end = self.pieces.bound(number), self.pieces.bound(number + count)
                if start >= stop:
                    return
                if start < end:
                    yield Step(self.pieces.key_at(number), start, end)
                number += count
                continue
            for step in self._steps(number, self._piece(number, offset)):
                if step.start >= stop:
                    return
                if step.end > offset:
                    yield step
            number += 1

    def back(self) -> Iterator[Step]:
        """What ends at or before the offset, from there to the top."""
        offset = self.offset if self.high is None else min(self.offset, self.high)
        number = self.pieces.number_at(offset)
        if self.count and offset == self.pieces.size and not self.choice.context:
            newest = self.pieces.newest(self.count)
            for step in reversed(self._steps(number, newest)):
                yield step
                offset = step.start
        while number >= 0 and self.pieces.bound(number + 1) > self.low:
            whole = number < self.pieces.last and self.pieces.bound(number + 1) <= offset
            count = self._barren(range(number, max(-1, number - GROUP), -1)) if whole else 0
            if count:
                start, end = self.pieces.bound(number - count + 1), self.pieces.bound(number + 1)
                if start < end:  # Else it would lead nowhere, again and again.
                    yield Step(self.pieces.key_at(number), start, end)
                number -= count
                continue
            for step in reversed(self._steps(number, self.pieces.get(number))):
                if step.end <= offset:
                    yield step
            number -= 1

    def _piece(self, number: int, offset: int) -> Piece:
        """Of the last piece what holds the offset and stands behind it: most of it has been passed."""
        if number == self.pieces.last and not self.choice.context and offset > self.pieces.bound(number):
            return self.pieces.since(offset)
        return self.pieces.get(number)

    def _barren(self, numbers: range) -> int:
        """How many of these pieces, from the first on, hold nothing that is searched."""
        if not self.choice.needles:
            return 0
        if len(numbers) == GROUP and not self._may_hold(min(numbers), max(numbers) + 1):
            return GROUP
        return 0 if self._may_hold(numbers[0], numbers[0] + 1) else 1

    def _may_hold(self, first: int, end: int) -> bool:
        if self.choice.context:
            # What is found beside these pieces has its context here.
            first, end = max(0, first - 1), min(self.pieces.last + 1, end + 1)
        return self.pieces.may_hold(first, end, self.choice.needles)

    def _steps(self, number: int, piece: Piece) -> list[Step]:
        """The records that are let through, and the stretches between them."""
        shown = self._shown(number, piece)
        steps: list[Step] = []
        for record, key in zip(piece.records, piece.keys, strict=True):
            context = shown.get(record.start)
            if context is not None:
                steps.append(Step(key, record.start, record.end, record, context))
            elif steps and steps[-1].record is None:
                steps[-1] = Step(key, steps[-1].start, record.end)
            else:
                steps.append(Step(key, record.start, record.end))
        return steps

    def _shown(self, number: int, piece: Piece) -> dict[int, bool]:
        """By their beginnings the records that are shown, and whether as context only."""
        sieve, around = self.choice.sieve, self.choice.context
        if not around:
            return {record.start: False for record in piece.records if sieve.keeps(record)}
        base: list[Record] = []
        for near in range(max(0, number - 1), min(self.pieces.last, number + 1) + 1):
            base += [record for record in self.pieces.get(near).records if sieve.keeps_base(record)]
        kept = [sieve.keeps_text(record) for record in base]
        shown = {}
        for index, record in enumerate(base):
            if any(kept[max(0, index - around) : index + around + 1]):
                shown[record.start] = not kept[index]
        return shown


class Budget:
    """Time for an answer."""

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._until = clock() + seconds

    @property
    def over(self) -> bool:
        return self._clock() >= self._until


@frozen
class Passed:
    """A step of a walk through several files, by the name of the file."""

    file: str
    step: Step


def onwards(walks: Mapping[str, Walk]) -> Iterator[Passed]:
    """All files, the oldest first; of one moment, in the order of the mapping."""
    streams = [_ordered(file, walk.forward(), number) for number, (file, walk) in enumerate(walks.items())]
    for _, _, passed in heapq.merge(*streams, key=lambda item: item[:2]):
        yield passed


def backwards(walks: Mapping[str, Walk]) -> Iterator[Passed]:
    """All files, the newest first: `onwards` from behind."""
    streams = [_ordered(file, walk.back(), number) for number, (file, walk) in enumerate(walks.items())]
    for _, _, passed in heapq.merge(*streams, key=lambda item: item[:2], reverse=True):
        yield passed


def _ordered(file: str, steps: Iterator[Step], number: int) -> Iterator[tuple[datetime, int, Passed]]:
    return ((step.key, number, Passed(file, step)) for step in steps)
