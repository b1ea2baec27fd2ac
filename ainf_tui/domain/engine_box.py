"""The engine's capabilities that concern the box itself, by area; each is an attribute of `EngineService`.

Each method raises only `AinfError` children for what a user can cause or meet.
"""

from __future__ import annotations

from typing import Protocol

from ainf_tui.domain.check_documents import CheckDocument, ChecksDocument, FixedDocument, FixRequest
from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodesDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
)
from ainf_tui.domain.documents import FreedDocument
from ainf_tui.domain.host_documents import HistoryDocument, HostDocument
from ainf_tui.domain.requests import FreeRequest
from ainf_tui.domain.service_documents import (
    LogTextDocument,
    PortsDocument,
    RunsDocument,
    ServiceDetailDocument,
    ServicesDocument,
    ServicesRequest,
)


class ServicesService(Protocol):
    """Start, stop and look. What is asked for is begun and answered at once; the topic `services` tells how
    it goes on.
    """

    async def listed(self) -> ServicesDocument: ...
    async def show(self, name: str) -> ServiceDetailDocument:
        """NotFoundError `service.not_found`."""
        ...

    async def ports(self) -> PortsDocument: ...
    async def log(self, name: str, *, start: int | None, limit: int) -> LogTextDocument:
        """A piece of its log: from `start` on, or the last `limit` bytes."""
        ...

    async def start(self, request: ServicesRequest) -> ServicesDocument:
        """One that runs is left as it is. ConflictError `service.port_taken`: `details` has the owner and
        what can be done about it; where several are started, a notice of that code.
        """
        ...

    async def stop(self, request: ServicesRequest) -> ServicesDocument:
        """ConflictError `service.confirm` for an adopted one whose identity was not confirmed."""
        ...

    async def restart(self, request: ServicesRequest) -> ServicesDocument: ...
    async def adopt(self, request: ServicesRequest) -> ServicesDocument:
        """ConflictError `service.nothing_to_adopt`, `service.not_the_same`."""
        ...

    async def up(self, request: ServicesRequest) -> ServicesDocument:
        """All that start by themselves, in order; begins a run."""
        ...

    async def down(self, request: ServicesRequest) -> ServicesDocument:
        """All, in reverse order; ends the run."""
        ...

    async def runs(self) -> RunsDocument: ...


class MemoryService(Protocol):
    """What the ComfyUIs keep in memory."""

    async def free(self, request: FreeRequest) -> FreedDocument:
        """Asks one, or all, to let go of models and kept results. NotFoundError `backend.not_found`; what
        keeps the only one from being asked is raised, of several it is a notice.
        """
        ...


class HostService(Protocol):
    """The machine."""

    async def host(self) -> HostDocument:
        """A fresh sample, unless the last is of this second."""
        ...

    async def history(self, *, points: int = 0) -> HistoryDocument:
        """The last hour; `points`: at most so many values a series (averages), 0: as sampled."""
        ...


class ChecksService(Protocol):
    """The system check."""

    async def run(self) -> ChecksDocument: ...
    async def fix(self, request: FixRequest) -> FixedDocument:
        """ConflictError `check.fix_changed` where the steps are no longer those that were shown."""
        ...

    async def latest(self) -> tuple[CheckDocument, ...]:
        """Of the last run; empty before the first."""
        ...

    async def bundle(self) -> bytes:
        """The debug bundle, a zip: checks, settings without secrets, last log lines, versions."""
        ...


class ComfyUIService(Protocol):
    """The ComfyUI that ainf manages. Starting and stopping it is `ServicesService`'s, service `comfyui`."""

    async def info(self) -> ComfyUIDocument: ...
    async def install(self, request: InstallRequest) -> ComfyUIDocument:
        """Begins, or goes on where an earlier one was cut off."""
        ...

    async def update(self, request: InstallRequest) -> ComfyUIDocument: ...
    async def rollback(self, request: InstallRequest) -> ComfyUIDocument: ...
    async def cancel(self) -> ComfyUIDocument:
        """Ends the task that runs; what is done stays, and it can be resumed."""
        ...

    async def nodes(self) -> CustomNodesDocument: ...
    async def plan_node(self, request: NodeRequest) -> PlanDocument:
        """Fetches `source` aside and tells what installing it would run."""
        ...

    async def install_node(self, request: NodeRequest) -> ComfyUIDocument:
        """By the token of a plan."""
        ...

    async def enable_node(self, request: NodeRequest) -> CustomNodesDocument: ...
    async def disable_node(self, request: NodeRequest) -> CustomNodesDocument: ...
    async def update_node(self, request: NodeRequest) -> ComfyUIDocument: ...
    async def remove_node(self, request: NodeRequest) -> CustomNodesDocument:
        """Moved to the trash folder."""
        ...
