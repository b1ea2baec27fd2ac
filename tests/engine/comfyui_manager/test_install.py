"""A real install from a repository made here: cut off, resumed, updated, rolled back. Real git and pip."""

from __future__ import annotations

import pytest

from ainf_tui.domain.comfyui_documents import InstallRequest
from ainf_tui.domain.services import ServiceSpec
from ainf_tui.errors import ConflictError
from tests.fakes.comfyui_world import children_of, ended, installed, read, until


async def test_cancelled_in_the_middle_resumed_updated_and_rolled_back(world):
    async with world.engine() as manager:
        assert (world.shown.state, world.shown.actions) == ("not-installed", ("install",))
        with pytest.raises(ConflictError) as caught:
            await manager.provide(ServiceSpec("comfyui"), None)
        assert caught.value.code == "comfyui.not_installed"
        await cut_off(world, manager)
        await resumed(world, manager)
        await started(world, manager)
        await again(world, manager)
        await updated(world, manager)
        await rolled_back(world, manager)
        await left_alone(world, manager)


async def cut_off(world, manager):
    """Cancelled while the environment is made: its processes are gone, what is done is kept."""
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


async def resumed(world, manager):
    """What was done is not done again."""
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


async def started(world, manager):
    """In its own environment."""
    launch = await manager.provide(ServiceSpec("comfyui"), 8190)
    assert launch.command[:3] == (str(world.folder / ".venv/bin/python"), "-u", "main.py")
    assert launch.command[3:7] == ("--listen", "127.0.0.1", "--port", "8190")
    assert launch.cwd == str(world.folder)


async def again(world, manager):
    """A second install finds all done, in no time."""
    await manager.install(InstallRequest())
    await ended(manager)
    assert [s for s, state in world.states().items() if state != "skipped"] == ["venv", "verify"]


async def updated(world, manager):
    """New requirements are installed, the commit before is kept."""
    world.second = world.repository.commit("v0.3.64", **{"requirements.txt": "fake_front_end==2.0\ntorch\n"})
    await manager.update(InstallRequest())
    newer = await ended(manager)
    assert (newer.version, newer.previous) == ("v0.3.64", world.first)
    assert world.states()["requirements"] == "done"
    assert installed(world, "fake_front_end") == "2.0"
    assert installed(world, "torch") == "9.1.0"


async def rolled_back(world, manager):
    """With the requirements of before."""
    await manager.rollback(InstallRequest())
    back = await ended(manager)
    assert (back.commit, back.previous) == (world.first, world.second)
    assert installed(world, "fake_front_end") == "1.0"


async def left_alone(world, manager):
    """Nothing that was changed by hand is overwritten."""
    (world.folder / "nodes.py").write_text("mine = 1\n")
    with pytest.raises(ConflictError, match=r"changed by hand.*: nodes\.py") as caught:
        await manager.update(InstallRequest())
    assert (caught.value.code, caught.value.details["files"]) == ("comfyui.dirty", ["nodes.py"])
    assert (world.folder / "nodes.py").read_text() == "mine = 1\n"
