"""`ainf comfyui nodes`: custom nodes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from pathlib import Path

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.commands.comfyui_install import JSON_HELP, NO_WAIT_HELP, begin
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.output import show
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import Cell, Column, folded, print_table
from ainf_tui.client import Client
from ainf_tui.display.glyphs import colour, glyph
from ainf_tui.domain.comfyui_documents import (
    CustomNodeDocument,
    CustomNodesDocument,
    NodeRequest,
    PlanDocument,
)
from ainf_tui.errors import UsageError

_HERE = "ainf_tui.cli.commands.comfyui_nodes"
VERBS = {
    "list": (f"{_HERE}:list_nodes", "What lies in custom_nodes, and whether ComfyUI could load it."),
    "install": (f"{_HERE}:install", "Install one from a git URL or an archive."),
    "enable": (f"{_HERE}:enable", "Let ComfyUI load it at its next start."),
    "disable": (f"{_HERE}:disable", "Keep ComfyUI from loading it at its next start."),
    "update": (f"{_HERE}:update", "Bring one to its newest commit."),
    "remove": (f"{_HERE}:remove", "Move one to the trash folder."),
}
NODES_HELP = "A document `ainf.comfyui-nodes/1` on stdout."
_COLUMNS = (
    Column("NODE", flexible=True),
    Column("STATE"),
    Column("VERSION", drop=2),
    Column("COMMIT", drop=3),
    Column("IMPORT", right=True, drop=4),
    Column("WHY", flexible=True, drop=1),
)
_GLYPH_OF = {"imported": "ok", "failed": "failed", "disabled": "held"}


@click.group(
    "nodes",
    cls=LazyGroup,
    lazy=VERBS,
    default="list",
    short_help="Custom nodes: list, install, update, remove.",
)
def nodes() -> None:
    """Custom nodes of the ComfyUI of this box. They are code of strangers: look before you install."""


@click.command("list", short_help="What lies in custom_nodes, and whether ComfyUI could load it.")
@click.option("--json", "_json", is_flag=True, help=NODES_HELP)
@click.pass_obj
def list_nodes(app: App, *, _json: bool) -> int:
    """What lies in custom_nodes, and whether ComfyUI could load it at its last start, or why not."""
    return _listed(app, call(app, lambda client: client.comfyui.nodes()))


def _listed(app: App, found: CustomNodesDocument) -> int:
    if app.out.json:
        app.out.emit(found)
    elif found.nodes:
        print_table(app.out, _COLUMNS, [_row(app, node) for node in found.nodes])
    else:
        app.out.note("There are no custom nodes.")
    return exits.OK


def _row(app: App, node: CustomNodeDocument) -> tuple[Cell, ...]:
    state = _GLYPH_OF.get(node.state, "unknown")
    seconds = "" if node.import_seconds is None else f"{node.import_seconds:.1f} s"
    return (
        Cell(show(node.name, 60)),
        Cell(f"{glyph(state, unicode=app.out.unicode)} {node.state}", colour(state)),
        Cell(show(node.version, 20)),
        Cell(node.commit[:10] + ("*" if node.dirty else "")),
        Cell(seconds),
        Cell(show(node.reason, 200)),
    )


@click.command("install", short_help="Install one from a git URL or an archive.")
@click.argument("source", metavar="SOURCE")
@click.option("--plan", "only_plan", is_flag=True, help="Only tell what it would run: `ainf.plan/1`.")
@click.option("--yes", is_flag=True, help="Do not ask.")
@click.option("--no-wait", is_flag=True, help=NO_WAIT_HELP)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def install(app: App, *, source: str, only_plan: bool, yes: bool, no_wait: bool, _json: bool) -> int:
    """Install a custom node from a git URL or an archive (zip, tar.gz).

    It is fetched aside first and nothing of it is run; what installing it would run is shown, and asked for.
    """
    planned = call(app, lambda client: client.comfyui.plan_node(NodeRequest(source=_source(app, source))))
    if only_plan:
        return _planned(app, planned)
    if not yes:
        _planned(app, planned) if not app.out.json else None
        if not app.out.stdin.isatty():
            raise UsageError(
                "cli.needs_yes", f"{planned.title}: it runs what is told above", hint="Add --yes."
            )
        if not app.out.confirm("Do that?"):
            app.out.note("Nothing was installed.")
            return exits.OK
    request = NodeRequest(token=planned.token)
    return begin(app, lambda client: client.comfyui.install_node(request), wait=not no_wait)


def _source(app: App, source: str) -> str:
    """A file of this machine by its full path: the engine has another working folder."""
    here = app.tunnel is None and app.connect is None and "://" not in source
    return str(Path(source).absolute()) if here and Path(source).exists() else source


def _planned(app: App, planned: PlanDocument) -> int:
    if app.out.json:
        app.out.emit(planned)
        return exits.OK
    app.out.line(show(planned.title))
    for step in planned.steps:
        for line in folded(app.out, f"  - {show(step)}", 4):
            app.out.line(line)
    for warning in planned.warnings:
        mark = glyph("warning", unicode=app.out.unicode)
        for line in folded(app.out, f"  {mark} {show(warning)}", 4):
            app.out.line(app.out.paint(line, "yellow"))
    return exits.OK


@click.command("update", short_help="Bring one to its newest commit.")
@click.argument("name", metavar="NODE")
@click.option("--run-script", is_flag=True, help="Run its install.py although it has changed.")
@click.option("--no-wait", is_flag=True, help=NO_WAIT_HELP)
@click.option("--json", "_json", is_flag=True, help=JSON_HELP)
@click.pass_obj
def update(app: App, *, name: str, run_script: bool, no_wait: bool, _json: bool) -> int:
    """Bring a custom node to its newest commit, and install its requirements."""
    request = NodeRequest(name=name, run_script=run_script)
    return begin(app, lambda client: client.comfyui.update_node(request), wait=not no_wait)


def _change(app: App, work: Callable[[Client], Awaitable[CustomNodesDocument]], said: str) -> int:
    found = call(app, work)
    if app.out.json:
        return _listed(app, found)
    app.out.note(f"{said} ComfyUI notices at its next start.")
    return exits.OK


@click.command("enable", short_help="Let ComfyUI load it at its next start.")
@click.argument("name", metavar="NODE")
@click.option("--json", "_json", is_flag=True, help=NODES_HELP)
@click.pass_obj
def enable(app: App, *, name: str, _json: bool) -> int:
    """Let ComfyUI load it at its next start."""
    request = NodeRequest(name=name)
    return _change(app, lambda client: client.comfyui.enable_node(request), f"{show(name, 60)} is enabled.")


@click.command("disable", short_help="Keep ComfyUI from loading it at its next start.")
@click.argument("name", metavar="NODE")
@click.option("--json", "_json", is_flag=True, help=NODES_HELP)
@click.pass_obj
def disable(app: App, *, name: str, _json: bool) -> int:
    """Keep ComfyUI from loading it at its next start."""
    request = NodeRequest(name=name)
    return _change(app, lambda client: client.comfyui.disable_node(request), f"{show(name, 60)} is disabled.")


@click.command("remove", short_help="Move one to the trash folder.")
@click.argument("name", metavar="NODE")
@click.option("--json", "_json", is_flag=True, help=NODES_HELP)
@click.pass_obj
def remove(app: App, *, name: str, _json: bool) -> int:
    """Move a custom node to .ainf-trash/ in ComfyUI's folder. What it brought along stays installed."""
    request = NodeRequest(name=name)
    said = f"{show(name, 60)} is in the trash folder."
    return _change(app, lambda client: client.comfyui.remove_node(request), said)
