"""The piece of a view that is held: rows around the cursor, and the places where they begin and end. Pure.

Pages are joined to it at either side; what lies far from the cursor is let go again, so that a walk through
10,000,000 lines holds a few hundred. Rows are known by file and offset, never by a number.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ainf_tui.domain.log_documents import LogPageDocument, LogPlace, LogRow

Key = tuple[str, int]
"""`file` and `start` of a row."""
Heights = Callable[[LogRow], int]
"""Lines that a row takes on the screen, at least 1."""

MOST = 2_000
"""Rows that are held at most."""
SIDE = 500
"""Rows at each side of what is seen that are kept when there are more."""


def key(row: LogRow) -> Key:
    return row.file, row.start


def passed(place: LogPlace, rows: Sequence[LogRow]) -> LogPlace:
    """The place behind these rows, which begin at `place`."""
    offsets = dict(place.offsets)
    for row in rows:
        offsets[row.file] = max(row.end, offsets.get(row.file, 0))
    return LogPlace(offsets)


def unpassed(place: LogPlace, rows: Sequence[LogRow]) -> LogPlace:
    """The place before these rows, which end at `place`."""
    offsets = dict(place.offsets)
    for row in rows:
        offsets[row.file] = min(row.start, offsets.get(row.file, row.start))
    return LogPlace(offsets)


def behind(place: LogPlace, row: LogRow) -> bool:
    """Whether the row stands behind the place."""
    return row.start >= place.offsets.get(row.file, 0)


class Window:
    """`cursor` and `first` (the topmost row that is seen) are indexes of `rows`; -1 where there are none."""

    def __init__(self) -> None:
        self.rows: list[LogRow] = []
        self.start = LogPlace()
        self.end = LogPlace()
        self.top = False
        """Nothing stands before the first row."""
        self.bottom = False
        """Nothing stood behind the last row, when it was asked last."""
        self.cursor = -1
        self.first = -1
        self.follow = True
        """The cursor stays on the newest row."""
        self.fresh = 0
        """Rows that came since following was paused."""
        self.fresh_exact = True
        """All of them were counted here; else there are more."""
        self.line: int | None = None
        """Number of the first row's first line in its file, as far as it is known."""

    @property
    def row(self) -> LogRow | None:
        """Under the cursor."""
        return self.rows[self.cursor] if 0 <= self.cursor < len(self.rows) else None

    def index_of(self, wanted: Key) -> int | None:
        return next((i for i, row in enumerate(self.rows) if key(row) == wanted), None)

    def before(self, index: int) -> LogPlace:
        """The place right before the row."""
        return passed(self.start, self.rows[: max(0, index)])

    # -- pages --------------------------------------------------------------------------------
    def reset(self, page: LogPageDocument, keep: Key | None = None, height: int = 0) -> None:
        """Holds this page alone. The cursor goes to `keep`, else to the row behind the place that was asked
        for; `height`: how many rows are to stand above it on the screen.
        """
        self.rows = list(page.rows)
        self.start, self.end = page.start, page.end
        self.top, self.bottom = page.top, page.bottom
        self.line = page.line
        self.fresh, self.fresh_exact = 0, True
        last = len(self.rows) - 1
        found = self.index_of(keep) if keep is not None else None
        self.cursor = last if self.follow else min(page.split if found is None else found, last)
        self.first = max(0, self.cursor - height) if self.rows else -1

    def append(self, page: LogPageDocument) -> int:
        """A page that was asked for at `end`; how many rows are new. The rows before the place that it
        brings again are newer states of those that are here: a traceback that was still being written.
        """
        near = max(0, len(self.rows) - max(50, len(page.rows)))
        known = {key(row): index for index, row in enumerate(self.rows[near:], near)}
        new = 0
        for row in page.rows:
            index = known.get(key(row))
            if index is None:
                self.rows.append(row)
                new += 1
            else:
                self.rows[index] = row
        self.end, self.bottom = page.end, page.bottom
        if new and not self.follow:
            self.fresh += new
        self._settle()
        return new

    def joins(self, page: LogPageDocument) -> bool:
        """Whether nothing stands between what is held and the page."""
        ends = self.end.offsets
        return all(offset <= ends.get(file, 0) for file, offset in page.start.offsets.items())

    def prepend(self, page: LogPageDocument) -> int:
        """A page that was asked for at `start`, of rows before it; how many they are."""
        known = {key(row) for row in self.rows[:50]}
        rows = [row for row in page.rows if key(row) not in known]
        self.rows[:0] = rows
        self.start, self.top, self.line = page.start, page.top, page.line
        if self.cursor >= 0:
            self.cursor += len(rows)
            self.first += len(rows)
        self._settle()
        return len(rows)

    def _settle(self) -> None:
        if self.rows and (self.follow or self.cursor < 0):
            self.cursor = len(self.rows) - 1 if self.follow else 0
            self.first = max(self.first, 0)
        self._trim()

    def _trim(self) -> None:
        if len(self.rows) <= MOST:
            return
        low = max(0, min(self.first, self.cursor) - SIDE)
        high = min(len(self.rows), max(self.first, self.cursor) + SIDE)
        if high < len(self.rows):
            self.end = unpassed(self.end, self.rows[high:])
            self.bottom = False
            self.fresh_exact = False
            del self.rows[high:]
        if low:
            # Lines are counted from the first row: what it was is known of the page's first one alone.
            self.start, self.line = passed(self.start, self.rows[:low]), None
            self.top = False
            del self.rows[:low]
            self.cursor -= low
            self.first -= low

    # -- moving -------------------------------------------------------------------------------
    def move(self, by: int) -> None:
        """The cursor by so many rows, as far as they are here; upwards ends following."""
        self.move_to(self.cursor + by)
        if by < 0:
            self.pause()

    def move_to(self, index: int) -> None:
        if self.rows:
            self.cursor = max(0, min(index, len(self.rows) - 1))

    def pause(self) -> None:
        """From now on what comes is counted."""
        if self.follow:
            self.follow = False
            self.fresh, self.fresh_exact = 0, True

    def resume(self) -> None:
        self.follow = True
        self.fresh, self.fresh_exact = 0, True
        self.move_to(len(self.rows) - 1)

    def into_sight(self, page: int, heights: Heights) -> None:
        """Moves what is seen (`page` lines) no further than it takes to see the cursor's row.

        Blank lines below the last row are filled from above while there is something.
        """
        if not self.rows:
            self.first = -1
            return
        if self.cursor < self.first or self.first < 0:
            self.first = max(0, self.cursor)
        self.first = max(self.first, self._highest(self.cursor, page, heights))
        self.first = min(self.first, self._highest(len(self.rows) - 1, page, heights))

    def _highest(self, last: int, page: int, heights: Heights) -> int:
        """The topmost row that may be the first one seen so that row `last` is seen whole."""
        room, index = page - heights(self.rows[last]), last
        while index > 0 and room >= heights(self.rows[index - 1]):
            index -= 1
            room -= heights(self.rows[index])
        return index

    def centre(self, page: int, heights: Heights) -> None:
        """The cursor's row in the middle of what is seen."""
        self.first = self._highest(self.cursor, page // 2 + 1, heights) if self.rows else -1
        self.into_sight(page, heights)

    def lines_of(self) -> int | None:
        """Number of the cursor's line in its file, where that is known: of one file without filters."""
        if self.line is None or self.cursor < 0:
            return None
        return self.line + sum(row.lines for row in self.rows[: self.cursor])
