"""What is asked of the engine for ComfyUI and its custom nodes, each call kept in the command log."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodesDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
)
from ainf_tui.domain.documents import FreedDocument
from ainf_tui.tui import asked
from ainf_tui.tui.ports import EngineClient

T = TypeVar("T")


class Do(Protocol):
    """`Orders._do`: asks, and keeps the line and what came of it."""

    async def __call__(
        self, line: str, work: Callable[[EngineClient], Awaitable[T]], told: Callable[[T], str]
    ) -> T: ...


class ComfyUIOrders:
    """`orders.comfyui`. Every method raises AinfError children, as the client does."""

    def __init__(self, do: Do) -> None:
        self._do = do

    async def install(self, request: InstallRequest) -> ComfyUIDocument:
        line = asked.comfyui_line("install", request)
        return await self._do(line, lambda c: c.comfyui.install(request), _task)

    async def update(self, request: InstallRequest) -> ComfyUIDocument:
        line = asked.comfyui_line("update", request)
        return await self._do(line, lambda c: c.comfyui.update(request), _task)

    async def rollback(self, request: InstallRequest) -> ComfyUIDocument:
        line = asked.comfyui_line("rollback", request)
        return await self._do(line, lambda c: c.comfyui.rollback(request), _task)

    async def cancel(self) -> ComfyUIDocument:
        return await self._do(asked.comfyui_line("cancel"), lambda c: c.comfyui.cancel(), _task)

    async def plan_node(self, source: str) -> PlanDocument:
        """Nothing of it is run yet."""
        line = asked.line("comfyui", "nodes", "install", "--plan", source)
        request = NodeRequest(source=source)
        return await self._do(line, lambda c: c.comfyui.plan_node(request), lambda plan: plan.title)

    async def install_node(self, source: str, plan: PlanDocument) -> ComfyUIDocument:
        line, request = asked.node_line("install", source), NodeRequest(token=plan.token)
        return await self._do(line, lambda c: c.comfyui.install_node(request), _task)

    async def update_node(self, name: str) -> ComfyUIDocument:
        line, request = asked.node_line("update", name), NodeRequest(name=name)
        return await self._do(line, lambda c: c.comfyui.update_node(request), _task)

    async def enable_node(self, name: str) -> CustomNodesDocument:
        line, request = asked.node_line("enable", name), NodeRequest(name=name)
        return await self._do(line, lambda c: c.comfyui.enable_node(request), _nodes)

    async def disable_node(self, name: str) -> CustomNodesDocument:
        line, request = asked.node_line("disable", name), NodeRequest(name=name)
        return await self._do(line, lambda c: c.comfyui.disable_node(request), _nodes)

    async def remove_node(self, name: str) -> CustomNodesDocument:
        line, request = asked.node_line("remove", name), NodeRequest(name=name)
        return await self._do(line, lambda c: c.comfyui.remove_node(request), _nodes)

    async def free(self) -> FreedDocument:
        return await self._do(asked.line("comfyui", "free"), lambda c: c.engine.free(), _freed)


def _freed(found: FreedDocument) -> str:
    return f"asked {', '.join(found.backends)}"


def _task(found: ComfyUIDocument) -> str:
    return f"{found.task.kind} {found.task.state}" if found.task is not None else found.state


def _nodes(found: CustomNodesDocument) -> str:
    return f"{len(found.nodes)} nodes"
