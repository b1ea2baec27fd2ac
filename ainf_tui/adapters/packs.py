"""Packs and presets from their folders. A file with a flaw costs itself only; the flaw is reported.

A pack is a folder with `pack.toml` and the graph it names; a preset is a TOML file. The format is in
the built-in ones, which are meant to be copied.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import TypeVar

from ainf_tui.adapters.manifests import Manifest, Table, read_bytes
from ainf_tui.domain.graphfiles import load_graph
from ainf_tui.domain.graphs import inputs_of, link_of
from ainf_tui.domain.jobs import Problem
from ainf_tui.domain.places import split_place
from ainf_tui.domain.text import visible
from ainf_tui.domain.values import PACK_TYPES, coerce_pack
from ainf_tui.domain.workflows import Graph, Pack, PackInput, Preset
from ainf_tui.errors import UsageError

MANIFEST = "pack.toml"
Report = Callable[[Problem], None]

_SLUG = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_INPUT_NAME = re.compile(r"[a-z][a-z0-9_]{0,39}")
_SLUG_HINT = "An id has small letters, digits, dots, dashes and underscores, at most 64."
_Item = TypeVar("_Item", Pack, Preset)
_log = logging.getLogger("ainf.packs")


def log_problem(problem: Problem) -> None:
    """The default report: a warning in the log."""
    _log.warning("%s: %s", problem.code, problem.message)


def read_packs(builtin: Path, user: Path | None = None, report: Report = log_problem) -> tuple[Pack, ...]:
    """The built-in packs, then the user's, each by id. Blocking; never raises for a file.

    Problems: `pack.bad_manifest` (file and line), `pack.bad_graph`, `pack.reserved_id` (a user's pack
    with the id of another), `pack.unreadable`.
    """
    found: dict[str, Pack] = {}
    for folder, own in ((builtin, True), (user, False)):
        for path in _entries(folder, "pack.unreadable", report):
            if not path.is_dir():
                continue
            try:
                pack = _read_pack(path, builtin=own)
                _refuse_taken(pack.id, pack.source, found, "pack.reserved_id")
            except UsageError as error:
                report(_problem(error))
            else:
                found[pack.id] = pack
    return _ordered(found.values())


def read_presets(builtin: Path, user: Path | None = None, report: Report = log_problem) -> tuple[Preset, ...]:
    """The built-in presets, then the user's, each by id. Blocking; never raises for a file.

    Problems: `preset.bad_file` (file and line), `preset.reserved_id`, `preset.unreadable`.
    """
    found: dict[str, Preset] = {}
    for folder, own in ((builtin, True), (user, False)):
        for path in _entries(folder, "preset.unreadable", report):
            if path.suffix != ".toml":
                continue
            try:
                preset = _read_preset(path, builtin=own)
                _refuse_taken(preset.id, preset.source, found, "preset.reserved_id")
            except UsageError as error:
                report(_problem(error))
            else:
                found[preset.id] = preset
    return _ordered(found.values())


def _ordered(items: Iterable[_Item]) -> tuple[_Item, ...]:
    return tuple(sorted(items, key=lambda item: (not item.builtin, item.id)))


def _entries(folder: Path | None, code: str, report: Report) -> Iterator[Path]:
    """What is in the folder, by name, without hidden files; a folder that is not there is empty."""
    if folder is None:
        return
    try:
        names = sorted(folder.iterdir())
    except FileNotFoundError:
        return
    except OSError as error:
        shown = visible(str(folder), 300)
        report(
            Problem(
                code,
                f"{shown} cannot be read: {error.strerror}",
                "Make it a folder that you may read.",
                details={"file": str(folder)},
            )
        )
        return
    yield from (path for path in names if not path.name.startswith("."))


def _problem(error: UsageError) -> Problem:
    return Problem(error.code, error.message, error.hint, details=error.details)


def _refuse_taken(name: str, source: str, found: dict[str, Pack] | dict[str, Preset], code: str) -> None:
    if name in found:
        raise UsageError(
            code,
            f"{visible(source, 300)}: the id {name} is taken by {visible(found[name].source, 300)}",
            hint="Give it another id.",
            details={"file": source, "id": name},
        )


def _slug(table: Table, name: str, default: str) -> str:
    value = table.text(name, default)
    if not _SLUG.fullmatch(value):
        raise table.flaw(name, f"{visible(value, 80)} is no id", _SLUG_HINT)
    return value


# -- packs -----------------------------------------------------------------------------------------
def _read_pack(folder: Path, *, builtin: bool) -> Pack:
    manifest = Manifest(folder / MANIFEST, "pack.bad_manifest")
    root = manifest.root
    graph = _read_graph(folder, root)
    pack = Pack(
        id=_slug(root, "id", folder.name),
        name=root.text("name"),
        description=root.text("description", ""),
        version=root.text("version", "1"),
        category=root.text("category", ""),
        tags=root.texts("tags"),
        inputs=_inputs(root.table("inputs"), graph),
        graph=graph,
        family=root.text("family", ""),
        source=str(manifest.path),
        builtin=builtin,
        notes=root.text("notes", ""),
    )
    root.refuse_rest()
    return pack


def _read_graph(folder: Path, root: Table) -> Graph:
    name = root.text("graph", "graph.json")
    if Path(name).name != name or name in {"", ".", ".."} or "\\" in name:
        raise root.flaw("graph", "is no plain file name", "Put the graph beside the manifest.")
    path = folder / name
    data = read_bytes(path, "pack.bad_graph")
    try:
        return load_graph(data).graph
    except UsageError as error:
        raise UsageError(
            "pack.bad_graph",
            f"{visible(str(path), 300)}: {error.message}",
            hint=error.hint,
            details={**error.details, "file": str(path)},
        ) from error


def _inputs(table: Table, graph: Graph) -> tuple[PackInput, ...]:
    found = []
    for name in table.names():
        if not _INPUT_NAME.fullmatch(name):
            raise table.flaw(name, "is no name for an input", "Use small letters, digits and underscores.")
        found.append(_input(name, table.table(name), graph))
    return tuple(found)


def _input(name: str, table: Table, graph: Graph) -> PackInput:
    kind = table.text("type")
    if kind not in PACK_TYPES:
        raise table.flaw("type", f"{visible(kind, 60)} is not known", f"Types: {', '.join(PACK_TYPES)}.")
    places = table.texts("places")
    if not places:
        raise table.flaw("places", "names no place", 'Write places = ["NODE.INPUT"], with ids of the graph.')
    for place in places:
        _check_place(table, place, graph)
    declared = PackInput(
        name=name,
        type=kind,
        places=places,
        title=table.text("title", ""),
        help=table.text("help", ""),
        default=table.scalar("default"),
        min=table.number("min"),
        max=table.number("max"),
        step=table.number("step"),
        max_length=table.size("max_length"),
        min_length=table.size("min_length"),
        required=table.flag("required"),
    )
    table.refuse_rest()
    if declared.default is not None:
        _check_default(table, declared)
    return declared


def _check_place(table: Table, place: str, graph: Graph) -> None:
    hint = "A place is NODE.INPUT: the id of a node of the graph, and an input of it that holds a value."
    try:
        node, name = split_place(graph, place)
    except UsageError as error:
        raise table.flaw("places", f"has {visible(place, 80)}: {error.message}", hint) from error
    inputs = inputs_of(graph, node)
    if name not in inputs or link_of(inputs[name]) is not None:
        raise table.flaw("places", f"has {visible(place, 80)}, where the graph holds no value", hint)


def _check_default(table: Table, declared: PackInput) -> None:
    try:
        coerce_pack(declared.default, declared, None)
    except UsageError as error:
        raise table.flaw("default", f"does not fit: {error.message}", error.hint) from error


# -- presets ---------------------------------------------------------------------------------------
def _read_preset(path: Path, *, builtin: bool) -> Preset:
    root = Manifest(path, "preset.bad_file").root
    values = root.table("values")
    preset = Preset(
        id=_slug(root, "id", path.stem),
        name=root.text("name"),
        description=root.text("description", ""),
        category=root.text("category", ""),
        pack=root.text("pack"),
        prompt_template=root.text("prompt", ""),
        negative=root.text("negative", ""),
        values={name: values.scalar(name) for name in values.names()},
        source=str(path),
        builtin=builtin,
    )
    root.refuse_rest()
    return preset
