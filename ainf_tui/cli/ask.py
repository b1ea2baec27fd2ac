"""From the words of `ainf run` to a request: packs by name, graphs from files and pictures."""

from __future__ import annotations

import contextlib
import difflib
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import click

from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.cli.params import assignments, axes, merge
from ainf_tui.client import Client
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.requests import RunRequest, SweepAxis
from ainf_tui.errors import AinfError, NotFoundError, UsageError

_PNG = b"\x89PNG\r\n\x1a\n"
MAX_FILE = 256 * 1024 * 1024
"""Bytes. Far above any workflow or picture; a guard against a model file given by mistake."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RunOptions:
    """What was given to `ainf run`, as click read it."""

    target: str | None
    source: str | None
    prompt: str | None
    negative: str | None
    preset: str | None
    seed: str | None
    count: int
    sets: tuple[str, ...]
    sweeps: tuple[str, ...]
    priority: int
    backend: str | None
    hold: bool
    out: str | None
    yes: bool


def build(app: App, options: RunOptions) -> RunRequest:
    """The request, with a fresh id. Reads the file and, for `--prompt -`, standard input.

    Raises UsageError and NotFoundError for what was given wrongly.
    """
    prompt = options.prompt
    if prompt == "-":
        prompt = app.out.stdin.read().rstrip("\r\n")
    values: Mapping[str, Any] = merge(
        assignments(options.sets, "--set"),
        [("--prompt", "prompt", prompt), ("--negative", "negative", options.negative)],
    )
    request = RunRequest(
        request_id=new_id(),
        values=values,
        preset=options.preset or "",
        count=options.count,
        seed=options.seed or "",
        sweep=tuple(SweepAxis(name, found) for name, found in axes(options.sweeps).items()),
        priority=options.priority,
        backend=options.backend or "",
        held=options.hold,
        output_folder=_folder(app, options.out) if options.out else "",
        allow_many=options.yes,
    )
    return _with_target(request, options)


def _with_target(request: RunRequest, options: RunOptions) -> RunRequest:
    if options.source is not None:
        if options.target is not None:
            raise click.UsageError("Give either PACK|FILE or --from IMAGE.png, not both.")
        return _with_file(request, options.source, picture=True)
    if options.target is None:
        if not options.preset:
            raise click.UsageError("Say what to run: a pack, a file, --preset NAME or --from IMAGE.png.")
        return request
    if looks_like_file(options.target):
        return _with_file(request, options.target)
    return replace(request, pack=options.target)


def _folder(app: App, given: str) -> str:
    """The absolute path of `--out`, tried now: a job whose result cannot be written would wait for ever.

    Leaves no new folder behind; the files that come make it. Raises UsageError `run.bad_out`, and
    `run.out_elsewhere` for another machine's engine, whose folders cannot be tried from here.
    """
    if url := places.box(app, places.settings(app)):
        raise UsageError(
            "run.out_elsewhere",
            f"--out names a folder of this machine, and the files are written on {url}",
            hint="They go to the outputs folder there ([outputs] folder in its config.toml); "
            "run without --out, and fetch them with scp or rsync.",
        )
    path = Path(given).expanduser().absolute()
    made: list[Path] = []
    try:
        for folder in (*reversed(path.parents), path):
            if not folder.exists():
                folder.mkdir()
                made.append(folder)
        with tempfile.TemporaryFile(dir=path):
            pass  # that it can be made is all that is asked
    except OSError as exc:
        raise UsageError(
            "run.bad_out",
            f"--out {path}: files cannot be written there: {exc.strerror or exc}",
            hint="Name a folder that you may write to; it is made if it is not there.",
        ) from None
    finally:
        for folder in reversed(made):
            with contextlib.suppress(OSError):
                folder.rmdir()
    return str(path)


def looks_like_file(target: str) -> bool:
    """An existing file, or a name that only a file can have."""
    separators = {os.sep, os.altsep or os.sep}
    return (
        Path(target).is_file()
        or any(separator in target for separator in separators)
        or target.lower().endswith((".json", ".png"))
    )


def _with_file(request: RunRequest, name: str, *, picture: bool = False) -> RunRequest:
    from ainf_tui.domain.graphfiles import from_png, load_graph  # noqa: PLC0415 -- a pack by name needs neither

    data = read_file(Path(name).expanduser())
    if not data:
        raise _unreadable(f"{name} is empty")
    if picture and not data.startswith((_PNG, b"{", b"\xef\xbb\xbf{")):
        raise _unreadable(f"{name} is no PNG")
    try:
        loaded = from_png(data) if data.startswith(_PNG) else load_graph(data)
    except UsageError as exc:
        raise UsageError(exc.code, f"{name}: {exc.message}", hint=exc.hint, details=exc.details) from exc
    return replace(request, graph=loaded.graph, workflow=loaded.workflow, name=Path(name).name)


def read_file(path: Path) -> bytes:
    """A workflow or a picture, whole.

    Raises NotFoundError(`run.no_such_file`), UsageError(`run.unreadable_file`).
    """
    try:
        size = path.stat().st_size
        if size > MAX_FILE:
            raise _unreadable(f"{path} is too large for a workflow or a picture ({size} bytes)")
        return path.read_bytes()
    except FileNotFoundError:
        raise NotFoundError(
            "run.no_such_file",
            f"there is no file {path}",
            hint="`ainf workflows` lists the packs that can be run by name.",
        ) from None
    except OSError as exc:
        raise _unreadable(f"{path} cannot be read: {exc.strerror}") from exc


def _unreadable(message: str) -> UsageError:
    return UsageError(
        "run.unreadable_file",
        message,
        hint='Give a JSON file made by "Export (API)", or a PNG that ComfyUI saved.',
    )


async def near_names(client: Client, request: RunRequest, exc: NotFoundError) -> AinfError:
    """The engine's "no such pack", with the names that are near."""
    packs = [pack.id for pack in await client.workflows.list()]
    near = difflib.get_close_matches(request.pack, packs, n=3, cutoff=0.4)
    told = f"Did you mean {', '.join(near)}? " if near else f"There are: {', '.join(packs)}. "
    return NotFoundError(
        exc.code,
        exc.message,
        hint=told + "`ainf workflows` lists the packs; a file is given by its path.",
        details={**exc.details, "near": near},
    )
