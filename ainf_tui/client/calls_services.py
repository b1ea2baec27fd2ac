"""The services as typed calls."""

from __future__ import annotations

from ainf_tui.client.caller import Caller, segment
from ainf_tui.client.codec import decode, encode
from ainf_tui.domain.service_documents import (
    LogTextDocument,
    PortsDocument,
    RunsDocument,
    ServiceDetailDocument,
    ServicesDocument,
    ServicesRequest,
)
from ainf_tui.domain.wire import sparse

_SLOW = 60.0
"""Seconds for a start that first ends the process in its way, behind another request."""


class ServiceCalls:
    """`client.services`. What changes something answers at once; the topic `services` tells the rest."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def listed(self) -> ServicesDocument:
        return decode(await self._caller.call("GET", "/v1/services"), ServicesDocument)

    async def show(self, name: str) -> ServiceDetailDocument:
        return decode(await self._caller.call("GET", f"/v1/services/{segment(name)}"), ServiceDetailDocument)

    async def ports(self) -> PortsDocument:
        return decode(await self._caller.call("GET", "/v1/services/ports"), PortsDocument)

    async def log(self, name: str, *, start: int | None = None, limit: int = 65_536) -> LogTextDocument:
        """From `start` on, without it the end; `next` of the answer goes on."""
        params = {"start": start, "limit": limit}
        path = f"/v1/services/{segment(name)}/log"
        return decode(await self._caller.call("GET", path, params=params), LogTextDocument)

    async def runs(self) -> RunsDocument:
        return decode(await self._caller.call("GET", "/v1/runs"), RunsDocument)

    async def start(self, request: ServicesRequest) -> ServicesDocument:
        """ConflictError `service.port_taken`: `details` has the owner and what can be done."""
        return await self._act("start", request)

    async def stop(self, request: ServicesRequest) -> ServicesDocument:
        return await self._act("stop", request)

    async def restart(self, request: ServicesRequest) -> ServicesDocument:
        return await self._act("restart", request)

    async def adopt(self, request: ServicesRequest) -> ServicesDocument:
        return await self._act("adopt", request)

    async def up(self, request: ServicesRequest) -> ServicesDocument:
        return await self._act("up", request)

    async def down(self, request: ServicesRequest) -> ServicesDocument:
        return await self._act("down", request)

    async def _act(self, what: str, request: ServicesRequest) -> ServicesDocument:
        body = encode(sparse(request))
        answer = await self._caller.call("POST", f"/v1/services/{what}", body=body, deadline=_SLOW)
        return decode(answer, ServicesDocument)
