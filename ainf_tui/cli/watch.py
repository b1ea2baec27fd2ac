"""Following jobs to their end: what changed becomes lines, paths, a bar; Ctrl-C detaches."""

from __future__ import annotations

import asyncio
import signal
import threading
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import aclosing, contextmanager
from typing import Protocol

import click

from ainf_tui.cli import exits
from ainf_tui.cli.app import App
from ainf_tui.client import Client
from ainf_tui.client.follow import follow
from ainf_tui.display.format import counted
from ainf_tui.domain.documents import JobDocument, OutputDocument, ProblemDocument
from ainf_tui.domain.requests import JobQuery, JobsRequest
from ainf_tui.errors import AinfError, UnreachableError

OPEN = frozenset({"queued", "submitting", "submitted", "running", "fetching"})


class Reporter(Protocol):
    """Tells what happens to the jobs that are waited for."""

    def state(self, job: JobDocument, *, first: bool) -> None: ...
    def progress(self, job: JobDocument, jobs: Sequence[JobDocument]) -> None: ...
    def output(self, job: JobDocument, output: OutputDocument) -> None: ...
    def warning(self, job: JobDocument, problem: ProblemDocument) -> None: ...
    def pause(self) -> None:
        """Somebody else is about to write to the terminal."""
        ...

    def result(self, jobs: Sequence[JobDocument]) -> None: ...


class DetachedError(AinfError):
    """Ctrl-C while waiting: the command ends, the jobs go on."""

    exit_code = exits.INTERRUPTED


class Watched:
    """The jobs as last seen; each new document is compared and its differences are told."""

    def __init__(self, reporter: Reporter) -> None:
        self.reporter = reporter
        self._jobs: dict[str, JobDocument] = {}

    @property
    def jobs(self) -> tuple[JobDocument, ...]:
        """In order of their numbers."""
        return tuple(sorted(self._jobs.values(), key=lambda job: job.number))

    def open_ids(self, *, held: bool) -> tuple[str, ...]:
        """Jobs that have not ended; with `held=False` only those that can go on by themselves."""
        return tuple(job.id for job in self.jobs if job.state in OPEN and (held or not job.held))

    def fold(self, job: JobDocument) -> None:
        """Takes the newer document of a job."""
        old = self._jobs.get(job.id)
        if old is not None and old.state not in OPEN and job.state in OPEN:
            return  # a late frame of the time before the end
        self._jobs[job.id] = job
        for problem in job.warnings[len(old.warnings) if old else 0 :]:
            self.reporter.warning(job, problem)
        for problem in _lost(old, job):
            self.reporter.warning(job, problem)
        known = {output.path for output in old.outputs if output.fetched} if old else set()
        for output in job.outputs:
            if output.fetched and output.path not in known:
                self.reporter.output(job, output)
        if old is None or _standing(old) != _standing(job):
            self.reporter.state(job, first=old is None)
        if job.state in OPEN and (old is None or _moving(old) != _moving(job)):
            self.reporter.progress(job, self.jobs)


def _lost(old: JobDocument | None, job: JobDocument) -> Iterator[ProblemDocument]:
    """Attempts lost since `old`, of a job that goes on; one that does not has its error."""
    if old is None or job.state not in OPEN:
        return
    told = {attempt.prompt_id for attempt in old.attempts if attempt.state == "lost"}
    for attempt in job.attempts:
        if attempt.state == "lost" and attempt.prompt_id not in told:
            message = f"attempt {attempt.ordinal} was lost: {attempt.reason}"
            yield ProblemDocument("job.attempt_lost", message, "It is tried again by itself.")


def _standing(job: JobDocument) -> tuple[object, ...]:
    return (job.state, job.held, job.blocked, job.attempt, job.cancel_requested)


def _moving(job: JobDocument) -> tuple[object, ...]:
    return (job.progress, job.step, job.node, job.eta)


async def wait_for(
    app: App,
    client: Client,
    watched: Watched,
    *,
    until_idle: bool = False,
    limit: float | None = None,
) -> None:
    """Waits until the watched jobs have ended; `until_idle`: until nothing is left that can go on by itself.

    Raises UnreachableError(`wait.timed_out`) after `limit` seconds and DetachedError on Ctrl-C; the
    jobs go on. A second Ctrl-C within `app.grace` seconds cancels them.
    """
    work = _until_idle(client, watched) if until_idle else _follow(client, watched, held=True)
    following = asyncio.ensure_future(work)
    with interrupts_of_user() as interrupts:
        stop = asyncio.ensure_future(interrupts.get())
        try:
            await asyncio.wait({following, stop}, timeout=limit, return_when=asyncio.FIRST_COMPLETED)
            if following.done():
                return following.result()
            following.cancel()  # it would draw between the lines that follow
            await asyncio.gather(following, return_exceptions=True)
            watched.reporter.pause()
            if not stop.done():
                raise _timed_out(watched, limit or 0.0)
            await _detach(app, client, watched, interrupts)
        finally:
            following.cancel()
            stop.cancel()
            await asyncio.gather(following, stop, return_exceptions=True)


async def open_jobs(client: Client) -> AsyncIterator[JobDocument]:
    """All jobs that have not ended, in run order, page by page."""
    after: str | None = None
    while True:
        page = await client.jobs.list(JobQuery(kind="open", limit=500, after=after))
        for job in page.jobs:
            yield job
        after = page.next
        if after is None:
            return


async def _follow(client: Client, watched: Watched, *, held: bool) -> None:
    ids = watched.open_ids(held=held)
    if not ids:
        return
    async with aclosing(follow(client, ids)) as changes:
        async for job in changes:
            watched.fold(job)
            if not watched.open_ids(held=held):
                return


async def _until_idle(client: Client, watched: Watched) -> None:
    """A held job is not waited for, until somebody releases it; jobs that come meanwhile are."""
    while True:
        waiting = [job async for job in open_jobs(client) if not job.held]
        if not waiting:
            return
        for job in waiting:
            watched.fold(job)
        await _follow(client, watched, held=False)


@contextmanager
def interrupts_of_user() -> Iterator[asyncio.Queue[int]]:
    """A queue that gets an entry for each Ctrl-C, instead of an exception in the middle of things."""
    loop = asyncio.get_running_loop()
    arrivals: asyncio.Queue[int] = asyncio.Queue()
    before = signal.getsignal(signal.SIGINT)
    if threading.current_thread() is not threading.main_thread():
        yield arrivals  # only the main thread is told of signals
        return
    signal.signal(signal.SIGINT, lambda *_: loop.call_soon_threadsafe(arrivals.put_nowait, signal.SIGINT))
    try:
        yield arrivals
    finally:
        signal.signal(signal.SIGINT, before)


def _references(watched: Watched) -> list[str]:
    return [str(job.number) for job in watched.jobs if job.state in OPEN]


def come_back(refs: Sequence[str]) -> str:
    """The command that waits for these jobs again."""
    return f"ainf queue wait {' '.join(refs)}" if len(refs) <= 20 else "ainf queue wait"


def _part(watched: Watched, refs: Sequence[str]) -> str:
    """`job 142`, `2 of 3 jobs`."""
    return (
        f"job {refs[0]}"
        if len(watched.jobs) == len(refs) == 1
        else f"{len(refs)} of {len(watched.jobs)} jobs"
    )


def _timed_out(watched: Watched, limit: float) -> AinfError:
    refs = _references(watched)
    return UnreachableError(
        "wait.timed_out",
        f"{_part(watched, refs)} had not ended after {limit:g} s; nothing was cancelled",
        hint=f"Wait again: {come_back(refs)}",
        details={"jobs": [int(ref) for ref in refs]},
    )


async def _detach(app: App, client: Client, watched: Watched, interrupts: asyncio.Queue[int]) -> None:
    refs = _references(watched)
    detached = DetachedError(
        "wait.detached",
        f"detached; {_part(watched, refs)} {'goes' if len(watched.jobs) == 1 else 'go'} on",
        hint=f"Come back: {come_back(refs)}\n"
        f"Ctrl-C again within {app.grace:g} s cancels {'it' if len(refs) == 1 else 'them'}.",
        details={"jobs": [int(ref) for ref in refs]},
    )
    app.out.error(detached)
    try:
        await asyncio.wait_for(interrupts.get(), app.grace)
    except TimeoutError:
        raise click.exceptions.Exit(exits.INTERRUPTED) from None
    await client.jobs.cancel(JobsRequest(tuple(refs)))
    app.out.note(f"Asked to cancel {counted(len(refs), 'job')}.")
    raise click.exceptions.Exit(exits.INTERRUPTED)
