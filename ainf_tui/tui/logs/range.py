"""The marked range: from where `space` was pressed to where it was pressed again, or to the cursor. Pure."""

from __future__ import annotations

from dataclasses import replace

from ainf_tui.domain.log_documents import LogPlace, LogRow
from ainf_tui.frozen import frozen
from ainf_tui.tui.logs.window import Key, Window, behind, key, passed


@frozen
class End:
    """A row that bounds the range: the places right before and right behind it."""

    key: Key
    before: LogPlace
    behind: LogPlace


@frozen
class Range:
    """`last` None: it goes to the cursor."""

    first: End | None = None
    last: End | None = None

    def press(self, window: Window) -> Range:
        """Space: begins, ends, begins anew."""
        end = _end(window)
        if end is None:
            return self
        if self.first is None or self.last is not None:
            return Range(end)
        return replace(self, last=end)

    def places(self, window: Window) -> tuple[LogPlace, LogPlace] | None:
        """From where to where it goes, in the order of the log; None: nothing is marked."""
        one = self.first
        other = self.last or _end(window)
        if one is None or other is None:
            return None
        ordered = all(
            offset >= one.before.offsets.get(file, 0) for file, offset in other.before.offsets.items()
        ) and all(file in other.before.offsets for file in one.before.offsets)
        return (one.before, other.behind) if ordered else (other.before, one.behind)


def holds(places: tuple[LogPlace, LogPlace] | None, row: LogRow) -> bool:
    """Whether the row lies in the range."""
    return places is not None and behind(places[0], row) and not behind(places[1], row)


def _end(window: Window) -> End | None:
    row = window.row
    if row is None:
        return None
    before = window.before(window.cursor)
    return End(key(row), before, passed(before, [row]))
