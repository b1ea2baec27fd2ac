"""Files on our own disk: whole or not at all, and still there after a power cut."""

from __future__ import annotations

import asyncio
import hashlib
import os
from collections.abc import AsyncIterator, Callable
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar

from ainf_tui.engine.context import Context
from ainf_tui.errors import AinfError
from ainf_tui.killpoints import KillSwitch

P = ParamSpec("P")
T = TypeVar("T")

PIECE = 1 << 20
"""Bytes written at a time in a thread."""


class TruncatedError(AinfError):
    """Fewer or more bytes came than Content-Length said."""


async def write_file(
    ctx: Context, path: Path, chunks: AsyncIterator[bytes], length: int | None, *, sure: bool = True
) -> tuple[int, str]:
    """Write beside, verify the length, fsync, rename, fsync the folder; (bytes, sha256).

    `sure=False` leaves the last step to the caller (`sync_folder`, or the next file there): until then a
    power cut may undo the renaming.

    Raises TruncatedError if the length is wrong (nothing is left behind), OSError from the disk.
    """
    start = bytearray()
    async for chunk in chunks:
        start += chunk
        if len(start) >= PIECE:
            return await _write_long(ctx, path, bytes(start), chunks, length, sure=sure)
    _check_length(path, len(start), length)
    digest = await _in_thread(_write_short, path, bytes(start), ctx.kill, sure)
    ctx.kill.reach("fetch.after_rename")
    return len(start), digest


async def _in_thread(work: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """A cancel waits for the thread: nothing goes on writing behind the next try's back."""
    working = asyncio.create_task(asyncio.to_thread(work, *args, **kwargs))
    try:
        return await asyncio.shield(working)
    except asyncio.CancelledError:
        await asyncio.wait({working})
        raise


def _write_short(path: Path, data: bytes, kill: KillSwitch, sure: bool) -> str:
    """The steps of `write_file` in one go (SHA-256): changing threads four times costs more than they do."""
    temporary = _beside(path)
    digest = hashlib.sha256()
    handle = _open(temporary)
    try:
        with handle:
            _write(handle, data, digest.update)
            _sync(handle)
    except BaseException:  # a cancel too leaves no half file behind
        temporary.unlink(missing_ok=True)
        raise
    kill.reach("fetch.before_rename")
    _place(temporary, path, sure)
    return digest.hexdigest()


async def _write_long(
    ctx: Context, path: Path, start: bytes, chunks: AsyncIterator[bytes], length: int | None, *, sure: bool
) -> tuple[int, str]:
    """`write_file` for what does not fit into one piece; `start` has been read already."""
    temporary = _beside(path)
    handle = await _opened(temporary)
    try:
        size, digest = await _copy(handle, start, chunks)
        _check_length(path, size, length)
        await asyncio.to_thread(_sync, handle)
    except BaseException:  # a cancel too leaves no half file behind
        handle.close()
        temporary.unlink(missing_ok=True)
        raise
    handle.close()
    ctx.kill.reach("fetch.before_rename")
    await asyncio.to_thread(_place, temporary, path, sure)
    ctx.kill.reach("fetch.after_rename")
    return size, digest


def _check_length(path: Path, size: int, length: int | None) -> None:
    if length is not None and size != length:
        raise TruncatedError(
            "output.truncated",
            f"{path.name}: {size} of {length} bytes came",
            hint="the transfer is tried again by itself",
        )


async def _copy(handle: BinaryIO, start: bytes, chunks: AsyncIterator[bytes]) -> tuple[int, str]:
    digest = hashlib.sha256()
    size = 0
    buffer = bytearray(start)
    async for chunk in chunks:
        buffer += chunk
        if len(buffer) >= PIECE:
            await asyncio.to_thread(_write, handle, bytes(buffer), digest.update)
            size += len(buffer)
            buffer.clear()
    await asyncio.to_thread(_write, handle, bytes(buffer), digest.update)
    return size + len(buffer), digest.hexdigest()


async def _opened(path: Path) -> BinaryIO:
    """Opened for writing; a cancel while the thread is at it leaves neither a handle nor a file."""
    opening = asyncio.create_task(asyncio.to_thread(_open, path))
    try:
        return await asyncio.shield(opening)
    except asyncio.CancelledError:
        with suppress(OSError):
            (await opening).close()
            await asyncio.to_thread(path.unlink, missing_ok=True)
        raise


def _open(path: Path) -> BinaryIO:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("wb")


def _write(handle: BinaryIO, data: bytes, update: object) -> None:
    handle.write(data)
    update(data)  # type: ignore[operator]  # hashlib's own update


def _sync(handle: BinaryIO) -> None:
    handle.flush()
    os.fsync(handle.fileno())


def _place(temporary: Path, path: Path, sure: bool) -> None:
    temporary.replace(path)
    if sure:
        sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """What was renamed there is there after a power cut. OSError from the disk. Blocking."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _beside(path: Path) -> Path:
    return path.with_name(f".{path.name}.part")
