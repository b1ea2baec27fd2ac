"""The three loops of one backend: listen (never waits), drive (decides), fetch (brings home)."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace

from ainf_tui.domain.comfy import (
    ComfyEvent,
    Connected,
    Disconnected,
    Executing,
    FeatureFlags,
    MalformedMessage,
    Preview,
    QueueStatus,
    UnknownMessage,
)
from ainf_tui.domain.jobs import ATTEMPT_ENDED, ON_SERVER, AttemptState, Job, JobState
from ainf_tui.domain.link import LinkState, LinkVerdict, Poll
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight, log
from ainf_tui.engine.dispatch import dispatch
from ainf_tui.engine.fetch import fetch_loop
from ainf_tui.engine.flights import make_flight
from ainf_tui.engine.orders import carry_out, watch_abandoned
from ainf_tui.engine.pictures import take_picture
from ainf_tui.engine.reconcile import look, mark_running, note_process
from ainf_tui.engine.settle import settle_ended
from ainf_tui.engine.stalls import stalled
from ainf_tui.errors import AinfError, UnreachableError

RESTART_PAUSE = (0.1, 30.0)
"""Seconds before a loop that failed by a bug is started again: first and longest."""
UNREACHABLE_AGAIN = 2.0
"""Seconds between tries while the server does not answer."""
LOOK_SHARE = 20.0
"""A look that took t seconds is not repeated before 20 t, or `poll_idle`: others' queues can be megabytes."""
VRAM_EVERY = 5.0
SWEEP_EVERY = 15.0
"""Seconds between two checks of the database for jobs that should be followed and are not."""


async def guarded(name: str, loop: Callable[[], Awaitable[None]]) -> None:
    """Run a loop for ever. A bug in it is logged whole and costs a pause, never the engine."""
    pause = RESTART_PAUSE[0]
    while True:
        began = asyncio.get_running_loop().time()
        try:
            await loop()
        except AinfError as error:
            log.warning("%s: %s", name, error.message)
        except Exception:  # noqa: BLE001 - the supervisor: a bug in a loop is logged, not fatal
            log.exception("%s failed and is started again", name)
        if asyncio.get_running_loop().time() - began > RESTART_PAUSE[1]:
            pause = RESTART_PAUSE[0]
        await asyncio.sleep(pause)
        pause = min(pause * 2, RESTART_PAUSE[1])


class Worker:
    """Runs one backend until it is cancelled."""

    def __init__(self, backend: Backend) -> None:
        self.backend = backend
        self._vram_at = 0.0
        self._swept_at = 0.0

    async def run(self) -> None:
        """Recover what is stored, then all loops."""
        name = f"backend {self.backend.name}"
        await self._recover()
        async with asyncio.TaskGroup() as group:
            group.create_task(guarded(f"{name}: listen", self._listen))
            group.create_task(guarded(f"{name}: drive", self._drive))
            group.create_task(guarded(f"{name}: fetch", self._fetch))

    async def _fetch(self) -> None:
        """From the database each time: whatever ended the loop before, no job's turn is lost."""
        backend = self.backend
        for job in await backend.ctx.db.jobs.in_states({JobState.FETCHING}):
            if job.backend == backend.name:
                backend.fetching.put_nowait(job.id)
        await fetch_loop(backend)

    async def _recover(self) -> None:
        """Jobs that an earlier engine left on this backend: each is followed again or looked up."""
        backend = self.backend
        backend.socket_down_since = backend.ctx.clock.monotonic()
        await self._sweep()
        backend.watching = bool(await backend.ctx.db.jobs.watched(backend.name))
        backend.look_soon()

    async def _sweep(self) -> None:
        """Jobs that the database has on this server and nobody follows: follow them.

        At the start these are what an earlier engine left; later there should be none, and if a
        failure left one it is healed here.
        """
        backend = self.backend
        self._swept_at = backend.ctx.clock.monotonic()
        jobs = await backend.ctx.db.jobs.in_states(ON_SERVER)
        mine = [j for j in jobs if j.backend == backend.name and backend.flight_of(j.id) is None]
        stored = await backend.ctx.db.memory.progress([job.id for job in mine])
        for job in mine:
            if job.attempt is not None and job.attempt.state not in ATTEMPT_ENDED:
                await self._resume(job, stored.get(job.id))

    async def _resume(self, job: Job, progress: dict[str, object] | None) -> None:
        backend = self.backend
        attempt = job.attempt
        if attempt is None:
            return
        graph = await backend.ctx.db.jobs.graph(job.id)
        flight = await make_flight(backend, job, attempt, graph)
        flight.in_doubt = attempt.state is AttemptState.SUBMITTING
        flight.partial = True
        flight.connection = -1  # whatever connection there was, it is broken
        flight.seen_at = backend.ctx.clock.monotonic()
        if progress and progress.get("prompt_id") == attempt.prompt_id and job.state is JobState.RUNNING:
            fraction, elapsed = progress.get("fraction"), progress.get("elapsed")
            if isinstance(fraction, int | float) and isinstance(elapsed, int | float):
                flight.tracker.resume(float(fraction), float(elapsed), backend.ctx.clock.monotonic())
        backend.flights[attempt.prompt_id] = flight
        backend.remember(attempt.prompt_id)
        # A command may have changed the job since it was read, when there was no flight to tell.
        fresh = await backend.ctx.db.jobs.get(job.id)
        if fresh is not None:
            backend.refresh((fresh,))

    # -- listen ------------------------------------------------------------------------------------
    async def _listen(self) -> None:
        async for event in self.backend.socket.events():
            self.take(event)

    def take(self, event: ComfyEvent) -> None:
        """One frame: into its tracker, and a nudge where something must be done."""
        backend = self.backend
        now = backend.ctx.clock.monotonic()
        if not _is_greeting(event):
            backend.link.frame(now, _KINDS.get(type(event), ""))
        if isinstance(event, Preview):
            take_picture(backend, event)
        elif isinstance(event, QueueStatus):
            if backend.flights or backend.watching:
                backend.look_soon(1.0 if self._unsettled() else 5.0)
        elif isinstance(event, Connected | Disconnected):
            self._connection(event, now)
        else:
            self._frame(event, now)

    def _unsettled(self) -> bool:
        """A deletion of something of ours would show in the queue alone."""
        return self.backend.watching or any(f.waiting for f in self.backend.flights.values())

    def _frame(self, event: ComfyEvent, now: float) -> None:
        prompt_id = getattr(event, "prompt_id", None)
        flight = self.backend.flights.get(prompt_id) if prompt_id else None
        if flight is None and prompt_id is None and isinstance(event, Executing) and event.node is not None:
            flight = self.backend.running  # the replay after a reconnect carries no id
        if flight is None:
            return
        began = flight.tracker.started_at is not None
        flight.tracker.take(event, now)
        if flight.over or (not began and flight.tracker.started_at is not None):
            self.backend.wake.set()
        self.backend.ctx.touch()

    def _connection(self, event: Connected | Disconnected, now: float) -> None:
        backend = self.backend
        for flight in backend.flights.values():
            flight.partial = True
        if isinstance(event, Connected):
            for flight in backend.flights.values():
                flight.tracker.heard_at = now  # from here on it can be heard again
            log.info("backend %s: connected", backend.name)
            backend.link.connected(now)
            backend.process_noted_at = float("-inf")  # it may be another process that answers now
            backend.socket_down_since = None
            backend.look_soon()
        else:
            log.info("backend %s: disconnected: %s", backend.name, event.reason)
            backend.link.disconnected(now, event.reason, refused=event.refused)
            if backend.socket_down_since is None:
                backend.socket_down_since = now
            for flight in backend.flights.values():
                flight.refused = flight.refused or event.refused
            backend.look_soon(0.5)
        backend.ctx.touch()

    # -- drive -------------------------------------------------------------------------------------
    async def _drive(self) -> None:
        backend = self.backend
        while True:
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(max(0.0, backend.look_at - backend.ctx.clock.monotonic())):
                    await backend.wake.wait()
            backend.wake.clear()
            try:
                await self.step()
                backend.greeted.set()
            except UnreachableError:
                backend.greeted.set()
                # noted on the backend; the socket's return or the next look goes on
                backend.look_at = backend.ctx.clock.monotonic() + UNREACHABLE_AGAIN

    async def step(self) -> None:
        """Everything that is due, in the order of its urgency. Raises UnreachableError."""
        backend = self.backend
        for flight in list(backend.flights.values()):
            await self._advance(flight)
        now = backend.ctx.clock.monotonic()
        if now >= backend.look_at:
            await self._look(now)
        if not backend.health.reachable:
            return
        await carry_out(backend)
        await dispatch(backend)

    async def _advance(self, flight: Flight) -> None:
        if flight.tracker.started_at is not None and not flight.over:
            await mark_running(self.backend, flight)
        if flight.over:
            await settle_ended(self.backend, flight)

    async def _look(self, now: float) -> None:
        backend = self.backend
        if backend.stats is None or not backend.health.reachable:
            await self._greet()
        began = backend.ctx.clock.monotonic()
        if now - self._swept_at >= SWEEP_EVERY:
            await self._sweep()
        backend.look_at = now + self._patience(now)
        await look(backend)
        await watch_abandoned(backend)
        took = backend.ctx.clock.monotonic() - began
        spared = min(took * LOOK_SHARE, backend.ctx.tuning.poll_idle)
        backend.look_at = max(min(backend.look_at, now + self._patience(now)), began + spared)
        await self._measure(now)
        await self._judge_link()
        if any(stalled(backend, flight, now) for flight in backend.flights.values()):
            backend.ctx.touch()

    def _patience(self, now: float) -> float:
        """Seconds until the next look if nothing nudges."""
        backend = self.backend
        tuning = backend.ctx.tuning
        if not backend.flights:
            return tuning.poll_idle
        quiet = now - backend.socket.last_frame > tuning.poll_busy
        silent = backend.poll_only or not backend.socket.connected or quiet
        unsure = any(f.in_doubt or f.misses or f.over for f in backend.flights.values())
        return tuning.poll_busy if silent or unsure else tuning.poll_idle

    async def _greet(self) -> None:
        """First answer after an absence: version, devices, what it can do."""
        backend = self.backend
        async with backend.asking():
            backend.stats = await backend.server.system_stats()
        await note_process(backend)
        if backend.info is None:
            async with backend.asking():
                backend.info = await backend.server.object_info()

    async def _measure(self, now: float) -> None:
        """The most VRAM seen while ours runs."""
        backend = self.backend
        flight = backend.running
        if flight is None or now - self._vram_at < VRAM_EVERY:
            return
        self._vram_at = now
        async with backend.asking():
            backend.stats = await backend.server.system_stats()
        used = [d.vram_total - d.vram_free for d in backend.stats.devices if d.type != "cpu"]
        if used:
            flight.vram = max(flight.vram or 0, *used)

    async def _judge_link(self) -> None:
        """A socket that stays silent while the server moves is deaf: open another."""
        backend = self.backend
        now = backend.ctx.clock.monotonic()
        if backend.queue is not None:
            running = frozenset(i.prompt_id for i in backend.queue.running)
            told_here = backend.socket.client_id
            ours = any(
                f.attempt.client_id == told_here for f in backend.flights.values() if f.prompt_id in running
            )
            pending, moved = len(backend.queue.pending), backend.moved
            backend.link.poll(Poll(now, running, pending, moved=moved, ours_running=ours))
            backend.moved = False
        verdict = backend.link.verdict()
        backend.poll_only = verdict.poll
        self._tell(verdict)
        if verdict.reconnect:  # the socket's own "disconnected" says why; a mere doubt is no warning
            await backend.socket.reconnect(verdict.message, new_client_id=verdict.fresh_id)
            if backend.socket.client_id != backend.memory.client_id:
                backend.memory = replace(backend.memory, client_id=backend.socket.client_id)
                await backend.ctx.db.memory.save_backend(backend.memory)

    def _tell(self, verdict: LinkVerdict) -> None:
        backend = self.backend
        told = verdict if verdict.state in _TROUBLE else None
        message, hint = (told.message, told.hint) if told else ("", "")
        if message and message != backend.link_message:
            log.warning("backend %s: %s", backend.name, message)
        backend.link_message, backend.link_hint = message, hint


def _is_greeting(event: ComfyEvent) -> bool:
    """What every new socket hears, even of a server that sends nothing to anybody: it proves nothing."""
    replayed = isinstance(event, Executing) and event.prompt_id is None
    return replayed or isinstance(event, Connected | Disconnected | FeatureFlags)


_TROUBLE = frozenset({LinkState.DEAF, LinkState.STALLED_ELSEWHERE, LinkState.WORKER_DEAD})
_KINDS: Mapping[type, str] = {
    QueueStatus: "status",
    UnknownMessage: "unknown",
    MalformedMessage: "malformed",
}
"""Frames that a server with a dead worker sends as well."""
