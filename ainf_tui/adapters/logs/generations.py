"""What a rotation made of a file: the names that it gives, and the copies that it leaves. Blocking."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.identity import is_copy, key_of, stamp
from ainf_tui.errors import AinfError

_GENERATION = re.compile(r"\.(\d{1,3})\Z", re.ASCII)
_LOOKS = 5
"""Looks at names that a rotation is just giving, of which two in a row must be the same."""


def generations(path: Path) -> list[Path]:
    """`NAME.1`, `NAME.2`, ..., the newest first."""
    found = [(int(match[1]), one) for one in _siblings(path) if (match := _GENERATION.search(one.name))]
    return [one for _, one in sorted(found)]


def dated(path: Path) -> list[Path]:
    """`NAME-20261126` and the like, the newest first."""
    found = [one for one in _siblings(path) if not _GENERATION.search(one.name)]
    return sorted(found, key=lambda one: one.name, reverse=True)


def newest_copy(path: Path) -> str:
    """The stamp of the newest generation; empty: there is none."""
    return next((found for one in generations(path) if (found := stamp(one))), "")


def _siblings(path: Path) -> list[Path]:
    prefixes = (f"{path.name}.", f"{path.name}-")
    try:
        return [one for one in path.parent.iterdir() if one.name.startswith(prefixes)]
    except OSError:
        return []  # Then nothing is found, and that is told.


@dataclass(frozen=True, slots=True)
class Place:
    """How far a file was read that has been cut since. `mark`: the bytes before `offset`; `known`: where
    there are none, the newest copy that there was then.
    """

    offset: int
    mark: bytes
    known: str | None = None


@dataclass(slots=True)
class Copies:
    """Open copies of a file that was cut. `rest`: what was read goes on there; `newer`: what was written
    after that and cut as well, the newest first; `newest`: by which later ones are told.
    """

    rest: LogFile | None = None
    newer: list[LogFile] = field(default_factory=list)
    newest: str = ""

    def close(self) -> None:
        for log in (*self.newer, *((self.rest,) if self.rest is not None else ())):
            log.close()


def copies_of(path: Path, log: LogFile, place: Place) -> Copies:
    """Those of what `path` held, which is open as `log`. They are open before anything is read: a rotation
    that comes meanwhile gives them other names, and one that is giving them is waited for.
    """
    for _ in range(_LOOKS):
        paths = generations(path)
        before = [stamp(one) for one in paths]
        found = _opened(paths, dated(path), log, place)
        if before == [stamp(one) for one in generations(path)]:
            break
        found.close()
    else:
        found = _opened(generations(path), dated(path), log, place)
    return found


def _opened(numbered: Sequence[Path], by_date: Sequence[Path], log: LogFile, place: Place) -> Copies:
    found = Copies()
    if numbered and is_copy(numbered[0], log):
        numbered = numbered[1:]  # Not cut yet: what it holds is read from the file.
    found.newest = next((one for path in numbered if (one := stamp(path))), "")
    for path in (*numbered, *by_date):
        if not place.mark and stamp(path) == place.known:
            return found
        opened = _open(path)
        if opened is None:
            continue
        if _goes_on(opened, place):
            found.rest = opened
            return found
        if path in numbered:
            found.newer.append(opened)
        else:
            opened.close()
    if place.mark or place.known is None:
        # Nobody knows which of them are newer than what was read.
        found.close()
        return Copies(newest=found.newest)
    return found


def _open(path: Path) -> LogFile | None:
    if key_of(path) is None:
        return None
    try:
        return LogFile.open(path)
    except AinfError:
        return None  # Moved on to its next name at this moment, and looked for again.


def _goes_on(log: LogFile, place: Place) -> bool:
    start = place.offset - len(place.mark)
    return bool(place.mark) and log.read(start, place.offset) == place.mark
