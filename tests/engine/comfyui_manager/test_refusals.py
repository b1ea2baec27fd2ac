"""What is not done, what goes wrong, and what an engine finds that another one left."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime

import pytest

from ainf_tui.adapters.comfyui_install.records import FileTaskRecords
from ainf_tui.adapters.comfyui_install.tools import TASK_VARIABLE
from ainf_tui.domain.comfyui_documents import InstallRequest, NodeRequest
from ainf_tui.domain.comfyui_log import NodeImport
from ainf_tui.domain.comfyui_state import Elsewhere
from ainf_tui.domain.comfyui_task import Step, StepState, Task
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.errors import ConflictError
from tests.fakes.comfyui_repo import git
from tests.fakes.comfyui_world import children_of, ended, until

SLEEPER = "import time\ntime.sleep(120)\n"


@pytest.fixture
def processes():
    """Those that are started here end here."""
    started: list[subprocess.Popen[bytes]] = []

    def start(command, **options):
        started.append(subprocess.Popen(command, **options))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.wait(10)


async def refused(work):
    with pytest.raises(ConflictError) as caught:
        await work
    return caught.value


async def test_a_folder_with_anything_else_is_left_alone(world):
    world.folder.mkdir()
    (world.folder / "diary.txt").write_text("mine")
    async with world.engine() as manager:
        assert (world.shown.state, world.shown.actions) == ("not-installed", ())
        error = await refused(manager.install(InstallRequest()))
        assert error.code == "comfyui.folder_in_the_way"
    assert [path.name for path in world.folder.iterdir()] == ["diary.txt"]


async def test_too_little_room(world):
    world.free = 1 << 30
    async with world.engine() as manager:
        error = await refused(manager.install(InstallRequest()))
    assert (error.code, error.details["free"]) == ("comfyui.no_room", 1 << 30)
    assert not world.folder.exists()


async def test_a_repository_that_is_not_there(world):
    async with world.engine() as manager:
        await manager.install(InstallRequest(repository=(world.root / "none").as_uri()))
        failed = await ended(manager, "failed")
        assert failed.task.problem.code == "comfyui.step_failed"
        assert failed.task.problem.message.startswith("`git fetch --progress")
        assert "does not appear to be a git repository" in failed.task.problem.message
        assert (failed.state, failed.actions) == ("not-installed", ("resume",))
        assert world.states()["clone"] == "failed"


async def test_of_another_machines_comfyui_only_its_log_is_known(world):
    world.away = Elsewhere("http://10.0.0.7:8188")
    world.log.told = {"good": NodeImport("good", False, 0.2), "bad": NodeImport("bad", True, 0.1, "no cv2")}
    async with world.engine() as manager:
        assert (world.shown.state, world.shown.actions) == ("elsewhere", ())
        assert "10.0.0.7" in world.shown.reason
        nodes = (await manager.nodes()).nodes
        assert [(n.name, n.state, n.reason) for n in nodes] == [
            ("bad", "failed", "no cv2"),
            ("good", "imported", ""),
        ]
        works = (
            manager.install(InstallRequest()),
            manager.update(InstallRequest()),
            manager.plan_node(NodeRequest(source="https://h/n.git")),
            manager.provide(ServiceSpec("comfyui"), None),
        )
        assert {(await refused(work)).code for work in works} == {"comfyui.elsewhere"}
        assert world.shown.nodes_failed == 1


async def test_one_that_runs_is_not_changed_under_its_feet(world, processes):
    world.repository.commit("v0.3.10", **{"main.py": SLEEPER})
    git(world.root, "clone", "--quiet", world.repository.url, str(world.folder))
    pid = processes([sys.executable, "main.py"], cwd=world.folder).pid
    async with world.engine() as manager:
        works = (manager.update(InstallRequest()), manager.install(InstallRequest()))
        errors = [await refused(work) for work in works]
        assert {(e.code, e.details["pid"]) for e in errors} == {("comfyui.running", pid)}
        begun = await manager.update(InstallRequest(while_running=True))
        assert begun.state == "updating"
        await manager.cancel()


async def test_what_is_missing_is_told_before_a_start(world):
    git(world.root, "clone", "--quiet", world.repository.url, str(world.folder))
    async with world.engine() as manager:
        assert (world.shown.state, world.shown.reason) == ("broken", "it has no virtual environment")
        error = await refused(manager.provide(ServiceSpec("comfyui"), None))
        assert (error.code, "no virtual environment" in error.message) == ("comfyui.broken", True)
        assert (await refused(manager.rollback(InstallRequest()))).code == "comfyui.no_previous"
        assert (await refused(manager.cancel())).code == "comfyui.no_task"


async def test_the_engine_ends_in_the_middle(world):
    async with world.engine() as manager:
        assert manager.idle_since is not None
        begun = await manager.install(InstallRequest())
        assert manager.idle_since is None
        await until(lambda: manager.task_step() == "venv" and children_of(begun.task.id))
    assert children_of(begun.task.id) == []
    async with world.engine():
        assert world.shown.task.state == "interrupted"
        assert world.shown.task.problem.code == "comfyui.interrupted"
        assert (world.shown.state, world.shown.actions[0]) == ("broken", "resume")


async def test_the_engine_was_killed_and_its_pip_lives_on(world, processes):
    task = Task(
        id="20261126-100000-abcdef",
        kind="install",
        title="Install ComfyUI",
        steps=(Step("torch", "PyTorch", 10.0, StepState.RUNNING),),
        started_at=datetime(2026, 11, 26, 10, tzinfo=UTC),
    )
    await FileTaskRecords(world.state).save(task)
    environment = {**os.environ, TASK_VARIABLE: task.id}
    command = [sys.executable, "-c", SLEEPER]
    ours = processes(command, env=environment, start_new_session=True)
    other = processes(command, start_new_session=True)
    async with world.engine():
        assert world.shown.task.state == "interrupted"
        assert [step.state for step in world.shown.task.steps] == ["cancelled"]
        assert world.shown.actions == ("resume",)
    assert (ours.poll() is None, other.poll() is None) == (False, True)


async def test_a_listening_address_needs_the_users_word(world):
    world.options["listen"] = "0.0.0.0"
    async with world.engine():
        assert "no login" in world.shown.reason
    world.options["allow_network"] = True
    async with world.engine():
        assert world.shown.reason == ""
        assert world.shown.arguments[:2] == ("--listen", "0.0.0.0")
