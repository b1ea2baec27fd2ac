"""`ainf comfyui`: its verbs, and what stands there."""

from __future__ import annotations

from collections.abc import Iterator

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import folded
from ainf_tui.cli.tasks import step_line
from ainf_tui.display.format import percent
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.domain.comfyui_documents import ComfyUIDocument, TaskDocument

_HERE = "ainf_tui.cli.commands.comfyui"
_INSTALL = "ainf_tui.cli.commands.comfyui_install"
_START = "ainf_tui.cli.commands.comfyui_start"

VERBS = {
    "info": (f"{_HERE}:info", "What is installed, and what is being done to it."),
    "install": (f"{_INSTALL}:install", "Install ComfyUI, or go on where that was cut off."),
    "update": (f"{_INSTALL}:update", "Bring ComfyUI to a newer version."),
    "rollback": (f"{_INSTALL}:rollback", "Go back to the version before the last update."),
    "wait": (f"{_INSTALL}:wait", "Follow the task that runs to its end."),
    "cancel": (f"{_INSTALL}:cancel", "End the task that runs; what is done stays."),
    "start": (f"{_START}:start", "Start ComfyUI."),
    "stop": (f"{_START}:stop", "Stop ComfyUI."),
    "restart": (f"{_START}:restart", "Stop ComfyUI and start it again."),
    "free": (f"{_START}:free", "Let ComfyUI give GPU memory back."),
    "nodes": ("ainf_tui.cli.commands.comfyui_nodes:nodes", "Custom nodes: list, install, update, remove."),
}
_GLYPH_OF = {
    "installed": "ok",
    "installing": "submitting",
    "updating": "submitting",
    "not-installed": "stopped",
    "broken": "error",
    "elsewhere": "foreign",
}


@click.group(
    "comfyui",
    cls=LazyGroup,
    lazy=VERBS,
    default="info",
    short_help="Install and update ComfyUI, custom nodes.",
)
def comfyui() -> None:
    """The ComfyUI of this box: install it, update it, and its custom nodes."""


@click.command("info", short_help="What is installed, and what is being done to it.")
@click.option("--json", "_json", is_flag=True, help="A document `ainf.comfyui/1` on stdout.")
@click.pass_obj
def info(app: App, *, _json: bool) -> int:
    """What is installed, and what is being done to it.

    The exit code is 1 where it is broken.
    """
    found = call(app, lambda client: client.comfyui.info())
    if app.out.json:
        app.out.emit(found)
    else:
        for line in _lines(app, found):
            app.out.line(line)
    return exits.FAILED if found.state == "broken" else exits.OK


def _lines(app: App, found: ComfyUIDocument) -> Iterator[str]:
    out = app.out
    state = _GLYPH_OF.get(found.state, "unknown")
    yield out.paint(f"{glyph(state, unicode=out.unicode)} {found.state}", colour(state))
    if found.reason:
        yield from folded(out, f"  {show(found.reason)}", 2)
    facts = [(name, text) for name, text in _facts(found) if text]
    width = max(len(name) for name, _ in facts)
    yield ""
    for name, text in facts:
        yield from folded(out, f"{name:<{width}}  {text}", width + 2)
    if found.task is not None:
        yield ""
        yield from _task(app, found.task)


def _facts(found: ComfyUIDocument) -> Iterator[tuple[str, str]]:
    there = found.state in {"installed", "broken", "updating"}
    yield "folder", show(found.folder)
    if there:
        dirty = ", changed by hand" if found.dirty else ""
        commit = f" ({found.commit[:10]}{dirty})" if found.commit else ""
        yield "version", f"{show(found.version or '?', 60)}{commit}"
        yield "previous", found.previous[:10]
        yield "python", show(found.python)
        yield "pytorch", show(found.torch, 60)
        yield "starts as", show(" ".join(["main.py", *found.arguments])) if found.arguments else ""
    yield "source", show(found.repository) if found.state != "elsewhere" else ""
    yield "url", show(found.url)
    if found.nodes is not None:
        failed = f", {found.nodes_failed} failed to import" if found.nodes_failed else ""
        yield "nodes", f"{found.nodes}{failed}"
    yield "can", ", ".join(found.actions)


def _task(app: App, task: TaskDocument) -> Iterator[str]:
    done = f" {percent(task.progress)}" if task.state == "running" else ""
    yield f"{show(task.title)}: {task.state}{done}"
    for step in task.steps:
        text, colour_of = step_line(step, unicode=app.out.unicode)
        yield app.out.paint(f"  {text}", colour_of)
    if task.problem is not None and task.state != "succeeded":
        yield from folded(app.out, f"  {show(task.problem.message)}", 2)
        yield from folded(app.out, f"  {show(task.problem.hint)}", 2)
