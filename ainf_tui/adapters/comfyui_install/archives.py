"""Archives from strangers: fetched with a limit, unpacked without trusting a name or a size in them.

All but `download` blocks.
"""

from __future__ import annotations

import stat
import tarfile
import zipfile
from collections.abc import Generator, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO
from urllib.parse import urlsplit

import httpx

from ainf_tui.display.format import size
from ainf_tui.domain.ports_comfyui import Report
from ainf_tui.domain.text import redact_url, visible
from ainf_tui.errors import UnreachableError, UsageError

SUFFIXES = (".zip", ".tar.gz", ".tgz", ".tar")
_CHUNK = 1 << 20
_SILENCE = 60.0


@dataclass(frozen=True, slots=True)
class Limits:
    """Bytes and counts of one archive."""

    packed: int = 1 << 30
    unpacked: int = 2 << 30
    entries: int = 50_000


LIMITS = Limits()


async def download(url: str, into: Path, report: Report, limits: Limits = LIMITS) -> None:
    """Raises UnreachableError `comfyui.no_download`, UsageError `comfyui.bad_source | bad_archive`."""
    parts = urlsplit(url)
    if parts.scheme != "https" and parts.hostname not in {"127.0.0.1", "::1", "localhost"}:
        raise UsageError(
            "comfyui.bad_source",
            f"{redact_url(url)}: code is fetched over https only",
            hint="Anybody on the way can change what comes over plain http.",
        )
    told = 0
    try:
        async with (
            httpx.AsyncClient(follow_redirects=True, timeout=_SILENCE) as client,
            client.stream("GET", url) as answer,
        ):
            answer.raise_for_status()
            received = 0
            with into.open("wb") as stream:
                async for chunk in answer.aiter_bytes(_CHUNK):
                    received += len(chunk)
                    if received > limits.packed:
                        raise _bad(f"it is larger than {size(limits.packed)}")
                    stream.write(chunk)
                    if received - told >= 10 * _CHUNK:
                        told = received
                        report(f"received {size(received)}")
    except httpx.HTTPError as error:
        raise UnreachableError(
            "comfyui.no_download",
            f"{redact_url(url)} could not be fetched: {visible(str(error) or type(error).__name__, 200)}",
            hint="Look at the address in a browser; then try again.",
        ) from error


def unpack(archive: Path, into: Path, limits: Limits = LIMITS) -> None:
    """Into a new folder `into`; one folder around everything is taken off. UsageError `comfyui.bad_archive`.

    Names that lead out, links, devices, too many entries and more bytes than allowed are refused whole; the
    bytes are counted as they come, since what an archive says of its sizes is the archive's word.
    """
    into.mkdir(parents=True)
    try:
        if zipfile.is_zipfile(archive):
            with zipfile.ZipFile(archive) as packed, closing(_zip_entries(packed)) as entries:
                _write(entries, into, limits)
        else:
            with tarfile.open(archive) as tape, closing(_tar_entries(tape)) as entries:
                _write(entries, into, limits)
    # zipfile: NotImplementedError for a method it does not know, RuntimeError for a password.
    except (tarfile.TarError, zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _bad(f"it cannot be read: {visible(str(error), 100) or type(error).__name__}") from error
    _take_off_wrapper(into)


@dataclass(frozen=True, slots=True)
class _Entry:
    """One file or folder. `stream` is None for a folder."""

    name: str
    stream: IO[bytes] | None


def _zip_entries(packed: zipfile.ZipFile) -> Generator[_Entry]:
    for info in packed.infolist():
        if stat.S_ISLNK(info.external_attr >> 16):
            raise _bad(f"it holds a link: {visible(info.filename, 100)}")
        if info.is_dir():
            yield _Entry(info.filename, None)
        else:
            with packed.open(info) as stream:
                yield _Entry(info.filename, stream)


def _tar_entries(tape: tarfile.TarFile) -> Generator[_Entry]:
    for info in tape:
        if info.isdir():
            yield _Entry(info.name, None)
        elif info.isfile():
            yield _Entry(info.name, tape.extractfile(info))
        else:
            raise _bad(f"it holds a link or a device: {visible(info.name, 100)}")


def _write(entries: Iterator[_Entry], into: Path, limits: Limits) -> None:
    room = limits.unpacked
    for number, entry in enumerate(entries):
        if number >= limits.entries:
            raise _bad(f"it holds more than {limits.entries} files")
        path = into / _checked(entry.name)
        if entry.stream is None:
            path.mkdir(parents=True, exist_ok=True)
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("xb") as target:
            while chunk := entry.stream.read(_CHUNK):
                room -= len(chunk)
                if room < 0:
                    raise _bad(f"it unpacks to more than {size(limits.unpacked)}")
                target.write(chunk)


def _checked(name: str) -> PurePosixPath:
    """The name as a relative path that stays inside; UsageError for any other."""
    path = PurePosixPath(name.removeprefix("./"))
    bad = path.is_absolute() or ".." in path.parts or "\\" in name or ":" in name or "\0" in name
    if bad or any(part.lower() == ".git" for part in path.parts):
        raise _bad(f"it holds a name that is not allowed: {visible(name, 100)}")
    return path


def _take_off_wrapper(into: Path) -> None:
    entries = list(into.iterdir())
    if len(entries) == 1 and entries[0].is_dir():
        inner = entries[0].rename(into.with_name(f"{into.name}.inner"))
        into.rmdir()
        inner.rename(into)


def _bad(reason: str) -> UsageError:
    return UsageError(
        "comfyui.bad_archive",
        f"the archive is refused: {reason}",
        hint="Give a zip or tar.gz of the node's folder, or the URL of its git repository.",
    )
