"""The engine's answers: `EngineService`, one method a capability, no decisions of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.comfy import Graph
from ainf_tui.domain.documents import (
    JobDetailDocument,
    JobDocument,
    JobPageDocument,
    JobRowPage,
    JobsDocument,
    ProblemDocument,
    QueueDocument,
)
from ainf_tui.domain.engine_box import ChecksService, ComfyUIService, HostService
from ainf_tui.domain.engine_service import CountDocument, JobQuery
from ainf_tui.domain.jobs import Job
from ainf_tui.domain.naming import with_number
from ainf_tui.domain.ports_errors import ErrorReading
from ainf_tui.domain.ports_logs import LogReading
from ainf_tui.domain.present import node_progress_document, problem_document
from ainf_tui.domain.progress import NodeState
from ainf_tui.domain.requests import (
    ClearRequest,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
)
from ainf_tui.domain.status_document import StatusDocument
from ainf_tui.domain.workflows import Pack, Preset
from ainf_tui.engine.commands import Commands, Done
from ainf_tui.engine.engine import Engine
from ainf_tui.engine.freeing import Freeing
from ainf_tui.engine.lists import Lists
from ainf_tui.engine.nodes import kept_nodes
from ainf_tui.engine.provenance import models_of
from ainf_tui.engine.retries import Retries
from ainf_tui.engine.services.answers import Services
from ainf_tui.engine.submission import Submission
from ainf_tui.engine.views import status_document
from ainf_tui.errors import NotFoundError

FRESH = 2.0
"""Seconds: a backend's last answer older than this is asked for again before status is told."""
STATUS_WAIT = 1.5
"""Seconds that status waits for such an answer."""
CHUNK = 500
"""Jobs of one answer that are read at a time: what was read is dropped again."""


class Service:
    """Implements `domain.engine_service.EngineService`."""

    def __init__(self, engine: Engine, comfyui: ComfyUIService, logs: LogReading) -> None:
        self._engine = engine
        self.comfyui = comfyui
        self.logs = logs
        self._ctx = engine.ctx
        self._lists = Lists(engine)
        self._commands = Commands(engine.ctx, engine.registry)
        self._submission = Submission(engine)
        self.services = Services(engine.services)
        self.memory = Freeing(engine.registry)
        self._retries = Retries(engine.ctx, self._submission, self._commands)
        self.host: HostService = engine.host
        self.checks: ChecksService = engine.checks
        self.errors: ErrorReading = engine.errors
        engine.checks.status = self._status_facts

    # -- reading -----------------------------------------------------------------------------------
    async def status(self) -> StatusDocument:
        await self._refresh()
        await self._engine.publisher.publish()
        await self.host.host()
        catalog = await asyncio.to_thread(self._engine.catalog)
        await self._engine.services.settled(STATUS_WAIT)
        flaws = (*catalog.problems, *self._engine.services.problems)
        return status_document(self._ctx.store.state, flaws, self._ctx.tuning, self._ctx.clock.now())

    async def _status_facts(self) -> Mapping[str, Any]:
        return asdict(await self.status())

    async def _refresh(self) -> None:
        """Ask the backends whose last answer is old, or was none, all at once, and wait a little."""
        now = self._ctx.clock.now()
        old = [
            b
            for b in self._engine.registry.backends
            if b.health.checked_at is None
            or not b.health.reachable
            or (now - b.health.checked_at).total_seconds() > FRESH
        ]
        for backend in old:
            backend.asked.clear()
            backend.look_soon()
        with suppress(TimeoutError):
            async with asyncio.timeout(STATUS_WAIT):
                await asyncio.gather(*(b.asked.wait() for b in old))

    async def jobs(self, query: JobQuery) -> JobPageDocument:
        return await self._lists.jobs(query)

    async def rows(self, query: JobQuery) -> JobRowPage:
        return await self._lists.rows(query)

    async def job(self, ref: str, *, brief: bool = False) -> JobDetailDocument:
        job = (await self._commands.find([ref]))[0]
        stored = await self._ctx.db.jobs.graph(job.id)
        return JobDetailDocument(
            job=(await self._lists.documents((job,)))[0],
            graph={} if brief else with_number(stored.graph, job.number),
            workflow=None if brief else stored.workflow,
            bindings={name: tuple(places) for name, places in stored.bindings.items()},
            nodes=tuple(node_progress_document(n) for n in await self._nodes(job, stored.graph)),
            models=tuple(models_of(stored.graph)),
            pack_version=job.pack_version,
            graph_hash=job.graph_hash,
        )

    async def _nodes(self, job: Job, graph: Graph) -> tuple[NodeState, ...]:
        """Of the prompt that is on a server, else as they were left."""
        for _, flight in self._engine.registry.flights():
            if flight.job.id == job.id and not job.ended:
                return flight.tracker.nodes()
        kept = await self._ctx.db.memory.progress([job.id])
        return kept_nodes(job, graph, kept.get(job.id))

    async def output(self, ref: str, index: int) -> Path:
        job = (await self._commands.find([ref]))[0]
        if not 0 <= index < len(job.outputs) or not job.outputs[index].fetched:
            raise NotFoundError(
                "output.not_found",
                f"job {job.number} has no output {index}",
                hint=f"it has {sum(o.fetched for o in job.outputs)}, counted from 0",
            )
        path = Path(job.outputs[index].path)
        if not await asyncio.to_thread(path.is_file):
            raise NotFoundError("output.missing", f"{path} is no longer there", hint="retry the job")
        return path

    async def packs(self) -> tuple[Pack, ...]:
        return (await asyncio.to_thread(self._engine.catalog)).packs

    async def presets(self) -> tuple[Preset, ...]:
        return (await asyncio.to_thread(self._engine.catalog)).presets

    # -- acting ------------------------------------------------------------------------------------
    async def submit(
        self, request: RunRequest, take: Callable[[Sequence[JobDocument]], None]
    ) -> tuple[ProblemDocument, ...]:
        done = await self._submission.run(request)
        for start in range(0, len(done.ids), CHUNK):
            jobs = await self._ctx.db.jobs.by_ids(done.ids[start : start + CHUNK])
            take(await self._lists.documents(jobs))
        return tuple(problem_document(p) for p in done.notices)

    async def retry(self, request: RetryRequest) -> JobsDocument:
        return await self._answer(await self._retries.run(request))

    async def cancel(self, request: JobsRequest) -> JobsDocument:
        return await self._answer(await self._commands.cancel(request.refs))

    async def hold(self, request: JobsRequest) -> JobsDocument:
        return await self._answer(await self._commands.hold(request.refs))

    async def release(self, request: JobsRequest) -> JobsDocument:
        return await self._answer(await self._commands.release(request.refs))

    async def move(self, request: MoveRequest) -> JobsDocument:
        return await self._answer(await self._commands.move(request))

    async def clear(self, request: ClearRequest) -> CountDocument:
        return CountDocument(await self._commands.clear(request))

    async def pause(self) -> QueueDocument:
        return await self._set_paused(True)

    async def resume(self) -> QueueDocument:
        return await self._set_paused(False)

    async def _set_paused(self, paused: bool) -> QueueDocument:
        await self._commands.pause(paused)
        await self._engine.publisher.publish()
        return self._ctx.store.state.queue

    async def ensure_backend(self, spec: BackendSpec) -> tuple[str, bool]:
        """The backend of that URL, added under its name (or the next free one) if it is new."""
        registry = self._engine.registry
        known = registry.by_url(spec.url)
        if known is not None:
            return known.name, False
        name, n = spec.name, 1
        while registry.get(name) is not None:
            n += 1
            name = f"{spec.name}-{n}"
        await self._engine.add_backend(replace(spec, name=name))
        return name, True

    def request_stop(self, reason: str) -> None:
        self._engine.request_stop(reason)

    async def _answer(self, done: Done) -> JobsDocument:
        notices: tuple[ProblemDocument, ...] = tuple(problem_document(p) for p in done.notices)
        return JobsDocument(await self._lists.documents(tuple(done.jobs)), notices)
