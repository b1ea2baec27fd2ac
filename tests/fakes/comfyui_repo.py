"""A git repository that looks like ComfyUI's, and wheels for it, all made in the test's own folder."""

from __future__ import annotations

import os
import subprocess
import zipfile
from pathlib import Path

MAIN = """\
import argparse
import fake_front_end
parser = argparse.ArgumentParser()
parser.add_argument("--listen", nargs="?")
parser.parse_args()
"""
TORCH = """\
__version__ = "{version}"
class cuda:
    @staticmethod
    def is_available():
        return False
"""
GIT_ENVIRONMENT = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "a",
    "GIT_AUTHOR_EMAIL": "a@example.org",
    "GIT_COMMITTER_NAME": "a",
    "GIT_COMMITTER_EMAIL": "a@example.org",
}


def git(folder: Path, *arguments: str) -> str:
    done = subprocess.run(
        ["git", *arguments],
        cwd=folder,
        env={**os.environ, **GIT_ENVIRONMENT},
        capture_output=True,
        text=True,
        timeout=30,
        check=True,
    )
    return done.stdout.strip()


def wheel(folder: Path, name: str, version: str, text: str = "", requires: tuple[str, ...] = ()) -> Path:
    """A wheel with one module."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}-{version}-py3-none-any.whl"
    info = f"{name}-{version}.dist-info"
    needs = "".join(f"Requires-Dist: {other}\n" for other in requires)
    with zipfile.ZipFile(path, "w") as packed:
        packed.writestr(f"{name}.py", text)
        packed.writestr(
            f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{needs}"
        )
        packed.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        packed.writestr(f"{info}/RECORD", "")
    return path


def torch_wheels(folder: Path, version: str = "9.1.0") -> None:
    for name in ("torch", "torchvision", "torchaudio"):
        wheel(folder, name, version, TORCH.format(version=version) if name == "torch" else "")


class Repository:
    """`commit` makes a version; tags are `vN.N.N`."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--initial-branch", "master")
        self.commit(
            **{
                "main.py": MAIN,
                "nodes.py": "",
                "folder_paths.py": "",
                "requirements.txt": "fake_front_end==1.0\ntorch\n",
                "custom_nodes/example_node.py.example": "",
                ".gitignore": "/custom_nodes/\n.venv/\nvenv/\n/models/\n",
            }
        )

    @property
    def url(self) -> str:
        return self.folder.as_uri()

    def commit(self, tag: str = "", **files: str) -> str:
        """Writes the files, commits them, and returns the hash; `tag` writes comfyui_version.py too."""
        if tag:
            files["comfyui_version.py"] = f'__version__ = "{tag.removeprefix("v")}"\n'
        for name, text in files.items():
            path = self.folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        git(self.folder, "add", "--all", "--force")
        git(self.folder, "commit", "--quiet", "--message", tag or "change")
        if tag:
            git(self.folder, "tag", tag)
        return git(self.folder, "rev-parse", "HEAD")
