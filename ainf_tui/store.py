"""The one State that front ends see, a field a topic. The engine writes it, the API reads it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable, Collection
from dataclasses import dataclass, field, fields, replace
from typing import Any

from ainf_tui.domain.check_documents import CheckDocument
from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.documents import (
    BackendDocument,
    DatabaseDocument,
    EngineDocument,
    HealthDocument,
    JobDocument,
    QueueDocument,
)
from ainf_tui.domain.error_documents import ErrorTotalsDocument
from ainf_tui.domain.host_documents import HostDocument
from ainf_tui.domain.service_documents import ServicesDocument

TOPICS = (
    "engine",
    "queue",
    "active",
    "backends",
    "database",
    "health",
    "services",
    "host",
    "comfyui",
    "checks",
    "errors",
)


@dataclass(frozen=True, slots=True)
class State:
    """Everything that is submitted or running, counts and revisions. Long lists are pages, not state."""

    engine: EngineDocument = field(default_factory=lambda: EngineDocument(running=False))
    queue: QueueDocument = field(default_factory=QueueDocument)
    active: tuple[JobDocument, ...] = ()
    """Jobs on a server or being fetched, with their progress."""
    backends: tuple[BackendDocument, ...] = ()
    database: DatabaseDocument = field(
        default_factory=lambda: DatabaseDocument(url="", reachable=False, revision=None)
    )
    health: HealthDocument = field(default_factory=HealthDocument)
    services: ServicesDocument = field(default_factory=ServicesDocument)
    host: HostDocument = field(default_factory=HostDocument)
    checks: tuple[CheckDocument, ...] = ()
    """Of the last system check, those that are not ok."""
    comfyui: ComfyUIDocument = field(default_factory=ComfyUIDocument)
    errors: ErrorTotalsDocument = field(default_factory=ErrorTotalsDocument)


Listener = Callable[[frozenset[str]], None]


class Store:
    """Holds the State; drops equal values; tells listeners which topics changed.

    Listeners are called in the loop of the writer and must not block or raise.
    """

    def __init__(self) -> None:
        self._state = State()
        self._revisions = dict.fromkeys((f.name for f in fields(State)), 0)
        self._listeners: list[Listener] = []
        self.interest = Interest()

    @property
    def state(self) -> State:
        return self._state

    def revision(self, topic: str) -> int:
        """How often the topic has changed since the engine began."""
        return self._revisions[topic]

    def update(self, **topics: Any) -> frozenset[str]:
        """Set topics; returns those that really changed."""
        changed = frozenset(name for name, value in topics.items() if getattr(self._state, name) != value)
        if not changed:
            return changed
        self._state = replace(self._state, **{name: topics[name] for name in changed})
        for name in changed:
            self._revisions[name] += 1
        for listener in tuple(self._listeners):
            listener(changed)
        return changed

    def listen(self, listener: Listener) -> Callable[[], None]:
        """Calls `listener` after each change; returns how to stop it."""
        self._listeners.append(listener)
        return lambda: self._listeners.remove(listener)


class Interest:
    """Which topics somebody looks at: what costs to find out is found out more rarely for nobody."""

    def __init__(self) -> None:
        self._holders: Counter[str] = Counter()
        self._listeners: list[Listener] = []

    def wanted(self, topic: str) -> bool:
        return self._holders[topic] > 0

    def hold(self, topics: Collection[str]) -> Callable[[], None]:
        """Somebody looks at these; returns how to say that he no longer does."""
        held = frozenset(topics)
        new = frozenset(topic for topic in held if not self._holders[topic])
        self._holders.update(held)
        for listener in tuple(self._listeners) if new else ():
            listener(new)
        return lambda: self._holders.subtract(held)

    def listen(self, listener: Listener) -> None:
        """Calls `listener` with topics that nobody looked at before."""
        self._listeners.append(listener)


class Previews:
    """The newest preview picture of each running prompt, for those who subscribed. Not state."""

    def __init__(self) -> None:
        self._waiting: dict[asyncio.Queue[tuple[str, str, bytes]], frozenset[str] | None] = {}

    @property
    def wanted(self) -> bool:
        return bool(self._waiting)

    def publish(self, job_id: str, media_type: str, data: bytes) -> None:
        """Hands the picture to each subscriber of the job; a slow one loses the older picture."""
        for queue, jobs in self._waiting.items():
            if jobs is not None and job_id not in jobs:
                continue
            if queue.full():
                queue.get_nowait()
            queue.put_nowait((job_id, media_type, data))

    def subscribe(self, jobs: frozenset[str] | None) -> asyncio.Queue[tuple[str, str, bytes]]:
        """`jobs=None`: of every job. The queue gives (job id, media type, image bytes)."""
        queue: asyncio.Queue[tuple[str, str, bytes]] = asyncio.Queue(maxsize=4)
        self._waiting[queue] = jobs
        return queue

    def unsubscribe(self, queue: asyncio.Queue[tuple[str, str, bytes]]) -> None:
        self._waiting.pop(queue, None)
