"""The engine as the API sees it: every capability, once. `engine.Engine` implements it.

Each method raises only `AinfError` children for what a user can cause or meet.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Protocol

from ainf_tui.domain.backends import BackendSpec
from ainf_tui.domain.documents import (
    CountDocument,
    JobDetailDocument,
    JobDocument,
    JobPageDocument,
    JobRowPage,
    JobsDocument,
    ProblemDocument,
    QueueDocument,
)
from ainf_tui.domain.engine_box import (
    ChecksService,
    ComfyUIService,
    HostService,
    MemoryService,
    ServicesService,
)
from ainf_tui.domain.ports_errors import ErrorReading
from ainf_tui.domain.ports_logs import LogReading
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

__all__ = ["BackendSpec", "CountDocument", "EngineService", "JobQuery"]


class EngineService(Protocol):
    """What can be asked of the engine."""

    @property
    def services(self) -> ServicesService: ...
    @property
    def host(self) -> HostService: ...
    @property
    def checks(self) -> ChecksService: ...
    @property
    def memory(self) -> MemoryService: ...
    @property
    def comfyui(self) -> ComfyUIService: ...
    @property
    def errors(self) -> ErrorReading: ...
    @property
    def logs(self) -> LogReading: ...
    async def status(self) -> StatusDocument: ...
    async def submit(
        self, request: RunRequest, take: Callable[[Sequence[JobDocument]], None]
    ) -> tuple[ProblemDocument, ...]:
        """The jobs go to `take`, a few hundred at a time: ten thousand are never together in memory. Then the
        notices come back.
        """
        ...

    async def jobs(self, query: JobQuery) -> JobPageDocument: ...
    async def rows(self, query: JobQuery) -> JobRowPage:
        """The same jobs in the same order as `jobs`, as rows."""
        ...

    async def job(self, ref: str, *, brief: bool = False) -> JobDetailDocument:
        """`brief`: without graph and workflow, for slow lines."""
        ...

    async def output(self, ref: str, index: int) -> Path:
        """Path of the job's fetched output file, for front ends elsewhere."""
        ...

    async def cancel(self, request: JobsRequest) -> JobsDocument: ...
    async def retry(self, request: RetryRequest) -> JobsDocument: ...
    async def hold(self, request: JobsRequest) -> JobsDocument: ...
    async def release(self, request: JobsRequest) -> JobsDocument: ...
    async def move(self, request: MoveRequest) -> JobsDocument: ...
    async def clear(self, request: ClearRequest) -> CountDocument: ...
    async def pause(self) -> QueueDocument: ...
    async def resume(self) -> QueueDocument: ...
    async def packs(self) -> tuple[Pack, ...]: ...
    async def presets(self) -> tuple[Preset, ...]: ...
    async def ensure_backend(self, spec: BackendSpec) -> tuple[str, bool]:
        """Adds a caller's backend if its URL is new; (its name, whether it was added)."""
        ...

    def request_stop(self, reason: str) -> None:
        """`ainf engine stop`: end soon, whatever is going on (jobs stay stored)."""
        ...
