"""The ComfyUI of this box: implements `domain.engine_box.ComfyUIService`, and says how it is started."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Self

from ainf_tui.domain.comfyui_documents import (
    ComfyUIDocument,
    CustomNodeDocument,
    CustomNodesDocument,
    InstallRequest,
    NodeRequest,
    PlanDocument,
)
from ainf_tui.domain.comfyui_install import ComfyUIOptions, arguments, check_listen
from ainf_tui.domain.comfyui_state import (
    INSTALL,
    ROLLBACK,
    UPDATE,
    Elsewhere,
    broken,
    document,
    only_imports,
    with_imports,
)
from ainf_tui.domain.comfyui_task import StepState
from ainf_tui.domain.errors.reports import Report, unheard
from ainf_tui.domain.ports import Clock
from ainf_tui.domain.ports_comfyui import ComfyUIFolder, CustomNodes, GpuLook, OnDisk, StartLog, TaskRecords
from ainf_tui.domain.ports_services import Provided
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.engine.comfyui_manager.flows import Flows, not_installed
from ainf_tui.engine.comfyui_manager.nodes import NodeFlows
from ainf_tui.engine.comfyui_manager.runner import TaskRunner, Work
from ainf_tui.errors import ConflictError
from ainf_tui.store import Store


@dataclass(frozen=True, slots=True)
class Box:
    """The outside world of the manager."""

    folder: ComfyUIFolder
    nodes: CustomNodes
    records: TaskRecords
    start_log: StartLog
    gpu: GpuLook
    name_task: Callable[[str], None]
    report: Report = unheard


class ComfyUIManager:
    """One task at a time; the topic `comfyui` tells how it goes. Use as an async context manager."""

    def __init__(
        self, box: Box, options: ComfyUIOptions, store: Store, clock: Clock, elsewhere: Elsewhere
    ) -> None:
        self._box = box
        self._options = options
        self._store = store
        self._elsewhere = elsewhere
        self._runner = TaskRunner(box.records, clock, self._publish, box.name_task, box.report)
        self._flows = Flows(box.folder, options, box.gpu)
        self._node_flows = NodeFlows(box.nodes)
        self._nodes: tuple[CustomNodeDocument, ...] | None = None
        self._disk = OnDisk()
        self._deciding = asyncio.Lock()

    async def __aenter__(self) -> Self:
        await self._runner.restore()
        await self._look()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.aclose()

    @property
    def idle_since(self) -> float | None:
        """Monotonic time of the last task's end; None while one runs and the engine is needed."""
        return self._runner.idle_since

    def task_step(self) -> str:
        """The step that is done now; empty if none is."""
        task = self._runner.task
        running = [step.id for step in task.steps if step.state is StepState.RUNNING] if task else []
        return running[0] if running else ""

    async def settled(self) -> None:
        """Until no task runs."""
        await self._runner.wait()

    # -- looking -----------------------------------------------------------------------------------
    async def info(self) -> ComfyUIDocument:
        return await self._look()

    async def _look(self) -> ComfyUIDocument:
        await self._publish(look=True)
        return self._store.state.comfyui

    async def _publish(self, look: bool) -> None:
        """`look`: the folder may be another than it was."""
        if look:
            self._disk = await self._box.folder.look()
        found = document(self._options, self._disk, self._runner.task, self._elsewhere, self._nodes)
        self._store.update(comfyui=found)

    async def nodes(self) -> CustomNodesDocument:
        """Of another machine's ComfyUI only what its log says."""
        imports = await self._box.start_log.imports()
        if self._elsewhere.url:
            self._nodes = only_imports(imports)
        else:
            self._nodes = with_imports(await self._box.nodes.entries(), imports)
        await self._publish(look=False)
        return CustomNodesDocument(self._nodes)

    # -- ComfyUI itself ----------------------------------------------------------------------------
    async def install(self, request: InstallRequest) -> ComfyUIDocument:
        async with self._deciding:
            self._refuse()
            return await self._begin(INSTALL, "Install ComfyUI", await self._flows.install(request))

    async def update(self, request: InstallRequest) -> ComfyUIDocument:
        async with self._deciding:
            self._refuse()
            return await self._begin(UPDATE, "Update ComfyUI", await self._flows.update(request))

    async def rollback(self, request: InstallRequest) -> ComfyUIDocument:
        async with self._deciding:
            self._refuse()
            works = await self._flows.rollback(request)
            return await self._begin(ROLLBACK, "Roll ComfyUI back", works)

    async def cancel(self) -> ComfyUIDocument:
        await self._runner.cancel()
        return self._store.state.comfyui

    async def _begin(self, kind: str, title: str, works: tuple[Work, ...]) -> ComfyUIDocument:
        await self._runner.start(kind, title, works)
        return self._store.state.comfyui

    def _refuse(self) -> None:
        """Of another machine's ComfyUI nothing can be changed; and one task at a time."""
        if self._elsewhere.url:
            raise ConflictError(
                "comfyui.elsewhere",
                f"{self._elsewhere.reason}; it is installed and updated there",
                hint="`ainf --connect ssh://THAT-BOX comfyui` works there; [comfyui] folder names one here.",
            )
        self._runner.refuse_busy()

    # -- custom nodes ------------------------------------------------------------------------------
    async def plan_node(self, request: NodeRequest) -> PlanDocument:
        await self._need_installed()
        return await self._box.nodes.stage(request.source, lambda _line: None)

    async def install_node(self, request: NodeRequest) -> ComfyUIDocument:
        async with self._deciding:
            await self._need_installed()
            name = await self._box.nodes.staged(request.token)
            works = self._node_flows.install(request.token, name)
            return await self._begin("node-install", f"Install the custom node {name}", works)

    async def update_node(self, request: NodeRequest) -> ComfyUIDocument:
        async with self._deciding:
            await self._need_installed()
            works = self._node_flows.update(request.name, run_script=request.run_script)
            return await self._begin("node-update", f"Update the custom node {request.name}", works)

    async def enable_node(self, request: NodeRequest) -> CustomNodesDocument:
        async with self._deciding:
            await self._need_installed()
            await self._box.nodes.enable(request.name)
        return await self.nodes()

    async def disable_node(self, request: NodeRequest) -> CustomNodesDocument:
        async with self._deciding:
            await self._need_installed()
            await self._box.nodes.disable(request.name)
        return await self.nodes()

    async def remove_node(self, request: NodeRequest) -> CustomNodesDocument:
        async with self._deciding:
            await self._need_installed()
            await self._box.nodes.remove(request.name)
        return await self.nodes()

    async def _need_installed(self) -> None:
        self._refuse()
        if (await self._box.folder.look()).kind != "comfyui":
            raise not_installed(self._options.folder)

    # -- starting ----------------------------------------------------------------------------------
    async def provide(self, spec: ServiceSpec, port: int | None, vram: str = "") -> Provided:
        """What the service `comfyui` is started with: a `domain.ports_services.Provider`. `port` and `vram`:
        others than the settings say, this time.

        Raises ConflictError `comfyui.elsewhere | not_installed | broken | busy | open_to_network`, UsageError
        `comfyui.bad_arguments`.
        """
        await self._need_installed()
        disk = await self._box.folder.look()
        if reason := broken(disk):
            raise ConflictError(
                "comfyui.broken",
                f"ComfyUI in {self._options.folder} cannot be started: {reason}",
                hint="`ainf comfyui install` completes it.",
            )
        check_listen(self._options)
        options = replace(self._options, vram=vram) if vram else self._options
        return Provided(
            command=(disk.python, "-u", "main.py", *arguments(options, port)),
            cwd=self._options.folder,
            port=port or self._options.port,
            env={"PYTHONUNBUFFERED": "1", **spec.env},
        )
