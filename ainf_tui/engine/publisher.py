"""From what happens to the State, at most 4 times a second; and progress to its rows, at most 2 Hz."""

from __future__ import annotations

from dataclasses import asdict, replace

from ainf_tui.domain.documents import JobDocument, QueueDocument
from ainf_tui.domain.jobs import Job, JobState
from ainf_tui.domain.present import job_document
from ainf_tui.engine.context import Context
from ainf_tui.engine.estimates import Estimates
from ainf_tui.engine.health import Health
from ainf_tui.engine.nodes import progress_record
from ainf_tui.engine.registry import Registry
from ainf_tui.engine.views import backend_document
from ainf_tui.errors import AinfError


class Publisher:
    """Builds the State from flights and the database. The only writer of the Store's job topics."""

    def __init__(self, ctx: Context, registry: Registry, estimates: Estimates, health: Health) -> None:
        self._ctx = ctx
        self._registry = registry
        self._estimates = estimates
        self._health = health
        self._fetching: tuple[Job, ...] = ()

    async def run(self) -> None:
        """Publish whenever something changed, and rest in between."""
        while True:
            await self._ctx.dirty.wait()
            self._ctx.dirty.clear()
            await self.publish()
            await self._ctx.clock.sleep(self._ctx.tuning.publish_every)

    async def publish(self) -> None:
        """One State from now. A database that does not answer is a value; the rest stays as it was."""
        store = self._ctx.store
        try:
            queue = await self._queue()
            await self._save()
            await self.save_measured()
        except AinfError as error:
            self._ctx.queue_changed = True
            store.update(database=replace(store.state.database, reachable=False, message=error.message))
            self._health.update()
            return
        store.update(
            queue=queue,
            active=self._active(),
            backends=tuple(backend_document(b, self._estimates) for b in self._registry.backends),
            database=replace(store.state.database, reachable=True, message=""),
        )
        self._health.update()

    async def save_measured(self) -> None:
        """Measured times to their rows, for later ETAs. Raises AinfError; they are kept for the next try."""
        ctx = self._ctx
        measured, ctx.measured = ctx.measured, []
        if not measured:
            return
        try:
            await ctx.db.memory.add_timings(measured)
        except AinfError:
            ctx.measured = measured + ctx.measured
            raise

    async def _queue(self) -> QueueDocument:
        ctx = self._ctx
        if not ctx.queue_changed:
            return replace(ctx.store.state.queue, eta=self._estimates.queue(ctx.store.state.queue.queued))
        ctx.queue_changed = False
        counts = await ctx.db.jobs.counts(ctx.clock.now())
        self._fetching = await ctx.db.jobs.in_states({JobState.FETCHING})
        return QueueDocument(**asdict(counts), eta=self._estimates.queue(counts.queued))

    def _active(self) -> tuple[JobDocument, ...]:
        now = self._ctx.clock.now()
        flying = [job_document(f.job, now, self._estimates.live(b, f)) for b, f in self._registry.flights()]
        flying += [job_document(job, now) for job in self._fetching]
        return tuple(sorted(flying, key=lambda job: job.number))

    async def _save(self) -> None:
        """Progress of running jobs to their rows, so that a restart of ours goes on from there."""
        ctx = self._ctx
        now = ctx.clock.monotonic()
        for _, flight in self._registry.flights():
            if flight.tracker.started_at is None or now - flight.saved_at < ctx.tuning.save_every:
                continue
            flight.saved_at = now
            await ctx.db.memory.save_progress(flight.job.id, progress_record(flight, now))
