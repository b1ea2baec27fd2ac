"""The ComfyUI of the box as typed calls."""

from __future__ import annotations

from ainf_tui.client.caller import Caller
from ainf_tui.client.codec import decode, encode
from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodesDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
)
from ainf_tui.domain.wire import sparse

PLAN_DEADLINE = 900.0
"""Seconds: a plan fetches the custom node, and that is as large as it is."""
_DEADLINE = 60.0
"""Looking at many custom nodes, or ending a process, may take longer than an ordinary answer."""


class ComfyUICalls:
    """`client.comfyui`. What takes longer is begun and answered at once; the topic `comfyui` tells."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def info(self) -> ComfyUIDocument:
        return decode(await self._caller.call("GET", "/v1/comfyui", deadline=_DEADLINE), ComfyUIDocument)

    async def install(self, request: InstallRequest | None = None) -> ComfyUIDocument:
        return await self._begin("install", request or InstallRequest())

    async def update(self, request: InstallRequest | None = None) -> ComfyUIDocument:
        return await self._begin("update", request or InstallRequest())

    async def rollback(self, request: InstallRequest | None = None) -> ComfyUIDocument:
        return await self._begin("rollback", request or InstallRequest())

    async def cancel(self) -> ComfyUIDocument:
        data = await self._caller.call("POST", "/v1/comfyui/cancel", deadline=_DEADLINE)
        return decode(data, ComfyUIDocument)

    async def nodes(self) -> CustomNodesDocument:
        data = await self._caller.call("GET", "/v1/comfyui/nodes", deadline=_DEADLINE)
        return decode(data, CustomNodesDocument)

    async def plan_node(self, request: NodeRequest) -> PlanDocument:
        """Fetches it first, so it may take long."""
        data = await self._post("nodes/plan", request, PLAN_DEADLINE)
        return decode(data, PlanDocument)

    async def install_node(self, request: NodeRequest) -> ComfyUIDocument:
        return await self._begin("nodes/install", request)

    async def update_node(self, request: NodeRequest) -> ComfyUIDocument:
        return await self._begin("nodes/update", request)

    async def enable_node(self, request: NodeRequest) -> CustomNodesDocument:
        return await self._changed("enable", request)

    async def disable_node(self, request: NodeRequest) -> CustomNodesDocument:
        return await self._changed("disable", request)

    async def remove_node(self, request: NodeRequest) -> CustomNodesDocument:
        return await self._changed("remove", request)

    async def _begin(self, what: str, request: InstallRequest | NodeRequest) -> ComfyUIDocument:
        return decode(await self._post(what, request), ComfyUIDocument)

    async def _changed(self, verb: str, request: NodeRequest) -> CustomNodesDocument:
        return decode(await self._post(f"nodes/{verb}", request), CustomNodesDocument)

    async def _post(
        self, what: str, request: InstallRequest | NodeRequest, deadline: float = _DEADLINE
    ) -> bytes:
        path = f"/v1/comfyui/{what}"
        return await self._caller.call("POST", path, body=encode(sparse(request)), deadline=deadline)
