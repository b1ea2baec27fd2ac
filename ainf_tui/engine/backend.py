"""One ComfyUI as the engine sees it: its two connections, what of ours is on it, what is known of it."""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime

from ainf_tui.domain.comfy import HistoryEntry, ObjectInfo, QueueSnapshot, SystemStats
from ainf_tui.domain.engine_service import BackendSpec
from ainf_tui.domain.errors.reports import of_backend
from ainf_tui.domain.jobs import ON_SERVER, Job
from ainf_tui.domain.link import LinkWatch
from ainf_tui.domain.ports import BackendMemory, ComfyServer, ComfySocket
from ainf_tui.engine.context import Context, Flight, log
from ainf_tui.engine.outcomes import Verdicts
from ainf_tui.errors import BackendError, UnreachableError

KNOWN_IDS = 64
"""Prompt ids of this server that are remembered as evidence against a restart."""
AFTER_END = 1.0
"""Seconds until the queue is looked at again after a prompt of ours ended."""
WITHOUT_SOCKET = 10.0
"""Seconds after which work goes on by polling alone (a proxy that refuses websockets)."""


@dataclass(frozen=True, slots=True)
class Health:
    """Whether it answers. `since` is when that last changed, `checked_at` the last answer or try."""

    reachable: bool = False
    since: datetime | None = None
    checked_at: datetime | None = None
    answered_at: datetime | None = None
    latency: float | None = None
    message: str = "it has not answered yet"
    hint: str = ""
    code: str = ""


@dataclass(slots=True)
class Backend:
    """State of one backend. Only its own worker's loops change it."""

    ctx: Context
    spec: BackendSpec
    server: ComfyServer
    socket: ComfySocket
    memory: BackendMemory
    verdicts: Verdicts
    flights: dict[str, Flight] = field(default_factory=dict)
    health: Health = field(default_factory=Health)
    link: LinkWatch = field(default_factory=LinkWatch)
    stats: SystemStats | None = None
    queue: QueueSnapshot | None = None
    epoch: str = ""
    """Identity of the server process as last told; empty where it cannot be told."""
    info: ObjectInfo | None = None
    known_ids: OrderedDict[str, float] = field(default_factory=OrderedDict)
    """Prompt ids that this server process has had, with the time each was first seen."""
    fetching: asyncio.Queue[str] = field(default_factory=asyncio.Queue)
    wake: asyncio.Event = field(default_factory=asyncio.Event)
    greeted: asyncio.Event = field(default_factory=asyncio.Event)
    """Set once the first try to reach it has come to an end, with its node classes if it answered."""
    asked: asyncio.Event = field(default_factory=asyncio.Event)
    """Set by each answer and each failure to answer."""
    process_noted_at: float = float("-inf")
    """When it was last asked which process listens there."""
    look_at: float = 0.0
    """Monotonic time of the next look at the server's queue."""
    dispatch_after: float = 0.0
    socket_down_since: float | None = None
    watching: bool = False
    """Abandoned prompt ids may still turn up here."""
    starved: bool = False
    """It looked for a job to take and found none."""
    order_seen: int = -1
    """`ctx.order` when nothing in the queue was more urgent than what waits on this server."""
    ours: OrderedDict[str, None] = field(default_factory=OrderedDict)
    """The newest prompt ids of ours: one in an older look of the queue is not somebody else's."""
    link_message: str = ""
    link_hint: str = ""
    retired: bool = False
    """No longer configured: what is on it is brought to its end, nothing new is sent."""
    moved: bool = False
    """A prompt of ours was found to have ended of which no frame had told, since the link was last judged."""
    poll_only: bool = False
    """Frames cannot be trusted now: the queue and the history decide, asked often."""
    on_finished: Callable[[Job], None] = field(default=lambda _: None)
    """Told each job that succeeded."""
    supervised: Callable[[], bool] = field(default=lambda: False)
    """Whether it is a service of this box: then its end, and why, is told by that."""
    how_ended: Callable[[str], str] = field(default=lambda _: "")
    """How the process of that identity ended by itself, in words, where it is a service of this box."""
    others_idle: Callable[[], bool] = field(default=lambda: False)
    """Whether another backend stands idle, so that a second prompt here should wait for it."""

    @property
    def name(self) -> str:
        return self.spec.name

    @property
    def ready(self) -> bool:
        """Prompts may be sent: it answers, and frames will come (or never will)."""
        if not self.health.reachable or self.retired:
            return False
        if self.socket.connected:
            return True
        down = self.socket_down_since
        return down is not None and self.ctx.clock.monotonic() - down >= WITHOUT_SOCKET

    @property
    def running(self) -> Flight | None:
        return next((f for f in self.flights.values() if f.tracker.started_at is not None), None)

    def flight_of(self, job_id: str) -> Flight | None:
        return next((f for f in self.flights.values() if f.job.id == job_id), None)

    def refresh(self, jobs: tuple[Job, ...]) -> None:
        """Newer versions of jobs that may be in flight here; older ones than is known are ignored."""
        for job in jobs:
            flight = self.flight_of(job.id)
            if flight is None or job.revision < flight.job.revision:
                continue
            flight.job = job
            if job.attempt is not None and job.attempt.prompt_id == flight.prompt_id:
                flight.attempt = job.attempt

    def remember(self, prompt_id: str) -> None:
        """Note that this server has had that prompt."""
        self.known_ids.setdefault(prompt_id, self.ctx.clock.monotonic())
        if prompt_id in self.flights:
            self.ours[prompt_id] = None
            while len(self.ours) > KNOWN_IDS:
                self.ours.popitem(last=False)
        while len(self.known_ids) > KNOWN_IDS:
            self.known_ids.popitem(last=False)

    def known_before(self, moment: float) -> frozenset[str]:
        """Ids that the server was seen to have before that moment: evidence that a restart would wipe."""
        return frozenset(prompt_id for prompt_id, seen in self.known_ids.items() if seen <= moment)

    async def leave(self, flight: Flight, jobs: tuple[Job, ...] | None) -> bool:
        """After the change that ended a flight: let go of it, unless the change was refused.

        `jobs` is what `apply` gave. A refused change means that the job has changed meanwhile: if it
        is still on this server under this prompt it stays and is looked at again.
        """
        if jobs is None:
            job = await self.ctx.db.jobs.get(flight.job.id)
            newest = job.attempt if job is not None else None
            if job is not None and job.state in ON_SERVER and newest and newest.prompt_id == flight.prompt_id:
                flight.job, flight.attempt = job, newest
                self.look_soon(1.0)
                return False
        self.flights.pop(flight.prompt_id, None)
        self.look_soon(0.0 if not self.flights else AFTER_END)
        return jobs is not None

    def look_soon(self, within: float = 0.0) -> None:
        """Look at the queue within so many seconds."""
        self.look_at = min(self.look_at, self.ctx.clock.monotonic() + within)
        self.wake.set()

    def forget_process(self) -> None:
        """The server process is another one: what was known of the old one no longer holds."""
        self.known_ids.clear()
        self.memory = replace(self.memory, last_number=None, server_epoch=self.epoch)
        self.info = None

    # -- health ------------------------------------------------------------------------------------
    @asynccontextmanager
    async def asking(self) -> AsyncIterator[None]:
        """Around calls to the server: notes whether it answers. Failures pass through."""
        began = self.ctx.clock.monotonic()
        try:
            yield
        except UnreachableError as error:
            self.unreachable(error)
            raise
        self.answered(self.ctx.clock.monotonic() - began)

    def answered(self, latency: float) -> None:
        self.asked.set()
        now = self.ctx.clock.now()
        old = self.health
        if not old.reachable:
            log.info("backend %s answers", self.name)
            self.socket.hurry()
            self.wake.set()
        self.health = Health(
            reachable=True,
            since=old.since if old.reachable else now,
            checked_at=now,
            answered_at=now,
            latency=latency,
            message="",
        )
        if not old.reachable:
            self.ctx.touch()

    def unreachable(self, error: BackendError | UnreachableError) -> None:
        self.asked.set()
        self.link.poll_failed(self.ctx.clock.monotonic(), error.message)
        now = self.ctx.clock.now()
        old = self.health
        if old.reachable or old.code != error.code:  # one outage has many words
            log.warning("backend %s: %s", self.name, error.message)
        if old.reachable and not self.supervised():
            self.ctx.report(of_backend(self.name, error, now))
        self.health = Health(
            reachable=False,
            since=now if old.reachable or old.since is None else old.since,
            checked_at=now,
            answered_at=old.answered_at,
            message=error.message,
            hint=error.hint,
            code=error.code,
        )
        self.ctx.touch()

    def history_ids(self, entries: tuple[HistoryEntry, ...]) -> frozenset[str]:
        return frozenset(e.prompt_id for e in entries)
