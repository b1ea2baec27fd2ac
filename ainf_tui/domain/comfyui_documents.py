"""The JSON contract of the ComfyUI manager; see `documents` for the rules."""

from __future__ import annotations

from datetime import datetime

from ainf_tui.domain.documents import ProblemDocument
from ainf_tui.frozen import frozen


@frozen
class StepDocument:
    """One step of an install or update."""

    id: str
    """clone | checkout | venv | torch | requirements | verify ..."""
    title: str
    state: str
    """waiting | running | done | skipped | failed | cancelled"""
    progress: float | None = None
    """0..1 where the tool tells it."""
    seconds: float | None = None
    message: str = ""


@frozen
class TaskDocument:
    """What the manager is doing or did last: install, update, rollback, node install ..."""

    id: str
    kind: str
    title: str
    state: str
    """running | succeeded | failed | cancelled | interrupted (the engine ended meanwhile: it can be
    resumed)
    """
    steps: tuple[StepDocument, ...] = ()
    progress: float | None = None
    """0..1 of the whole."""
    started_at: datetime | None = None
    ended_at: datetime | None = None
    output: tuple[str, ...] = ()
    """The newest lines, at most 20; the whole is in `log`."""
    log: str = ""
    problem: ProblemDocument | None = None


@frozen
class CustomNodeDocument:
    """One entry of custom_nodes/."""

    name: str
    state: str
    """imported | failed | disabled | unknown (ComfyUI does not run)"""
    version: str = ""
    commit: str = ""
    url: str = ""
    dirty: bool = False
    reason: str = ""
    """Why it failed to import: the last line of the traceback in the log."""
    import_seconds: float | None = None
    requirements: bool = False
    path: str = ""


@frozen
class ComfyUIDocument:
    """The ComfyUI of this box. `service` tells whether it runs."""

    state: str = "unknown"
    """not-installed | installing | installed | updating | broken | elsewhere (another box: local actions are
    absent) | unknown
    """
    reason: str = ""
    """Why it is broken, or why local actions are absent."""
    folder: str = ""
    repository: str = ""
    version: str = ""
    """`v0.8.0`, from git or comfyui_version.py"""
    commit: str = ""
    dirty: bool | None = None
    """Files of ComfyUI's own were changed by hand."""
    previous: str = ""
    """The commit before the last update: what a rollback goes to."""
    python: str = ""
    torch: str = ""
    """`2.9.0+cu130`"""
    arguments: tuple[str, ...] = ()
    """As it would be started now."""
    url: str = ""
    service: str = "comfyui"
    task: TaskDocument | None = None
    actions: tuple[str, ...] = ()
    """What can be done now: install, update, rollback, start, stop, restart, adopt, resume, cancel."""
    nodes: int | None = None
    nodes_failed: int | None = None
    schema: str = "ainf.comfyui/1"


@frozen
class CustomNodesDocument:
    """`ainf comfyui nodes`."""

    nodes: tuple[CustomNodeDocument, ...]
    schema: str = "ainf.comfyui-nodes/1"


@frozen
class PlanDocument:
    """What an install of a custom node would run; nothing has been done but fetching it for a look."""

    token: str
    """Repeat it to carry the plan out."""
    title: str
    steps: tuple[str, ...]
    warnings: tuple[str, ...] = ()
    schema: str = "ainf.plan/1"


@frozen
class InstallRequest:
    """Install or update ComfyUI; empty values come from `[comfyui]`."""

    version: str = ""
    repository: str = ""
    torch: str = ""
    while_running: bool = False
    """Although ComfyUI runs: it must be restarted afterwards."""


@frozen
class NodeRequest:
    """Something to do with one custom node."""

    name: str = ""
    source: str = ""
    """For a plan: git URL, or path or URL of an archive (zip, tar.gz)."""
    token: str = ""
    """For carrying out a plan."""
    run_script: bool = False
    """For an update: its install.py may be run although it has changed."""
