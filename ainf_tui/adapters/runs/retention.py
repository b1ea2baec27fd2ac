"""Which runs are kept, how large they are, and what is told of each. Runs in the run log's thread."""

from __future__ import annotations

import fcntl
import os
import shutil
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path

from ainf_tui.adapters.runs import folder as places
from ainf_tui.adapters.runs.events import read_back
from ainf_tui.domain.service_documents import RunDocument
from ainf_tui.domain.text import visible

_SUMMARY_BYTES = 8_192
_MARKS = 20
"""Events from the last one back among which the end of a run is looked for."""


@dataclass(frozen=True, slots=True)
class Tidied:
    """What was removed, and what could not be: a message each."""

    removed: tuple[str, ...]
    problems: tuple[str, ...]


def tidy(folder: Path, current: str, *, keep_count: int, keep_bytes: int) -> Tidied:
    """Removes the oldest runs while there are too many or they are too large together.

    Never the current one (the newest, where none goes on), none that it links to, and none with a log that a
    process still writes.
    """
    runs = places.run_folders(folder)
    sizes = {path: size_of(path) for path in runs}
    kept = {current or (runs[-1].name if runs else "")}
    kept |= places.linked_runs(folder / current) if current else set()
    count, total = len(runs), sum(sizes.values())
    removed: list[str] = []
    problems: list[str] = []
    for path in runs:
        if count <= keep_count and total <= keep_bytes:
            break
        if path.name in kept or is_written(path):
            continue
        try:
            shutil.rmtree(path)
        except OSError as error:
            problems.append(f"The run {path.name} could not be removed: {error.strerror}")
            continue
        removed.append(path.name)
        count, total = count - 1, total - sizes[path]
    return Tidied(tuple(removed), tuple(problems))


def is_written(run_folder: Path) -> bool:
    """Whether a process has one of its logs open to write.

    The launcher puts a shared lock on the log, and the lock lives as long as anybody has what it opened: the
    service and all that it started. So this holds for services of another engine as well.
    """
    try:
        return any(_is_locked(path) for path in places.logs_in(run_folder) if not path.is_symlink())
    except OSError:
        return True  # Not known: it stays.


def _is_locked(path: Path) -> bool:
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False


def size_of(run_folder: Path) -> int:
    """Bytes of its files; what a link leads to is another run's."""
    total = 0
    for parent, _, names in os.walk(run_folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(parent, name)).st_size  # noqa: PTH118 - one of thousands
            except FileNotFoundError:
                continue  # rotated at this moment
    return total


def list_runs(folder: Path, current: str) -> tuple[RunDocument, ...]:
    """Newest first. A run that vanishes meanwhile is left out."""
    found = []
    for path in reversed(places.run_folders(folder)):
        try:
            found.append(_document(path, current))
        except FileNotFoundError:
            continue
    return tuple(found)


def _document(path: Path, current: str) -> RunDocument:
    began = places.started_at(path.name)
    assert began is not None  # noqa: S101 - `run_folders` gives no others
    ended = None
    status = "running"
    if path.name != current:
        status, ended = _ending(path / places.EVENTS)
    return RunDocument(
        path.name,
        str(path),
        began,
        ended,
        places.services_in(path),
        size_of(path),
        _summary(path / places.SUMMARY),
        status,
    )


def _ending(events: Path) -> tuple[str, datetime | None]:
    # What a disk refused for a while may stand behind the end.
    for event in islice(read_back(events), _MARKS):
        fields = event.get("fields")
        if not isinstance(fields, dict):
            continue
        what = fields.get("what")
        if what == "run.end":
            return visible(str(fields.get("status", "")), 200), _time(event.get("ts"))
        if what == "run.resume":
            break
    return "cut off", None


def _time(ts: object) -> datetime | None:
    try:
        return datetime.fromtimestamp(ts / 1000, UTC) if isinstance(ts, int) else None
    except (OverflowError, ValueError, OSError):
        return None


def _summary(path: Path) -> str:
    try:
        with path.open("rb") as stream:
            text = stream.read(_SUMMARY_BYTES).decode(errors="replace")
    except FileNotFoundError:
        return ""
    return visible(text, _SUMMARY_BYTES, lines=True)
