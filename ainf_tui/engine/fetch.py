"""Bringing results home: each file once, whole, at its planned place, then its row, then the next.

The planned path is in the database before the transfer, so a repeat after a crash overwrites its own
file and never makes a second one.
"""

from __future__ import annotations

import asyncio
import errno
import hashlib
import json
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.errors.reports import of_blocked
from ainf_tui.domain.ids import new_id
from ainf_tui.domain.jobs import Attempt, Job, JobChange, JobGraph, JobState, Output, Problem
from ainf_tui.domain.naming import ending
from ainf_tui.domain.progress import node_ref
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Context, log
from ainf_tui.engine.files import TruncatedError, sync_folder, write_file
from ainf_tui.engine.outcomes import CANCEL_TOO_LATE
from ainf_tui.engine.pictures import SOCKET, drop_pictures, kept_picture
from ainf_tui.engine.provenance import sidecar
from ainf_tui.errors import AinfError, NotFoundError, UnreachableError
from ainf_tui.settings_pattern import fill_pattern

DISK_AGAIN = 15.0
"""Seconds before a fetch that a full disk or a lost file system stopped is tried again."""
SERVER_AGAIN = 2.0
"""The same, where the server did not answer or cut the transfer."""


def plan_outputs(
    ctx: Context, job: Job, attempt: Attempt, files: tuple[ServerFile, ...]
) -> tuple[Output, ...]:
    """A place on disk for each file; never one that exists, never one twice."""
    local = ctx.clock.now().astimezone()
    folder = Path(job.output_folder) if job.output_folder else ctx.tuning.outputs
    taken: set[Path] = set()
    outputs = []
    for index, file in enumerate(files, start=1):
        name = fill_pattern(
            ctx.tuning.pattern,
            {
                "date": local.strftime("%Y-%m-%d"),
                "time": local.strftime("%H%M%S"),
                "number": job.number,
                "index": index,
                "seed": job.seed,
                "pack": job.pack or "graph",
                "preset": job.preset or None,
                "backend": job.backend or None,
                "node": file.node,
            },
        )
        path = _free(folder / (name + ending(file)), taken)
        taken.add(path)
        outputs.append(Output(new_id(), job.id, attempt.prompt_id, file, str(path)))
    return tuple(outputs)


def _free(path: Path, taken: set[Path]) -> Path:
    candidate, n = path, 1
    while candidate in taken or candidate.exists():
        n += 1
        candidate = path.with_stem(f"{path.stem}-{n}")
    return candidate


async def fetch_loop(backend: Backend) -> None:
    """Fetch the results of this backend's finished jobs, one job after the other."""
    loop = asyncio.get_running_loop()
    later: set[asyncio.TimerHandle] = set()
    try:
        while True:
            job_id = await backend.fetching.get()
            try:
                pause = await fetch_job(backend, job_id)
            except AinfError as error:  # the database: the job stays as it is, and so does its turn
                log.warning("job %s: not fetched: %s", job_id, error.message)
                pause = DISK_AGAIN
            if pause is not None:
                later.add(loop.call_later(pause, backend.fetching.put_nowait, job_id))
            later = {handle for handle in later if handle.when() > loop.time()}
    finally:
        for handle in later:
            handle.cancel()


async def fetch_job(backend: Backend, job_id: str) -> float | None:
    """Fetch all that is missing and finish the job; else the seconds until the next try."""
    found = await backend.ctx.db.jobs.with_graph(job_id)
    if found is None or found[0].state is not JobState.FETCHING:
        return None
    job, stored = found
    haul = _Haul()
    try:
        await _bring(backend, job, haul)
        await _write_sidecars(backend, replace(job, outputs=tuple(haul.outputs)), stored)
    except (UnreachableError, TruncatedError) as error:
        await _blocked(backend, job, f"{error.message}; it is tried again by itself", level="warning")
        return SERVER_AGAIN
    except OSError as error:
        await _keep_rows(backend, haul.unwritten)
        await _blocked(backend, job, disk_problem(error))
        return DISK_AGAIN
    await _finish(backend, job, haul)
    return None


@dataclass(slots=True)
class _Haul:
    """What one try to fetch a job brought."""

    outputs: list[Output] = field(default_factory=list)
    missing: list[Problem] = field(default_factory=list)
    unwritten: tuple[Output, ...] = ()
    """The last file: it is on disk, and its row is written together with the job's end."""
    aged: bool = False
    """Rows were written: the job has another revision than when it was read."""


async def _bring(backend: Backend, job: Job, haul: _Haul) -> None:
    """File after file, each with its row before the next; the last one's row is left to `_finish`."""
    ctx = backend.ctx
    last = next((output for output in reversed(job.outputs) if not output.fetched), None)
    for output in job.outputs:
        # The last file's place is made sure of with its sidecar's, which is in the same folder.
        sure = not ctx.tuning.sidecar or output is not last
        got = output if output.fetched else await _fetch(backend, output, haul.missing, sure=sure)
        if got is None:
            continue
        haul.outputs.append(got)
        if not output.fetched:
            if output is last:
                haul.unwritten = (got,)
            else:
                await ctx.db.jobs.output_fetched(got)
                haul.aged = True
            ctx.kill.reach("fetch.after_row")


async def _keep_rows(backend: Backend, outputs: tuple[Output, ...]) -> None:
    """The job does not end now: what is on disk already is not transferred again."""
    for output in outputs:
        with suppress(OSError):  # a folder that cannot be synced: the file may be gone after a power cut
            await asyncio.to_thread(sync_folder, Path(output.path).parent)
            await backend.ctx.db.jobs.output_fetched(output)


def disk_problem(error: OSError) -> str:
    """What the disk said and what to do about it."""
    where = f" ({error.filename})" if error.filename else ""
    if error.errno in {errno.ENOSPC, errno.EDQUOT}:
        return f"the disk is full{where}: free some space; it is tried again by itself"
    return f"cannot write the result{where}: {error.strerror or error}; it is tried again by itself"


async def _blocked(backend: Backend, job: Job, reason: str, *, level: str = "error") -> None:
    ctx = backend.ctx
    if job.blocked != reason:
        log.warning("job %d: not fetched: %s", job.number, reason)
        await ctx.apply(JobChange(job.id, expect=frozenset({JobState.FETCHING}), blocked=reason))
        ctx.report(of_blocked(job, reason, ctx.clock.now(), level=level))


async def _fetch(backend: Backend, output: Output, missing: list[Problem], *, sure: bool) -> Output | None:
    """One file to its place; None if the server no longer has it (then `missing` says so).

    `sure`: see `write_file`.
    """
    ctx, path = backend.ctx, Path(output.path)
    ctx.kill.reach("fetch.before_write")
    try:
        if output.source.text is not None:
            size, digest = await write_file(ctx, path, _text(output.source.text), None, sure=sure)
        elif output.source.type == SOCKET:
            length, chunks = await kept_picture(ctx, output)
            size, digest = await write_file(ctx, path, chunks, length, sure=sure)
        else:
            async with backend.asking(), backend.server.view(output.source) as stream:
                size, digest = await write_file(ctx, path, stream.chunks, stream.length, sure=sure)
    except NotFoundError:
        kept = await asyncio.to_thread(_kept, path)
        if kept is not None:  # a crash came between the file and its row: only whole files get there
            return replace(output, bytes=kept[0], sha256=kept[1], fetched_at=ctx.clock.now())
        missing.append(
            Problem(
                "output.gone",
                f"{output.source.filename} is no longer on the server",
                "it was a cached or temporary result; retry the job with a new seed",
                details={"node": output.source.node, "filename": output.source.filename},
            )
        )
        return None
    return replace(output, bytes=size, sha256=digest, fetched_at=ctx.clock.now())


def _kept(path: Path) -> tuple[int, str] | None:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha256").hexdigest()
            return file.tell(), digest
    except OSError:
        return None


async def _text(text: str) -> AsyncIterator[bytes]:
    yield text.encode()


async def _write_sidecars(backend: Backend, job: Job, stored: JobGraph) -> None:
    """Provenance beside each file; written anew each time, so a repeat does no harm."""
    ctx = backend.ctx
    if not ctx.tuning.sidecar or not job.outputs:
        return
    for output in job.outputs:
        document = sidecar(job, output, stored, node_ref(stored.graph, output.source.node))
        path = Path(output.path)
        body = json.dumps(document, ensure_ascii=False, indent=1, default=str)
        await write_file(ctx, path.with_name(path.name + ".json"), _text(body), None)
    ctx.kill.reach("fetch.after_sidecar")


async def _finish(backend: Backend, job: Job, haul: _Haul) -> None:
    ctx = backend.ctx
    ctx.kill.reach("finish.before_commit")
    jobs = None
    if not haul.aged:
        jobs = await ctx.apply(replace(_end(ctx, job, haul), expect_revision=job.revision))
    if jobs is None:  # it has changed since it was read, perhaps by a cancel
        newest = await ctx.db.jobs.get(job.id) or job
        jobs = await ctx.apply(_end(ctx, newest, haul))
    if jobs is None:  # given up meanwhile: what is on disk is told all the same
        await _keep_rows(backend, haul.unwritten)
    ctx.kill.reach("finish.after_commit")
    await drop_pictures(ctx, job)
    if jobs and jobs[0].state is JobState.SUCCEEDED:
        backend.on_finished(jobs[0])


def _end(ctx: Context, job: Job, haul: _Haul) -> JobChange:
    """`job` as it is now: a cancel may have come while it was fetched."""
    missing = haul.missing
    failed = bool(missing) and not haul.outputs
    late = job.cancel_requested and CANCEL_TOO_LATE not in job.warnings
    added = (*missing, CANCEL_TOO_LATE) if late and not failed else tuple(missing)
    return JobChange(
        job.id,
        expect=frozenset({JobState.FETCHING}),
        state=JobState.FAILED if failed else JobState.SUCCEEDED,
        error=missing[0] if failed else None,
        warnings=(*job.warnings, *added) if added else None,
        blocked="",
        finished_at=ctx.clock.now(),
        fetched=haul.unwritten,
    )
