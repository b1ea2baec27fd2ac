"""How the managed ComfyUI stands, from what lies on the disk and what is being done. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ainf_tui.domain.comfyui_documents import ComfyUIDocument, CustomNodeDocument
from ainf_tui.domain.comfyui_install import ComfyUIOptions, arguments, open_to_network
from ainf_tui.domain.comfyui_log import NodeImport
from ainf_tui.domain.comfyui_task import RESUMABLE, Task, TaskState, task_document
from ainf_tui.domain.ports_comfyui import OnDisk
from ainf_tui.domain.text import redact_url
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

INSTALL, UPDATE, ROLLBACK = "install", "update", "rollback"
GIB = 1 << 30
ROOM: Mapping[str, int] = {
    "cuda": 10 * GIB,
    "rocm": 14 * GIB,
    "cpu": 3 * GIB,
    "apple": 3 * GIB,
    "keep": 3 * GIB,
}
"""Bytes that must be free: the wheels, what they unpack to, and ComfyUI with its front end. PyTorch for CUDA
takes some 6 GB unpacked, for ROCm some 10.
"""


@frozen
class Elsewhere:
    """The ComfyUI that is used is another machine's. `url` is empty where it is this one's."""

    url: str = ""

    @property
    def reason(self) -> str:
        return f"the ComfyUI that is used runs on another machine ({redact_url(self.url)})"


def broken(disk: OnDisk) -> str:
    """Why what lies there cannot be started; empty if it can."""
    marker = disk.marker
    if marker.pending:
        return "an update was cut off while it exchanged files"
    if not disk.python:
        return "it has no virtual environment"
    if not disk.torch:
        return "PyTorch is not installed"
    # After a commit that somebody else checked out, its requirements are somebody else's too.
    if marker.requirements != disk.requirements and marker.commit and marker.commit == disk.commit:
        return "its requirements are not installed"
    return ""


def document(
    options: ComfyUIOptions,
    disk: OnDisk,
    task: Task | None,
    elsewhere: Elsewhere,
    nodes: Sequence[CustomNodeDocument] | None = None,
) -> ComfyUIDocument:
    """The whole of it, for front ends. `nodes`: as last looked at."""
    state, reason = _state(disk, task, elsewhere, options)
    started, problem = _arguments(options)
    return ComfyUIDocument(
        state=state,
        reason=reason or problem,
        folder=options.folder,
        repository=redact_url(disk.marker.repository or options.repository),
        version=disk.version,
        commit=disk.commit,
        dirty=None if disk.dirty is None else bool(disk.dirty),
        previous=disk.marker.previous,
        python=disk.python,
        torch=disk.torch,
        arguments=started,
        url=(elsewhere.url and redact_url(elsewhere.url)) or local_url(options),
        task=None if task is None else task_document(task),
        actions=_actions(state, disk, task),
        nodes=None if nodes is None else len(nodes),
        nodes_failed=None if nodes is None else sum(node.state == "failed" for node in nodes),
    )


def local_url(options: ComfyUIOptions) -> str:
    """Where it answers on this machine."""
    first = options.listen.partition(",")[0].strip()
    host = "127.0.0.1" if first in {"", "0.0.0.0", "::"} else first  # noqa: S104 - asked about, not bound
    return f"http://[{host}]:{options.port}" if ":" in host else f"http://{host}:{options.port}"


def _arguments(options: ComfyUIOptions) -> tuple[tuple[str, ...], str]:
    try:
        return arguments(options), open_to_network(options)
    except UsageError as error:
        return (), error.message


def _state(disk: OnDisk, task: Task | None, elsewhere: Elsewhere, options: ComfyUIOptions) -> tuple[str, str]:
    if task is not None and task.state is TaskState.RUNNING and task.kind in {INSTALL, UPDATE, ROLLBACK}:
        return ("installing" if task.kind == INSTALL else "updating"), ""
    if elsewhere.url:
        return "elsewhere", elsewhere.reason
    if disk.kind == "foreign":
        return "not-installed", f"{options.folder} holds something that is not ComfyUI"
    if disk.kind == "missing":
        return "not-installed", "a clone that was cut off can be completed" if disk.partial else ""
    reason = broken(disk)
    return ("broken", reason) if reason else ("installed", "")


def _actions(state: str, disk: OnDisk, task: Task | None) -> tuple[str, ...]:
    if task is not None and task.state is TaskState.RUNNING:
        return ("cancel",)
    found = []
    resumable = task is not None and task.kind in {INSTALL, UPDATE, ROLLBACK} and task.state in RESUMABLE
    if state in {"not-installed", "broken"} and disk.kind != "foreign":
        found.append("resume" if resumable or disk.partial else "install")
    if state in {"installed", "broken"} and disk.git:
        found.append("update")
        if disk.marker.previous:
            found.append("rollback")
    return tuple(found)


def with_imports(
    nodes: Sequence[CustomNodeDocument], imports: Mapping[str, NodeImport]
) -> tuple[CustomNodeDocument, ...]:
    """What ComfyUI's last start says of each; without such a start all that are not disabled are unknown."""
    return tuple(
        _imported(node, imports.get(node.path.replace("\\", "/").rpartition("/")[2])) for node in nodes
    )


def _imported(node: CustomNodeDocument, found: NodeImport | None) -> CustomNodeDocument:
    if node.state == "disabled" or found is None:
        return node
    state = "failed" if found.failed else "imported"
    return replace(node, state=state, reason=found.reason, import_seconds=found.seconds)


def only_imports(imports: Mapping[str, NodeImport]) -> tuple[CustomNodeDocument, ...]:
    """All that is known of the nodes of another machine's ComfyUI."""
    return tuple(
        _imported(CustomNodeDocument(name, "unknown"), found) for name, found in sorted(imports.items())
    )
