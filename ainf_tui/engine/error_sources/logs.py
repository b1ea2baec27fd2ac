"""Reads the logs of services on, and tells what fails in them: each failure once, whenever the engine dies.

What a look has found and how far it came are stored in one transaction. Logs are read by threads, a megabyte
at a time; a store that does not answer is asked again, and nothing is read meanwhile.
"""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import LogPlace, Report, unheard
from ainf_tui.domain.errors.written import read_pending, written_pending
from ainf_tui.domain.ports import Clock
from ainf_tui.domain.ports_error_sources import LogTail, TailOpener, Turn
from ainf_tui.domain.ports_errors import ErrorSink
from ainf_tui.engine.error_sources.pairs import ALONE_AS, Pairs, Settled
from ainf_tui.errors import AinfError
from ainf_tui.killpoints import KillSwitch

EVERY = 0.5
"""Seconds between two looks at a log."""
BEHIND = 0.02
"""The same, while there is more to read: others have their turn."""
AGAIN = 2.0
"""Seconds until a store that refused is asked again."""
MARKS = 10.0
"""Seconds of a log without an error that are read a second time at most."""
LEFT = 10.0
"""Seconds for which a log is read that no service writes to any more."""
LOG = "log:"
PENDING = "twin:"
_log = logging.getLogger("ainf.engine.errors")


def _pending(report: ErrorReport) -> str:
    """The name under which it waits: by its place, or by its time where that is not known."""
    place = report.start if report.start is not None else f"{report.at}:{report.message[:200]}"
    return f"{PENDING}{report.file}:{place}"


CurrentLogs = Callable[[], Iterable[tuple[LogPlace, int]]]
"""The log of each service, and where its newest start begins in it."""


@dataclass(slots=True)
class _Tail:
    place: LogPlace
    tail: LogTail
    quiet_since: float
    told: str = ""
    """What last kept it from being read."""


@dataclass(slots=True)
class _Batch:
    """What one transaction keeps."""

    reports: list[ErrorReport] = field(default_factory=list)
    checkpoint: dict[str, str] = field(default_factory=dict)

    def settle(self, settled: Settled) -> None:
        if settled.report is not None:
            self.reports.append(settled.report)
        if settled.name:
            self.checkpoint[settled.name] = ""
        if (told := settled.comes) is not None:
            self.checkpoint[told.name] = written_pending(told.report, told.twin)

    @property
    def worth_it(self) -> bool:
        """There is more than marks: those of logs without errors may be old ones."""
        return bool(self.reports) or any(not name.startswith(LOG) for name in self.checkpoint)

    def then(self, later: _Batch) -> _Batch:
        """Both together."""
        return _Batch([*self.reports, *later.reports], {**self.checkpoint, **later.checkpoint})


class LogErrors:
    """One loop for all logs. `pairs` is shared with who reports the failures of jobs."""

    def __init__(
        self,
        sink: ErrorSink,
        pairs: Pairs,
        logs: CurrentLogs,
        opened: TailOpener,
        *,
        clock: Clock,
        kill: KillSwitch,
    ) -> None:
        self._sink = sink
        self._pairs = pairs
        self._logs = logs
        self._opener = opened
        self._clock = clock
        self._kill = kill
        self.heard: Report = unheard
        """Is told of each failure that no job's can be, as soon as a log tells it."""
        self._tails: dict[str, _Tail] = {}
        self._marks: dict[str, str] = {}
        """Of logs that are not open, as stored, by file."""
        self._unstored = _Batch()
        self._storing: asyncio.Future[bool] | None = None
        self._stored_at = float("-inf")
        self._unsure = False
        """The last try to store failed."""

    def reads(self, service: str) -> bool:
        """Whether a log of that service is read."""
        return any(tail.place.service == service for tail in self._tails.values())

    async def recall(self) -> None:
        """What earlier engines have left: how far each log was read, what waits for a job."""
        now = self._clock.monotonic()
        for name, text in (await self._sink.checkpoints()).items():
            if name.startswith(LOG):
                self._resume(name.removeprefix(LOG), text)
            elif name.startswith((PENDING, ALONE_AS)):
                self._recall_pending(name, text, now)

    def _resume(self, file: str, text: str) -> None:
        """A log of an earlier run may hold what nobody has read: it is read to its end."""
        try:
            facts = json.loads(text)
            place = LogPlace(str(facts["service"]), str(facts["run"]), file)
        except (ValueError, KeyError, TypeError) as error:
            _log.warning("how far %s was read cannot be told: %r", file, error)
            return
        self._marks[file] = text
        self._begin(place, 0)

    def _recall_pending(self, name: str, text: str, now: float) -> None:
        try:
            report, twin = read_pending(text)
        except ValueError as error:
            _log.warning("%s cannot be read any more: %s", name, error)
            return
        if name.startswith(ALONE_AS):
            self._pairs.alone(report, twin, name, now)
        elif (settled := self._pairs.log(report, twin, name, now)) is not None:
            self._unstored.settle(settled)

    async def run(self) -> None:
        """Until cancelled."""
        while True:
            behind = await self.step()
            await self._clock.sleep(BEHIND if behind else EVERY)

    async def step(self) -> bool:
        """One look at each log; True if one has more to read at once."""
        if not await self._store():
            return False
        current = {place.file: (place, start) for place, start in self._logs()}
        for place, start in current.values():
            if place.file not in self._tails:
                self._begin(place, start)
        behind = False
        for file in list(self._tails):
            behind |= await self._look(file, current=file in current)
        for settled in self._pairs.due(self._clock.monotonic(), behind=behind):
            self._unstored.settle(settled)
        await self._store()
        return behind

    async def aclose(self) -> None:
        """The last look; what follows is the next engine's."""
        if self._storing is not None:
            await asyncio.wait({self._storing})
        for settled in self._pairs.jobs():
            self._unstored.settle(settled)
        await self._store(marks=True)
        for tail in self._tails.values():
            tail.tail.close()
        self._tails.clear()

    def settle(self, settled: Settled) -> None:
        """Is stored with the next look."""
        self._unstored.settle(settled)

    # -- one log -------------------------------------------------------------------------------------
    def _begin(self, place: LogPlace, start: int) -> None:
        opened = self._opener(place, start, self._marks.pop(place.file, ""))
        self._tails[place.file] = _Tail(place, opened, self._clock.monotonic())

    async def _look(self, file: str, *, current: bool) -> bool:
        tail = self._tails[file]
        try:
            turn = await asyncio.to_thread(tail.tail.poll)
        except AinfError as error:
            if error.message != tail.told:
                tail.told = error.message
                _log.warning("errors in it are not seen: %s", error.message)
            return False
        now = self._clock.monotonic()
        self._take(tail, turn, now)
        if current or turn.behind or turn.told or turn.mark:
            tail.quiet_since = now
        over = not current and (turn.gone or now - tail.quiet_since > LEFT)
        if over:
            self._unstored.checkpoint[LOG + file] = ""
        stored = await self._store(marks=over)
        if over and stored:
            tail.tail.close()
            del self._tails[file]
        return turn.behind and stored

    def _take(self, tail: _Tail, turn: Turn, now: float) -> None:
        batch = self._unstored
        for told in turn.told:
            if told.twin is None:
                self.heard(told.report)
                batch.reports.append(told.report)
                continue
            name = _pending(told.report)
            settled = self._pairs.log(told.report, told.twin, name, now)
            if settled is None:
                batch.checkpoint[name] = written_pending(told.report, told.twin)
            else:
                batch.settle(settled)
        if turn.mark:
            batch.checkpoint[LOG + tail.place.file] = turn.mark

    async def _store(self, *, marks: bool = False) -> bool:
        """False: it is tried again, and nothing is read meanwhile. `marks`: also where nothing was found."""
        batch = self._unstored
        now = self._clock.monotonic()
        if not batch.worth_it and not (batch.checkpoint and (marks or now - self._stored_at >= MARKS)):
            return True
        self._stored_at = now
        self._unstored = _Batch()
        self._storing = asyncio.ensure_future(self._keep(batch))
        # Our own end must not leave open whether it was kept.
        if await asyncio.shield(self._storing):
            return True
        await self._clock.sleep(AGAIN)
        return False

    async def _keep(self, batch: _Batch) -> bool:
        try:
            # After a failure it may be there all the same: the connection may have broken behind the commit.
            if not (self._unsure and await self._is_kept(batch)):
                self._kill.reach("errors.before_store")
                await self._sink.store(tuple(batch.reports), batch.checkpoint)
                self._kill.reach("errors.after_store")
        except AinfError as error:
            if not self._unsure:
                _log.warning("errors wait to be stored: %s", error.message)
            self._unsure = True
            self._unstored = batch.then(self._unstored)
            return False
        self._unsure = False
        return True

    async def _is_kept(self, batch: _Batch) -> bool:
        kept = await self._sink.checkpoints()
        new = [name for name, text in batch.checkpoint.items() if text]
        return bool(new) and all(kept.get(name) == batch.checkpoint[name] for name in new)
