"""`ainf workflows list|show` and `ainf presets list|show`."""

from __future__ import annotations

import difflib
from collections.abc import Mapping, Sequence
from typing import Any

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.cli.complete import pack_names, preset_names
from ainf_tui.cli.documents import PacksDocument, PackShownDocument, PresetsDocument, PresetShownDocument
from ainf_tui.cli.lazy import LazyGroup
from ainf_tui.cli.output import show
from ainf_tui.cli.params import MAX_SEED
from ainf_tui.cli.session import call
from ainf_tui.cli.tables import Cell, Column, print_table
from ainf_tui.display.format import pairs
from ainf_tui.domain.workflows import Pack, PackInput, Preset
from ainf_tui.errors import NotFoundError

_HERE = "ainf_tui.cli.commands.packs"
WORKFLOW_VERBS = {
    "list": (f"{_HERE}:list_workflows", "The packs that can be run by name."),
    "show": (f"{_HERE}:show_workflow", "A pack's inputs, defaults and bounds."),
}
PRESET_VERBS = {
    "list": (f"{_HERE}:list_presets", "The styles, and the pack of each."),
    "show": (f"{_HERE}:show_preset", "A preset's texts and values."),
}


@click.group(
    "workflows",
    cls=LazyGroup,
    lazy=WORKFLOW_VERBS,
    default="list",
    short_help="Workflow packs and their inputs.",
)
def workflows() -> None:
    """Workflow packs: graphs with named inputs, for `ainf run PACK`."""


@click.group(
    "presets",
    cls=LazyGroup,
    lazy=PRESET_VERBS,
    default="list",
    short_help="Styles: texts and values for a pack.",
)
def presets() -> None:
    """Presets: texts and values for a pack, for `ainf run --preset NAME`."""


@click.command("list", short_help=WORKFLOW_VERBS["list"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.workflows/1` on stdout.")
@click.pass_obj
def list_workflows(app: App, *, _json: bool) -> int:
    """The packs that can be run by name."""
    packs = call(app, lambda client: client.workflows.list())
    if app.out.json:
        app.out.emit(PacksDocument(workflows=tuple(packs)))
        return exits.OK
    columns = (
        Column("pack"),
        Column("name", drop=2),
        Column("category", drop=3),
        Column("what it does", flexible=True, drop=1),
    )
    rows = [
        (Cell(show(p.id, 60)), Cell(show(p.name, 60)), Cell(show(p.category, 30)), Cell(show(p.description)))
        for p in packs
    ]
    print_table(app.out, columns, rows)
    return exits.OK


@click.command("show", short_help=WORKFLOW_VERBS["show"][1])
@click.argument("pack", shell_complete=pack_names)
@click.option("--json", "_json", is_flag=True, help="A document `ainf.workflow/1` on stdout.")
@click.pass_obj
def show_workflow(app: App, *, pack: str, _json: bool) -> int:
    """A pack's inputs, defaults and bounds."""
    packs = call(app, lambda client: client.workflows.list())
    found = next((item for item in packs if item.id == pack), None)
    if found is None:
        raise _not_found(
            "workflows.not_found", "workflow pack", pack, [item.id for item in packs], "ainf workflows"
        )
    if app.out.json:
        app.out.emit(PackShownDocument(workflow=found))
        return exits.OK
    for line in _pack_lines(found):
        app.out.line(line)
    app.out.line()
    columns = (
        Column("input"),
        Column("type", drop=3),
        Column("default"),
        Column("allowed", drop=1),
        Column("sets", flexible=True, drop=2),
    )
    print_table(app.out, columns, [_input_row(item) for item in found.inputs])
    return exits.OK


@click.command("list", short_help=PRESET_VERBS["list"][1])
@click.option("--json", "_json", is_flag=True, help="A document `ainf.presets/1` on stdout.")
@click.pass_obj
def list_presets(app: App, *, _json: bool) -> int:
    """The styles, and the pack of each."""
    found = call(app, lambda client: client.presets.list())
    if app.out.json:
        app.out.emit(PresetsDocument(presets=tuple(found)))
        return exits.OK
    columns = (
        Column("preset"),
        Column("pack", drop=1),
        Column("size", drop=3),
        Column("steps", right=True, drop=4),
        Column("cfg", right=True, drop=5),
        Column("what it is for", flexible=True, drop=2),
    )
    rows = [
        (
            Cell(show(p.id, 60)),
            Cell(show(p.pack, 60)),
            Cell(_size(p.values)),
            Cell(show(p.values.get("steps", ""), 20)),
            Cell(show(p.values.get("cfg", ""), 20)),
            Cell(show(p.description)),
        )
        for p in found
    ]
    print_table(app.out, columns, rows)
    return exits.OK


def _size(values: Mapping[str, Any]) -> str:
    return (
        f"{show(values['width'], 20)}x{show(values['height'], 20)}"
        if {"width", "height"} <= set(values)
        else ""
    )


@click.command("show", short_help=PRESET_VERBS["show"][1])
@click.argument("preset", shell_complete=preset_names)
@click.option("--json", "_json", is_flag=True, help="A document `ainf.preset/1` on stdout.")
@click.pass_obj
def show_preset(app: App, *, preset: str, _json: bool) -> int:
    """A preset's texts and values. `{subject}` is where your prompt goes."""
    items = call(app, lambda client: client.presets.list())
    found = next((item for item in items if item.id == preset), None)
    if found is None:
        raise _not_found("presets.not_found", "preset", preset, [item.id for item in items], "ainf presets")
    if app.out.json:
        app.out.emit(PresetShownDocument(preset=found))
        return exits.OK
    for line in _preset_lines(found):
        app.out.line(line)
    return exits.OK


def _not_found(code: str, what: str, name: str, names: Sequence[str], command: str) -> NotFoundError:
    near = difflib.get_close_matches(name, names, cutoff=0.4)
    told = f"Did you mean {', '.join(near)}? " if near else ""
    return NotFoundError(
        code, f"there is no {what} {name!r}", hint=f"{told}`{command}` lists them.", details={"near": near}
    )


def _facts(rows: Sequence[tuple[str, str]]) -> list[str]:
    return [f"  {name:<11} {show(value)}" for name, value in rows if value]


def _pack_lines(pack: Pack) -> list[str]:
    rows = [
        ("about", pack.description),
        ("version", pack.version),
        ("category", pack.category),
        ("tags", ", ".join(pack.tags)),
        ("family", pack.family),
        ("notes", pack.notes),
        ("file", pack.source),
    ]
    return [f"{show(pack.id)}  {show(pack.name)}", *_facts(rows)]


def _preset_lines(preset: Preset) -> list[str]:
    rows = [
        ("about", preset.description),
        ("category", preset.category),
        ("pack", preset.pack),
        ("prompt", preset.prompt_template),
        ("negative", preset.negative),
        ("values", pairs(preset.values)),
        ("file", preset.source),
    ]
    return [f"{show(preset.id)}  {show(preset.name)}", *_facts(rows)]


def _input_row(item: PackInput) -> tuple[Cell, ...]:
    default = "required" if item.required else _plain(item.default)
    return (
        Cell(show(item.name, 40)),
        Cell(show(item.type, 20)),
        Cell(show(default, 60)),
        Cell(_bounds(item)),
        Cell(show(", ".join(item.places)), "dim"),
    )


def _plain(value: Any) -> str:
    return "" if value is None else f"{value:g}" if isinstance(value, float) else str(value)


def _bounds(item: PackInput) -> str:
    if item.max_length is not None:
        return f"{item.min_length or 0} to {item.max_length} characters"
    if item.min is None and item.max is None:
        return ""
    low, high = _number(item.min), _number(item.max)
    return f"{low} to {high}" if low and high else f"at least {low}" if low else f"at most {high}"


def _number(value: float | None) -> str:
    """Whole numbers in full; JSON readers round the greatest seed up, which no seed can be."""
    if value is None:
        return ""
    return str(min(int(value), MAX_SEED)) if value == int(value) else f"{value:g}"
