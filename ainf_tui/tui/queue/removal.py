"""Removals that can be taken back: hidden at once, asked of the engine five seconds later.

Whatever ends the app in between leaves the jobs where they are; an orderly end carries them out.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

from ainf_tui.domain.documents import JobRow
from ainf_tui.tui.queue.rows import Rows

WINDOW = 5.0
"""Seconds."""


class Stoppable(Protocol):
    """A timer."""

    def stop(self) -> None: ...


@dataclass(slots=True)
class _Pending:
    rows: tuple[JobRow, ...]
    timer: Stoppable | None = None


class Removals:
    """`later(seconds, call)` starts a timer; `carry_out(refs)` asks the engine; `changed()` shows it."""

    def __init__(
        self,
        rows: Rows,
        *,
        later: Callable[[float, Callable[[], None]], Stoppable],
        carry_out: Callable[[tuple[str, ...]], None],
        changed: Callable[[], None],
    ) -> None:
        self._rows = rows
        self._later = later
        self._carry_out = carry_out
        self._changed = changed
        self._pending: list[_Pending] = []

    def begin(self, rows: Sequence[JobRow]) -> None:
        """Takes the rows out of sight."""
        pending = _Pending(tuple(rows))
        self._rows.hide(row.id for row in rows)
        self._pending.append(pending)
        pending.timer = self._later(WINDOW, lambda: self._finish(pending))
        self._changed()

    def undo(self) -> int:
        """Brings the newest removal back; how many rows."""
        if not self._pending:
            return 0
        pending = self._pending.pop()
        if pending.timer is not None:
            pending.timer.stop()
        self._rows.unhide(pending.rows)
        self._changed()
        return len(pending.rows)

    def take_all(self) -> tuple[str, ...]:
        """The references of all that is pending, which the caller now carries out itself (at the end)."""
        refs = tuple(str(row.number) for pending in self._pending for row in pending.rows)
        for pending in self._pending:
            if pending.timer is not None:
                pending.timer.stop()
        self._pending.clear()
        return refs

    def failed(self, refs: Sequence[str]) -> None:
        """The engine refused: what was hidden is shown again by the next reload."""
        self._rows.show_numbers({int(ref) for ref in refs})
        self._changed()

    def _finish(self, pending: _Pending) -> None:
        self._pending.remove(pending)
        self._carry_out(tuple(str(row.number) for row in pending.rows))
