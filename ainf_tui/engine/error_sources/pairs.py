"""One failure that is told twice: by ComfyUI's log and by the job that failed. Whichever comes first waits.

What a log has told waits in the store (a checkpoint), so that the engine's death does not double it; a job's
word waits here, for no longer than the log takes. A machine under load may take longer: then what the log
tells late is known as told already.
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
ALONE = 60.0
"""Seconds for which the log's record of a job's failure that was told without it is known as the same."""
ALONE_AS = "alone:"
"""What the names of their checkpoints begin with."""
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
    """What is to be told now, if anything, and the checkpoint that goes with it, or that `comes` with it."""

    report: ErrorReport | None
    name: str = ""
    comes: Waiting | None = None


class Pairs:
    """Times are monotonic seconds."""

    def __init__(self) -> None:
        self._logs: list[Waiting] = []
        self._jobs: list[Waiting] = []
        self._alone: list[Waiting] = []
        """Told, and older than the jobs that wait: records of a log come in the order of the failures."""

    def job(self, report: ErrorReport, twin: Twin, now: float) -> Settled | None:
        """A job has failed; None: it waits for the log."""
        found = _take(self._logs, twin)
        if found is not None:
            return Settled(together(report, found.report), found.name)
        self._jobs.append(Waiting(twin, report, now + JOB_WAITS))
        return None

    def log(self, report: ErrorReport, twin: Twin, name: str, now: float) -> Settled | None:
        """A log tells of a failure; None: it waits for a job's, as the checkpoint of that name."""
        found = _take(self._alone, twin)
        if found is not None:
            return Settled(None, found.name)
        found = _take(self._jobs, twin)
        if found is not None:
            return Settled(together(found.report, report))
        self._logs.append(Waiting(twin, report, now + LOG_WAITS, name))
        return None

    def alone(self, report: ErrorReport, twin: Twin, name: str, now: float) -> None:
        """An earlier engine has told of a job's failure without the log's."""
        self._alone.append(Waiting(twin, report, now + ALONE, name))

    def due(self, now: float, *, behind: bool = False) -> Iterator[Settled]:
        """Those that have waited long enough: nobody else has told of them. `behind`: a log still may."""
        while _is_due(self._logs, now):
            alone = self._logs.pop(0)
            yield Settled(alone.report, alone.name)
        while _is_due(self._jobs, float("-inf") if behind else now):
            yield self._told(self._jobs.pop(0), now)
        while _is_due(self._alone, float("-inf") if behind else now):
            yield Settled(None, self._alone.pop(0).name)

    def jobs(self) -> Iterator[Settled]:
        """All jobs that wait: the engine ends. What logs have told is kept for the next one."""
        while self._jobs:
            yield self._told(self._jobs.pop(0), 0.0)

    def _told(self, job: Waiting, now: float) -> Settled:
        name = f"{ALONE_AS}{job.report.job}:{job.report.details.get('prompt_id', '')}"
        told = Waiting(job.twin, job.report, now + ALONE, name)
        self._alone.append(told)
        return Settled(job.report, comes=told)


def _is_due(side: list[Waiting], now: float) -> bool:
    return bool(side) and (len(side) > MOST or side[0].until <= now)


def _take(side: list[Waiting], twin: Twin) -> Waiting | None:
    for number, waiting in enumerate(side):
        if waiting.twin == twin:
            return side.pop(number)
    return None
