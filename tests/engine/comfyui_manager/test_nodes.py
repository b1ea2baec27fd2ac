"""A custom node from its plan to the trash folder, with a real environment that it may not spoil."""

from __future__ import annotations

from pathlib import Path

import pytest

from ainf_tui.domain.comfyui_documents import InstallRequest, NodeRequest
from ainf_tui.domain.comfyui_log import NodeImport
from ainf_tui.errors import AinfError
from tests.fakes.comfyui_repo import git, torch_wheels, wheel
from tests.fakes.comfyui_world import ended, installed, read

SCRIPT = "import pathlib\npathlib.Path('ran').write_text(str(int(pathlib.Path('ran').exists())))\n"


def node_repository(folder: Path, **files: str) -> Path:
    folder.mkdir()
    git(folder, "init", "--quiet", "--initial-branch", "main")
    commit(folder, **{"__init__.py": "NODE_CLASS_MAPPINGS = {}\n", **files})
    return folder


def commit(folder: Path, **files: str) -> None:
    for name, text in files.items():
        (folder / name).write_text(text)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "change")


@pytest.fixture
def nodes(world):
    """Two of them: a good one, and one that wants another PyTorch."""
    wheel(world.wheels, "helper", "1.0")
    torch_wheels(world.wheels, "8.0.0")
    project = '[project]\nname = "good"\nversion = "1.2.0"\n'
    files = {"requirements.txt": "helper\ntorch\n", "install.py": SCRIPT, "pyproject.toml": project}
    node_repository(world.root / "good", **files)
    node_repository(world.root / "greedy", **{"requirements.txt": "torch==8.0.0\n"})
    return world.root


async def test_from_its_plan_to_the_trash(world, nodes):
    async with world.engine() as manager:
        with pytest.raises(AinfError, match="no ComfyUI"):
            await manager.plan_node(NodeRequest(source=(nodes / "good").as_uri()))
        await manager.install(InstallRequest())
        await ended(manager)
        await planned_and_installed(world, nodes, manager)
        await newer(world, nodes, manager)
        await in_and_out(world, manager)
        await greedy(world, nodes, manager)


async def planned_and_installed(world, nodes, manager):
    plan = await manager.plan_node(NodeRequest(source=(nodes / "good").as_uri()))
    assert plan.steps[0] == "pip install -r requirements.txt: helper, torch"
    assert "good 1.2.0" in plan.steps[1]
    assert "python install.py" in plan.steps
    assert any("with your rights" in warning for warning in plan.warnings)
    assert not (world.folder / "custom_nodes" / "good").exists()
    with pytest.raises(StopIteration):
        installed(world, "helper")

    await manager.install_node(NodeRequest(token=plan.token))
    await ended(manager)
    place = world.folder / "custom_nodes" / "good"
    assert (installed(world, "helper"), installed(world, "torch")) == ("1.0", "9.1.0")
    assert read(place / "ran") == "0"
    with pytest.raises(AinfError) as caught:
        await manager.install_node(NodeRequest(token=plan.token))
    assert caught.value.code == "comfyui.no_such_plan"
    with pytest.raises(AinfError) as caught:
        await manager.plan_node(NodeRequest(source=(nodes / "good").as_uri()))
    assert caught.value.code == "comfyui.node_exists"


async def newer(world, nodes, manager):
    """A changed install.py was seen by nobody, so it waits for a word."""
    commit(nodes / "good", **{"install.py": SCRIPT + "# more\n"})
    await manager.update_node(NodeRequest(name="good"))
    told = await ended(manager)
    assert "--run-script" in told.task.steps[-1].message
    assert read(world.folder / "custom_nodes" / "good" / "ran") == "0"
    commit(nodes / "good", **{"install.py": SCRIPT + "# and more\n"})
    await manager.update_node(NodeRequest(name="good", run_script=True))
    await ended(manager)
    assert read(world.folder / "custom_nodes" / "good" / "ran") == "1"


async def in_and_out(world, manager):
    world.log.told = {"good": NodeImport("good", True, 0.1, "ImportError: no cv2")}
    (good,) = [n for n in (await manager.nodes()).nodes if n.name == "good"]
    assert (good.state, good.version, good.reason) == ("failed", "1.2.0", "ImportError: no cv2")
    assert world.shown.nodes_failed == 1
    await manager.disable_node(NodeRequest(name="good"))
    assert (world.folder / "custom_nodes" / "good.disabled").is_dir()
    (good,) = [n for n in (await manager.nodes()).nodes if n.name == "good"]
    assert good.state == "disabled"
    await manager.enable_node(NodeRequest(name="good"))
    left = await manager.remove_node(NodeRequest(name="good"))
    assert [n.name for n in left.nodes if n.name == "good"] == []
    (trashed,) = (world.folder / ".ainf-trash").iterdir()
    assert trashed.name.startswith("good-")
    assert (trashed / "__init__.py").is_file()
    with pytest.raises(AinfError, match="no custom node 'good'"):
        await manager.enable_node(NodeRequest(name="good"))


async def greedy(world, nodes, manager):
    """PyTorch stays the one that is there; the node is not put in."""
    plan = await manager.plan_node(NodeRequest(source=str(nodes / "greedy")))
    assert any("PyTorch of its own" in warning for warning in plan.warnings)
    await manager.install_node(NodeRequest(token=plan.token))
    failed = await ended(manager, "failed")
    assert failed.task.problem.code == "comfyui.step_failed"
    told = world.reports[-1]
    assert (told.source, told.code, told.details["task"]) == (
        "install",
        "comfyui.step_failed",
        failed.task.id,
    )
    assert told.lines[-1] == failed.task.problem.message
    assert installed(world, "torch") == "9.1.0"
    assert not (world.folder / "custom_nodes" / "greedy").exists()
