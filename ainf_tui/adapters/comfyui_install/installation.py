"""The folder of the ComfyUI that is managed: what lies there, and each step that brings it further.

A step that was cut off is simply done again: the clone grows beside the folder and is renamed into place
when it is whole; the environment is completed; pip skips what it has. What is done is noted in
`.ainf-install.json`.
A folder that is not ComfyUI's is never touched, and nothing is ever deleted.
"""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import re
import shutil
from collections.abc import Callable, Mapping
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any

from ainf_tui.adapters.comfyui_install.git import Git, refuse_dirty
from ainf_tui.adapters.comfyui_install.running import running_from
from ainf_tui.adapters.comfyui_install.tools import Tools
from ainf_tui.adapters.comfyui_install.venv import CONSTRAINTS, Venv, requirements_hash
from ainf_tui.display.format import size
from ainf_tui.domain.comfyui_install import TorchChoice
from ainf_tui.domain.ports_comfyui import Marker, OnDisk, Report, Target
from ainf_tui.errors import AinfError, ConflictError
from ainf_tui.paths import write_private

MARKER = ".ainf-install.json"
OWN_FILES = (f"/{MARKER}", f"/{CONSTRAINTS}", "/.ainf-trash/", "/.ainf-staging/")
_PARTS = ("main.py", "nodes.py", "folder_paths.py")
"""By these together ComfyUI is known."""
_VERSION = re.compile(r"""^__version__\s*=\s*["']([^"'\n]{1,40})["']""", re.MULTILINE)


class Installation:
    """Implements `domain.ports_comfyui.ComfyUIFolder`. `free` tells the free bytes of a folder's disk."""

    def __init__(self, folder: Path, tools: Tools, *, free: Callable[[Path], int] | None = None) -> None:
        self.folder = folder
        self._tools = tools
        self._git = Git(tools, folder)
        self._venv = Venv(tools, folder)
        self._free = free or _free_bytes

    # -- looking -----------------------------------------------------------------------------------
    async def look(self) -> OnDisk:
        found = await asyncio.to_thread(self._on_disk)
        if not found.git:
            return found
        try:
            commit, dirty = await self._git.commit(), await self._git.dirty()
            version = found.version or await self._git.describe()
        except AinfError:  # No git here, or one that does not answer: the rest is known all the same.
            return found
        return replace(found, commit=commit, dirty=dirty, version=version)

    def _on_disk(self) -> OnDisk:
        partial = self._clone_folder() is not None
        kind = self._kind()
        if kind != "comfyui":
            return OnDisk(kind, partial=partial)
        return OnDisk(
            kind,
            git=self._git.exists,
            version=self._version(),
            python=self._venv.python,
            torch=self._venv.installed("torch"),
            requirements=requirements_hash(self.folder / "requirements.txt"),
            marker=self._read_marker(),
            partial=partial,
        )

    def _kind(self) -> str:
        try:
            names = {path.name for path in self.folder.iterdir()}
        except (FileNotFoundError, NotADirectoryError):
            return "foreign" if self.folder.exists() or self.folder.is_symlink() else "missing"
        except OSError as error:
            raise _no_access(self.folder, error) from error
        if not names:
            return "missing"
        return "comfyui" if names.issuperset(_PARTS) else "foreign"

    def _version(self) -> str:
        try:
            text = (self.folder / "comfyui_version.py").read_text(errors="replace")[:4000]
        except OSError:
            return ""
        found = _VERSION.search(text)
        return f"v{found[1]}" if found else ""

    def _read_marker(self) -> Marker:
        try:
            data = json.loads((self.folder / MARKER).read_text())
            known = {item.name: data[item.name] for item in fields(Marker) if item.name in data}
            return Marker(**known)
        except (OSError, ValueError, TypeError, AttributeError):
            return Marker()  # Without it every step looks again whether it is done.

    async def marked(self, **changes: Any) -> Marker:
        return await asyncio.to_thread(self._write_marker, changes)

    def _write_marker(self, changes: Mapping[str, Any]) -> Marker:
        marker = replace(self._read_marker(), **changes)
        try:
            write_private(self.folder / MARKER, json.dumps(asdict(marker), indent=1).encode())
            _sync(self.folder)
        except OSError as error:
            raise _no_access(self.folder, error) from error
        return marker

    async def running(self) -> int | None:
        return await asyncio.to_thread(running_from, self.folder)

    async def check_room(self, needed: int) -> None:
        there = next(p for p in (self.folder, *self.folder.parents) if p.exists())
        free = await asyncio.to_thread(self._free, there)
        if free < needed:
            raise ConflictError(
                "comfyui.no_room",
                f"{self.folder} has {size(free)} free, and the install needs {size(needed)}",
                hint="Make room, or choose another place: [comfyui] folder.",
                details={"free": free, "needed": needed},
            )

    # -- code --------------------------------------------------------------------------------------
    def _clone_name(self, repository: str) -> Path:
        key = hashlib.sha256(repository.encode()).hexdigest()[:8]
        return self.folder.with_name(f"{self.folder.name}.partial-{key}")

    def _clone_folder(self) -> Path | None:
        """The newest clone beside the folder that is not in its place yet."""
        try:
            found = [p for p in self.folder.parent.glob(f"{self.folder.name}.partial-*") if p.is_dir()]
        except OSError:
            return None
        return max(found, key=lambda p: p.stat().st_mtime, default=None)

    def _work_tree(self) -> Git:
        clone = None if self._kind() == "comfyui" else self._clone_folder()
        return self._git if clone is None else Git(self._tools, clone)

    async def clone(self, repository: str, report: Report) -> None:
        clone = self._clone_name(repository)
        try:
            await asyncio.to_thread(clone.mkdir, parents=True, exist_ok=True)
            await asyncio.to_thread(os.utime, clone)  # Of several clones the last that was asked for counts.
        except OSError as error:
            raise _no_access(clone, error) from error
        await asyncio.to_thread(_unlock, clone)
        await Git(self._tools, clone).fetch_all(repository, report)

    async def resolve(self, version: str) -> Target:
        return await self._work_tree().resolve(version)

    async def settle(self, target: Target, report: Report) -> None:
        git = self._work_tree()
        if git is self._git:
            return
        # Cut off in the middle of a checkout, its files are half there; they are git's own, made by us.
        await git.force(target.commit, report)
        await git.exclude(OWN_FILES)
        if not all((git.folder / name).is_file() for name in _PARTS):
            raise ConflictError(
                "comfyui.not_comfyui",
                f"what was cloned has no {', '.join(_PARTS)}: it is not ComfyUI",
                hint="[comfyui] repository names the git repository to install from.",
            )
        await asyncio.to_thread(self._put_in_place, git.folder)

    def _put_in_place(self, clone: Path) -> None:
        try:
            # rename() replaces an empty folder and refuses any other: nobody's files can be lost.
            clone.rename(self.folder)
            _sync(self.folder.parent)
        except OSError as error:
            if self.folder.exists():
                raise in_the_way(self.folder) from error
            raise _no_access(self.folder, error) from error

    async def fetch(self, report: Report) -> None:
        await self._git.fetch(report)

    async def checkout(self, commit: str, report: Report) -> None:
        before = await self._git.commit()
        await self._git.exclude(OWN_FILES)
        if (await asyncio.to_thread(self._read_marker)).pending:
            # An earlier checkout was cut off, and its half-written files look as if changed by hand.
            await asyncio.to_thread(_unlock, self.folder)
            await self._git.keep_changes()
        else:
            refuse_dirty(await self._git.dirty(), self.folder)
        if before and before != commit:
            await self._git.keep(before)
        await self.marked(pending=commit)
        await self._git.force(commit, report)
        await self.marked(pending="")

    # -- environment -------------------------------------------------------------------------------
    async def make_venv(self, python: str, report: Report) -> str:
        return await self._venv.make(python, report)

    async def install_torch(self, choice: TorchChoice, report: Report) -> None:
        await self._venv.install_torch(choice, report)

    async def install_requirements(self, report: Report) -> None:
        file = self.folder / "requirements.txt"
        if await asyncio.to_thread(file.is_file):
            await self._venv.install_file(file, report)

    async def verify(self, report: Report) -> Mapping[str, Any]:
        return await self._venv.verify(report)


def in_the_way(folder: Path) -> ConflictError:
    return ConflictError(
        "comfyui.folder_in_the_way",
        f"{folder} holds something that is not ComfyUI; it is left as it is",
        hint="Choose another place ([comfyui] folder), or move that folder away yourself.",
    )


def _no_access(path: Path, error: OSError) -> AinfError:
    return ConflictError(
        "comfyui.no_access",
        f"{path}: {error.strerror or error}",
        hint="Make it yours (chown, chmod), or choose another place: [comfyui] folder.",
    )


def _unlock(folder: Path) -> None:
    """Removes lock files of a git that was killed. Only one task runs at a time, and it is this one."""
    for name in ("index.lock", "shallow.lock", "HEAD.lock", "config.lock", "packed-refs.lock"):
        (folder / ".git" / name).unlink(missing_ok=True)


def _free_bytes(folder: Path) -> int:
    return shutil.disk_usage(folder).free


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
