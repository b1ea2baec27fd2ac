"""What the app needs of a client. `ainf_tui.client.Client` is one; it loads behind the first screen."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Any, Protocol

from ainf_tui.domain.documents import (
    CountDocument,
    JobDetailDocument,
    JobRowPage,
    JobsDocument,
    ProblemDocument,
    QueueDocument,
)
from ainf_tui.domain.host_documents import HistoryDocument
from ainf_tui.domain.requests import (
    ClearRequest,
    JobQuery,
    JobsRequest,
    MoveRequest,
    RetryRequest,
    RunRequest,
)
from ainf_tui.domain.service_documents import (
    LogTextDocument,
    ServiceDetailDocument,
    ServicesDocument,
    ServicesRequest,
)
from ainf_tui.domain.workflows import Pack, Preset


class JobCalls(Protocol):
    """`client.jobs`."""

    async def submit(self, request: RunRequest) -> JobsDocument: ...
    async def rows(self, query: JobQuery | None = None) -> JobRowPage: ...
    async def show(self, ref: str | int, *, brief: bool = False) -> JobDetailDocument: ...
    async def cancel(self, request: JobsRequest) -> JobsDocument: ...
    async def hold(self, request: JobsRequest) -> JobsDocument: ...
    async def release(self, request: JobsRequest) -> JobsDocument: ...
    async def retry(self, request: RetryRequest) -> JobsDocument: ...
    async def move(self, request: MoveRequest) -> JobsDocument: ...
    async def clear(self, request: ClearRequest) -> CountDocument: ...
    def output(self, ref: str | int, index: int) -> AbstractAsyncContextManager[Any]: ...


class QueueCalls(Protocol):
    """`client.queue`."""

    async def pause(self) -> QueueDocument: ...
    async def resume(self) -> QueueDocument: ...


class WorkflowCalls(Protocol):
    """`client.workflows`."""

    async def list(self) -> tuple[Pack, ...]: ...


class PresetCalls(Protocol):
    """`client.presets`."""

    async def list(self) -> tuple[Preset, ...]: ...


class ServiceCalls(Protocol):
    """`client.services`."""

    async def show(self, name: str) -> ServiceDetailDocument: ...
    async def log(self, name: str, *, start: int | None = None, limit: int = 65_536) -> LogTextDocument: ...
    async def start(self, request: ServicesRequest) -> ServicesDocument: ...
    async def stop(self, request: ServicesRequest) -> ServicesDocument: ...
    async def restart(self, request: ServicesRequest) -> ServicesDocument: ...
    async def adopt(self, request: ServicesRequest) -> ServicesDocument: ...
    async def up(self, request: ServicesRequest) -> ServicesDocument: ...
    async def down(self, request: ServicesRequest) -> ServicesDocument: ...


class HostCalls(Protocol):
    """`client.host`."""

    async def history(self, points: int = 0) -> HistoryDocument: ...


class EngineClient(Protocol):
    """Raises AinfError children only."""

    @property
    def jobs(self) -> JobCalls: ...
    @property
    def queue(self) -> QueueCalls: ...
    @property
    def workflows(self) -> WorkflowCalls: ...
    @property
    def presets(self) -> PresetCalls: ...
    @property
    def services(self) -> ServiceCalls: ...
    @property
    def host(self) -> HostCalls: ...
    @property
    def notices(self) -> Sequence[ProblemDocument]: ...
    @property
    def reopen(self) -> Callable[[], Awaitable[None]] | None: ...
    @property
    def transport(self) -> Any: ...


Opener = Callable[[bool], AbstractAsyncContextManager[EngineClient]]
"""`opener(start)` gives a context manager that yields a client; `start`: an engine may be started."""
