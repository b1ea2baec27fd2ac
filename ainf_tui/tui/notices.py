"""Which jobs have just ended, and what is said of them. Pure.

Said is what ends while the app is there. A batch is one notice, when the last of it has ended; what the
user cancelled is no news.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from ainf_tui.display.format import counted, duration, percent
from ainf_tui.domain.documents import JobDocument, JobRow, QueueDocument
from ainf_tui.frozen import frozen
from ainf_tui.tui.lines import safe

ENDED = frozenset({"succeeded", "failed", "cancelled"})
LONG_AGO = datetime.min.replace(tzinfo=UTC)


@frozen
class Notice:
    """`rows`: the ended jobs, in the order of their numbers; at least one."""

    rows: tuple[JobRow, ...]

    @property
    def text(self) -> str:
        """One line, safe for a terminal."""
        if len(self.rows) == 1:
            return _one(self.rows[0])
        failed = [row for row in self.rows if row.state == "failed"]
        parts = [f"{len(self.rows) - len(failed)} succeeded"] * (len(failed) < len(self.rows))
        parts += [f"{len(failed)} failed"] * bool(failed)
        return f"{counted(len(self.rows), 'job')} ended: {', '.join(parts)}"

    def document(self) -> dict[str, Any]:
        """What the hook reads: `ainf.ended/1`, the fields those of `ainf.rows/1`."""
        names = ("id", "number", "state", "pack", "preset", "prompt", "character", "backend", "elapsed")
        more = ("error", "outputs", "warnings", "batch_id")
        jobs = [{name: getattr(row, name) for name in (*names, *more)} for row in self.rows]
        return {"schema": "ainf.ended/1", "text": self.text, "jobs": jobs}

    def variables(self) -> Mapping[str, str]:
        """AINF_JOB_* of the first job (a failed one before all), and how many there are."""
        row = next((row for row in self.rows if row.state == "failed"), self.rows[0])
        values = {
            "ID": row.id,
            "NUMBER": row.number,
            "STATE": row.state,
            "PACK": row.pack,
            "PROMPT": row.prompt,
            "ERROR": row.error,
            "COUNT": len(self.rows),
        }
        # The environment holds neither NUL nor lone surrogates.
        return {f"AINF_JOB_{name}": safe(value) for name, value in values.items()}


def _one(row: JobRow) -> str:
    name = f"#{row.number} {safe(row.pack, 40)}".rstrip()
    if row.state == "failed":
        return f"{name} failed: {safe(row.error, 120)}".removesuffix(": ")
    took = f" in {duration(row.elapsed)}" if row.elapsed is not None else ""
    return f"{name} succeeded{took}"


class EndWatch:
    """Fed with every row that the engine tells of; gives back what has ended since."""

    def __init__(self) -> None:
        self._open: dict[str, str] = {}
        """Ids of open jobs and their batches."""
        self._told: set[str] = set()
        self._since: datetime | None = None
        """The newest time of the first list, by the engine's own clock; None before it."""
        self._waiting: dict[str, list[JobRow]] = {}

    def fold(self, rows: Iterable[JobRow]) -> None:
        rows = list(rows)
        if self._since is None:
            times = [t for row in rows for t in (row.created_at, row.started_at, row.finished_at) if t]
            self._since = max(times, default=LONG_AGO)
        for row in rows:
            if row.state not in ENDED:
                self._open[row.id] = row.batch_id or row.id
            elif self._is_news(row, self._since):
                self._told.add(row.id)
                if row.state != "cancelled":
                    self._waiting.setdefault(row.batch_id or row.id, []).append(row)
            if row.state in ENDED:
                self._open.pop(row.id, None)

    def _is_news(self, row: JobRow, since: datetime) -> bool:
        if row.id in self._told:
            return False
        return row.id in self._open or (row.finished_at is not None and row.finished_at > since)

    @property
    def ready(self) -> bool:
        """Whether `take` would give a notice."""
        running = set(self._open.values())
        return any(batch not in running for batch in self._waiting)

    def take(self) -> Notice | None:
        """One notice of all that has ended, but for batches of which some job is still open."""
        running = set(self._open.values())
        done = [batch for batch in self._waiting if batch not in running]
        rows = [row for batch in done for row in self._waiting.pop(batch)]
        return Notice(tuple(sorted(rows, key=lambda row: row.number))) if rows else None


class Progress:
    """`ainf [2/7 43%]`: which job of how many since the queue was empty last, and how far that one is."""

    def __init__(self) -> None:
        self._ended = 0

    def title(self, queue: QueueDocument, active: Sequence[JobDocument], *, coarse: bool = False) -> str:
        """`coarse`: without the percentage, which changes often."""
        still = queue.queued + queue.submitted + queue.running
        if not still:
            self._ended = queue.ended
            return "ainf"
        # Jobs that were removed from the list count no longer.
        self._ended = min(self._ended, queue.ended)
        done = queue.ended - self._ended
        running = next((job for job in active if job.state == "running" and job.progress is not None), None)
        far = "" if coarse or running is None or running.progress is None else f" {percent(running.progress)}"
        return f"ainf [{done + 1}/{done + still}{far}]"
