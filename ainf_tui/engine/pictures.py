"""Pictures that come over the socket alone, as `SaveImageWebsocket` sends them: results, not previews.

The server keeps no file and no history of them, so what is not kept here when it comes is lost. They
wait in memory until their prompt has ended, then in the engine's own folder until they are fetched
like every other file: the row is written after the picture is safe, as with a server's own files.
"""

from __future__ import annotations

import asyncio
import os
import shutil
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from dataclasses import replace
from pathlib import Path

from ainf_tui.domain.comfy import Preview, ServerFile
from ainf_tui.domain.jobs import Job, JobChange, JobState, Output, Problem
from ainf_tui.domain.progress import node_ref
from ainf_tui.engine.backend import Backend
from ainf_tui.engine.context import Context, Flight, log
from ainf_tui.errors import NotFoundError

SENDERS = frozenset({"SaveImageWebsocket"})
"""Classes of nodes whose pictures are results."""
SOCKET = "websocket"
"""`ServerFile.type` of such a picture."""
MOST = 512 << 20
"""Bytes of one prompt's pictures that are kept in memory; later ones are dropped, and that is said."""
PIECE = 1 << 20
_ENDINGS: Mapping[str, str] = {
    "image/png": ".png",
    "image/jpeg": ".jpg",
    "image/webp": ".webp",
    "image/gif": ".gif",
}


def take_picture(backend: Backend, event: Preview) -> None:
    """A picture from the socket: a result to keep, or a preview for whoever watches."""
    flight = backend.flights.get(event.prompt_id) if event.prompt_id else None
    if flight is None and event.prompt_id is None:
        flight = _sender_without_name(backend)
    if flight is None:
        return
    node = event.node or flight.tracker.current or ""
    if node_ref(flight.graph, node).cls in SENDERS:
        _hold(flight, replace(event, node=node))
    if backend.ctx.previews.wanted:
        backend.ctx.previews.publish(flight.job.id, event.media_type, event.data)


def _sender_without_name(backend: Backend) -> Flight | None:
    """Older servers name neither prompt nor node: taken only while a node that sends results runs."""
    flight = backend.running
    if flight is None or flight.over or flight.tracker.current is None:
        return None
    return flight if node_ref(flight.graph, flight.tracker.current).cls in SENDERS else None


def _hold(flight: Flight, picture: Preview) -> None:
    if sum(len(p.data) for p in flight.pictures) + len(picture.data) <= MOST:
        flight.pictures.append(picture)
    else:
        flight.pictures_dropped += 1


async def keep_pictures(ctx: Context, flight: Flight) -> tuple[ServerFile, ...]:
    """Put them into the engine's folder; as files of their nodes. Those already there are overwritten.

    On a disk that takes none they are lost with a warning in the log: nothing else has them.
    """
    if not flight.pictures:
        return ()
    count: Counter[str] = Counter()
    files: list[ServerFile] = []
    for picture in flight.pictures:
        node = picture.node or ""
        name = f"{len(files) + 1:05d}{_ENDINGS.get(picture.media_type, '.bin')}"
        files.append(ServerFile(node, "images", count[node], name, type=SOCKET))
        count[node] += 1
    folder = ctx.tuning.pictures / flight.prompt_id
    try:
        await asyncio.to_thread(_write, folder, files, [p.data for p in flight.pictures])
    except OSError as error:
        log.warning("job %d: its pictures could not be kept: %s", flight.job.number, error)
        flight.pictures.clear()
        return ()
    return tuple(files)


def _write(folder: Path, files: list[ServerFile], pictures: list[bytes]) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for file, data in zip(files, pictures, strict=True):
        with (folder / file.filename).open("wb") as handle:
            handle.write(data)
            handle.flush()
            os.fsync(handle.fileno())
    for place in (folder, folder.parent):
        entry = os.open(place, os.O_RDONLY)
        try:
            os.fsync(entry)
        finally:
            os.close(entry)


def with_missed(change: JobChange, flight: Flight) -> JobChange:
    """The change that ends a job, with a warning for each sender that no picture came from."""
    if change.state is not JobState.FETCHING:
        return change
    senders = {n for n in flight.tracker.needed if node_ref(flight.graph, n).cls in SENDERS}
    silent = sorted(senders - {picture.node for picture in flight.pictures})
    if not silent and not flight.pictures_dropped:
        return change
    titles = ", ".join(node_ref(flight.graph, n).title for n in silent) or "the workflow"
    missed = Problem(
        "job.pictures_missed",
        f"pictures of {titles} were sent while nobody could take them, and ComfyUI keeps none of them",
        "retry the job; a SaveImage node instead keeps them on the server until they are fetched",
        details={"nodes": silent, "too_many": flight.pictures_dropped},
    )
    others = change.warnings if change.warnings is not None else flight.job.warnings
    return replace(change, warnings=(*(w for w in others if w.code != "job.no_outputs"), missed))


async def kept_picture(ctx: Context, output: Output) -> tuple[int, AsyncIterator[bytes]]:
    """Its length and bytes. Raises NotFoundError if it is gone, OSError from the disk."""
    # Only in the prompt's own folder: a server's history may name any type, folder and file it likes.
    path = ctx.tuning.pictures / output.prompt_id / Path(output.source.filename).name
    try:
        length = (await asyncio.to_thread(path.stat)).st_size
    except FileNotFoundError as error:
        raise NotFoundError("output.gone", f"{path.name} is no longer there") from error
    return length, _read(path)


async def _read(path: Path) -> AsyncIterator[bytes]:
    with await asyncio.to_thread(path.open, "rb") as handle:
        while piece := await asyncio.to_thread(handle.read, PIECE):
            yield piece


async def drop_pictures(ctx: Context, job: Job) -> None:
    """The job is finished: the engine's own copies go."""
    for prompt_id in {o.prompt_id for o in job.outputs if o.source.type == SOCKET}:
        await asyncio.to_thread(shutil.rmtree, ctx.tuning.pictures / prompt_id, ignore_errors=True)
