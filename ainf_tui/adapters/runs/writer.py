"""Writes what is told of a run, in order, through one thread that nobody waits for longer than a few seconds.

What a disk refuses is kept in memory (the newest of it), told in the engine's log, and written when the disk
allows.
"""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import Callable, Coroutine, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from ainf_tui.adapters.runs import folder as places
from ainf_tui.adapters.runs.disk import Disk
from ainf_tui.adapters.runs.events import Event, EventFile, make_event
from ainf_tui.adapters.services.names import replace_file

T = TypeVar("T")
log = logging.getLogger("ainf.runs")

_LEVELS = {"debug": logging.DEBUG, "info": logging.INFO, "warning": logging.WARNING, "error": logging.ERROR}
WAITING = 2_000
"""Events that are kept in memory while the disk refuses them."""


@dataclass(slots=True)
class OpenRun:
    """The run that goes on, and what of it is not on the disk yet."""

    id: str
    folder: Path
    file: EventFile
    why: str
    seq: int = 0
    waiting: list[Event] = field(default_factory=list)
    summary: str = ""
    summary_due: bool = False
    lost: int = 0
    told: int = 0
    """Up to this seq the engine's log has what the disk refused."""

    @property
    def behind(self) -> bool:
        return bool(self.waiting) or self.summary_due


class Writer:
    """`patience`: seconds that a caller waits for a disk that does not answer; `retry`: seconds between two
    attempts on one that refuses.
    """

    def __init__(
        self,
        disk: Disk,
        *,
        redact: Callable[[str], str],
        now: Callable[[], datetime],
        patience: float,
        retry: float,
    ) -> None:
        self._disk = disk
        self._redact = redact
        self._now = now
        self._patience = patience
        self._retry = retry
        self.run: OpenRun | None = None
        """None between runs."""
        self.trouble = ""
        self._trouble_since = 0.0
        self._writing = asyncio.Lock()
        self._drain: asyncio.Task[None] | None = None
        self._tasks: set[asyncio.Task[None]] = set()

    def event(self, level: str, service: str, message: str, fields: Mapping[str, Any]) -> None:
        """Written soon; told in the engine's log where the disk refuses, and there alone between runs."""
        run = self.run
        level = level if level in _LEVELS else "info"
        stamp = (int(self._now().timestamp() * 1000), run.seq + 1 if run else 0, run.id if run else "")
        event = make_event(stamp, level, service, message, fields=fields, redact=self._redact)
        if not run:
            _tell(event)
            return
        run.seq += 1
        run.waiting.append(event)
        if self.trouble:
            _tell(event)
            run.told = event.seq
            _trim(run)
        self._wake()

    def summary(self, text: str) -> None:
        """What summary.txt is to say from now on."""
        if (run := self.run) and text != run.summary:
            run.summary, run.summary_due = text, True
            self._wake()

    async def settle(self) -> None:
        """Tries to write what waits, and waits for that as long as a caller may."""
        attempt = self._start(self._attempt(), "run log: write")
        await asyncio.wait({attempt}, timeout=self._patience)

    async def close(self) -> None:
        """The last attempt, and the end of the tasks. The run stays open on the disk."""
        await self.settle()
        if self.run and self.run.waiting:
            log.warning("%d events of the run %s are not written", len(self.run.waiting), self.run.id)
        tasks = [*self._tasks]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def shut(self) -> None:
        """The run has ended; what is not written by now stays in the engine's log alone."""
        if self.run and self.run.waiting:
            log.warning("%d events of the run %s could not be written", len(self.run.waiting), self.run.id)
        self.run, self.trouble = None, ""

    async def ask(self, job: Callable[[], T], otherwise: T, what: str) -> T:
        """What the job returns. Where the disk refuses or does not answer: `otherwise`, and a warning that
        `what` was not done.
        """
        asked = self._disk.submit(job)
        done, _ = await asyncio.wait({asked}, timeout=self._patience)
        if not done:
            asked.add_done_callback(_see)
            self.event("warning", "", f"Not done: {what}: the disk does not answer", {})
            return otherwise
        try:
            return asked.result()
        except OSError as error:
            self.event("warning", "", f"Not done: {what}: {_reason(error)}", {})
            return otherwise

    # -- the way to the disk -------------------------------------------------------------------------
    def _wake(self) -> None:
        if self.run and (self._drain is None or self._drain.done()):
            self._drain = self._start(self._go_on(), "run log: go on")

    async def _go_on(self) -> None:
        """Until all is written, or the run has ended."""
        while (run := self.run) and (run.behind or self.trouble):
            await self._attempt()
            if self.trouble:
                await asyncio.sleep(self._retry)

    async def _attempt(self) -> None:
        async with self._writing:
            run = self.run
            if not run or not (run.behind or self.trouble):
                return
            reason = await self._write(run)
            if run is not self.run:
                return
            if reason:
                self._refused(reason)
                _tell_waiting(run)
            elif self.trouble:
                self._writes_again(run)

    async def _write(self, run: OpenRun) -> str:
        """One batch; why not. Waits for the end however long it takes: else it would be written twice."""
        batch, run.waiting = run.waiting, []
        try:
            gone = await self._patiently(partial(_append, run, batch))
        except OSError as error:
            run.waiting = batch + run.waiting
            _trim(run)
            return _reason(error)
        if gone:
            self.event("warning", "", "The folder of this run was removed; it begins anew", {})
            run.summary_due = bool(run.summary)
        if run.summary_due:
            run.summary_due = False
            write = partial(replace_file, run.folder / places.SUMMARY, run.summary.encode(errors="replace"))
            try:
                await self._patiently(write)
            except OSError as error:
                run.summary_due = True
                return _reason(error)
        return ""

    async def _patiently(self, job: Callable[[], T]) -> T:
        asked = self._disk.submit(job)
        done, _ = await asyncio.wait({asked}, timeout=self._patience)
        if not done:
            self._refused("the disk does not answer")
        return await asked

    def _refused(self, reason: str) -> None:
        if reason != self.trouble:
            log.warning("Run logs cannot be written: %s", reason)
        if not self.trouble:
            self._trouble_since = time.monotonic()
        self.trouble = reason
        self._wake()

    def _writes_again(self, run: OpenRun) -> None:
        reason, self.trouble = self.trouble, ""
        seconds = round(time.monotonic() - self._trouble_since)
        lost, run.lost = run.lost, 0
        log.warning("Run logs can be written again after %d s; %d events are missing there", seconds, lost)
        self.event("warning", "", f"For {seconds} s nothing could be written here: {reason}", {"lost": lost})

    def _start(self, work: Coroutine[Any, Any, None], name: str) -> asyncio.Task[None]:
        task = asyncio.create_task(work, name=name)
        self._tasks.add(task)
        task.add_done_callback(self._ended)
        return task

    def _ended(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and (mistake := task.exception()):
            log.error("%s failed by a mistake of ours", task.get_name(), exc_info=mistake)


def _append(run: OpenRun, batch: Sequence[Event]) -> bool:
    gone = run.file.append(batch)
    if gone:
        try:
            places.point_latest(run.folder.parent, run.id)
        except OSError as error:
            log.warning("%s cannot be named as the latest run: %s", run.id, error)
    return gone


def _tell(event: Event) -> None:
    log.log(_LEVELS[event.level], "%s%s", f"{event.service}: " if event.service else "", event.message)


def _tell_waiting(run: OpenRun) -> None:
    for event in run.waiting:
        if event.seq > run.told:
            _tell(event)
            run.told = event.seq


def _trim(run: OpenRun) -> None:
    too_many = len(run.waiting) - WAITING
    if too_many > 0:
        del run.waiting[:too_many]
        run.lost += too_many


def _reason(error: OSError) -> str:
    said = error.strerror or type(error).__name__
    return f"{error.filename}: {said}" if error.filename else said


def _see(asked: asyncio.Future[Any]) -> None:
    """Of a job that nobody waits for any more."""
    if not asked.cancelled() and (error := asked.exception()):
        log.warning("Run logs: %s", error)
