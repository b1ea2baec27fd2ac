"""The files that ship with ainf are found in a checkout and in an installed wheel."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from ainf_tui import resources
from ainf_tui.errors import AinfError

ROOT = Path(__file__).resolve().parent.parent

ASK = """
import json, sys
sys.path.insert(0, sys.argv[1])
from ainf_tui import resources
found = {}
for name in ("data", "workflows", "presets"):
    folder = getattr(resources, name + "_dir")()
    files = (path for path in folder.rglob("*") if path.is_file())
    found[name] = str(folder), sorted(str(path.relative_to(folder)) for path in files)
print(json.dumps(found))
"""


def files_of(where: Path) -> dict[str, tuple[str, list[str]]]:
    done = subprocess.run(
        [sys.executable, "-I", "-c", ASK, str(where)], capture_output=True, text=True, timeout=60, check=True
    )
    found: dict[str, tuple[str, list[str]]] = json.loads(done.stdout)
    return found


def test_checkout_has_them_beside_the_package():
    found = files_of(ROOT)
    assert {name: Path(folder) for name, (folder, _) in found.items()} == {
        "data": ROOT / "data",
        "workflows": ROOT / "presets" / "workflows",
        "presets": ROOT / "presets" / "styles",
    }
    assert "errors.toml" in found["data"][1]


def test_wheel_carries_the_same_files(tmp_path):
    pip = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]
    build = [*pip, "wheel", "--no-deps", "--no-build-isolation", "--no-index", "-w", str(tmp_path), str(ROOT)]
    subprocess.run(build, check=True, timeout=110, capture_output=True)
    (wheel,) = tmp_path.glob("ainf_tui-*.whl")
    target = tmp_path / "installed"
    install = [
        *pip,
        "install",
        "--no-deps",
        "--no-index",
        "--no-compile",
        "--target",
        str(target),
        str(wheel),
    ]
    subprocess.run(install, check=True, timeout=110, capture_output=True)
    inside, beside = files_of(target), files_of(ROOT)
    assert {name: files for name, (_, files) in inside.items()} == {
        name: files for name, (_, files) in beside.items()
    }
    assert all(Path(folder).is_relative_to(target) for folder, _ in inside.values())
    assert not list(target.glob("tests*"))
    assert (next(target.glob("*.dist-info")) / "licenses" / "LICENSE").is_file()


def test_missing_folder_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(resources, "__file__", str(tmp_path / "ainf_tui" / "resources.py"))
    with pytest.raises(AinfError) as caught:
        resources.data_dir()
    assert caught.value.code == "resources.missing"
    assert "data" in caught.value.message


def test_only_our_folders_are_found():
    with pytest.raises(AinfError):
        resources.resource_dir("tests")
