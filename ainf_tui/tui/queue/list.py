"""The jobs as a table's rows: which columns there are and what stands in each. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

from ainf_tui.display.format import duration, percent, remaining, span
from ainf_tui.display.jobs import label
from ainf_tui.domain.documents import JobRow
from ainf_tui.tui.lines import Span, safe
from ainf_tui.tui.queue.rows import Foreign, Rows
from ainf_tui.tui.signs import Signs
from ainf_tui.tui.widgets.table import Column

COLUMNS = (
    Column("job", 5, right=True, drop=3),
    Column("state", 11),
    Column("pack", 15, drop=4),
    Column("prompt", 14, flexible=True),
    Column("character", 10, drop=6),
    Column("done", 4, right=True),
    Column("eta", 7, right=True, drop=1),
    Column("age", 4, right=True, drop=2),
)
_COARSE = 10
"""Seconds: ages below a minute go in such steps, so that a list at rest paints nothing."""


class JobList:
    """A Source of `widgets.table.Table` over Rows."""

    def __init__(self, rows: Rows, signs: Signs) -> None:
        self._rows = rows
        self._signs = signs

    def __len__(self) -> int:
        return len(self._rows)

    def id_at(self, index: int) -> str:
        return self._rows.id_at(index)

    def index_of(self, row_id: str) -> int | None:
        return self._rows.index_of(row_id)

    def cells(self, index: int) -> Mapping[str, Span]:
        entry = self._rows.entry_at(index)
        now = datetime.now(UTC)
        return self._foreign(entry) if isinstance(entry, Foreign) else self._job(entry, now)

    def _job(self, row: JobRow, now: datetime) -> Mapping[str, Span]:
        name = safe(label(row), 20)
        look = Signs.style(name)
        live = self._rows.live(row.id)
        progress = live.progress if live is not None else row.progress
        eta = live.eta if live is not None else row.eta
        ended = row.finished_at is not None
        words = _message(row) if row.state == "failed" and row.error else row.prompt or row.sweep
        muted = "muted" if ended else ""
        if ended:
            time = duration(row.elapsed) if row.elapsed is not None else ""
        else:
            time = remaining(eta) if eta is not None else ""
        silent = None if ended else self._rows.silent(row.id)
        if silent is not None:
            # Its progress is as old as the last answer of its ComfyUI.
            time = f"{_age(silent.checked_at, now)} ago" if silent.checked_at is not None else "away"
        return {
            "job": (f"{row.number}", "muted"),
            "state": (f"{self._signs.of(name)} {name}", look),
            "pack": (safe(row.pack or row.preset, 60), muted),
            "prompt": (safe(words, 400), "error" if row.state == "failed" and row.error else muted),
            "character": (safe(row.character, 40), muted),
            "done": ("" if ended or progress is None else percent(progress), ""),
            "eta": (time, "warning" if silent is not None else muted),
            "age": (_age(row.finished_at or row.created_at, now), "muted"),
        }

    def _foreign(self, foreign: Foreign) -> Mapping[str, Span]:
        prompt = foreign.prompt
        words = f"{safe(prompt.state, 20)} on {safe(foreign.backend, 30)}, of somebody else"
        return {
            "state": (f"{self._signs.of('foreign')} foreign", "muted"),
            "pack": (f"{prompt.nodes} nodes", "muted"),
            "prompt": (words, "muted"),
            "eta": (remaining(prompt.eta) if prompt.eta is not None else "", "muted"),
        }


def _message(row: JobRow) -> str:
    """Without its code, which takes the room of what says more."""
    return row.error.partition(": ")[2] or row.error


def _age(moment: datetime, now: datetime) -> str:
    seconds = max(0.0, (now - moment).total_seconds())
    return span(seconds if seconds >= 60 else seconds // _COARSE * _COARSE)
