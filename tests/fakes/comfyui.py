"""A ComfyUI manager that remembers what it was asked; what becomes of its task is the test's to say."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodeDocument,
    CustomNodesDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
    StepDocument,
    TaskDocument,
)
from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.store import Store

STEPS = (
    StepDocument("clone", "Fetch ComfyUI", "running", 0.5, message="receiving objects 50%"),
    StepDocument("torch", "PyTorch", "waiting"),
)
NODES = (
    CustomNodeDocument("good", "imported", "1.2.0", "ab" * 20, import_seconds=0.3),
    CustomNodeDocument("bad", "failed", reason="ModuleNotFoundError: No module named 'cv2'"),
    CustomNodeDocument("off", "disabled"),
)
PLAN = PlanDocument(
    "0123456789abcdef",
    "Install the custom node n",
    ("pip install -r requirements.txt: numpy", "python install.py"),
    ("install.py is run with your rights",),
)


class FakeComfyUI:
    """Implements `domain.engine_box.ComfyUIService`; `note` is told of each call."""

    def __init__(self, store: Store, note: Callable[[str, Any], None]) -> None:
        self._store = store
        self._note = note
        self.after_begin: Callable[[], None] = lambda: None
        store.update(
            comfyui=ComfyUIDocument(state="not-installed", folder="/srv/comfyui", actions=("install",))
        )

    @property
    def document(self) -> ComfyUIDocument:
        return self._store.state.comfyui

    def change(self, **changes: Any) -> None:
        self._store.update(comfyui=replace(self.document, **changes))

    def end(self, state: str = "succeeded", problem: ProblemDocument | None = None) -> None:
        """The task ends: its first step so, the others not at all."""
        assert self.document.task is not None
        how = {"succeeded": "done"}.get(state, state)
        steps = (replace(STEPS[0], state=how, seconds=61.0, message="it broke"), STEPS[1])
        lines = ("line 1", "fatal: no such host")
        task = replace(self.document.task, state=state, steps=steps, problem=problem, output=lines, log="/l")
        where = {"succeeded": "installed"}.get(state, "not-installed")
        self.change(state=where, task=task, version="v0.3.64", actions=("update",))

    def _begin(self, kind: str) -> ComfyUIDocument:
        task = TaskDocument("task-1", kind, f"The {kind}", "running", STEPS, 0.25)
        self.change(state="installing", task=task, actions=("cancel",))
        begun = self.document
        self.after_begin()
        return begun

    async def info(self) -> ComfyUIDocument:
        return self.document

    async def install(self, request: InstallRequest) -> ComfyUIDocument:
        self._note("install", request)
        return self._begin("install")

    async def update(self, request: InstallRequest) -> ComfyUIDocument:
        self._note("update", request)
        return self._begin("update")

    async def rollback(self, request: InstallRequest) -> ComfyUIDocument:
        self._note("rollback", request)
        return self._begin("rollback")

    async def cancel(self) -> ComfyUIDocument:
        self._note("cancel", None)
        if self.document.task is not None:
            self.end("cancelled")
        return self.document

    async def nodes(self) -> CustomNodesDocument:
        return CustomNodesDocument(NODES)

    async def plan_node(self, request: NodeRequest) -> PlanDocument:
        self._note("plan_node", request)
        return PLAN

    async def install_node(self, request: NodeRequest) -> ComfyUIDocument:
        self._note("install_node", request)
        return self._begin("node-install")

    async def update_node(self, request: NodeRequest) -> ComfyUIDocument:
        self._note("update_node", request)
        return self._begin("node-update")

    async def enable_node(self, request: NodeRequest) -> CustomNodesDocument:
        self._note("enable_node", request)
        return await self.nodes()

    async def disable_node(self, request: NodeRequest) -> CustomNodesDocument:
        self._note("disable_node", request)
        return await self.nodes()

    async def remove_node(self, request: NodeRequest) -> CustomNodesDocument:
        self._note("remove_node", request)
        return await self.nodes()
