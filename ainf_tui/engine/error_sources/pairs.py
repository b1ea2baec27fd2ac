"""One failure that is told twice: by ComfyUI's log and by the job that failed. Whichever comes first waits.

What a log has told waits in the store (a checkpoint), so that the engine's death does not double it; a job's
word waits here, for no longer than the log takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import Twin, together

LOG_WAITS = 15.0
"""Seconds until a failure that a log tells counts as one of somebody else's prompts."""
JOB_WAITS = 3.0
"""Seconds until a job's failure is told without its place in the log."""
MOST = 200
"""Of each side; of more the oldest wait no longer."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One side. `name`: the checkpoint that keeps it; empty for a job's."""

    twin: Twin
    report: ErrorReport
    until: float
    name: str = ""


@dataclass(frozen=True, slots=True)
class Settled:
    """What is to be told now, and the checkpoint that goes with it."""

    report: ErrorReport
    name: str = ""


class Pairs:
    """Times are monotonic seconds."""

    def __init__(self) -> None:
        self._logs: list[Waiting] = []
        self._jobs: list[Waiting] = []

    def job(self, report: ErrorReport, twin: Twin, now: float) -> Settled | None:
        """A job has failed; None: it waits for the log."""
        found = _take(self._logs, twin)
        if found is not None:
            return Settled(together(report, found.report), found.name)
        self._jobs.append(Waiting(twin, report, now + JOB_WAITS))
        return None

    def log(self, report: ErrorReport, twin: Twin, name: str, now: float) -> Settled | None:
        """A log tells of a failure; None: it waits for a job's, as the checkpoint of that name."""
        found = _take(self._jobs, twin)
        if found is not None:
            return Settled(together(found.report, report))
        self._logs.append(Waiting(twin, report, now + LOG_WAITS, name))
        return None

    def due(self, now: float, *, behind: bool = False) -> Iterator[Settled]:
        """Those that have waited long enough: nobody else has told of them. `behind`: a log still may."""
        for side, open_ended in ((self._logs, False), (self._jobs, behind)):
            while side and (len(side) > MOST or (side[0].until <= now and not open_ended)):
                alone = side.pop(0)
                yield Settled(alone.report, alone.name)

    def jobs(self) -> Iterator[Settled]:
        """All jobs that wait: the engine ends. What logs have told is kept for the next one."""
        while self._jobs:
            yield Settled(self._jobs.pop(0).report)


def _take(side: list[Waiting], twin: Twin) -> Waiting | None:
    for number, waiting in enumerate(side):
        if waiting.twin == twin:
            return side.pop(number)
    return None
