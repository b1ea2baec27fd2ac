"""A real install from a repository made here: cut off, resumed, updated, rolled back. Real git and pip."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import psutil
import pytest

from ainf_tui.adapters.comfyui_install.installation import Installation
from ainf_tui.adapters.comfyui_install.nodes import NodeFolder
from ainf_tui.adapters.comfyui_install.records import FileTaskRecords
from ainf_tui.adapters.comfyui_install.tools import TASK_VARIABLE, Tools
from ainf_tui.domain.comfyui_documents import InstallRequest
from ainf_tui.domain.comfyui_install import ComfyUIOptions, GpuFacts
from ainf_tui.domain.comfyui_state import Elsewhere
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.engine.comfyui_manager.manager import Box, ComfyUIManager
from ainf_tui.engine.context import SystemClock
from ainf_tui.errors import ConflictError
from ainf_tui.store import Store
from tests.fakes.comfyui_repo import GIT_ENVIRONMENT, Repository, torch_wheels, wheel

PATIENCE = 60.0


class NoLog:
    async def imports(self):
        return {}


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
        self.free = 1 << 50

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
            start_log=NoLog(),
            gpu=GpuFacts,
            name_task=tools.for_task,
        )
        options = ComfyUIOptions(folder=str(self.folder), repository=self.repository.url)
        async with ComfyUIManager(box, options, self.store, SystemClock(), Elsewhere()) as manager:
            yield manager

    @property
    def shown(self):
        return self.store.state.comfyui

    def states(self):
        return {step.id: step.state for step in self.shown.task.steps}


@pytest.fixture
def world(tmp_path):
    return World(tmp_path)


async def ended(manager, state="succeeded"):
    async with asyncio.timeout(PATIENCE):
        await manager.settled()
    found = await manager.info()
    assert found.task.state == state, (found.task.problem, found.task.output)
    return found


async def until(true):
    async with asyncio.timeout(PATIENCE):
        while not true():  # noqa: ASYNC110 - what is waited for is on the disk
            await asyncio.sleep(0.01)


def children_of(task_id):
    return [p for p in psutil.Process().children(recursive=True) if task_of(p) == task_id]


def task_of(process):
    try:
        return process.environ().get(TASK_VARIABLE)
    except psutil.Error:
        return None


async def test_cancelled_in_the_middle_resumed_updated_and_rolled_back(world):
    async with world.engine() as manager:
        assert (world.shown.state, world.shown.actions) == ("not-installed", ("install",))
        with pytest.raises(ConflictError) as caught:
            await manager.provide(ServiceSpec("comfyui"), None)
        assert caught.value.code == "comfyui.not_installed"

        # Cancelled while the environment is made: its processes are gone, what is done is kept.
        begun = await manager.install(InstallRequest())
        assert (begun.state, begun.actions) == ("installing", ("cancel",))
        with pytest.raises(ConflictError, match="another task runs"):
            await manager.install(InstallRequest())
        await until(lambda: manager.task_step() == "venv" and children_of(begun.task.id))
        cancelled = await manager.cancel()
        assert children_of(begun.task.id) == []
        assert (cancelled.state, cancelled.task.state) == ("broken", "cancelled")
        assert cancelled.actions[0] == "resume"
        assert world.states() | {"venv": "cancelled"} == {
            "clone": "done",
            "checkout": "done",
            "venv": "cancelled",
            "torch": "waiting",
            "requirements": "waiting",
            "verify": "waiting",
        }

        # Resumed: what was done is not done again.
        await manager.install(InstallRequest())
        done = await ended(manager)
        assert world.states() == {
            "clone": "skipped",
            "checkout": "skipped",
            "venv": "done",
            "torch": "done",
            "requirements": "done",
            "verify": "done",
        }
        assert (done.state, done.version, done.commit, done.torch) == (
            *("installed", "v0.3.9", world.first, "9.1.0"),
        )
        assert (done.dirty, done.previous, done.actions) == (False, "", ("update",))
        assert done.task.progress == 1.0
        assert "Successfully installed" in read(done.task.log)
        assert not [p for p in world.root.iterdir() if ".partial-" in p.name]

        # It can be started, in its own environment.
        launch = await manager.provide(ServiceSpec("comfyui"), 8190)
        assert launch.command[:3] == (str(world.folder / ".venv/bin/python"), "-u", "main.py")
        assert launch.command[3:7] == ("--listen", "127.0.0.1", "--port", "8190")
        assert launch.cwd == str(world.folder)

        # A second install finds all done, in no time.
        await manager.install(InstallRequest())
        await ended(manager)
        assert [s for s, state in world.states().items() if state != "skipped"] == ["venv", "verify"]

        # Updated: new requirements are installed, the commit before is kept.
        world.second = world.repository.commit(
            "v0.3.64", **{"requirements.txt": "fake_front_end==2.0\ntorch\n"}
        )
        await manager.update(InstallRequest())
        updated = await ended(manager)
        assert (updated.version, updated.previous) == ("v0.3.64", world.first)
        assert world.states()["requirements"] == "done"
        assert installed(world, "fake_front_end") == "2.0"
        assert installed(world, "torch") == "9.1.0"

        # And back, with the requirements of before.
        await manager.rollback(InstallRequest())
        back = await ended(manager)
        assert (back.commit, back.previous) == (world.first, world.second)
        assert installed(world, "fake_front_end") == "1.0"

        # Nothing that was changed by hand is overwritten.
        (world.folder / "nodes.py").write_text("mine = 1\n")
        with pytest.raises(ConflictError, match=r"changed by hand.*: nodes\.py") as caught:
            await manager.update(InstallRequest())
        assert (caught.value.code, caught.value.details["files"]) == ("comfyui.dirty", ["nodes.py"])
        assert (world.folder / "nodes.py").read_text() == "mine = 1\n"


def read(path):
    return Path(path).read_text()


def installed(world, name):
    places = world.folder.glob(f".venv/lib/python*/site-packages/{name}-*.dist-info")
    return next(place.name.removeprefix(f"{name}-").removesuffix(".dist-info") for place in places)
