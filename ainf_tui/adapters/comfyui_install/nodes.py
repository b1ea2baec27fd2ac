"""custom_nodes/: what lies there, and putting things in and out of it. Only our own staging is ever deleted.

A node is code of strangers that ComfyUI runs at its start. So it is fetched into a staging folder first,
where nothing runs it, and looked at; only the plan's token moves it in.
"""

from __future__ import annotations

import asyncio
import json
import os
import re
import secrets
import shutil
import time
from contextlib import suppress
from pathlib import Path

from ainf_tui.adapters.comfyui_install.archives import SUFFIXES, download, unpack
from ainf_tui.adapters.comfyui_install.git import Git, refuse_dirty
from ainf_tui.adapters.comfyui_install.nodes_look import look, plan_of
from ainf_tui.adapters.comfyui_install.tools import Tools
from ainf_tui.adapters.comfyui_install.venv import Venv
from ainf_tui.domain.comfyui_documents import CustomNodeDocument, PlanDocument
from ainf_tui.domain.ports_comfyui import Report
from ainf_tui.domain.text import redact_url, visible
from ainf_tui.errors import ConflictError, NotFoundError, UsageError

STAGING = ".ainf-staging"
TRASH = ".ainf-trash"
DISABLED = ".disabled"
"""ComfyUI passes over every entry whose name ends like this; ComfyUI-Manager keeps a folder of that name."""
_STAGE_LIFE = 86_400.0
"""Seconds after which a plan that nobody carried out is thrown away."""
_NAME = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,99}")
_GIT_SOURCE = re.compile(r"(?:https|http|ssh|git|file)://\S+|[\w.-]+@[\w.-]+:\S+")


class NodeFolder:
    """Implements `domain.ports_comfyui.CustomNodes` for the ComfyUI in `folder`."""

    def __init__(self, folder: Path, tools: Tools) -> None:
        self._root = folder
        self._nodes = folder / "custom_nodes"
        self._tools = tools
        self._venv = Venv(tools, folder)

    # -- looking -----------------------------------------------------------------------------------
    async def entries(self) -> tuple[CustomNodeDocument, ...]:
        places = await asyncio.to_thread(self._places)
        found = [await look(name, path, Git(self._tools, path)) for name, path in sorted(places.items())]
        return tuple(found)

    def _places(self) -> dict[str, Path]:
        """Name -> where it lies. One that lies there twice is told as the one that ComfyUI uses."""
        found: dict[str, Path] = {}
        for folder in (self._nodes / DISABLED, self._nodes):
            for path in folder.iterdir() if folder.is_dir() else ():
                plain = path.name.removesuffix(DISABLED)
                usable = path.is_dir() or plain.endswith(".py")
                if usable and plain not in {"", "__pycache__"} and not plain.startswith("."):
                    if path.name != plain and plain in found and found[plain].name == plain:
                        continue
                    found[plain] = path
        return found

    def _place(self, name: str) -> Path:
        places = self._places()
        if name in places:
            return places[name]
        near = [known for known in places if known.lower().startswith(name.lower()[:3])]
        raise NotFoundError(
            "comfyui.no_such_node",
            f"there is no custom node {visible(name, 60)!r}",
            hint=f"Did you mean {', '.join(sorted(near)[:3])}?"
            if near
            else "`ainf comfyui nodes` lists them.",
        )

    # -- new ones ----------------------------------------------------------------------------------
    async def stage(self, source: str, report: Report) -> PlanDocument:
        name = _name_of(source)
        await asyncio.to_thread(self._refuse_taken, name)
        token = secrets.token_hex(8)
        stage = self._root / STAGING / token
        await asyncio.to_thread(self._prepare, stage)
        try:
            await self._fetch(source, stage, name, report)
            facts = await look(name, stage / name, Git(self._tools, stage / name))
            plan = await asyncio.to_thread(plan_of, token, source, stage / name, facts)
            text = json.dumps({"name": name, "source": redact_url(source)})
            await asyncio.to_thread((stage / "plan.json").write_text, text)
        except BaseException:  # A cancelled plan leaves nothing behind either; what it was goes on up.
            await asyncio.to_thread(shutil.rmtree, stage, ignore_errors=True)
            raise
        return plan

    def _prepare(self, stage: Path) -> None:
        old = time.time() - _STAGE_LIFE
        if stage.parent.is_dir():
            for other in stage.parent.iterdir():
                if other.stat().st_mtime < old:
                    shutil.rmtree(other, ignore_errors=True)
        stage.mkdir(parents=True, mode=0o700)

    async def _fetch(self, source: str, stage: Path, name: str, report: Report) -> None:
        if not _is_archive(source):
            options = ("clone", "--quiet", "--progress", "--depth", "1")
            await Git(self._tools, stage).run(*options, "--", source, name, report=report)
            return
        archive = Path(source)
        if "://" in source:
            archive = stage / "archive"
            await download(source, archive, report)
        await asyncio.to_thread(unpack, archive, stage / name)

    def _refuse_taken(self, name: str) -> None:
        if name in self._places():
            raise ConflictError(
                "comfyui.node_exists",
                f"there is a custom node {name} already",
                hint=f"`ainf comfyui nodes update {name}` updates it; `... remove {name}` moves it away.",
            )

    async def staged(self, token: str) -> str:
        return await asyncio.to_thread(self._staged, token)

    def _staged(self, token: str) -> str:
        name = ""
        if re.fullmatch(r"[0-9a-f]{16}", token):
            with suppress(OSError, ValueError, KeyError, TypeError):
                name = str(json.loads((self._root / STAGING / token / "plan.json").read_text())["name"])
        if _NAME.fullmatch(name) and (self._root / STAGING / token / name).is_dir():
            return name
        raise NotFoundError(
            "comfyui.no_such_plan",
            "the plan is gone: it was carried out, or is older than a day",
            hint="Make a new one: `ainf comfyui nodes install SOURCE`.",
        )

    async def staged_requirements(self, token: str, report: Report) -> None:
        name = await self.staged(token)
        await self._install_file(self._root / STAGING / token / name, report)

    async def settle(self, token: str) -> str:
        name = await self.staged(token)
        await asyncio.to_thread(self._settle, token, name)
        return name

    def _settle(self, token: str, name: str) -> None:
        self._refuse_taken(name)
        self._nodes.mkdir(exist_ok=True)
        stage = self._root / STAGING / token
        (stage / name).rename(self._nodes / name)
        _sync(self._nodes)
        shutil.rmtree(stage, ignore_errors=True)

    async def _install_file(self, folder: Path, report: Report) -> None:
        file = folder / "requirements.txt"
        if await asyncio.to_thread(file.is_file):
            await self._venv.install_file(file, report)

    async def requirements(self, name: str, report: Report) -> None:
        await self._install_file(await asyncio.to_thread(self._place, name), report)

    async def install_script(self, name: str, report: Report) -> None:
        folder = await asyncio.to_thread(self._place, name)
        if await asyncio.to_thread((folder / "install.py").is_file):
            command = (self._venv.python, "install.py")
            await self._tools.run(command, cwd=folder, report=report, silence=1800.0)

    # -- those that are there ----------------------------------------------------------------------
    async def enable(self, name: str) -> None:
        await asyncio.to_thread(self._move, name, self._nodes / name)

    async def disable(self, name: str) -> None:
        await asyncio.to_thread(self._move, name, self._nodes / f"{name}{DISABLED}")

    def _move(self, name: str, target: Path) -> None:
        path = self._place(name)
        if path == target or (target.name.endswith(DISABLED) and _is_disabled(path)):
            return
        if target.exists():
            raise ConflictError(
                "comfyui.node_exists",
                f"{target} lies there already",
                hint="Move one of the two away by hand: they have the same name.",
            )
        path.rename(target)
        _sync(self._nodes)

    async def remove(self, name: str) -> str:
        return str(await asyncio.to_thread(self._remove, name))

    def _remove(self, name: str) -> Path:
        path = self._place(name)
        trash = self._root / TRASH
        trash.mkdir(exist_ok=True)
        stamp = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        target = trash / f"{name}-{stamp}"
        number = 1
        while target.exists():
            number += 1
            target = trash / f"{name}-{stamp}-{number}"
        path.rename(target)
        _sync(trash)
        return target

    async def update(self, name: str, report: Report) -> tuple[str, str]:
        folder = await asyncio.to_thread(self._place, name)
        git = Git(self._tools, folder)
        before = await git.commit() if git.exists else ""
        if not before:
            raise ConflictError(
                "comfyui.node_not_git",
                f"{name} is no git checkout, so nothing tells what is newer",
                hint="Remove it and install it from its git URL; it goes to the trash folder meanwhile.",
            )
        refuse_dirty(await git.dirty(), folder)
        shallow = await git.ask("rev-parse", "--is-shallow-repository") == "true"
        branch = await git.ask("symbolic-ref", "--quiet", "--short", "HEAD") or "HEAD"
        depth = ("--depth", "1") if shallow else ()
        await git.run("fetch", "--progress", *depth, "origin", branch, report=report)
        after = await git.commit("FETCH_HEAD")
        if not shallow and await git.ask("merge-base", "--is-ancestor", before, after) is None:
            raise ConflictError(
                "comfyui.dirty",
                f"{name} has commits of its own that its repository does not have",
                hint=f"Merge them by hand: git -C {folder} pull",
            )
        if after != before:
            await git.keep(before)
            await git.force(after, report)
        return before, after

    async def script_changed(self, name: str, before: str) -> bool:
        folder = await asyncio.to_thread(self._place, name)
        git = Git(self._tools, folder)
        old = await git.ask("rev-parse", "--quiet", "--verify", f"{before}:install.py")
        new = await git.ask("rev-parse", "--quiet", "--verify", "HEAD:install.py")
        return new is not None and new != old


def _is_disabled(path: Path) -> bool:
    return path.name.endswith(DISABLED) or path.parent.name == DISABLED


def _is_archive(source: str) -> bool:
    return source.partition("?")[0].lower().endswith(SUFFIXES)


def _name_of(source: str) -> str:
    """The folder's name for a source. UsageError `comfyui.bad_source` for what is none."""
    local = "://" not in source and Path(source).exists()
    if source.startswith("-") or not (local or _is_archive(source) or _GIT_SOURCE.fullmatch(source)):
        raise _bad_source(source, "is neither a git URL nor an archive (zip, tar.gz)")
    last = re.split(r"[/:\\]", source.partition("?")[0].rstrip("/\\"))[-1]
    for suffix in (".git", *SUFFIXES):
        last = last[: -len(suffix)] if last.lower().endswith(suffix) else last
    if not _NAME.fullmatch(last) or last.endswith(DISABLED):
        raise _bad_source(source, f"gives no usable name for a folder ({visible(last, 40)!r})")
    return last


def _bad_source(source: str, why: str) -> UsageError:
    return UsageError(
        "comfyui.bad_source",
        f"{visible(redact_url(source), 200)} {why}",
        hint="For example https://github.com/OWNER/NAME, or /path/to/NAME.zip",
    )


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
