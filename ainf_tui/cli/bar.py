"""The progress line: one line on the terminal behind stderr, redrawn at most four times a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from ainf_tui.cli.format import duration, percent, rate
from ainf_tui.cli.output import Output, show
from ainf_tui.cli.tables import cells, cut
from ainf_tui.domain.documents import JobDocument

INTERVAL = 0.25
_METER = 20


class Bar:
    """Nothing is written while nothing changes; the line never wraps, whatever the width.

    What comes too early is drawn when its time has come, so that the newest is always seen. `later`
    calls a function after some seconds; the default is the running event loop's.
    """

    def __init__(
        self,
        out: Output,
        clock: Callable[[], float] = time.monotonic,
        later: Callable[[float, Callable[[], None]], object] | None = None,
    ) -> None:
        self._out = out
        self._clock = clock
        self._later = later or _in_this_loop
        self._drawn = ""
        self._due = 0.0
        self._waiting: tuple[JobDocument, Sequence[JobDocument]] | None = None

    def show(self, job: JobDocument, jobs: Sequence[JobDocument]) -> None:
        """Draws the job that runs (else the one that changed), and how many of all are done."""
        early = self._due - self._clock()
        if early <= 0:
            self._draw(job, jobs)
            return
        if self._waiting is None:
            self._later(early, self._catch_up)
        self._waiting = (job, jobs)

    def clear(self) -> None:
        """Takes the line away, so that something else can be written there."""
        if self._drawn:
            self._out.draw("\r\x1b[K")
            self._drawn = ""
        self._waiting = None
        self._due = 0.0

    def _catch_up(self) -> None:
        if self._waiting is not None:
            self._draw(*self._waiting)

    def _draw(self, job: JobDocument, jobs: Sequence[JobDocument]) -> None:
        self._waiting = None
        running = job if job.state == "running" else next((j for j in jobs if j.state == "running"), job)
        text = compose(running, jobs, self._out.width(self._out.stderr) - 1, unicode=self._out.unicode)
        if text != self._drawn:
            self._out.draw(f"\r{text}\x1b[K")
            self._drawn = text
            self._due = self._clock() + INTERVAL


def _in_this_loop(seconds: float, function: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, function)


def compose(job: JobDocument, jobs: Sequence[JobDocument], width: int, *, unicode: bool) -> str:
    """The line in at most `width` cells; what matters least goes first when it is narrow."""
    name = show(job.pack, 40)
    parts = [  # (text, how soon it may go: 0 never)
        (f"#{job.number}", 0),
        (name, 4),
        (show(job.node.title, 30) if job.node is not None else job.state, 3),
        (f"{job.step}/{job.steps}" if job.steps and job.step is not None else "", 2),
        (rate(job.rate), 6),
        (_meter(job.progress, unicode=unicode), 5),
        (percent(job.progress) if job.progress is not None else "", 0),
        (f"eta {duration(job.eta)}" if job.eta is not None else "", 1),
        (_count(jobs), 2),
    ]
    kept = [part for part in parts if part[0]]
    while kept and cells("  ".join(text for text, _ in kept)) > width:
        soonest = max(kept, key=lambda part: part[1])
        if soonest[1] == 0:
            break
        kept.remove(soonest)
    return cut("  ".join(text for text, _ in kept), width, "…" if unicode else "...")


def _meter(fraction: float | None, *, unicode: bool) -> str:
    if fraction is None:
        return ""
    full = round(min(max(fraction, 0.0), 1.0) * _METER)
    on, off = ("█", "░") if unicode else ("#", "-")
    return on * full + off * (_METER - full)


def _count(jobs: Sequence[JobDocument]) -> str:
    if len(jobs) < 2:
        return ""
    done = sum(job.state in {"succeeded", "failed", "cancelled"} for job in jobs)
    return f"{done} of {len(jobs)} done"
