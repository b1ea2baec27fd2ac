"""Pages around a place in open log files. Blocking; each ends within its time, with less where it must."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.times import between
from ainf_tui.adapters.logs.walk import Budget, Choice, Passed, Walk, backwards, onwards
from ainf_tui.domain.log_documents import LogPageDocument, LogPageRequest, LogPlace, LogRow
from ainf_tui.domain.logs.filters import Sieve
from ainf_tui.domain.logs.rows import Look, row_of

SECONDS = 0.2
"""For one answer."""
MOST = 1000
"""Rows before a place, and behind it."""
_SCREEN = 50
"""Rows side by side are handed out even when the time is over: the next question would be as late."""
WIDEST = 20_000


@dataclass(frozen=True, slots=True)
class Leg:
    """What a walk in one direction brought, in the order of the walk; `ended`: there is nothing more."""

    passed: tuple[Passed, ...]
    offsets: Mapping[str, int]
    """How far each file has been passed."""
    ended: bool
    partial: bool


class Pages:
    """Pages of these files, by the name that each has in the view."""

    def __init__(self, files: Mapping[str, Pieces], *, seconds: float = SECONDS) -> None:
        self.files = files
        self._seconds = seconds

    def budget(self) -> Budget:
        return Budget(self._seconds)

    def refresh(self) -> None:
        """Takes in what has been appended to any file."""
        for pieces in self.files.values():
            pieces.refresh()

    @property
    def ends(self) -> dict[str, int]:
        return {file: pieces.size for file, pieces in self.files.items()}

    def page(self, request: LogPageRequest, sieve: Sieve, search: re.Pattern[str] | None) -> LogPageDocument:
        """`sieve`: the request's filters."""
        offsets = self.offsets(request.place)
        choice = Choice.of(sieve, min(max(0, request.context), MOST))
        look = Look(min(max(1, request.width), WIDEST), search)
        budget = self.budget()
        before = self.back(offsets, min(request.before, MOST), choice, budget)
        after = self.onward(offsets, min(request.after, MOST), choice, budget)
        rows = [self.row(passed, look) for passed in (*reversed(before.passed), *after.passed)]
        return LogPageDocument(
            rows=tuple(rows),
            split=len(before.passed),
            start=LogPlace(before.offsets),
            end=LogPlace(after.offsets),
            top=before.ended,
            bottom=after.ended,
            partial=before.partial or after.partial,
        )

    def row(self, passed: Passed, look: Look) -> LogRow:
        record = passed.step.record
        if record is None:
            raise RuntimeError("nothing was let through there")
        return row_of(record, passed.file, look, context=passed.step.context)

    def offsets(self, place: LogPlace | None) -> dict[str, int]:
        """Of every file of the view; those of files that were not there then: their top."""
        if place is None:
            return self.ends
        return {
            file: min(max(0, place.offsets.get(file, 0)), pieces.size) for file, pieces in self.files.items()
        }

    # -- walks -----------------------------------------------------------------------------------------
    def onward(self, offsets: Mapping[str, int], count: int, choice: Choice, budget: Budget) -> Leg:
        """The next `count` that are let through."""
        stops = {file: pieces.open_record() for file, pieces in self.files.items()}
        if not count:
            return Leg((), dict(offsets), all(offsets[file] >= stops[file] for file in stops), False)
        walks = self._walks(offsets, choice)
        leg = self._go(onwards(walks), offsets, count, budget)
        if leg.ended:
            ends = {file: max(offsets[file], stop) for file, stop in stops.items()}
            return replace(leg, offsets=ends)
        return leg

    def back(self, offsets: Mapping[str, int], count: int, choice: Choice, budget: Budget) -> Leg:
        """The `count` before, the nearest first."""
        if not count:
            return Leg((), dict(offsets), not any(offsets.values()), False)
        walks = self._walks(offsets, choice, count)
        leg = self._go(backwards(walks), offsets, count, budget, back=True)
        return replace(leg, offsets=dict.fromkeys(offsets, 0)) if leg.ended else leg

    def _walks(self, offsets: Mapping[str, int], choice: Choice, count: int = 0) -> dict[str, Walk]:
        sieve, walks = choice.sieve, {}
        for file, pieces in self.files.items():
            low, high = between(pieces, sieve.since, sieve.until)
            walks[file] = Walk(pieces, offsets[file], choice, low, high, count)
        return walks

    def _go(
        self,
        steps: Iterator[Passed],
        offsets: Mapping[str, int],
        count: int,
        budget: Budget,
        *,
        back: bool = False,
    ) -> Leg:
        places, found = dict(offsets), list[Passed]()
        for passed in steps:
            step = passed.step
            places[passed.file] = step.start if back else step.end
            if step.record is not None:
                found.append(passed)
                if len(found) == count:
                    return Leg(tuple(found), places, False, False)
            if budget.over and (step.record is None or len(found) >= _SCREEN):
                return Leg(tuple(found), places, False, True)
        return Leg(tuple(found), places, True, False)
