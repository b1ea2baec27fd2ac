"""The client: the same over the engine's socket and inside one process.

Every method raises AinfError children only: those of the engine, of the same class and code, and
UnreachableError `engine.unreachable | timeout | lost | bad_answer` for the way there.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Self

from ainf_tui.client.caller import Caller
from ainf_tui.client.calls import EngineCalls, JobCalls, PresetCalls, QueueCalls, WorkflowCalls
from ainf_tui.client.calls_checks import CheckCalls
from ainf_tui.client.calls_comfyui import ComfyUICalls
from ainf_tui.client.calls_errors import ErrorCalls
from ainf_tui.client.calls_host import HostCalls
from ainf_tui.client.calls_logs import LogCalls
from ainf_tui.client.calls_services import ServiceCalls
from ainf_tui.client.codec import decode
from ainf_tui.client.transport import DEADLINE, Transport
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.domain.status_document import StatusDocument


class Client(Caller):
    """Calls to one engine, in groups; `async with` closes it.

    `notices`: what finding the engine brought up. `reopen`: makes sure that an engine answers again
    on the same transport; None where nobody here may start one.
    """

    def __init__(
        self,
        transport: Transport,
        *,
        deadline: float = DEADLINE,
        notices: tuple[ProblemDocument, ...] = (),
        reopen: Callable[[], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__(transport, deadline)
        self.notices = notices
        self.reopen = reopen
        self.engine = EngineCalls(self)
        self.jobs = JobCalls(self)
        self.queue = QueueCalls(self)
        self.workflows = WorkflowCalls(self)
        self.presets = PresetCalls(self)
        self.services = ServiceCalls(self)
        self.host = HostCalls(self)
        self.checks = CheckCalls(self)
        self.comfyui = ComfyUICalls(self)
        self.errors = ErrorCalls(self)
        self.logs = LogCalls(self)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    async def aclose(self) -> None:
        await self._transport.aclose()

    async def status(self) -> StatusDocument:
        return decode(await self.call("GET", "/v1/status"), StatusDocument)

    @property
    def transport(self) -> Transport:
        """For `live.Live(client.transport, topics, previews)`: what changes, from now on."""
        return self._transport
