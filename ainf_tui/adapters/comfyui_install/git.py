"""The system's git on one folder: never asks, runs no hooks, follows no option hidden in a name."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from ainf_tui.adapters.comfyui_install.tools import Tools
from ainf_tui.domain.comfyui_install import newest_release
from ainf_tui.domain.ports_comfyui import Report, Target
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError, ConflictError, NotFoundError, UsageError

_GIT = ("git", "-c", "core.hooksPath=/dev/null", "-c", "advice.detachedHead=false")
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/+-]{0,199}")
_ALL_HEADS = "+refs/heads/*:refs/remotes/origin/*"
PREVIOUS_REF = "refs/ainf/previous"
"""Keeps the commit before an update from git's own clearing up."""
CHANGES_REF = "refs/ainf/changes"
"""What lay in the files when a checkout that had been cut off was done again."""


class Git:
    """Calls on one work tree."""

    def __init__(self, tools: Tools, folder: Path) -> None:
        self._tools = tools
        self.folder = folder

    @property
    def exists(self) -> bool:
        return (self.folder / ".git").exists()

    async def run(self, *arguments: str, report: Report) -> None:
        await self._tools.run((*_GIT, *arguments), cwd=self.folder, report=report)

    async def ask(self, *arguments: str) -> str | None:
        """The answer without its last line break; None when git says no."""
        code, out = await self._tools.ask((*_GIT, *arguments), cwd=self.folder)
        return None if code else out.rstrip("\n")

    async def commit(self, ref: str = "HEAD") -> str:
        """Full hash; empty if there is no such thing."""
        return await self.ask("rev-parse", "--verify", "--quiet", f"{ref}^{{commit}}") or ""

    async def url(self) -> str:
        return await self.ask("config", "--get", "remote.origin.url") or ""

    async def dirty(self) -> tuple[str, ...] | None:
        """Tracked files that differ from the commit; None where git cannot tell."""
        out = await self.ask("status", "--porcelain", "--untracked-files=no", "--ignore-submodules", "-z")
        if out is None:
            return None
        return tuple(visible(part[3:], 200) for part in out.split("\0") if part[2:3] == " ")

    async def describe(self) -> str:
        return await self.ask("describe", "--tags", "--always") or ""

    async def fetch_all(self, repository: str, report: Report) -> None:
        """Every branch and tag of `repository` into a folder that may be new. Repeatable."""
        if not self.exists:
            await self.run("init", "--quiet", report=report)
        verb = "set-url" if await self.url() else "add"
        await self.run("remote", verb, "origin", repository, report=report)
        await self.fetch(report)

    async def fetch(self, report: Report) -> None:
        await self.run(
            *("fetch", "--progress", "--tags", "--force", "--prune", "origin", _ALL_HEADS), report=report
        )
        await self.ask("remote", "set-head", "origin", "--auto")

    async def default_branch(self) -> str:
        """`refs/remotes/origin/master`; empty where the remote names none."""
        return await self.ask("symbolic-ref", "--quiet", "refs/remotes/origin/HEAD") or ""

    async def resolve(self, version: str) -> Target:
        """See `ComfyUIFolder.resolve`."""
        if version:
            return await self._named(version)
        tags = (await self.ask("tag", "--list", "v*") or "").splitlines()
        newest = newest_release(tags)
        head = await self.commit()
        branch = await self.default_branch()
        if newest and not (head and await self._contains(head, f"refs/tags/{newest}")):
            return Target(newest, await self.commit(f"refs/tags/{newest}"))
        if newest and head and await self._detached():
            return Target(newest, head)
        if branch:
            return Target(branch.rpartition("/")[2], await self.commit(branch))
        raise NotFoundError(
            "comfyui.no_such_version",
            "the repository has neither a release (vN.N.N) nor a default branch",
            hint="Name a branch, tag or commit: --version NAME.",
        )

    async def _contains(self, head: str, ref: str) -> bool:
        return await self.ask("merge-base", "--is-ancestor", ref, head) is not None

    async def _detached(self) -> bool:
        return await self.ask("symbolic-ref", "--quiet", "HEAD") is None

    async def _named(self, version: str) -> Target:
        if not _NAME.fullmatch(version) or ".." in version:
            raise UsageError(
                "comfyui.bad_version",
                f"{visible(version, 60)!r} is no name of a tag, branch or commit",
                hint="For example v0.3.64, master, or a commit's hash.",
            )
        for ref in (f"refs/tags/{version}", f"refs/tags/v{version}", f"refs/remotes/origin/{version}"):
            if found := await self.commit(ref):
                return Target(version, found)
        if re.fullmatch(r"[0-9a-f]{7,40}", version) and (found := await self.commit(version)):
            return Target(version, found)
        tags = (await self.ask("tag", "--list", "--sort=-v:refname") or "").splitlines()[:8]
        known = f"The newest tags are {', '.join(visible(tag, 40) for tag in tags)}." if tags else ""
        raise NotFoundError(
            "comfyui.no_such_version",
            f"the repository has no tag, branch or commit {version!r}",
            hint=known or "It has no tags at all; name a branch or commit.",
        )

    async def force(self, commit: str, report: Report) -> None:
        """Checks it out over whatever tracked files say. The caller knows that nothing is lost by it."""
        options = ("--quiet", "--progress", "--force", "--detach")
        await self.run("checkout", *options, commit, report=report)

    async def keep_changes(self) -> None:
        """What tracked files say now stays reachable under `CHANGES_REF`."""
        stash = await self.ask("stash", "create")
        if stash is None or (stash and await self.ask("update-ref", CHANGES_REF, stash) is None):
            raise self._not_kept("what lies in its files")

    async def keep(self, commit: str) -> None:
        """Git keeps the commit although nothing else names it."""
        if await self.ask("update-ref", PREVIOUS_REF, commit) is None:
            raise self._not_kept(commit[:10])

    def _not_kept(self, what: str) -> AinfError:
        return AinfError(
            "comfyui.step_failed",
            f"git could not keep {what} in {self.folder}",
            hint="Look whether the folder's .git may be written.",
        )

    async def exclude(self, patterns: Sequence[str]) -> None:
        """Our own files in the work tree are none of git's business."""
        path = await self.ask("rev-parse", "--git-path", "info/exclude")
        if path is None:
            return
        file = self.folder / path
        known = file.read_text(errors="replace").splitlines() if file.is_file() else []
        missing = [pattern for pattern in patterns if pattern not in known]
        if missing:
            file.parent.mkdir(exist_ok=True)
            with file.open("a", encoding="utf-8") as stream:
                stream.write("".join(f"{pattern}\n" for pattern in missing))


def refuse_dirty(files: tuple[str, ...] | None, folder: Path) -> None:
    """ConflictError `comfyui.dirty` if there are any, or nobody can tell."""
    if files == ():
        return
    named = "its state cannot be read" if files is None else ", ".join(files[:5])
    more = f" and {len(files) - 5} more" if files and len(files) > 5 else ""
    raise ConflictError(
        "comfyui.dirty",
        f"files in {folder} were changed by hand and would be overwritten: {named}{more}",
        hint=f"Look: git -C {folder} diff. Keep them aside: git -C {folder} stash; then try again.",
        details={"files": list(files or ())},
    )
