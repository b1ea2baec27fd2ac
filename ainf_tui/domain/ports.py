"""What the engine asks of the outside world. Adapters implement these; tests fake them.

Failures are the `AinfError` children named beside each call; nothing else may be raised for
an outside reason. Every call has its own deadline inside the adapter.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

from ainf_tui.domain.comfy import (
    Accepted,
    ComfyEvent,
    HistoryEntry,
    ObjectInfo,
    PromptRequest,
    QueueSnapshot,
    ServerFile,
    SystemStats,
)
from ainf_tui.domain.jobs import Attempt, Job, JobChange, JobGraph, JobState, JobSummary, NewJob, Output
from ainf_tui.domain.ports_errors import ErrorRepository
from ainf_tui.frozen import frozen


class Clock(Protocol):
    def now(self) -> datetime:
        """Aware UTC."""
        ...

    def monotonic(self) -> float:
        """Seconds; for durations."""
        ...

    async def sleep(self, seconds: float) -> None: ...


@frozen
class ViewStream:
    """A file on its way: `length` from Content-Length (None if the server gave none)."""

    length: int | None
    media_type: str
    chunks: AsyncIterator[bytes]


class ComfyServer(Protocol):
    """HTTP side of one ComfyUI. Raises NotSentError, InDoubtError, BackendRejectedError."""

    async def submit(self, request: PromptRequest) -> Accepted:
        """POST /prompt once. PromptRefusedError if validation said no (then nothing was queued)."""
        ...

    async def queue(self) -> QueueSnapshot: ...
    async def history(self, prompt_id: str) -> HistoryEntry | None: ...
    async def recent_history(self, limit: int) -> tuple[HistoryEntry, ...]:
        """The newest entries, oldest first."""
        ...

    async def delete_pending(self, prompt_ids: Collection[str]) -> None: ...
    async def interrupt(self, prompt_id: str) -> None:
        """Targeted: only that prompt, only if it runs now."""
        ...

    async def free(self, *, unload_models: bool, free_memory: bool) -> None: ...
    def view(self, file: ServerFile) -> AbstractAsyncContextManager[ViewStream]:
        """GET /view. NotFoundError if the file is gone."""
        ...

    async def upload_image(self, path: Path, *, subfolder: str = "", overwrite: bool = False) -> str:
        """POST /upload/image; the name by which LoadImage knows it."""
        ...

    async def object_info(self) -> ObjectInfo: ...
    async def models(self, folder: str) -> tuple[str, ...]: ...
    async def system_stats(self) -> SystemStats: ...
    async def process_identity(self) -> str:
        """`"pid:start-ticks"` of the process behind a loopback URL; empty where it cannot be told."""
        ...

    async def aclose(self) -> None: ...


class ComfySocket(Protocol):
    """Websocket side of one ComfyUI: a reader that never stops and reconnects by itself."""

    @property
    def client_id(self) -> str: ...
    @property
    def connected(self) -> bool: ...
    @property
    def connections(self) -> int:
        """How many sockets have been opened so far: unchanged means the same server process."""
        ...

    @property
    def last_frame(self) -> float:
        """Monotonic time of the last frame of any kind; 0.0 before the first."""
        ...

    @property
    def frames(self) -> int:
        """How many frames of any kind have come so far, on all its connections."""
        ...

    def events(self) -> AsyncIterator[ComfyEvent]:
        """Ends only with `aclose`. One consumer. Slow consumption never slows reading:
        previews are dropped (newest kept per prompt) and nothing else is.
        """
        ...

    async def reconnect(self, reason: str, *, new_client_id: bool = False) -> None:
        """Close fully, wait, open again (deaf socket). A new id only when the old one is given up."""
        ...

    def hurry(self) -> None:
        """The server answers over HTTP again: connect now rather than when the backoff ends. Nothing
        happens to a socket that is open.
        """
        ...

    async def answers(self, within: float) -> bool:
        """Whether the other end of the open socket answers a ping within so many seconds: it lives, and
        the connection never broke. A deaf socket answers, too; a half-open one does not.
        """
        ...

    async def wait_connected(self, timeout: float) -> bool: ...  # noqa: ASYNC109 - implemented by asyncio.timeout
    async def aclose(self) -> None: ...


@frozen
class JobFilter:
    """Which jobs of the list. Empty collections mean all."""

    states: frozenset[JobState] = frozenset()
    held: bool | None = None
    ids: frozenset[str] = frozenset()
    numbers: frozenset[int] = frozenset()
    batch: str = ""
    text: str = ""
    pack: str = ""
    character: str = ""
    backend: str = ""
    """The backend, or where there is none yet, the pinned one."""
    changed_since: int | None = None
    """Only jobs with a greater revision, in order of revision."""
    not_retried: bool = False
    """Only jobs that no other job is a retry of."""


@frozen
class JobPage:
    jobs: tuple[Job, ...]
    next: str | None
    """Opaque cursor for `after`, or None at the end."""


@frozen
class SummaryPage:
    """As `JobPage`, of summaries; `positions` as `JobRepository.position` tells them."""

    jobs: tuple[JobSummary, ...]
    next: str | None
    positions: Mapping[str, int]


@frozen
class QueueCounts:
    queued: int
    submitted: int
    """submitting + submitted"""
    running: int
    """running + fetching"""
    held: int
    succeeded_24h: int
    failed_24h: int
    ended: int
    revision: int
    paused: bool
    paused_since: datetime | None = None


@frozen
class BackendMemory:
    """What is remembered of a backend between runs of the engine."""

    name: str
    client_id: str
    last_checkpoint: str = ""
    last_number: float | None = None
    """Greatest number the server gave us since its last known start."""
    server_epoch: str = ""
    """`process_identity` when last seen."""
    url: str = ""
    """Where it was when prompts were last sent to it; another address is another server."""


@frozen
class NodeTiming:
    """One measured node of one finished run."""

    graph_hash: str
    node: str
    cls: str
    backend: str
    work: float
    """Size of the job for scaling: megapixels x steps (x batch); 1.0 where unknown."""
    seconds: float
    cached: bool
    run: str
    """prompt id"""
    measured_at: datetime


class JobRepository(Protocol):
    """The truth about jobs. Every method is one transaction. Raises AinfError(`database.*`)."""

    async def add(self, jobs: Sequence[NewJob]) -> tuple[Job, ...]:
        """Stores all or none; gives numbers, ranks (behind all others of the priority) and revisions.
        A `request_id` that is known returns the jobs of the first time.
        """
        ...

    async def add_request(self, request_id: str, jobs: Iterable[NewJob]) -> tuple[str, ...]:
        """As `add`, for all jobs of one request; their ids, in order. `jobs` is read once, perhaps in another
        thread, a few hundred at a time, so that it may make thousands that are never together in memory.
        """
        ...

    async def requested(self, request_id: str) -> tuple[Job, ...] | None:
        """The jobs that this request has made already; None if it was never stored."""
        ...

    async def apply(self, *changes: JobChange) -> tuple[Job, ...] | None:
        """All changes in one transaction, or None if any job is not as its change expects."""
        ...

    async def get(self, ref: str | int) -> Job | None:
        """By id, by number, or by unique beginning of the id (at least 6 characters)."""
        ...

    async def find(self, refs: Sequence[str]) -> tuple[Job | None, ...]:
        """As `get` for each of them, all of one moment, at little more than the cost of one."""
        ...

    async def by_prompt(self, prompt_id: str) -> Job | None: ...
    async def graph(self, job_id: str) -> JobGraph: ...
    async def list_open(self, where: JobFilter, *, limit: int, after: str | None = None) -> JobPage:
        """Run order: on the server first, then priority, rank; keyset."""
        ...

    async def list_ended(self, where: JobFilter, *, limit: int, after: str | None = None) -> JobPage:
        """Newest first; keyset."""
        ...

    async def list_all(self, where: JobFilter, *, limit: int, after: str | None = None) -> JobPage:
        """The open ones, then the ended ones; keyset."""
        ...

    async def changed_since(self, where: JobFilter, *, limit: int) -> JobPage: ...
    async def rows(self, kind: str, where: JobFilter, *, limit: int, after: str | None = None) -> SummaryPage:
        """The same jobs in the same order as the list of that kind: open | ended | all | changed."""
        ...

    async def next_queued(self, backends: Collection[str], *, limit: int) -> tuple[Job, ...]:
        """The first jobs in run order that are not held and pin none or one of these backends."""
        ...

    async def next_to_send(self, backend: str) -> tuple[Job, JobGraph] | None:
        """The first of `next_queued` for this backend, with its graph."""
        ...

    async def by_ids(self, job_ids: Collection[str]) -> tuple[Job, ...]:
        """Those that exist, in the order of the ids."""
        ...

    async def with_graph(self, job_id: str) -> tuple[Job, JobGraph] | None: ...
    async def in_states(self, states: Collection[JobState]) -> tuple[Job, ...]: ...
    async def watched(self, backend: str) -> tuple[Attempt, ...]:
        """Abandoned attempts that may still turn up."""
        ...

    async def known_prompts(self, prompt_ids: Collection[str]) -> dict[str, Attempt]: ...
    async def end_watch(self, prompt_ids: Collection[str]) -> None: ...
    async def output_fetched(self, output: Output) -> None: ...
    async def set_intent(self, prompt_id: str, intent: str) -> bool: ...
    async def set_priority(self, job_ids: Collection[str], priority: int) -> None: ...
    async def move(
        self,
        job_ids: Sequence[str],
        *,
        before: str | None = None,
        after: str | None = None,
        bottom: bool = False,
    ) -> tuple[Job, ...]:
        """Ranks within their priority, one behind the other as given: before or after another job, to the
        bottom, or else to the top. The open ones of them.
        """
        ...

    async def clear(self, where: JobFilter) -> int:
        """Forgets ended jobs; files stay."""
        ...

    async def counts(self, now: datetime) -> QueueCounts: ...
    async def set_paused(self, paused: bool, now: datetime) -> None: ...
    async def position(self, job_ids: Collection[str]) -> dict[str, int]:
        """1 for the next job to be sent, counting queued and not held ones in run order."""
        ...


class MemoryRepository(Protocol):
    """What is remembered besides jobs."""

    async def backend(self, name: str) -> BackendMemory | None: ...
    async def save_backend(self, memory: BackendMemory) -> None: ...
    async def move_backend(self, name: str, new_name: str) -> None:
        """Open jobs and watched prompts of one backend now belong to another name."""
        ...

    async def add_timings(self, timings: Sequence[NodeTiming]) -> None: ...
    async def timings(self, graph_hash: str, backend: str, *, runs: int) -> tuple[NodeTiming, ...]:
        """Those of the newest `runs` runs of that graph there, newest first."""
        ...

    async def class_timings(
        self, classes: Collection[str], backend: str, *, limit: int
    ) -> tuple[NodeTiming, ...]:
        """The newest `limit` of each class, any graph."""
        ...

    async def save_progress(self, job_id: str, progress: dict[str, Any]) -> None:
        """One row a job; at most 2 Hz; may be lost in a power cut."""
        ...

    async def progress(self, job_ids: Collection[str]) -> dict[str, dict[str, Any]]: ...


class Database(Protocol):
    """One open database: SQLite or PostgreSQL."""

    @property
    def jobs(self) -> JobRepository: ...
    @property
    def memory(self) -> MemoryRepository: ...
    @property
    def errors(self) -> ErrorRepository: ...
    @property
    def url(self) -> str:
        """Redacted."""
        ...

    async def revision(self) -> str: ...
    async def check(self) -> None:
        """Answers quickly or raises."""
        ...

    async def idle(self) -> None:
        """Checkpoint and such, when nothing else is going on."""
        ...

    async def lease(self, name: str, holder: str, ttl: float) -> int | None:
        """Takes or renews the lease on the server's clock; its epoch, or None if another holds it."""
        ...

    async def aclose(self) -> None: ...
