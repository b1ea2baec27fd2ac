"""Jobs, attempts and outputs: the values that are stored, and what may become of what.

A job is `queued | submitting | submitted | running | fetching | succeeded | failed | cancelled`,
plus the flag `held`. Each prompt sent for it is an attempt; an attempt ends
`succeeded | failed | cancelled | lost`. Times are aware UTC datetimes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from ainf_tui.domain.comfy import Graph, ServerFile
from ainf_tui.frozen import frozen


class JobState(StrEnum):
    QUEUED = "queued"
    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    RUNNING = "running"
    FETCHING = "fetching"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"


ENDED = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
OPEN = frozenset(JobState) - ENDED
WITH_OUTPUTS = ENDED | {JobState.FETCHING}
"""States in which a job may have outputs: they are planned with the step to `fetching`."""
ON_SERVER = frozenset({JobState.SUBMITTING, JobState.SUBMITTED, JobState.RUNNING})
"""States in which a prompt of ours may be in a ComfyUI's queue."""

TRANSITIONS: Mapping[JobState, frozenset[JobState]] = {
    # queued -> fetching: a prompt given up as never received had run after all, and is adopted.
    JobState.QUEUED: frozenset({JobState.SUBMITTING, JobState.FETCHING, JobState.CANCELLED, JobState.FAILED}),
    # submitting -> queued: positively not received; -> running/fetching: adopted after a doubt.
    JobState.SUBMITTING: frozenset(
        {
            JobState.SUBMITTED,
            JobState.QUEUED,
            JobState.RUNNING,
            JobState.FETCHING,
            JobState.FAILED,
            JobState.CANCELLED,
        }
    ),
    # submitted -> queued: withdrawn (pause, hold, something more urgent) or lost with the server.
    JobState.SUBMITTED: frozenset(
        {JobState.RUNNING, JobState.QUEUED, JobState.FETCHING, JobState.FAILED, JobState.CANCELLED}
    ),
    JobState.RUNNING: frozenset({JobState.FETCHING, JobState.QUEUED, JobState.FAILED, JobState.CANCELLED}),
    JobState.FETCHING: frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED}),
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
}


class AttemptState(StrEnum):
    """Where one prompt of ours is. The last four are ends."""

    SUBMITTING = "submitting"
    SUBMITTED = "submitted"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    LOST = "lost"


ATTEMPT_ENDED = frozenset(
    {AttemptState.SUCCEEDED, AttemptState.FAILED, AttemptState.CANCELLED, AttemptState.LOST}
)


class Intent(StrEnum):
    """Why we are about to take a prompt off the server; stored before it is done."""

    NONE = ""
    CANCEL = "cancel"
    WITHDRAW = "withdraw"


@frozen
class NodeRef:
    """A node of the graph as people know it: id, title (as in the graph), class."""

    id: str
    title: str
    cls: str


@frozen
class Problem:
    """Why something failed or is only half right, as a value: code, message, next step."""

    code: str
    message: str
    hint: str = ""
    node: NodeRef | None = None
    details: Mapping[str, Any] = field(default_factory=dict)


@frozen
class Attempt:
    """One prompt sent (or about to be sent) for a job. `prompt_id` is never used twice."""

    prompt_id: str
    job_id: str
    ordinal: int
    backend: str
    client_id: str
    state: AttemptState
    created_at: datetime
    number: float | None = None
    """The server's own running number, from the POST's answer or from its queue."""
    server_epoch: str = ""
    """Identity of the server process, where it could be had (`pid:start`), else empty."""
    intent: Intent = Intent.NONE
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    reason: str = ""
    error: Problem | None = None
    watched: bool = False
    """An abandoned id that may still turn up on the server; if it does, it is deleted or adopted."""
    cached_nodes: int = 0
    comfyui_version: str = ""
    device: str = ""
    peak_vram: int | None = None
    """Bytes; the most seen on the device while it ran; None where the server has no GPU."""


@frozen
class Output:
    """One file (or text) of a job.

    `path` is planned before the transfer, so that a repeat overwrites its own.
    """

    id: str
    job_id: str
    prompt_id: str
    source: ServerFile
    path: str
    """Absolute path of the file on disk; for a text too (`.txt`)."""
    node_title: str = ""
    bytes: int | None = None
    sha256: str | None = None
    fetched_at: datetime | None = None

    @property
    def fetched(self) -> bool:
        return self.fetched_at is not None


@frozen
class Job:
    """A job without its graph (see `JobGraph`). Progress is not here: it lives in the engine's tracker."""

    id: str
    number: int
    state: JobState
    created_at: datetime
    held: bool = False
    cancel_requested: bool = False
    pack: str = ""
    """Id of the pack, else the file's name as the user gave it."""
    pack_version: str = ""
    preset: str = ""
    prompt: str = ""
    """For lists: what the user wrote. What is sent is in `params`, with what a preset puts around it."""
    params: Mapping[str, Any] = field(default_factory=dict)
    seed: int | None = None
    seed_mode: str = "fixed"
    """fixed | random | increment: how `seed` came about."""
    priority: int = 0
    rank: float = 0.0
    """Order within a priority: lower first. Assigned by the store on add; `move` changes it."""
    backend_pin: str = ""
    backend: str = ""
    character: str = ""
    batch: Mapping[str, Any] = field(default_factory=dict)
    """`{"id", "index", "count"}`, empty for a single job."""
    sweep: Mapping[str, Any] = field(default_factory=dict)
    retry_of: int | None = None
    graph_hash: str = ""
    output_folder: str = ""
    """Where its files go, instead of the outputs folder; empty for the default."""
    attempts: tuple[Attempt, ...] = ()
    outputs: tuple[Output, ...] = ()
    warnings: tuple[Problem, ...] = ()
    error: Problem | None = None
    blocked: str = ""
    """Why it waits, where that is not obvious (`fetching`: disk full; `queued`: no backend)."""
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    revision: int = 0
    """Grows with each change of any job; what a client asks for as `changed_since`."""

    @property
    def attempt(self) -> Attempt | None:
        """The newest attempt, the one that counts."""
        return self.attempts[-1] if self.attempts else None

    @property
    def ended(self) -> bool:
        return self.state in ENDED


class JobSummary(NamedTuple):
    """What is stored of a job, for one row. A tuple, because a page makes a thousand of them."""

    id: str
    number: int
    revision: int
    state: str
    held: bool
    cancel_requested: bool
    priority: int
    rank: float
    backend_pin: str
    backend: str
    pack: str
    preset: str
    prompt: str
    """One character more than is shown, where there is more."""
    character: str
    seed: str | None
    batch_id: str
    batch_index: int | None
    sweep: Mapping[str, Any]
    retry_of: int | None
    warnings: int
    error: Problem | None
    created_at: datetime
    submitted_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    outputs: int
    """Files that are here."""

    @property
    def ended(self) -> bool:
        return self.state in ENDED


@frozen
class JobGraph:
    """What is sent for a job: the API graph with all values bound, and the UI graph if one is known.

    `bindings` maps input names (`prompt`, `seed`, `steps`, ...) to `"NODE.INPUT"` places, so that a
    retry can be edited and a sweep told apart.
    """

    graph: Graph
    workflow: Mapping[str, Any] | None = None
    bindings: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    late: tuple[str, ...] = ()
    """Names of inputs (keys of `bindings`) that are decided when it is sent: `checkpoint`."""
    family: str = ""
    """Which checkpoints fit best, for a late one."""


@frozen
class NewJob:
    """A job as it is to be stored: `job.number`, `rank` and `revision` are the store's to give."""

    job: Job
    graph: JobGraph
    request_id: str = ""
    """The client's own id of the submission; the same id again gives the same jobs."""


@frozen
class JobChange:
    """What one transition writes, in one transaction, if the job is still as expected.

    `None` leaves a field alone. `attempt` inserts or updates the attempt with that `prompt_id`;
    `outputs` inserts the rows that are missing.
    """

    job_id: str
    expect: frozenset[JobState]
    state: JobState | None = None
    expect_prompt: str | None = None
    """If given, the newest attempt must be this one."""
    expect_queue_open: bool = False
    """Claim: only if the job is neither held nor cancelled and the queue is not paused."""
    expect_revision: int | None = None
    """If given, nothing about the job may have changed since it had this revision."""
    attempt: Attempt | None = None
    drop_attempt: str | None = None
    """Removes an attempt that was positively never sent."""
    outputs: tuple[Output, ...] = ()
    fetched: tuple[Output, ...] = ()
    """Outputs of this job whose files are on disk now."""
    warnings: tuple[Problem, ...] | None = None
    error: Problem | None = None
    clear_error: bool = False
    backend: str | None = None
    held: bool | None = None
    cancel_requested: bool | None = None
    blocked: str | None = None
    params: Mapping[str, Any] | None = None
    overrides: Mapping[str, Any] = field(default_factory=dict)
    """Literal inputs of the stored graph that were decided late: `{"NODE.INPUT": value}`."""
    graph_hash: str | None = None
    submitted_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    clear_times: bool = False
    """Back to the queue: forget submitted_at and started_at."""


def run_order(job: Job) -> tuple[int, float, int]:
    """A key to sort by: higher priority first, then rank, then number."""
    return -job.priority, job.rank, job.number


def may_become(old: JobState, new: JobState) -> bool:
    """Whether the state machine has this step; staying is always allowed."""
    return old == new or new in TRANSITIONS[old]
