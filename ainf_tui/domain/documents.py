"""The JSON contract: what the API serves, the client decodes and `--json` prints.

Fields are added, never renamed. Times are ISO 8601 UTC, durations seconds, sizes bytes, fractions
0..1. `schema` stands in the top-level documents only (`ainf.NAME/1`). Each class has a docstring: without
one `dataclasses` works out a signature at import, half of what a class costs there.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ainf_tui.frozen import frozen


@frozen
class NodeDocument:
    """A node of a graph as people know it."""

    id: str
    title: str
    cls: str


@frozen
class ProblemDocument:
    """Why something failed or is only half right."""

    code: str
    message: str
    hint: str = ""
    node: NodeDocument | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@frozen
class OutputDocument:
    """One file of a job."""

    path: str
    kind: str
    bytes: int | None
    sha256: str | None
    node: str
    fetched: bool = True


@frozen
class AttemptDocument:
    """One prompt that was sent for a job."""

    ordinal: int
    prompt_id: str
    backend: str
    state: str
    reason: str
    submitted_at: datetime | None
    started_at: datetime | None
    ended_at: datetime | None
    number: float | None = None
    comfyui_version: str = ""
    device: str = ""
    peak_vram: int | None = None


@frozen
class NodeProgressDocument:
    """One node of the graph, for the detail pane.

    `state`: pending | cached | running | finished | failed | interrupted | unknown. Of an ended job it is how
    the node ended: `pending` then never ran, and `unknown` is what nobody told.
    """

    id: str
    title: str
    cls: str
    state: str
    value: float = 0.0
    max: float = 0.0


@frozen
class JobDocument:
    """A job, with its progress as far as it is known."""

    id: str
    number: int
    state: str
    held: bool
    pack: str
    prompt: str
    prompt_id: str | None
    backend: str | None
    backend_pin: str | None
    attempt: int
    attempts: tuple[AttemptDocument, ...]
    priority: int
    position: int | None
    created_at: datetime
    submitted_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    elapsed: float | None
    progress: float | None
    step: int | None
    steps: int | None
    rate: float | None
    """Steps per second."""
    eta: float | None
    eta_basis: str | None
    node: NodeDocument | None
    params: Mapping[str, Any]
    seed: int | None
    seed_text: str | None
    """The seed as text where it is above 2^53, which JSON readers round."""
    seed_mode: str
    preset: str | None
    character: str | None
    batch: Mapping[str, Any] | None
    sweep: Mapping[str, Any] | None
    retry_of: int | None
    cancel_requested: bool
    blocked: str | None
    warnings: tuple[ProblemDocument, ...]
    outputs: tuple[OutputDocument, ...]
    error: ProblemDocument | None
    revision: int


@frozen
class JobDetailDocument:
    """`queue show`: the job and everything it was made of."""

    job: JobDocument
    graph: Mapping[str, Any]
    """The API graph as sent (with the newest attempt's file name prefix); empty with `brief`."""
    workflow: Mapping[str, Any] | None
    bindings: Mapping[str, tuple[str, ...]]
    nodes: tuple[NodeProgressDocument, ...]
    models: tuple[Mapping[str, Any], ...] = ()
    """`{"input": "4.ckpt_name", "name": ..., "sha256": str | None}`"""
    pack_version: str = ""
    graph_hash: str = ""


@frozen
class JobsDocument:
    """`ainf run` without waiting, and the answer to every action on jobs."""

    jobs: tuple[JobDocument, ...]
    notices: tuple[ProblemDocument, ...] = ()
    """What was chosen or left undone for the user, job by job where it matters."""
    schema: str = "ainf.jobs/1"


@frozen
class CountDocument:
    """How many were done. For `clear`."""

    count: int
    schema: str = "ainf.count/1"


@frozen
class JobPageDocument:
    """A page of whole jobs; `next` is the `after` of the following one."""

    jobs: tuple[JobDocument, ...]
    next: str | None
    revision: int
    schema: str = "ainf.queue/1"


@frozen
class JobRow:
    """A job as one row of a long table. Texts that say nothing are empty, unknown numbers null."""

    id: str
    number: int
    state: str
    held: bool
    cancel_requested: bool
    pack: str
    prompt: str
    """At most 200 characters."""
    preset: str
    character: str
    priority: int
    rank: float
    """Order within the priority: lower first."""
    batch_id: str
    batch_index: int | None
    sweep: str
    """`cfg=7 steps=20`"""
    backend: str
    """Where it is or was, else where it is pinned to."""
    progress: float | None
    step: int | None
    steps: int | None
    rate: float | None
    """Steps per second."""
    node: str
    """Title of the node that runs."""
    eta: float | None
    elapsed: float | None
    position: int | None
    """1 for the next job to be sent."""
    created_at: datetime
    started_at: datetime | None
    finished_at: datetime | None
    error: str
    """Code and message in one line of at most 200 characters."""
    outputs: int
    """Files that are here."""
    warnings: int
    seed_text: str
    retry_of: int | None
    revision: int


@frozen
class JobRowPage:
    """A page of the light list. `revision` is that of the newest change told of so far."""

    rows: tuple[JobRow, ...]
    next: str | None
    revision: int
    schema: str = "ainf.rows/1"


@frozen
class ForeignDocument:
    """Somebody else's prompt on a backend (the web page, a script)."""

    prompt_id: str
    state: str
    """running | pending"""
    ahead: int
    nodes: int
    eta: float | None = None


@frozen
class BackendDocument:
    """A ComfyUI, as it answered last."""

    name: str
    url: str
    reachable: bool
    version: str | None
    latency: float | None
    queue_running: int | None
    queue_pending: int | None
    age: float | None
    """Seconds since the last answer."""
    connected: bool = False
    """The websocket delivers."""
    message: str = ""
    hint: str = ""
    devices: tuple[Mapping[str, Any], ...] = ()
    foreign: tuple[ForeignDocument, ...] = ()
    since: datetime | None = None
    """Of the state `reachable`."""
    checked_at: datetime | None = None
    """Of the last answer; `age` is counted from it when a document is made."""
    frames: int = 0
    """Frames that came over its websocket since the engine began, as of `checked_at`."""


@frozen
class FreedDocument:
    """Which ComfyUIs were asked to let go of their models; each does once no prompt runs."""

    backends: tuple[str, ...]
    busy: tuple[str, ...] = ()
    """Those of them that run a prompt now."""
    notices: tuple[ProblemDocument, ...] = ()
    """Those that could not be asked, and why."""


@frozen
class QueueDocument:
    """Counts of jobs by state; `revision` grows with each change of any of them."""

    queued: int = 0
    submitted: int = 0
    running: int = 0
    held: int = 0
    succeeded_24h: int = 0
    failed_24h: int = 0
    ended: int = 0
    paused: bool = False
    paused_since: datetime | None = None
    eta: float | None = None
    revision: int = 0


@frozen
class EngineDocument:
    """The process that owns the queue."""

    running: bool
    pid: int | None = None
    version: str | None = None
    since: datetime | None = None
    home: str = ""
    embedded: bool = False
    label: str = ""
    """The setting `engine.label`: shown wherever the box is named."""


@frozen
class DatabaseDocument:
    """Where jobs are kept; `url` without its password."""

    url: str
    reachable: bool
    revision: str | None
    message: str = ""


@frozen
class ReasonDocument:
    """One thing that is not well, and what to do."""

    code: str
    severity: str
    """info | warning | error"""
    message: str
    hint: str = ""


@frozen
class HealthDocument:
    """The verdict on the box, as in `ainf status`; `overall` is empty before the first look."""

    overall: str = ""
    """ok | warning | error"""
    reasons: tuple[ReasonDocument, ...] = ()
    """Worst first."""
    host: str = ""
    """The machine's name."""
