"""The backends of this engine, and which of them could take a job."""

from __future__ import annotations

from collections.abc import Iterator

from ainf_tui.domain.jobs import Job, JobSummary
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Flight


class Registry:
    """All backends by name, in the order of the settings."""

    def __init__(self) -> None:
        self._backends: dict[str, Backend] = {}

    @property
    def backends(self) -> tuple[Backend, ...]:
        return tuple(self._backends.values())

    def add(self, backend: Backend) -> None:
        self._backends[backend.name] = backend
        backend.others_idle = lambda: self.others_idle(backend)

    def get(self, name: str) -> Backend | None:
        return self._backends.get(name)

    def by_url(self, url: str) -> Backend | None:
        return next((b for b in self.backends if b.spec.url.rstrip("/") == url.rstrip("/")), None)

    def others_idle(self, backend: Backend) -> bool:
        """Whether another backend could run the next job at once, so that none should queue here."""
        return any(b is not backend and _stands_idle(b) for b in self.backends)

    def flights(self) -> Iterator[tuple[Backend, Flight]]:
        for backend in self.backends:
            # a copy: whoever goes through them may await, and prompts come and go meanwhile
            for flight in tuple(backend.flights.values()):
                yield backend, flight

    def wake(self) -> None:
        """Something changed that any backend may have to act on."""
        for backend in self.backends:
            backend.starved = False
            backend.order_seen = -1
            backend.wake.set()

    def waits_for(self, job: Job | JobSummary) -> str:
        """Why an open job cannot go on now; empty if it only waits its turn."""
        if job.backend:
            gone = self.get(job.backend) is None
            hint = f"its backend {job.backend!r} is no longer configured: add it again, or cancel the job"
            return hint if gone else ""
        candidates = [b for b in self.backends if not job.backend_pin or b.name == job.backend_pin]
        if not candidates:
            known = ", ".join(b.name for b in self.backends) or "none"
            return f"no backend named {job.backend_pin!r} (there are: {known})"
        if any(b.health.reachable for b in candidates):
            return ""
        first = candidates[0]
        return f"backend {first.name}: {first.health.message}"


def _stands_idle(backend: Backend) -> bool:
    """It could run a job at once, and has not just found that there is none for it."""
    return (
        backend.ready
        and not backend.flights
        and not backend.starved
        and (backend.queue is None or not backend.queue.running)
    )
