"""The progress line: one line on the terminal behind stderr, redrawn at most four times a second."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence

from ainf_tui.cli.output import Output, show
from ainf_tui.cli.tables import cells, cut
from ainf_tui.display.format import percent, rate, remaining
from ainf_tui.display.jobs import label
from ainf_tui.domain.documents import JobDocument

INTERVAL = 0.25
_METER = 20
_LEAST_METER = 6
_BEHIND_METER = 30
"""Cells kept for node and step, whatever they are now: the meter must not change its length with them."""


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
        text = compose(
            _foremost(job, jobs), jobs, self._out.width(self._out.stderr) - 1, unicode=self._out.unicode
        )
        if text != self._drawn:
            self._out.draw(f"\r{text}\x1b[K")
            self._drawn = text
            self._due = self._clock() + INTERVAL


def _foremost(job: JobDocument, jobs: Sequence[JobDocument]) -> JobDocument:
    """The job to show: one that runs, else the one that is nearest to it."""
    if job.state == "running":
        return job
    order = ("running", "fetching", "submitted", "submitting", "queued")
    still = [other for other in jobs if other.state in order]
    return min(still, key=lambda other: (order.index(other.state), other.held, other.number), default=job)


def _in_this_loop(seconds: float, function: Callable[[], None]) -> object:
    return asyncio.get_running_loop().call_later(seconds, function)


def compose(job: JobDocument, jobs: Sequence[JobDocument], width: int, *, unicode: bool) -> str:
    """The line in at most `width` cells; what matters least goes first when it is narrow.

    What changes its length (node, step, rate) stands at the end and the meter takes the room that is
    left, so that nothing else moves while a job runs.
    """
    parts = [  # (text, how soon it may go: 0 never)
        (f"#{job.number}", 0),
        (show(job.pack, 40), 5),
        (f"{percent(job.progress):>3}" if job.progress is not None else "", 0),
        (f"eta {remaining(job.eta)}" if job.eta is not None else "", 1),
        (_count(jobs), 2),
        (_node(job), 3),
        (rate(job.rate), 4),
    ]
    kept = [part for part in parts if part[0]]
    while cells("  ".join(text for text, _ in kept)) > width:
        soonest = max(kept, key=lambda part: part[1])
        if soonest[1] == 0:
            break
        kept.remove(soonest)
    texts = [text for text, _ in kept]
    if job.progress is not None:
        moving = {_node(job), rate(job.rate)}
        still = "  ".join(text for text in texts if text not in moving)
        room = min(width - cells(still) - _BEHIND_METER, width - cells("  ".join(texts)) - 1)
        shown = meter(job.progress, min(room, _METER), unicode=unicode)
        place = texts.index(parts[2][0])
        texts[place] = f"{shown} {texts[place]}" if shown else texts[place]
    return cut("  ".join(texts), width, "…" if unicode else "...")


def _node(job: JobDocument) -> str:
    """`Sampler 11/25`; without a node the state."""
    if job.node is None:
        return label(job)
    steps = f" {job.step}/{job.steps}" if job.steps and job.step is not None else ""
    return show(job.node.title, 30) + steps


def meter(fraction: float, length: int, *, unicode: bool) -> str:
    """`█████░░░` of that many cells; nothing where there is too little room."""
    if length < _LEAST_METER:
        return ""
    full = round(min(max(fraction, 0.0), 1.0) * length)
    on, off = ("█", "░") if unicode else ("#", "-")
    return on * full + off * (length - full)


def _count(jobs: Sequence[JobDocument]) -> str:
    if len(jobs) < 2:
        return ""
    done = sum(job.state in {"succeeded", "failed", "cancelled"} for job in jobs)
    return f"{done}/{len(jobs)} done"
