"""The folder and custom_nodes on the disk: checkouts that were cut off, plans, names, what is passed over."""

from __future__ import annotations

import os
import zipfile

import pytest

from ainf_tui.adapters.comfyui_install.installation import Installation
from ainf_tui.adapters.comfyui_install.nodes import NodeFolder
from ainf_tui.adapters.comfyui_install.tools import Tools
from ainf_tui.errors import AinfError
from tests.fakes.comfyui_repo import GIT_ENVIRONMENT, Repository, git


def ignore(_line):
    return


@pytest.fixture
def tools():
    return Tools({**os.environ, **GIT_ENVIRONMENT})


@pytest.fixture
def checkout(tmp_path):
    """A clone of a repository with v0.3.9 and v0.3.64, at the older one."""
    repository = Repository(tmp_path / "up")
    first = repository.commit("v0.3.9", **{"nodes.py": "old = 1\n"})
    second = repository.commit("v0.3.64", **{"nodes.py": "new = 1\n"})
    folder = tmp_path / "comfyui"
    git(tmp_path, "clone", "--quiet", repository.url, str(folder))
    git(folder, "checkout", "--quiet", first)
    return folder, first, second


async def test_versions_by_their_names(checkout, tools):
    folder, first, second = checkout
    installation = Installation(folder, tools)
    for name, commit in (
        ("v0.3.9", first),
        ("0.3.9", first),
        ("master", second),
        (first[:9], first),
        ("", second),
    ):
        assert (await installation.resolve(name)).commit == commit, name
    with pytest.raises(AinfError, match="no tag, branch or commit 'v9'") as caught:
        await installation.resolve("v9")
    assert "v0.3.64, v0.3.9" in caught.value.hint
    for name in ("--upload-pack=x", "a..b", "a b"):
        with pytest.raises(AinfError) as caught:
            await installation.resolve(name)
        assert caught.value.code == "comfyui.bad_version"


async def test_a_checkout_that_was_cut_off_is_done_again_and_loses_nothing(checkout, tools):
    folder, first, second = checkout
    installation = Installation(folder, tools)
    (folder / "nodes.py").write_text("half-writ")
    with pytest.raises(AinfError, match=r"nodes\.py"):
        await installation.checkout(second, ignore)
    await installation.marked(pending=second)
    (folder / ".git" / "index.lock").write_text("")
    await installation.checkout(second, ignore)
    found = await installation.look()
    assert (found.commit, found.version, found.dirty, found.marker.pending) == (second, "v0.3.64", (), "")
    assert git(folder, "rev-parse", "refs/ainf/previous") == first
    assert git(folder, "show", "refs/ainf/changes:nodes.py") == "half-writ"


async def test_our_own_files_make_nothing_dirty(checkout, tools):
    folder, _, second = checkout
    installation = Installation(folder, tools)
    await installation.checkout(second, ignore)
    assert (folder / ".ainf-install.json").is_file()
    assert git(folder, "status", "--porcelain") == ""


async def test_a_place_that_was_taken_meanwhile(tmp_path, tools):
    repository = Repository(tmp_path / "up")
    commit = repository.commit("v0.3.9")
    installation = Installation(tmp_path / "comfyui", tools)
    await installation.clone(repository.url, ignore)
    assert (await installation.look()).partial
    (tmp_path / "comfyui").mkdir()
    (tmp_path / "comfyui" / "diary.txt").write_text("mine")
    target = await installation.resolve("")
    assert target.commit == commit
    with pytest.raises(AinfError) as caught:
        await installation.settle(target, ignore)
    assert caught.value.code == "comfyui.folder_in_the_way"
    assert (tmp_path / "comfyui" / "diary.txt").read_text() == "mine"


@pytest.fixture
def nodes(tmp_path, tools):
    (tmp_path / "comfyui" / "custom_nodes").mkdir(parents=True)
    return NodeFolder(tmp_path / "comfyui", tools), tmp_path / "comfyui" / "custom_nodes"


async def test_what_counts_as_a_node(nodes):
    folder, place = nodes
    for name in ("good", "off.disabled", "__pycache__", ".disabled/kept"):
        (place / name).mkdir(parents=True)
    for name in ("single.py", "example_node.py.example", "notes.txt"):
        (place / name).write_text("")
    found = {node.name: node.state for node in await folder.entries()}
    assert found == {"good": "unknown", "kept": "disabled", "off": "disabled", "single.py": "unknown"}
    await folder.enable("kept")
    await folder.disable("single.py")
    found = {node.name: node.state for node in await folder.entries()}
    assert found == {"good": "unknown", "kept": "unknown", "off": "disabled", "single.py": "disabled"}
    with pytest.raises(AinfError) as caught:
        await folder.update("good", ignore)
    assert caught.value.code == "comfyui.node_not_git"


async def test_a_plan_from_an_archive_runs_nothing(nodes, tmp_path):
    folder, place = nodes
    with zipfile.ZipFile(tmp_path / "my-node.zip", "w") as packed:
        packed.writestr("my-node-main/install.py", "raise SystemExit('never')")
        packed.writestr("my-node-main/weights.pth", b"x")
    plan = await folder.stage(str(tmp_path / "my-node.zip"), ignore)
    assert "python install.py" in plan.steps
    assert [w.partition(":")[0] for w in plan.warnings] == [
        "install.py is run with your rights, and may do anything",
        "files that run code when they are loaded (pickle)",
        "no pyproject.toml",
        "no __init__.py",
    ]
    assert list(place.iterdir()) == []
    assert await folder.settle(plan.token) == "my-node"
    assert (place / "my-node" / "weights.pth").is_file()
    with pytest.raises(AinfError):
        await folder.staged(plan.token)


@pytest.mark.parametrize(
    "source", ["--upload-pack=evil", "words", "https://h/..", "ext::sh -c evil", "https://h/a.disabled"]
)
async def test_sources_that_are_none(nodes, source):
    folder, place = nodes
    with pytest.raises(AinfError) as caught:
        await folder.stage(source, ignore)
    assert caught.value.code == "comfyui.bad_source"
    assert list(place.iterdir()) == []


@pytest.mark.parametrize("token", ["", "../../etc", "0123456789abcdef"])
async def test_tokens_that_are_none(nodes, token):
    with pytest.raises(AinfError) as caught:
        await nodes[0].staged(token)
    assert caught.value.code == "comfyui.no_such_plan"
