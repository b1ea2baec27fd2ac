"""The parts of the app's fake client that are about the box: services, machine, ComfyUI."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodesDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
)
from ainf_tui.domain.host_documents import HistoryDocument
from ainf_tui.domain.service_documents import (
    LogTextDocument,
    ServiceDetailDocument,
    ServiceDocument,
    ServicesDocument,
    ServicesRequest,
)
from ainf_tui.errors import NotFoundError


class FakeHost:
    """`client.host`."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    async def history(self, points: int = 0) -> HistoryDocument:
        self._engine.calls.append(("history", points))
        told: HistoryDocument = self._engine.history
        return told


class FakeComfyUI:
    """`client.comfyui`: keeps what was asked, answers with the topic as it stands."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    async def nodes(self) -> CustomNodesDocument:
        self._engine.calls.append(("comfyui.nodes", None))
        return CustomNodesDocument(self._engine.nodes)

    async def plan_node(self, request: NodeRequest) -> PlanDocument:
        self._engine.act("comfyui.plan_node", request)
        plan: PlanDocument = self._engine.plan
        return plan

    async def install(self, request: InstallRequest | None = None) -> ComfyUIDocument:
        return self._begin("install", request)

    async def update(self, request: InstallRequest | None = None) -> ComfyUIDocument:
        return self._begin("update", request)

    async def rollback(self, request: InstallRequest | None = None) -> ComfyUIDocument:
        return self._begin("rollback", request)

    async def cancel(self) -> ComfyUIDocument:
        return self._begin("cancel", None)

    async def install_node(self, request: NodeRequest) -> ComfyUIDocument:
        return self._begin("install_node", request)

    async def update_node(self, request: NodeRequest) -> ComfyUIDocument:
        return self._begin("update_node", request)

    async def enable_node(self, request: NodeRequest) -> CustomNodesDocument:
        self._begin("enable_node", request)
        return CustomNodesDocument(self._engine.nodes)

    async def disable_node(self, request: NodeRequest) -> CustomNodesDocument:
        self._begin("disable_node", request)
        return CustomNodesDocument(self._engine.nodes)

    async def remove_node(self, request: NodeRequest) -> CustomNodesDocument:
        self._begin("remove_node", request)
        return CustomNodesDocument(self._engine.nodes)

    def _begin(self, name: str, request: Any) -> ComfyUIDocument:
        self._engine.act(f"comfyui.{name}", request)
        found: ComfyUIDocument = self._engine.topics["comfyui"]
        return found


class FakeServices:
    """`client.services`: answers with the services that were named; changes what the action would."""

    def __init__(self, engine: Any) -> None:
        self._engine = engine

    async def show(self, name: str) -> ServiceDetailDocument:
        self._engine.calls.append(("services.show", name))
        if name in self._engine.service_details:
            told: ServiceDetailDocument = self._engine.service_details[name]
            return told
        found = next((s for s in self._services() if s.name == name), None)
        if found is None:
            raise NotFoundError("service.not_found", f"there is no service {name}")
        return ServiceDetailDocument(found, ("run", name), "/srv", {}, {}, {}, {}, "services.toml")

    async def log(self, name: str, *, start: int | None = None, limit: int = 65_536) -> LogTextDocument:
        self._engine.calls.append(("services.log", (name, start)))
        text = self._engine.logs.get(name, "")
        begin = max(0, len(text) - limit) if start is None else start
        return LogTextDocument(f"/runs/{name}.log", begin, len(text), len(text), text[begin:])

    async def start(self, request: ServicesRequest) -> ServicesDocument:
        return self._change("start", request, state="running", health="healthy", pid=77)

    async def stop(self, request: ServicesRequest) -> ServicesDocument:
        return self._change("stop", request, state="stopped", health="unknown", pid=None)

    async def restart(self, request: ServicesRequest) -> ServicesDocument:
        return self._change("restart", request, pid=78)

    async def adopt(self, request: ServicesRequest) -> ServicesDocument:
        return self._change("adopt", request, kind="adopted", state="running")

    async def up(self, request: ServicesRequest) -> ServicesDocument:
        return self._change("up", request, state="running")

    async def down(self, request: ServicesRequest) -> ServicesDocument:
        return self._change("down", request, state="stopped", pid=None)

    def _services(self) -> tuple[ServiceDocument, ...]:
        found: tuple[ServiceDocument, ...] = self._engine.topics["services"].services
        return found

    def _change(self, name: str, request: ServicesRequest, **fields: Any) -> ServicesDocument:
        self._engine.act(f"services.{name}", request)
        told = tuple(
            replace(s, **fields) if not request.names or s.name in request.names else s
            for s in self._services()
        )
        self._engine.say("services", ServicesDocument(told))
        return ServicesDocument(tuple(s for s in told if not request.names or s.name in request.names))
