"""Install, update and rollback as lists of steps. Each step looks first whether it is done."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

from ainf_tui.domain.comfyui_documents import InstallRequest
from ainf_tui.domain.comfyui_install import ComfyUIOptions, TorchChoice, choose_torch
from ainf_tui.domain.comfyui_state import ROOM, broken
from ainf_tui.domain.ports_comfyui import ComfyUIFolder, GpuLook, OnDisk, Report
from ainf_tui.engine.comfyui_manager.runner import Outcome, Work
from ainf_tui.errors import ConflictError

SKIP = Outcome("nothing to do", skipped=True)


class Flows:
    """The steps for one folder. The `check_` methods raise before anything is begun."""

    def __init__(self, folder: ComfyUIFolder, options: ComfyUIOptions, gpu: GpuLook) -> None:
        self._folder = folder
        self._options = options
        self._gpu = gpu

    # -- install -----------------------------------------------------------------------------------
    async def install(self, request: InstallRequest) -> tuple[Work, ...]:
        """Raises ConflictError `comfyui.folder_in_the_way | no_room | driver_too_old | running | dirty`."""
        disk = await self._folder.look()
        if disk.kind == "foreign":
            raise ConflictError(
                "comfyui.folder_in_the_way",
                f"{self._options.folder} holds something that is not ComfyUI; it is left as it is",
                hint="Choose another place ([comfyui] folder), or move that folder away yourself.",
            )
        choice = await self._choice(request)
        if not self._torch_stays(disk, choice, request):
            await self._folder.check_room(ROOM[choice.kind])
        if disk.kind == "comfyui":
            await self._refuse_running(request)
        repository = request.repository or self._options.repository
        version = request.version or self._options.version
        return (
            Work("clone", "Fetch ComfyUI", 3.0, lambda report: self._clone(repository, report)),
            Work(
                "checkout",
                "Check out",
                0.5,
                lambda report: self._settle(repository, version, request, report),
            ),
            Work("venv", "Virtual environment", 1.0, self._venv),
            Work("torch", "PyTorch", 10.0, lambda report: self._torch(choice, request, report)),
            *self._last_steps(choice),
        )

    async def _choice(self, request: InstallRequest) -> TorchChoice:
        gpu = await asyncio.to_thread(self._gpu)
        return choose_torch(request.torch or self._options.torch, self._options.torch_index, gpu)

    async def _refuse_running(self, request: InstallRequest) -> None:
        pid = None if request.while_running else await self._folder.running()
        if pid is not None:
            raise ConflictError(
                "comfyui.running",
                f"ComfyUI runs from {self._options.folder} (pid {pid})",
                hint="Stop it first; or with --while-running, and restart it afterwards.",
                details={"pid": pid},
            )

    async def _clone(self, repository: str, report: Report) -> Outcome:
        if (await self._folder.look()).kind == "comfyui":
            return Outcome("it is there already", skipped=True)
        await self._folder.clone(repository, report)
        return Outcome()

    async def _settle(
        self, repository: str, version: str, request: InstallRequest, report: Report
    ) -> Outcome:
        disk = await self._folder.look()
        if disk.kind != "comfyui":
            target = await self._folder.resolve(version)
            await self._folder.settle(target, report)
            await self._folder.marked(repository=repository, commit=target.commit)
            return Outcome(target.name)
        if disk.marker.pending:
            return await self._switch(disk, disk.marker.pending, report)
        if not request.version or not disk.git:
            return Outcome(f"{disk.version or 'it'} is there", skipped=True)
        return await self._switch(disk, (await self._folder.resolve(version)).commit, report)

    async def _venv(self, report: Report) -> Outcome:
        return Outcome(await self._folder.make_venv(self._options.python, report))

    def _torch_stays(self, disk: OnDisk, choice: TorchChoice, request: InstallRequest) -> bool:
        """It is the one that is wanted; or one that somebody else chose, and nobody asks for another."""
        if choice.kind == "keep" or (disk.torch and disk.marker.torch == choice.key):
            return True
        return bool(disk.torch) and not disk.marker.commit and not request.torch

    async def _torch(self, choice: TorchChoice, request: InstallRequest, report: Report) -> Outcome:
        disk = await self._folder.look()
        if self._torch_stays(disk, choice, request):
            return Outcome(disk.torch or choice.reason, skipped=True)
        report(f"PyTorch: {choice.kind}, {choice.reason}")
        await self._folder.marked(torch="")
        await self._folder.install_torch(choice, report)
        await self._folder.marked(torch=choice.key)
        return Outcome((await self._folder.look()).torch)

    # -- what all have at their end ----------------------------------------------------------------
    def _last_steps(self, choice: TorchChoice | None) -> tuple[Work, ...]:
        return (
            Work("requirements", "Requirements", 4.0, self._requirements),
            Work("verify", "Verify", 1.0, lambda report: self._verify(choice, report)),
        )

    async def _requirements(self, report: Report) -> Outcome:
        disk = await self._folder.look()
        if disk.marker.requirements == disk.requirements:
            return Outcome("unchanged", skipped=True)
        await self._folder.install_requirements(report)
        await self._folder.marked(requirements=disk.requirements)
        return Outcome()

    async def _verify(self, choice: TorchChoice | None, report: Report) -> Outcome:
        found = await self._folder.verify(report)
        disk = await self._folder.look()
        await self._folder.marked(
            verified=disk.commit or disk.version,
            commit=disk.commit,
            torch_version=str(found.get("torch", "")),
            cuda=bool(found.get("cuda")),
        )
        if reason := broken(await self._folder.look()):
            raise ConflictError("comfyui.not_working", reason, hint="`ainf comfyui install` completes it.")
        wanted = choice is not None and choice.kind in {"cuda", "rocm"}
        if wanted and not found.get("cuda"):
            return Outcome(f"PyTorch {found.get('torch')} sees no GPU: look at the driver")
        return Outcome(f"PyTorch {found.get('torch')}")

    # -- update and rollback -----------------------------------------------------------------------
    async def update(self, request: InstallRequest) -> tuple[Work, ...]:
        """Raises ConflictError `comfyui.not_installed | not_git | dirty | running`."""
        await self._check_change(request)
        version = request.version or self._options.version
        return (
            Work("fetch", "Look for what is new", 2.0, self._fetch),
            Work("checkout", "Check out", 0.5, lambda report: self._newer(version, report)),
            *self._last_steps(None),
        )

    async def rollback(self, request: InstallRequest) -> tuple[Work, ...]:
        """The same, and ConflictError `comfyui.no_previous`."""
        disk = await self._check_change(request)
        previous = disk.marker.previous
        if not previous:
            raise ConflictError(
                "comfyui.no_previous",
                "there was no update yet, so there is nothing to go back to",
                hint="`ainf comfyui update --version NAME` goes to any version.",
            )

        async def back(report: Report) -> Outcome:
            return await self._switch(await self._folder.look(), previous, report)

        return (Work("checkout", f"Back to {previous[:10]}", 0.5, back), *self._last_steps(None))

    async def _check_change(self, request: InstallRequest) -> OnDisk:
        disk = await self._folder.look()
        if disk.kind != "comfyui":
            raise not_installed(self._options.folder)
        if not disk.git:
            raise ConflictError(
                "comfyui.not_git",
                f"{self._options.folder} is no git checkout, so it can be neither updated nor rolled back",
                hint="Install another one beside it: [comfyui] folder; models can be shared with "
                "extra_model_paths.",
            )
        if disk.dirty and not disk.marker.pending:
            raise dirty(disk.dirty, self._options.folder)
        await self._refuse_running(request)
        return disk

    async def _fetch(self, report: Report) -> Outcome:
        await self._folder.fetch(report)
        return Outcome()

    async def _newer(self, version: str, report: Report) -> Outcome:
        disk = await self._folder.look()
        target = await self._folder.resolve(version)
        if target.commit == disk.commit and not disk.marker.pending:
            return Outcome(f"{target.name} is there already", skipped=True)
        return await self._switch(disk, target.commit, report)

    async def _switch(self, disk: OnDisk, commit: str, report: Report) -> Outcome:
        """The commit of before is noted first: after a crash in between it is known where to go back to."""
        if commit == disk.commit and not disk.marker.pending:
            return replace(SKIP, message=f"{commit[:10]} is there already")
        if disk.commit != commit:
            await self._folder.marked(previous=disk.commit)
        await self._folder.checkout(commit, report)
        await self._folder.marked(commit=commit)
        return Outcome(commit[:10])


def not_installed(folder: str) -> ConflictError:
    return ConflictError(
        "comfyui.not_installed",
        f"there is no ComfyUI in {folder}",
        hint="`ainf comfyui install` installs it; [comfyui] folder names one that is elsewhere.",
    )


def dirty(files: Sequence[str], folder: str) -> ConflictError:
    more = f" and {len(files) - 5} more" if len(files) > 5 else ""
    return ConflictError(
        "comfyui.dirty",
        f"files in {folder} were changed by hand and would be overwritten: {', '.join(files[:5])}{more}",
        hint=f"Look: git -C {folder} diff. Keep them aside: git -C {folder} stash; then try again.",
        details={"files": list(files)},
    )
