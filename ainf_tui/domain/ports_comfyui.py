"""What the ComfyUI manager asks of the disk, of git, pip and processes. Adapters implement these; tests fake
them. As in `ports`: AinfError children only, and every call has its own deadline.

Calls that take a `report` run for minutes: each line of output goes there as it comes. Cancelling such a call
ends its processes, and leaves what it did in a state from which the same call goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import field
from typing import Any, Protocol

from ainf_tui.domain.comfyui_documents import CustomNodeDocument, NodeRequest, PlanDocument
from ainf_tui.domain.comfyui_install import GpuFacts, TorchChoice
from ainf_tui.domain.comfyui_log import NodeImport
from ainf_tui.domain.comfyui_task import Task
from ainf_tui.frozen import frozen

Report = Callable[[str], None]


@frozen
class Marker:
    """What an install has done, kept in the folder itself. Empty fields: not done."""

    repository: str = ""
    commit: str = ""
    previous: str = ""
    """Where a rollback goes to."""
    torch: str = ""
    """`TorchChoice.key` of what was installed."""
    requirements: str = ""
    """Hash of the requirements.txt that was installed."""
    torch_version: str = ""
    cuda: bool | None = None
    """Whether PyTorch saw a GPU when it was verified."""
    pending: str = ""
    """The commit of a checkout that has begun and was not seen to end."""
    verified: str = ""
    """The commit that was verified."""


@frozen
class OnDisk:
    """What lies in the folder."""

    kind: str = "missing"
    """missing (or empty) | foreign (something else) | comfyui"""
    git: bool = False
    version: str = ""
    commit: str = ""
    dirty: tuple[str, ...] | None = None
    """Files of ComfyUI's own that were changed by hand; None: not known."""
    python: str = ""
    """Of its virtual environment; empty: there is none."""
    torch: str = ""
    requirements: str = ""
    """Hash of requirements.txt as it lies there."""
    marker: Marker = field(default_factory=Marker)
    partial: bool = False
    """A clone of ours that was cut off lies beside it."""


@frozen
class Target:
    """A version as it was asked for, and the commit that it is."""

    name: str
    commit: str


class ComfyUIFolder(Protocol):
    """The one folder of the ComfyUI that is managed."""

    async def look(self) -> OnDisk: ...
    async def marked(self, **changes: Any) -> Marker:
        """Writes these fields of the marker."""
        ...

    async def check_room(self, needed: int) -> None:
        """ConflictError `comfyui.no_room`."""
        ...

    async def clone(self, repository: str, report: Report) -> None:
        """Everything of the repository, beside the folder; goes on where an earlier one was cut off."""
        ...

    async def resolve(self, version: str) -> Target:
        """In the clone, else in the folder. Empty: the newest release, else the default branch; a checkout
        that is newer stays where it is. NotFoundError `comfyui.no_such_version`.
        """
        ...

    async def settle(self, target: Target, report: Report) -> None:
        """Checks the clone out and puts it in the folder's place.

        ConflictError `comfyui.folder_in_the_way` when something else lies there by now.
        """
        ...

    async def fetch(self, report: Report) -> None: ...
    async def checkout(self, commit: str, report: Report) -> None:
        """ConflictError `comfyui.dirty`: nothing that was changed by hand is overwritten."""
        ...

    async def make_venv(self, python: str, report: Report) -> str:
        """Its Python. One that is there is kept. Empty `python`: the one that runs us."""
        ...

    async def install_torch(self, choice: TorchChoice, report: Report) -> None: ...
    async def install_requirements(self, report: Report) -> None:
        """PyTorch stays as it is."""
        ...

    async def verify(self, report: Report) -> Mapping[str, Any]:
        """`torch` (version), `cuda` (bool), `python`. AinfError `comfyui.not_working` with the reason."""
        ...

    async def running(self) -> int | None:
        """The pid of a ComfyUI that runs from this folder."""
        ...


class CustomNodes(Protocol):
    """custom_nodes/ of that folder."""

    async def entries(self) -> tuple[CustomNodeDocument, ...]:
        """As they lie there; state `disabled` or `unknown`."""
        ...

    async def stage(self, source: str, report: Report) -> PlanDocument:
        """Fetches it aside. UsageError `comfyui.bad_source`, `comfyui.bad_archive`; ConflictError
        `comfyui.node_exists`.
        """
        ...

    async def staged(self, token: str) -> str:
        """The name that a plan would install. NotFoundError `comfyui.no_such_plan`."""
        ...

    async def staged_requirements(self, token: str, report: Report) -> None: ...
    async def settle(self, token: str) -> str:
        """Moves it into custom_nodes; its name."""
        ...

    async def install_script(self, name: str, report: Report) -> None:
        """Its install.py, if it has one."""
        ...

    async def enable(self, name: str) -> None: ...
    async def disable(self, name: str) -> None: ...
    async def update(self, name: str, report: Report) -> tuple[str, str]:
        """Old and new commit. ConflictError `comfyui.dirty`, `comfyui.node_not_git`."""
        ...

    async def requirements(self, name: str, report: Report) -> None: ...
    async def script_changed(self, name: str, before: str) -> bool:
        """Whether install.py is another one than in commit `before`."""
        ...

    async def remove(self, name: str) -> str:
        """Where it lies now: in the trash folder."""
        ...


class TaskRecords(Protocol):
    """The last task, across engines."""

    async def load(self) -> Task | None: ...
    async def save(self, task: Task) -> None: ...
    def log_path(self, task_id: str) -> str: ...
    async def write(self, task_id: str, lines: tuple[str, ...]) -> None:
        """Appends to the task's log."""
        ...

    async def end_leftovers(self, task_id: str) -> int:
        """Ends processes of a task whose engine is gone; how many there were."""
        ...


GpuLook = Callable[[], GpuFacts]
"""Blocking."""


class StartLog(Protocol):
    """Where ComfyUI told of its last start."""

    async def imports(self) -> Mapping[str, NodeImport]:
        """Empty when it does not run, or no longer knows."""
        ...


__all__ = [
    "ComfyUIFolder",
    "CustomNodes",
    "GpuLook",
    "Marker",
    "NodeRequest",
    "OnDisk",
    "Report",
    "StartLog",
    "Target",
    "TaskRecords",
]
