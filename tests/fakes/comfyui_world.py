"""A box with a repository, wheels and a place for ComfyUI, and the real manager on it."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import psutil

from ainf_tui.adapters.comfyui_install.installation import Installation
from ainf_tui.adapters.comfyui_install.nodes import NodeFolder
from ainf_tui.adapters.comfyui_install.records import FileTaskRecords
from ainf_tui.adapters.comfyui_install.tools import TASK_VARIABLE, Tools
from ainf_tui.domain.comfyui_documents import ComfyUIDocument
from ainf_tui.domain.comfyui_install import ComfyUIOptions, GpuFacts
from ainf_tui.domain.comfyui_log import NodeImport
from ainf_tui.domain.comfyui_state import Elsewhere
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.engine.comfyui_manager.manager import Box, ComfyUIManager
from ainf_tui.engine.context import SystemClock
from ainf_tui.store import Store
from tests.fakes.comfyui_repo import GIT_ENVIRONMENT, Repository, torch_wheels, wheel

PATIENCE = 60.0


class Log:
    """What a ComfyUI told of its start."""

    def __init__(self) -> None:
        self.told: dict[str, NodeImport] = {}

    async def imports(self) -> dict[str, NodeImport]:
        return self.told


class World:
    """A box with a repository, wheels, and a place for ComfyUI."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.repository = Repository(root / "upstream")
        self.wheels = root / "wheels"
        self.folder = root / "comfyui"
        self.state = root / "state"
        self.state.mkdir()
        torch_wheels(self.wheels)
        wheel(self.wheels, "fake_front_end", "1.0")
        wheel(self.wheels, "fake_front_end", "2.0")
        self.first = self.repository.commit("v0.3.9")
        self.second = ""
        self.store = Store()
        self.log = Log()
        self.away = Elsewhere()
        self.options: dict[str, Any] = {}
        self.free = 1 << 50
        self.reports: list[ErrorReport] = []

    @property
    def environment(self) -> dict[str, str]:
        return {
            **{name: value for name, value in os.environ.items() if not name.startswith("PIP_")},
            **GIT_ENVIRONMENT,
            "PIP_NO_INDEX": "1",
            "PIP_FIND_LINKS": str(self.wheels),
            "PIP_CONFIG_FILE": os.devnull,
        }

    @asynccontextmanager
    async def engine(self) -> AsyncIterator[ComfyUIManager]:
        tools = Tools(self.environment)
        box = Box(
            folder=Installation(self.folder, tools, free=lambda _: self.free),
            nodes=NodeFolder(self.folder, tools),
            records=FileTaskRecords(self.state),
            start_log=self.log,
            gpu=GpuFacts,
            name_task=tools.for_task,
            report=self.reports.append,
        )
        options = ComfyUIOptions(folder=str(self.folder), repository=self.repository.url, **self.options)
        async with ComfyUIManager(box, options, self.store, SystemClock(), self.away) as manager:
            yield manager

    @property
    def shown(self) -> ComfyUIDocument:
        return self.store.state.comfyui

    def states(self) -> dict[str, str]:
        assert self.shown.task is not None
        return {step.id: step.state for step in self.shown.task.steps}


async def ended(manager: ComfyUIManager, state: str = "succeeded") -> Any:
    """The document of the task's end."""
    async with asyncio.timeout(PATIENCE):
        await manager.settled()
    found = await manager.info()
    assert found.task is not None
    assert found.task.state == state, (found.task.problem, found.task.output)
    return found


async def until(true: Callable[[], Any]) -> None:
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is waited for is on the disk
            await asyncio.sleep(0.01)


def children_of(task_id: str) -> list[psutil.Process]:
    return [p for p in psutil.Process().children(recursive=True) if task_of(p) == task_id]


def task_of(process: psutil.Process) -> str | None:
    try:
        return process.environ().get(TASK_VARIABLE)
    except psutil.Error:
        return None


def read(path: str | Path) -> str:
    return Path(path).read_text(encoding="utf-8")


def installed(world: World, name: str) -> str:
    places = world.folder.glob(f".venv/lib/python*/site-packages/{name}-*.dist-info")
    return next(place.name.removeprefix(f"{name}-").removesuffix(".dist-info") for place in places)
