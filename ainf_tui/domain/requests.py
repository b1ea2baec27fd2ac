"""What front ends ask of the engine: the bodies of the API's actions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from typing import Any

from ainf_tui.frozen import frozen


@frozen
class SweepAxis:
    """One `--sweep NAME=V1,V2,...`; the cross product of all axes gives the jobs, first axis slowest."""

    name: str
    values: tuple[Any, ...]


@frozen
class RunRequest:
    """Make jobs from a pack or from a graph (exactly one of `pack` and `graph`).

    `values` are raw: numbers may come as text (`"7.5"`); they are typed by the pack's inputs or the
    server's object_info. Keys are input names, `NODE.INPUT`, `TITLE.INPUT` or `CLASS.INPUT`.
    """

    request_id: str
    """The client's own; sent again (a lost answer), it gives the same jobs."""
    pack: str = ""
    graph: Mapping[str, Any] | None = None
    workflow: Mapping[str, Any] | None = None
    name: str = ""
    """How the user called the graph (file name), for lists."""
    values: Mapping[str, Any] = field(default_factory=dict)
    preset: str = ""
    count: int = 1
    seed: str = ""
    """A number, `random`, or empty: then the graph's or pack's own rule."""
    sweep: tuple[SweepAxis, ...] = ()
    priority: int = 0
    backend: str = ""
    held: bool = False
    output_folder: str = ""
    allow_many: bool = False
    """`--yes`: more than 100 jobs are meant."""


@frozen
class FreeRequest:
    """Which ComfyUI is asked to let go of models and kept results; empty: every one that is used."""

    backend: str = ""


@frozen
class JobsRequest:
    """Act on these jobs (numbers, ids or unique beginnings of ids)."""

    refs: tuple[str, ...]


@frozen
class RetryRequest:
    """New jobs from ended ones. `all_failed` instead of refs. `seed`: same | new | a number."""

    request_id: str
    refs: tuple[str, ...] = ()
    all_failed: bool = False
    seed: str = "same"
    values: Mapping[str, Any] = field(default_factory=dict)
    priority: int | None = None


@frozen
class MoveRequest:
    """Exactly one of the four: to the top, the bottom, before or after another job; or set a priority."""

    refs: tuple[str, ...]
    to: str = ""
    """top | bottom"""
    before: str = ""
    after: str = ""
    priority: int | None = None


@frozen
class ClearRequest:
    """Forget ended jobs; their files stay. `states` empty: all ended ones."""

    refs: tuple[str, ...] = ()
    states: tuple[str, ...] = ()


@frozen
class JobQuery:
    """Which page of the job list.

    `kind`: open (run order), ended (newest first), all (open first, then ended), changed (by
    revision, needs `changed_since`). `after` is the cursor of the page before.
    """

    kind: str = "all"
    states: tuple[str, ...] = ()
    held: bool | None = None
    refs: tuple[str, ...] = ()
    batch: str = ""
    text: str = ""
    """In prompt, pack, character, error message or number, whatever the case; `%` and `_` are themselves."""
    pack: str = ""
    character: str = ""
    backend: str = ""
    """Where a job is, was, or is pinned to."""
    changed_since: int | None = None
    limit: int = 100
    after: str | None = None
