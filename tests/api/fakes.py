"""An engine that remembers what it was asked, and the ways to reach it."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fastapi import FastAPI

from ainf_tui.api.app import create_app
from ainf_tui.api.live import Pace
from ainf_tui.api.server import EngineServer, bound
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.documents import (
    BackendDocument,
    CountDocument,
    DatabaseDocument,
    EngineDocument,
    JobDetailDocument,
    JobDocument,
    JobPageDocument,
    JobRowPage,
    JobsDocument,
    ProblemDocument,
    QueueDocument,
)
from ainf_tui.domain.requests import (
    ClearRequest,
    JobQuery,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
)
from ainf_tui.domain.status_document import StatusDocument
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.engine.logs.views import LogViews
from ainf_tui.errors import NotFoundError
from ainf_tui.locations import Locations
from ainf_tui.settings import Settings
from ainf_tui.store import Previews, Store
from tests.fakes.checks import OPEN, FakeChecks
from tests.fakes.comfyui import FakeComfyUI
from tests.fakes.errors_asked import ErrorsAsked
from tests.fakes.host import FakeHost
from tests.fakes.logs import logs_of
from tests.fakes.memory import FakeMemory
from tests.fakes.rows import rows_of
from tests.fakes.services_asked import ServicesAsked

T0 = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
QUICK = Pace(interval=0.02, stall=60.0, goodbye=0.5)

PACK = Pack(
    id="portrait-basic",
    name="Portrait",
    description="",
    version="1",
    category="image",
    tags=("text",),
    inputs=(),
    graph={"4": {"class_type": "KSampler", "inputs": {"seed": 2**64 - 1}}},
)
PRESET = Preset(id="noir", name="Noir", description="", category="look", pack="portrait-basic")


def job(number: int, state: str = "queued", **changes: Any) -> JobDocument:
    """A job whose id is `id-NUMBER`."""
    document = JobDocument(
        id=f"id-{number}", number=number, state=state, held=False, pack="portrait-basic", prompt="a cat",
        prompt_id=None, backend=None, backend_pin=None, attempt=0, attempts=(), priority=0, position=None,
        created_at=T0, submitted_at=None, started_at=None, finished_at=None, elapsed=None, progress=None,
        step=None, steps=None, rate=None, eta=None, eta_basis=None, node=None, params={}, seed=7,
        seed_text=None, seed_mode="fixed", preset=None, character=None, batch=None, sweep=None,
        retry_of=None, cancel_requested=False, blocked=None, warnings=(), outputs=(), error=None,
        revision=number,
    )  # fmt: skip
    return replace(document, **changes)


@dataclass
class FakeService:
    """Implements EngineService over a dict of jobs; `asked` is what came through the border."""

    store: Store = field(default_factory=Store)
    known: dict[str, JobDocument] = field(default_factory=dict)
    asked: list[tuple[str, Any]] = field(default_factory=list)
    failure: Exception | None = None
    files: dict[int, Path] = field(default_factory=dict)
    stop_requested: asyncio.Event = field(default_factory=asyncio.Event)
    backend_urls: set[str] = field(default_factory=set)
    host: FakeHost = field(default_factory=FakeHost)
    patience: asyncio.Event | None = None
    """If given, every status waits for it."""
    checks: FakeChecks = field(default_factory=lambda: FakeChecks(OPEN))
    services: ServicesAsked = field(init=False)
    logs: LogViews = field(default_factory=logs_of)

    def __post_init__(self) -> None:
        self.checks.inspector.on_fix = lambda fix: self._note("fix", fix.id)
        self.comfyui = FakeComfyUI(self.store, self._note)
        self.errors = ErrorsAsked(self._note)
        self.memory = FakeMemory(self._note)
        self.services = ServicesAsked(
            self._note, changed=lambda document: self.store.update(services=document)
        )

    def put(self, *jobs: JobDocument) -> None:
        """Stores them with new revisions and announces that."""
        queue = self.store.state.queue
        for document in jobs:
            queue = replace(queue, revision=queue.revision + 1)
            self.known[document.id] = replace(document, revision=queue.revision)
        ended = sum(j.state in {"succeeded", "failed", "cancelled"} for j in self.known.values())
        self.store.update(queue=replace(queue, ended=ended))

    def forget(self, *ids: str) -> None:
        for job_id in ids:
            del self.known[job_id]
        self.put()

    def _note(self, name: str, value: Any = None) -> None:
        self.asked.append((name, value))
        if self.failure is not None:
            raise self.failure

    async def status(self) -> StatusDocument:
        self._note("status")
        if self.patience is not None:
            await self.patience.wait()
        return StatusDocument(
            ainf_version="0.1.0", overall="ok", reasons=(), engine=EngineDocument(running=True),
            host={}, gpus=(), services=(), backends=(), queue=QueueDocument(),
            database=DatabaseDocument(url="", reachable=True, revision="1"), errors={},
        )  # fmt: skip

    async def submit(
        self, request: RunRequest, take: Callable[[Sequence[JobDocument]], None]
    ) -> tuple[ProblemDocument, ...]:
        """Two at a time."""
        self._note("submit", request)
        made = [job(n, prompt=str(request.values.get("prompt", ""))) for n in range(1, request.count + 1)]
        for start in range(0, len(made), 2):
            take(made[start : start + 2])
        return ()

    async def jobs(self, query: JobQuery) -> JobPageDocument:
        self._note("jobs", query)
        found = [j for j in self.known.values() if not query.refs or j.id in query.refs]
        if query.kind == "changed":
            found = [j for j in found if j.revision > (query.changed_since or 0)]
        found = sorted(found, key=lambda j: j.revision)[: query.limit]
        return JobPageDocument(tuple(found), None, self.store.state.queue.revision)

    async def rows(self, query: JobQuery) -> JobRowPage:
        return rows_of(await self.jobs(query))

    async def job(self, ref: str, *, brief: bool = False) -> JobDetailDocument:
        self._note("job", (ref, "brief") if brief else ref)
        if ref not in self.known:
            raise NotFoundError(
                "job.not_found", f"no job {ref}", hint="ainf queue list", details={"ref": ref}
            )
        graph = {} if brief else PACK.graph
        return JobDetailDocument(job=self.known[ref], graph=graph, workflow=None, bindings={}, nodes=())

    async def output(self, ref: str, index: int) -> Path:
        self._note("output", (ref, index))
        return self.files[index]

    async def _act(self, name: str, request: Any) -> JobsDocument:
        self._note(name, request)
        return JobsDocument(())

    async def cancel(self, request: JobsRequest) -> JobsDocument:
        return await self._act("cancel", request)

    async def retry(self, request: RetryRequest) -> JobsDocument:
        return await self._act("retry", request)

    async def hold(self, request: JobsRequest) -> JobsDocument:
        return await self._act("hold", request)

    async def release(self, request: JobsRequest) -> JobsDocument:
        return await self._act("release", request)

    async def move(self, request: MoveRequest) -> JobsDocument:
        return await self._act("move", request)

    async def clear(self, request: ClearRequest) -> CountDocument:
        self._note("clear", request)
        return CountDocument(3)

    async def pause(self) -> QueueDocument:
        self._note("pause")
        return QueueDocument(paused=True)

    async def resume(self) -> QueueDocument:
        self._note("resume")
        return QueueDocument()

    async def packs(self) -> tuple[Pack, ...]:
        return (PACK,)

    async def presets(self) -> tuple[Preset, ...]:
        return (PRESET,)

    async def ensure_backend(self, spec: BackendSpec) -> tuple[str, bool]:
        self._note("ensure_backend", spec)
        added = spec.url not in self.backend_urls
        self.backend_urls.add(spec.url)
        return spec.name, added

    def request_stop(self, reason: str) -> None:
        self.asked.append(("stop", reason))
        self.stop_requested.set()


class FakeRuntime:
    """What `runtime.opened` would yield."""

    def __init__(self, settings: Settings) -> None:
        self.service = FakeService()
        self.store = self.service.store
        self.previews = Previews()
        self.stop_requested = self.service.stop_requested
        self.busy = False
        self._began = time.monotonic()
        self.service.backend_urls = {spec.url for spec in settings.backends}
        self.store.update(
            backends=tuple(
                BackendDocument(spec.name, spec.url, False, None, None, None, None, None)
                for spec in settings.backends
            )
        )

    def idle_since(self) -> float | None:
        return None if self.busy else self._began


@asynccontextmanager
async def opened(settings: Settings, _locations: Locations) -> AsyncIterator[FakeRuntime]:
    yield FakeRuntime(settings)


def app_of(service: FakeService, previews: Previews | None = None, pace: Pace = QUICK) -> FastAPI:
    return create_app(
        service, service.store, previews or Previews(), version="0.1.0", home="/home/me", pace=pace
    )


@asynccontextmanager
async def served(app: FastAPI, path: Path) -> AsyncIterator[None]:
    """The app on a real Unix socket, until the end of the block."""
    with bound(path) as listener:
        stopped = asyncio.Event()

        async def goodbye() -> None:
            await app.state.context.live.close(app.state.context.stopping or "signal")

        server = EngineServer(app, stopped, goodbye)
        task = asyncio.create_task(server.serve(sockets=[listener]))
        try:
            while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
                await asyncio.sleep(0.005)
            yield
        finally:
            stopped.set()
            await task
