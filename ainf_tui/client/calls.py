"""The API as typed calls, in groups."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

from ainf_tui.client.caller import Caller, segment
from ainf_tui.client.codec import decode, encode
from ainf_tui.client.transport import Answer
from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.documents import (
    CountDocument,
    FreedDocument,
    JobDetailDocument,
    JobPageDocument,
    JobRowPage,
    JobsDocument,
    QueueDocument,
)
from ainf_tui.domain.requests import (
    ClearRequest,
    FreeRequest,
    JobQuery,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
)
from ainf_tui.domain.wire import (
    STOP_ASKED,
    BackendAddedDocument,
    StoppingDocument,
    StopRequest,
    VersionDocument,
    sparse,
)
from ainf_tui.domain.workflows import Pack, Preset


class JobCalls:
    """`client.jobs`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def submit(self, request: RunRequest) -> JobsDocument:
        """Safe to repeat after `engine.lost`: the request's id gives the same jobs."""
        return await self._act("/v1/jobs", request)

    async def list(self, query: JobQuery | None = None) -> JobPageDocument:
        """One page; `next` is the `after` of the following one."""
        params = sparse(query or JobQuery())
        return decode(await self._caller.call("GET", "/v1/jobs", params=params), JobPageDocument)

    async def rows(self, query: JobQuery | None = None) -> JobRowPage:
        """One page of the light list; without a query 200 rows of all jobs."""
        params = sparse(query) | {"limit": query.limit} if query is not None else {}
        return decode(await self._caller.call("GET", "/v1/jobs/rows", params=params), JobRowPage)

    async def show(self, ref: str | int, *, brief: bool = False) -> JobDetailDocument:
        """`brief`: without graph and workflow, for slow lines."""
        params = {"brief": True} if brief else {}
        path = f"/v1/jobs/{segment(ref)}"
        return decode(await self._caller.call("GET", path, params=params), JobDetailDocument)

    @asynccontextmanager
    async def output(self, ref: str | int, index: int) -> AsyncIterator[Answer]:
        """The bytes of output `index` (from 0), `content-length` among the headers."""
        async with self._caller.stream("GET", f"/v1/jobs/{segment(ref)}/outputs/{index}") as answer:
            yield answer

    async def cancel(self, request: JobsRequest) -> JobsDocument:
        return await self._act("/v1/jobs/cancel", request)

    async def hold(self, request: JobsRequest) -> JobsDocument:
        return await self._act("/v1/jobs/hold", request)

    async def release(self, request: JobsRequest) -> JobsDocument:
        return await self._act("/v1/jobs/release", request)

    async def retry(self, request: RetryRequest) -> JobsDocument:
        return await self._act("/v1/jobs/retry", request)

    async def move(self, request: MoveRequest) -> JobsDocument:
        return await self._act("/v1/jobs/move", request)

    async def clear(self, request: ClearRequest) -> CountDocument:
        data = await self._caller.call("POST", "/v1/jobs/clear", body=encode(sparse(request)))
        return decode(data, CountDocument)

    async def _act(self, path: str, request: Any) -> JobsDocument:
        data = await self._caller.call("POST", path, body=encode(sparse(request)))
        return decode(data, JobsDocument)


class QueueCalls:
    """`client.queue`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def pause(self) -> QueueDocument:
        return decode(await self._caller.call("POST", "/v1/queue/pause"), QueueDocument)

    async def resume(self) -> QueueDocument:
        return decode(await self._caller.call("POST", "/v1/queue/resume"), QueueDocument)


class EngineCalls:
    """`client.engine`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def version(self, *, deadline: float | None = None) -> VersionDocument:
        """Who answers; costs the engine nothing."""
        return decode(await self._caller.call("GET", "/v1/version", deadline=deadline), VersionDocument)

    async def ensure_backend(self, spec: BackendSpec) -> BackendAddedDocument:
        """Makes the backend known to the engine, if its URL is not yet."""
        data = await self._caller.call("POST", "/v1/backends", body=encode(sparse(spec)))
        return decode(data, BackendAddedDocument)

    async def free(self, request: FreeRequest | None = None) -> FreedDocument:
        """Asks ComfyUI to let go of its models. NotFoundError `backend.not_found`."""
        body = encode(sparse(request or FreeRequest()))
        return decode(await self._caller.call("POST", "/v1/backends/free", body=body), FreedDocument)

    async def stop(self, reason: str = STOP_ASKED) -> StoppingDocument:
        """Asks the engine to end; it has ended when its socket no longer answers."""
        data = await self._caller.call("POST", "/v1/engine/stop", body=encode(StopRequest(reason)))
        return decode(data, StoppingDocument)


class WorkflowCalls:
    """`client.workflows`: the packs the engine knows."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def list(self) -> tuple[Pack, ...]:
        return decode(await self._caller.call("GET", "/v1/workflows"), tuple[Pack, ...])

    async def show(self, pack_id: str) -> Pack:
        """NotFoundError(`workflows.not_found`) lists the known ones."""
        return decode(await self._caller.call("GET", f"/v1/workflows/{segment(pack_id)}"), Pack)


class PresetCalls:
    """`client.presets`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def list(self) -> tuple[Preset, ...]:
        return decode(await self._caller.call("GET", "/v1/presets"), tuple[Preset, ...])

    async def show(self, preset_id: str) -> Preset:
        """NotFoundError(`presets.not_found`) lists the known ones."""
        return decode(await self._caller.call("GET", f"/v1/presets/{segment(preset_id)}"), Preset)
