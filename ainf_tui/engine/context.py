"""What every part of the engine works with: database, clock, store, settings, kill points."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

from ainf_tui.domain.comfy import Graph, Preview
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.reports import of_change
from ainf_tui.domain.eta import Expectation
from ainf_tui.domain.jobs import Attempt, Job, JobChange, JobState
from ainf_tui.domain.ports import Clock, Database, NodeTiming
from ainf_tui.domain.progress import Tracker
from ainf_tui.engine.errors.prepare import Prepare
from ainf_tui.engine.errors.sink import Sink
from ainf_tui.killpoints import KillSwitch
from ainf_tui.playbook import playbook
from ainf_tui.store import Previews, Store

log = logging.getLogger("ainf.engine")


class SystemClock:
    """The machine's own clocks."""

    def now(self) -> datetime:
        return datetime.now(UTC)

    def monotonic(self) -> float:
        return asyncio.get_running_loop().time()

    async def sleep(self, seconds: float) -> None:
        await asyncio.sleep(seconds)


@dataclass(frozen=True, slots=True)
class Tuning:
    """The settings that the engine's loops read, with their units."""

    max_attempts: int = 2
    """Attempts of one job that began to run, automatic ones included."""
    waiting_per_backend: int = 1
    """Prompts of ours that wait on a backend beside the one that runs (so that the GPU never idles)."""
    poll_busy: float = 2.0
    """Seconds between looks while something of ours is there and the socket is silent."""
    poll_idle: float = 15.0
    look_apart: float = 2.0
    """Seconds between the two looks that must both miss a prompt before it counts as not received."""
    outputs: Path = Path("outputs")
    pictures: Path = Path("pictures")
    """Where pictures that came over the socket alone wait until they are in `outputs`."""
    pattern: str = "{date}/{number:06d}-{pack}-{seed}-{index}"
    sidecar: bool = True
    preview_method: str = "auto"
    publish_every: float = 0.25
    """At most 4 times a second."""
    save_every: float = 0.5
    """Progress rows: at most 2 Hz."""
    stalled_after: float = 600.0
    """Seconds without a word of a running prompt after which it is told that it may not go on; 0: never."""
    watch_for: float = 3600.0
    """Seconds that an abandoned prompt id is looked for."""
    sample_every: float = 2.0
    """Seconds between two samples of the machine while somebody looks."""
    ask_comfyui: bool = True
    """Whether ComfyUI's word on its GPUs is shown where no driver tells of any."""
    error_examples: int = 20
    """Reports of a failure that are kept whole: of the first, and as many of the newest."""
    error_days: int = 90
    """After its last report, that a group is kept."""
    disk_free: int = 20 * 1024**3
    """Free bytes below which the disk of outputs or models is low."""


@dataclass(slots=True)
class Flight:
    """One prompt of ours that is, or may be, on a backend."""

    job: Job
    attempt: Attempt
    graph: Graph
    tracker: Tracker
    work: float = 1.0
    expected: Expectation = field(default_factory=Expectation)
    in_doubt: bool = False
    """The POST's fate is unknown: look before anything else."""
    misses: int = 0
    """Looks in a row that found it neither in the queue nor in the history."""
    missed_at: float = 0.0
    connection: int = 0
    """`socket.connections` when it was last seen on the server."""
    seen_at: float = float("-inf")
    """Monotonic time when it was last seen on the server."""
    answered: str = ""
    """The server's words, where the POST in doubt was answered with an error (5xx)."""
    refused: bool = False
    """The port had no listener at some moment since it was last seen."""
    waiting: bool = False
    """It was last seen in the server's pending queue."""
    settling: bool = False
    ordered_at: float = float("-inf")
    """When the server was last told to cancel it."""
    partial: bool = False
    """Some of its frames were missed (a reconnect, a restart of ours): its node times are not learned."""
    saved_at: float = 0.0
    pictures: list[Preview] = field(default_factory=list)
    """Results that came over the socket alone, in the order of their coming."""
    pictures_dropped: int = 0
    vram: int | None = None

    @property
    def prompt_id(self) -> str:
        return self.attempt.prompt_id

    @property
    def over(self) -> bool:
        """The frames say that it has ended."""
        return self.tracker.closed or self.tracker.end is not None


class Context:
    """Shared by the engine's parts. Every write to jobs goes through `apply` and marks what changed."""

    def __init__(
        self,
        *,
        db: Database,
        store: Store,
        previews: Previews,
        tuning: Tuning,
        clock: Clock | None = None,
        kill: KillSwitch | None = None,
        redact: Callable[[str], str] = str,
    ) -> None:
        self.db = db
        self.store = store
        self.previews = previews
        self.tuning = tuning
        self.clock: Clock = clock or SystemClock()
        self.kill = kill or KillSwitch()
        self.errors = Sink(db, self.clock, Prepare(redact, playbook), tuning.error_examples)
        """The way in for whatever goes wrong."""
        self.report: Callable[[ErrorReport], None] = self.errors.report
        """The same for the engine's parts: a job that failed is joined with its place in ComfyUI's log."""
        self.dirty = asyncio.Event()
        """Something that the State shows has changed."""
        self.queue_changed = True
        """The counts must be read again."""
        self.order = 0
        """Grows with each job that comes (back) to the queue, where it may be the most urgent one."""
        self.measured: list[NodeTiming] = []
        """Of finished prompts; the publisher writes them, many at a time."""
        self.paused = False
        """Nothing is sent; stored in the database, read at start, written by pause and resume."""

    async def apply(self, *changes: JobChange) -> tuple[Job, ...] | None:
        """One transaction; see `JobRepository.apply`. Whatever it was, the State is built anew."""
        jobs = await self.db.jobs.apply(*changes)
        if jobs is not None:
            self.order += any(job.state is JobState.QUEUED for job in jobs)
            self.touch_queue()
            self._tell(changes, jobs)
        return jobs

    def _tell(self, changes: Sequence[JobChange], jobs: Sequence[Job]) -> None:
        """What of it is a failure, once it is stored."""
        by_id = {job.id: job for job in jobs}
        for change in changes:
            job = by_id.get(change.job_id)
            report = None if job is None else of_change(change, job, self.clock.now())
            if report is not None:
                self.report(report)

    def touch(self) -> None:
        """Progress moved: publish soon."""
        self.dirty.set()

    def touch_queue(self) -> None:
        """Jobs changed: count again and publish soon."""
        self.queue_changed = True
        self.dirty.set()


def redacted_headers(headers: Mapping[str, str]) -> dict[str, str]:
    """Header names with their values hidden; for messages and logs."""
    return dict.fromkeys(headers, "***")
