"""When the things that wait will be done: what runs, what others have queued, what is ahead."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from statistics import median

from ainf_tui.domain.eta import Eta, remaining
from ainf_tui.domain.jobs import Job
from ainf_tui.domain.present import Live
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Context, Flight
from ainf_tui.engine.registry import Registry
from ainf_tui.engine.stalls import stalled

RECENT = 20
"""Finished jobs whose durations make the middling one."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """Seconds until the servers are free, seconds of a middling job, backends, jobs that it is taken from."""

    busy: float
    middling: float
    backends: int
    measured: int

    def at(self, position: int) -> Eta:
        seconds = (self.busy + position * self.middling) / self.backends
        return Eta(seconds, f"position {position}, {_of(self.measured)}")


def _of(jobs: int) -> str:
    return "the last job" if jobs == 1 else f"the last {jobs} jobs"


class Estimates:
    """Seconds of a middling job, and sums over the queue. Knows the flights, asks nobody."""

    def __init__(self, ctx: Context, registry: Registry) -> None:
        self._ctx = ctx
        self._registry = registry
        self._recent: deque[float] = deque(maxlen=RECENT)

    def learn(self, job: Job) -> None:
        """A job finished: its seconds on the server count."""
        attempt = job.attempt
        if attempt is not None and attempt.started_at is not None and attempt.ended_at is not None:
            self._recent.append(max(0.0, (attempt.ended_at - attempt.started_at).total_seconds()))

    @property
    def middling(self) -> float | None:
        """Median seconds of the newest finished jobs; None while there are none."""
        return median(self._recent) if self._recent else None

    def live(self, backend: Backend, flight: Flight) -> Live:
        """Snapshot and ETA of a prompt on a server."""
        now = self._ctx.clock.monotonic()
        snapshot = flight.tracker.snapshot(now)
        if not backend.health.reachable and not backend.socket.connected:
            # How far it is by now nobody can say: what was heard last is shown, with no promise.
            return Live(replace(snapshot, rate=None))
        if doubt := stalled(backend, flight, now):
            return Live(replace(snapshot, rate=None), stalled=doubt)
        own = remaining(flight.tracker, flight.expected, now)
        if flight.tracker.started_at is not None:
            return Live(snapshot, own)
        ahead = self._ahead(backend, flight, now)
        total = own.seconds if own is not None else self.middling
        if ahead is None or total is None:
            return Live(snapshot)
        basis = own.basis if own is not None else _of(len(self._recent))
        return Live(snapshot, Eta(ahead + total, basis))

    def _ahead(self, backend: Backend, flight: Flight, now: float) -> float | None:
        """Seconds of everything before this prompt on its server; None if something is unknown."""
        total = 0.0
        for prompt_id in before(backend, flight.prompt_id):
            other = backend.flights.get(prompt_id)
            eta = remaining(other.tracker, other.expected, now) if other is not None else None
            seconds = eta.seconds if eta is not None else self.middling
            if seconds is None:
                return None
            total += seconds
        return total

    def backend_left(self, backend: Backend) -> float:
        """Seconds until what is on this server (ours and others') is done, as far as known."""
        now = self._ctx.clock.monotonic()
        total = 0.0
        for flight in backend.flights.values():
            eta = remaining(flight.tracker, flight.expected, now)
            total += eta.seconds if eta is not None else (self.middling or 0.0)
        return total + len(foreign(backend)) * (self.middling or 0.0)

    def queue(self, queued: int) -> float | None:
        """Seconds until all that is queued is done; None while no duration is known or nothing is sent."""
        ready = [b for b in self._registry.backends if b.health.reachable]
        if not ready:
            return None
        busy = sum(self.backend_left(b) for b in ready)
        if queued and (self.middling is None or self._ctx.paused):
            return None
        return (busy + queued * (self.middling or 0.0)) / len(ready)

    def queued(self, position: int) -> Eta | None:
        """When the job at this position of our own queue will be done."""
        waiting = self.waiting()
        return None if waiting is None else waiting.at(position)

    def waiting(self) -> Waiting | None:
        """What `queued` tells of any position; None while no duration is known or no backend answers."""
        ready = [b for b in self._registry.backends if b.health.reachable]
        if self.middling is None or not ready:
            return None
        busy = sum(self.backend_left(b) for b in ready)
        return Waiting(busy, self.middling, len(ready), len(self._recent))


def before(backend: Backend, prompt_id: str) -> list[str]:
    """Ids that the server runs before this one."""
    if backend.queue is None:
        return []
    ids = [i.prompt_id for i in (*backend.queue.running, *backend.queue.pending)]
    return ids[: ids.index(prompt_id)] if prompt_id in ids else ids


def foreign(backend: Backend) -> list[str]:
    """Ids on the server that are not ours."""
    if backend.queue is None:
        return []
    return [
        i.prompt_id
        for i in (*backend.queue.running, *backend.queue.pending)
        if i.prompt_id not in backend.flights and i.prompt_id not in backend.ours
    ]
