"""Services that do nothing and remember what was asked of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from ainf_tui.domain.service_documents import (
    LogTextDocument,
    PortOwnerDocument,
    PortsDocument,
    RunDocument,
    RunsDocument,
    ServiceDetailDocument,
    ServiceDocument,
    ServicesDocument,
    ServicesRequest,
)
from ainf_tui.errors import NotFoundError

THEN = datetime(2026, 5, 1, 10, 0, tzinfo=UTC)
WEB = ServiceDocument(
    "web",
    "Web",
    "managed",
    "running",
    "healthy",
    pid=4711,
    ports=(3000,),
    since=THEN,
    health_since=THEN,
    checked_at=THEN,
    cpu=0.02,
    memory=64 << 20,
    log="/runs/20260501-100000/web.log",
    actions=("stop", "restart"),
    identity="0123abcd:4711:5",
    autostart=True,
)


@dataclass(slots=True)
class ServicesAsked:
    """Implements `engine_box.ServicesService`; `told` hears each question and what it held."""

    told: Callable[[str, Any], None]
    services: tuple[ServiceDocument, ...] = (WEB,)
    changed: Callable[[ServicesDocument], object] = lambda _: None
    failure: Exception | None = None
    text: str = "first\nlast\n"
    asked: list[ServicesRequest] = field(default_factory=list)

    def _known(self, name: str) -> ServiceDocument:
        found = next((s for s in self.services if s.name == name), None)
        if found is None:
            raise NotFoundError("service.not_found", f"there is no service {name!r}")
        return found

    def _document(self) -> ServicesDocument:
        return ServicesDocument(self.services, run="20260501-100000")

    async def listed(self) -> ServicesDocument:
        return self._document()

    async def show(self, name: str) -> ServiceDetailDocument:
        found = self._known(name)
        return ServiceDetailDocument(
            found,
            ("serve", "--port", "3000"),
            "/srv/web",
            {"MODE": "fast"},
            {"kind": "tcp", "target": "127.0.0.1:3000", "timeout": 2.0},
            {"signal": "TERM", "timeout": 10.0},
            {"policy": "on-failure"},
            "services.toml",
            (PortOwnerDocument(3000, 4711, "serve --port 3000", "anna", found.identity, service=name),),
            ({"ts": 1_777_629_600_000, "message": "web is running", "service": name},),
            ("first", "last"),
        )

    async def ports(self) -> PortsDocument:
        return PortsDocument((PortOwnerDocument(3000, 4711, "serve", "anna", service="web"),))

    async def log(self, name: str, *, start: int | None, limit: int) -> LogTextDocument:
        found = self._known(name)
        size = len(self.text.encode())
        return LogTextDocument(found.log, start or 0, size, size, self.text if start is None else "")

    async def runs(self) -> RunsDocument:
        run = RunDocument(
            "20260501-100000", "/runs/20260501-100000", THEN, None, ("web",), 4096, "", "running"
        )
        return RunsDocument((run,))

    async def start(self, request: ServicesRequest) -> ServicesDocument:
        return self._asked("start", request)

    async def stop(self, request: ServicesRequest) -> ServicesDocument:
        return self._asked("stop", request)

    async def restart(self, request: ServicesRequest) -> ServicesDocument:
        return self._asked("restart", request)

    async def adopt(self, request: ServicesRequest) -> ServicesDocument:
        return self._asked("adopt", request)

    async def up(self, request: ServicesRequest) -> ServicesDocument:
        return self._asked("up", request)

    async def down(self, request: ServicesRequest) -> ServicesDocument:
        return self._asked("down", request)

    def _asked(self, what: str, request: ServicesRequest) -> ServicesDocument:
        self.told(f"services.{what}", request)
        self.asked.append(request)
        if self.failure is not None:
            failure, self.failure = self.failure, None
            raise failure
        self.changed(self._document())
        return self._document()
