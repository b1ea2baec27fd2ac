"""The table for people and the document for machines."""

from __future__ import annotations

import os
import platform
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from ainf_tui import __version__
from benchmarks.figures import Outcome

BUSY_LOAD = 0.75
"""Runnable processes per core above which figures in seconds cannot be trusted."""


def heading() -> str:
    """What was measured, on what, and how busy that was at the beginning."""
    cores, load = os.cpu_count() or 1, os.getloadavg()[0]
    text = f"ainf {__version__}, Python {platform.python_version()}, {cores} cores, load {load:.1f}"
    if load / cores > BUSY_LOAD:
        text += " (busy: seconds come out too high, ratios and CPU less so)"
    return text


def table(outcomes: Sequence[Outcome]) -> str:
    """Aligned columns: name, what, goal, figure, verdict, what the figure was made of."""
    rows = [("row", "what", "goal", "figure", "", "")]
    rows += [_cells(outcome) for outcome in outcomes]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = []
    for row in rows:
        name, what, goal, figure, verdict, note = (
            cell.rjust(width) if column in {2, 3} else cell.ljust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        )
        lines.append(f"{name}  {what}  {goal}  {figure}  {verdict}  {note}".rstrip())
    return "\n".join(lines)


def line(outcome: Outcome) -> str:
    """One row by itself."""
    name, _, goal, figure, verdict, note = _cells(outcome)
    return f"{name}: {verdict}, {figure} ({goal}); {note}"


def _cells(outcome: Outcome) -> tuple[str, str, str, str, str, str]:
    row, figure = outcome.row, outcome.figure
    shown = "-" if figure is None else f"{figure.value:.3g} {row.unit}"
    note = outcome.problem if figure is None else figure.note
    return row.name, row.title, f"<= {row.limit:g} {row.unit}", shown, outcome.verdict, note


def document(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """All of it as JSON; `details` are the medians that a figure was made of."""
    return {
        "schema": "ainf.benchmark/1",
        "ainf_version": __version__,
        "python": platform.python_version(),
        "machine": {"system": platform.system(), "arch": platform.machine(), "cores": os.cpu_count()},
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "rows": [
            {
                "name": outcome.row.name,
                "what": outcome.row.title,
                "unit": outcome.row.unit,
                "goal": outcome.row.limit,
                "figure": outcome.figure.value if outcome.figure else None,
                "verdict": outcome.verdict,
                "note": outcome.figure.note if outcome.figure else outcome.problem,
                "details": dict(outcome.figure.details) if outcome.figure else {},
            }
            for outcome in outcomes
        ],
    }
