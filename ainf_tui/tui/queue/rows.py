"""The list of jobs as the screen holds it: loaded so far, in order, filtered. Pure.

In the default order (as the engine's pages: on a server, waiting, held, then ended, newest first) a part
of the list is enough: `horizon` is the place of the last job that was loaded, and what lies beyond it
comes with the next page. Any other order needs all of them.
"""

from __future__ import annotations

import math
from bisect import bisect_left, insort
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ainf_tui.display.jobs import label
from ainf_tui.domain.documents import BackendDocument, ForeignDocument, JobDocument, JobRow
from ainf_tui.frozen import frozen
from ainf_tui.tui.queue.filter import Filter

_LATE = datetime(9999, 1, 1, tzinfo=UTC)
_ENDED = frozenset({"succeeded", "failed", "cancelled"})
SORTS = ("run order", "job", "state", "pack", "prompt", "character", "done", "age")
Key = tuple[Any, ...]


@frozen
class Sort:
    """`by` is one of SORTS; the first is the engine's own order."""

    by: str = SORTS[0]
    reverse: bool = False

    def then(self, by: str) -> Sort:
        """By that column; if it is by that one already, the other way round."""
        return Sort(by, reverse=by == self.by and not self.reverse and by != SORTS[0])

    @property
    def default(self) -> bool:
        return self.by == SORTS[0] and not self.reverse


@frozen
class Foreign:
    """Somebody else's prompt on a backend, as a row."""

    backend: str
    prompt: ForeignDocument

    @property
    def id(self) -> str:
        return f"foreign:{self.backend}:{self.prompt.prompt_id}"


Entry = JobRow | Foreign


def place(row: JobRow, submitted: datetime | None = None) -> Key:
    """The row's place in the default order, as the engine's pages have it."""
    if row.state in _ENDED:
        ended = row.finished_at or row.created_at
        return (4, -ended.timestamp(), 0.0, -row.number)
    if row.state != "queued":
        return (0, (submitted or row.started_at or _LATE).timestamp(), 0.0, row.number)
    return (3 if row.held else 2, -row.priority, _ordered(row.rank), row.number)


def _ordered(number: float | None) -> float:
    """Unknown comes first; NaN, which no order holds, is unknown."""
    return -1.0 if number is None or math.isnan(number) else number


def _sort_key(row: JobRow, by: str) -> Key:
    keys: dict[str, Key] = {
        "job": (row.number,),
        "state": (label(row), row.number),
        "pack": (row.pack.lower(), row.number),
        "prompt": (row.prompt.lower(), row.number),
        "character": (row.character.lower(), row.number),
        "done": (_ordered(row.progress), row.number),
        "age": ((row.finished_at or row.created_at).timestamp(), row.number),
    }
    return keys[by]


class Rows:
    """All rows that are loaded and match, in order; live progress beside them."""

    def __init__(self) -> None:
        self.filter = Filter()
        self.sort = Sort()
        self.horizon: Key | None = None
        """Place of the last job loaded; None: all there are."""
        self._rows: dict[str, JobRow] = {}
        self._keys: dict[str, Key] = {}
        self._order: list[tuple[Key, str]] = []
        self._foreign: dict[str, Foreign] = {}
        self._live: dict[str, JobDocument] = {}
        self._silent: dict[str, BackendDocument] = {}
        """Backends that do not answer."""
        self._hidden: dict[str, JobRow] = {}
        """Being removed."""

    # -- reading ------------------------------------------------------------------------------
    def __len__(self) -> int:
        return len(self._order)

    def id_at(self, index: int) -> str:
        """The id of the row at this index; IndexError beyond the last."""
        return self._at(index)[1]

    def entry(self, row_id: str) -> Entry | None:
        return self._rows.get(row_id) or self._foreign.get(row_id)

    def entry_at(self, index: int) -> Entry:
        row_id = self.id_at(index)
        return self._rows.get(row_id) or self._foreign[row_id]

    def live(self, row_id: str) -> JobDocument | None:
        """The job's document while it is on a server: its progress."""
        return self._live.get(row_id)

    def silent(self, row_id: str) -> BackendDocument | None:
        """The backend that the job is on, if it does not answer."""
        live = self._live.get(row_id)
        return self._silent.get(live.backend or "") if live is not None else None

    def index_of(self, row_id: str) -> int | None:
        key = self._keys.get(row_id)
        if key is None:
            return None
        found = bisect_left(self._order, (key, row_id))
        return len(self._order) - 1 - found if self.sort.reverse else found

    def jobs(self) -> Iterator[JobRow]:
        """Every job shown, in order."""
        for index in range(len(self)):
            row = self._rows.get(self.id_at(index))
            if row is not None:
                yield row

    def row(self, row_id: str) -> JobRow | None:
        return self._rows.get(row_id)

    def _at(self, index: int) -> tuple[Key, str]:
        return self._order[len(self._order) - 1 - index] if self.sort.reverse else self._order[index]

    # -- changing -----------------------------------------------------------------------------
    def reset(self, rows: Iterable[JobRow] = (), *, complete: bool = False) -> None:
        """Only these rows, which are the beginning of the list (or all of it)."""
        self._rows.clear()
        self._keys.clear()
        self._order.clear()
        self.horizon = (-1,)
        self.append(rows, complete=complete)
        for foreign in self._foreign.values():
            self._put(foreign.id, self._foreign_key(foreign))

    def append(self, rows: Iterable[JobRow], *, complete: bool) -> None:
        """The next page of the default order."""
        last = self.horizon
        for row in rows:
            last = self._place(row)
            self._take(row)
        self.horizon = None if complete else last

    def change(self, rows: Iterable[JobRow]) -> None:
        """Rows that are new or differ. What lies beyond the horizon is left to its page."""
        for row in rows:
            known = self._rows.get(row.id)
            if known is not None and known.revision > row.revision:
                continue
            beyond = known is None and self.horizon is not None and self._place(row) > self.horizon
            if beyond or not self.filter.matches(row):
                self.drop(row.id)
            else:
                self._take(row)

    def hide(self, row_ids: Iterable[str]) -> None:
        """Out of sight, whatever the engine tells of them, until `unhide`."""
        for row_id in list(row_ids):
            row = self._rows.get(row_id)
            if row is not None:
                self._hidden[row_id] = row
                self.drop(row_id)

    def unhide(self, rows: Iterable[JobRow]) -> None:
        """Shown again, as they were when they were hidden."""
        for row in rows:
            if self._hidden.pop(row.id, None) is not None and self.filter.matches(row):
                self._take(row)

    def show_numbers(self, numbers: Collection[int]) -> None:
        """The same for jobs by their numbers."""
        self.unhide([row for row in self._hidden.values() if row.number in numbers])

    def drop(self, row_id: str) -> None:
        self._rows.pop(row_id, None)
        key = self._keys.pop(row_id, None)
        if key is not None:
            del self._order[bisect_left(self._order, (key, row_id))]

    def resort(self, sort: Sort) -> None:
        self.sort = sort
        self._keys = {row.id: self._key(row) for row in self._rows.values()}
        self._keys |= {foreign.id: self._foreign_key(foreign) for foreign in self._foreign.values()}
        self._order = sorted((key, row_id) for row_id, key in self._keys.items())

    def fold_active(self, active: Sequence[JobDocument]) -> None:
        """Jobs on a server, with their progress; state and place follow at once."""
        self._live = {job.id: job for job in active}
        for job in active:
            known = self._rows.get(job.id)
            if known is None or known.revision > job.revision:
                continue
            row = replace(
                known,
                state=job.state,
                cancel_requested=job.cancel_requested,
                started_at=job.started_at,
                progress=job.progress,
                revision=job.revision,
            )
            if self.filter.matches(row):
                self._take(row)
            else:
                self.drop(row.id)

    def fold_backends(self, backends: Sequence[BackendDocument]) -> None:
        """Prompts of others, which stand behind our own active ones; none in a filtered list."""
        self._silent = {backend.name: backend for backend in backends if not backend.reachable}
        found = {
            foreign.id: foreign
            for backend in backends
            for foreign in (Foreign(backend.name, prompt) for prompt in backend.foreign)
            if not self.filter.text
        }
        for row_id in [row_id for row_id in self._foreign if row_id not in found]:
            self.drop(row_id)
        self._foreign = found
        for foreign in found.values():
            self._put(foreign.id, self._foreign_key(foreign))

    # -- keys ---------------------------------------------------------------------------------
    def _place(self, row: JobRow) -> Key:
        live = self._live.get(row.id)
        return place(row, live.submitted_at if live is not None else None)

    def _key(self, row: JobRow) -> Key:
        return self._place(row) if self.sort.by == SORTS[0] else _sort_key(row, self.sort.by)

    def _foreign_key(self, foreign: Foreign) -> Key:
        """Behind all that is ours on the servers; in another order, at its end."""
        if self.sort.by == SORTS[0]:
            return (1, float(foreign.prompt.ahead), 0.0, 0)
        kind = {"job": 0, "done": 2.0, "age": float("-inf")}.get(self.sort.by, "\U0010ffff")
        return (kind, 0)

    def _take(self, row: JobRow) -> None:
        if row.id in self._hidden:
            return
        self._rows[row.id] = row
        self._put(row.id, self._key(row))

    def _put(self, row_id: str, key: Key) -> None:
        old = self._keys.get(row_id)
        if old == key:
            return
        if old is not None:
            del self._order[bisect_left(self._order, (old, row_id))]
        self._keys[row_id] = key
        insort(self._order, (key, row_id))
