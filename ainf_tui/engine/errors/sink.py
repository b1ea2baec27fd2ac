"""The one way in for errors: takes reports at once, folds them, stores them twice a second,
under a flood less often.

Bounded, whatever comes: see `domain.errors.fold`. While the database is away reports stay folded, with exact
counts. A batch has an id, so that one whose COMMIT broke off is not counted twice.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import partial
from time import perf_counter

from ainf_tui.domain.error_documents import ErrorDetailDocument, ErrorReport
from ainf_tui.domain.errors.fold import Fold, Folded, Prints
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.ports import Clock, Database
from ainf_tui.domain.ports_errors import NewErrors
from ainf_tui.engine.errors.prepare import Prepare
from ainf_tui.errors import AinfError

log = logging.getLogger("ainf.engine")
EVERY = 0.25
"""Seconds between the first report and the storing; what comes meanwhile goes along."""
SHARE = 3.0
"""Times as long as the last storing took, at least, until the next begins: what it costs does not depend on
how many reports there are, so a flood leaves time to take them in."""
LONGEST = 1.5
"""Seconds, at most, between the first report and the storing."""
AGAIN = 2.0
"""Seconds between two tries while the database is away."""
STEP = 0.004
"""Seconds of folding at a time: others have their turn on the loop."""


class Sink:
    """`ErrorSink`. `run` is a loop of the engine."""

    def __init__(self, db: Database, clock: Clock, prepare: Prepare, sample: int = 20) -> None:
        self._db = db
        self._clock = clock
        self._prepare = prepare
        self._sample = sample
        self.on_stored: Callable[[], None] = lambda: None
        """Called after each change of the database."""
        self._prints = Prints()
        self._fold = Fold(sample, self._prints)
        self._come = asyncio.Event()
        self._hurry = asyncio.Event()
        self.turn = asyncio.Lock()
        """Held while something is stored; whoever holds it sees nothing come in."""
        self._stuck: tuple[str, list[NewErrors]] | None = None
        """A batch that could not be stored, or of which that is not known."""
        self._flushing: asyncio.Task[None] | None = None
        self._took = 0.0
        """Seconds of the last storing."""
        self.trouble = ""
        """Why nothing can be stored at present."""

    def report(self, report: ErrorReport) -> None:
        self._fold.add(report, self._clock.now())
        if not self._come.is_set():
            self._come.set()
        if self._fold.full:
            self._hurry.set()

    async def store(self, reports: Sequence[ErrorReport], checkpoint: Mapping[str, str]) -> None:
        await self.add(reports, checkpoint)

    async def add(
        self,
        reports: Sequence[ErrorReport],
        checkpoint: Mapping[str, str] | None = None,
        keys: Collection[str] = (),
    ) -> tuple[int, ...]:
        """Stores them now, in a transaction of their own; the groups that they fell into."""
        fold = Fold(self._sample, self._prints)
        now = self._clock.now()
        await in_steps(map(partial(fold.add, now=now), reports))
        async with self.turn:
            errors = await self._prepared(fold.take())
            numbers = await self._db.errors.store(errors, self._clock.now(), checkpoint, keys=keys)
        self.on_stored()
        return tuple(dict.fromkeys(numbers.values()))

    async def restore(self, details: Sequence[ErrorDetailDocument]) -> int:
        """Takes in groups that were exported; how many reports of theirs are new."""
        now = self._clock.now()
        async with self.turn:
            clean = await asyncio.to_thread(lambda: [self._prepare.restored(one, now) for one in details])
            added = await self._db.errors.restore(clean, now)
        self.on_stored()
        return added

    async def checkpoints(self, prefix: str = "") -> dict[str, str]:
        return await self._db.errors.checkpoints(prefix)

    async def run(self) -> None:
        """Stores what has come, again and again."""
        while True:
            await self._come.wait()
            await self._gather()
            # A store that is cut off would leave it open whether it was one.
            self._flushing = asyncio.create_task(self._flush_told())
            began = self._clock.monotonic()
            await asyncio.shield(self._flushing)
            self._took = self._clock.monotonic() - began
            if self.trouble:
                await self._clock.sleep(AGAIN)
                self._come.set()

    async def _gather(self) -> None:
        """Waits for more, but not beyond what there is room for."""
        wait = min(LONGEST, max(EVERY, SHARE * self._took))
        pause = asyncio.ensure_future(self._clock.sleep(wait))
        full = asyncio.ensure_future(self._hurry.wait())
        try:
            await asyncio.wait({pause, full}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            pause.cancel()
            full.cancel()
        self._come.clear()
        self._hurry.clear()

    async def _flush_told(self) -> None:
        try:
            await self.flush()
        except AinfError as error:
            if not self.trouble:
                log.warning("errors wait for the database: %s", error.message)
            self.trouble = error.message
        else:
            self.trouble = ""

    async def flush(self) -> None:
        """Stores everything that has come. AinfError `database.*`: it is kept for the next time."""
        async with self.turn:
            if self._stuck is not None:
                await self._store(*self._stuck)
            errors = await self._prepared(self._fold.take())
            if errors:
                await self._store(new_id(), errors)

    async def _prepared(self, taken: Mapping[str, Folded]) -> list[NewErrors]:
        return await asyncio.to_thread(self._prepare, taken)

    async def _store(self, batch: str, errors: list[NewErrors]) -> None:
        self._stuck = batch, errors
        await self._db.errors.store(errors, self._clock.now(), batch=batch)
        self._stuck = None
        self.on_stored()

    async def aclose(self) -> None:
        """Stores what is left; what the database does not take is told in the log with its number."""
        if self._flushing is not None:
            await self._flushing
        try:
            await self.flush()
        except AinfError as error:
            log.warning("%d reports of errors were not stored: %s", self.waiting, error.message)

    @property
    def waiting(self) -> int:
        """Reports that are not stored yet."""
        stuck = self._stuck[1] if self._stuck is not None else []
        return self._fold.count + sum(sum(one.seconds.values()) for one in stuck)


async def in_steps(work: Iterable[object]) -> None:
    """Carries the iterator on to its end, a few milliseconds at a time."""
    began = perf_counter()
    for _ in work:
        if perf_counter() - began > STEP:
            await asyncio.sleep(0)
            began = perf_counter()
