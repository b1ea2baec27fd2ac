"""What is asked of the engine for the services, each call kept in the command log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from ainf_tui.domain.service_documents import ServicesDocument, ServicesRequest
from ainf_tui.tui import asked
from ainf_tui.tui.ports import EngineClient


class Do(Protocol):
    """`Orders._do`: asks, and keeps the line and what came of it."""

    async def __call__(
        self,
        line: str,
        work: Callable[[EngineClient], Awaitable[ServicesDocument]],
        told: Callable[[ServicesDocument], str],
    ) -> ServicesDocument: ...


class ServiceOrders:
    """`orders.services`. Every method raises AinfError children, as the client does."""

    def __init__(self, do: Do) -> None:
        self._do = do

    async def start(self, request: ServicesRequest) -> ServicesDocument:
        line = asked.services_line("start", request)
        return await self._do(line, lambda c: c.services.start(request), _stand)

    async def stop(self, request: ServicesRequest) -> ServicesDocument:
        line = asked.services_line("stop", request)
        return await self._do(line, lambda c: c.services.stop(request), _stand)

    async def restart(self, request: ServicesRequest) -> ServicesDocument:
        line = asked.services_line("restart", request)
        return await self._do(line, lambda c: c.services.restart(request), _stand)

    async def adopt(self, request: ServicesRequest) -> ServicesDocument:
        line = asked.services_line("adopt", request)
        return await self._do(line, lambda c: c.services.adopt(request), _stand)

    async def up(self, request: ServicesRequest) -> ServicesDocument:
        line = asked.services_line("up", request)
        return await self._do(line, lambda c: c.services.up(request), _stand)

    async def down(self, request: ServicesRequest) -> ServicesDocument:
        line = asked.services_line("down", request)
        return await self._do(line, lambda c: c.services.down(request), _stand)


def _stand(found: ServicesDocument) -> str:
    """`comfyui starting, web stopped`."""
    return ", ".join(f"{service.name} {service.state}" for service in found.services[:6]) or "no service"
