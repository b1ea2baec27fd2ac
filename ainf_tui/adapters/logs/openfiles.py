"""The files of a view: opened, grown, rotated, cut, new. Each file keeps its name in the view, and what has
been read of it stays where it is as long as it can be read at all. Blocking.
"""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.generations import Place, copies_of, generations, newest_copy
from ainf_tui.adapters.logs.identity import is_copy
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.sources import Group
from ainf_tui.adapters.logs.spool import Spool, open_log
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError, NotFoundError

MESSAGES = 20
_MARK = 256
"""Bytes at the end of what is known; others there mean that the file was cut and filled again."""

Key = tuple[int, int]
"""Device and inode."""


@dataclass(slots=True)
class OpenFile:
    """A file of the view. `path`: the name under which it was opened."""

    id: str
    group: Group
    path: Path
    pieces: Pieces
    live: bool
    spool: Spool | None = None
    mark: bytes = b""
    copy: str = ""
    """Of a file that grows the newest copy that a rotation had made of it, as of the last look."""

    @property
    def key(self) -> Key:
        facts = os.fstat(self.pieces.log.descriptor)
        return facts.st_dev, facts.st_ino

    @property
    def cut(self) -> bool:
        """What was known to be there is not there any more."""
        size, log = self.pieces.size, self.pieces.log
        return log.size < size or log.read(max(0, size - _MARK), size) != self.mark

    def refresh(self) -> None:
        """Takes in what has been appended."""
        self.pieces.refresh()
        size = self.pieces.size
        self.mark = self.pieces.log.read(max(0, size - _MARK), size)

    def grow(self) -> bool:
        """The same of a file that may be cut at any moment; False: it was, and all is as it was before."""
        size = self.pieces.log.size
        mark = self.pieces.log.read(max(0, size - _MARK), size)
        if self.cut:
            return False
        # It was whole after its size was asked, so all up to there is of one life.
        self.pieces.refresh(size)
        self.mark = mark
        return True


class OpenFiles:
    """All files of a view. `again` gives the logs anew, for those that are made meanwhile."""

    def __init__(self, groups: Sequence[Group], clock: Clock, again: Callable[[], Sequence[Group]]) -> None:
        self._clock = clock
        self._again = again
        self._number = 0
        self.groups = list(groups)
        self.files: dict[str, OpenFile] = {}
        self.messages: deque[str] = deque(maxlen=MESSAGES)
        self.changes = 0
        """Grows with every file that comes or goes."""

    def open(self) -> None:
        """NotFoundError `logs.not_found`; AinfError `logs.unreadable`: if none of them can be read."""
        failed: AinfError | None = None
        for group in self.groups:
            for path in group.paths:
                try:
                    if group.live and path in group.paths[-2:-1] and _doubles(path, group.paths[-1]):
                        continue
                    self._add(group, path, live=group.live and path == group.paths[-1])
                except AinfError as error:
                    failed = error
                    self.messages.append(error.message)
        if not self.files and failed is not None:
            raise failed

    def add_spool(self, group: Group, spool: Spool) -> OpenFile:
        """What cannot be read twice, or is asked for bit by bit."""
        found = self._take(group, spool.log.path, spool.log, live=False)
        found.spool = spool
        return found

    def close(self) -> None:
        for found in self.files.values():
            if found.spool is not None:
                found.spool.stop()
            found.pieces.log.close()
        self.files.clear()

    @property
    def pieces(self) -> dict[str, Pieces]:
        return {name: found.pieces for name, found in self.files.items()}

    @property
    def dropped(self) -> int:
        """Lines that were lost; where nobody knows how many, each loss counts as one."""
        return sum(found.spool.dropped for found in self.files.values() if found.spool is not None)

    def refresh(self) -> None:
        """What has been appended, and what has happened to the names."""
        for found in list(self.files.values()):
            if found.live:
                self._look(found)
            elif found.cut:
                self._lose(found)
            else:
                found.refresh()
            self._tell_problem(found)

    @property
    def cut(self) -> bool:
        """A file that grows was cut since the last `refresh`: what was read meanwhile may be of two lives."""
        return any(found.live and found.cut for found in self.files.values())

    def look_again(self) -> None:
        """Logs that were made meanwhile; after `refresh`, which knows what became of those that are open."""
        self.refresh()
        try:
            groups = self._again()
        except AinfError as error:
            self._say(error.message)
            return
        known = {found.key for found in self.files.values()}
        for group in groups:
            if group.id not in {one.id for one in self.groups} or group.run not in self._runs:
                self.groups.append(group)
            for path in group.paths:
                if _key_of(path) not in {*known, None} and not self._is_copy(path, group):
                    self._open_quietly(group, path, live=group.live and path == group.paths[-1])

    def _is_copy(self, path: Path, group: Group) -> bool:
        """It holds what one that grows holds, which is about to be cut: then this takes its place."""
        grown = [found for found in self.files.values() if found.live and found.group.id == group.id]
        try:
            with LogFile.open(path) as log:
                return any(_copies(log, found) for found in grown)
        except AinfError:
            return False  # Whoever opens it is told why it cannot be read.

    @property
    def _runs(self) -> set[str]:
        return {group.run for group in self.groups}

    # -- opening ---------------------------------------------------------------------------------------
    def _add(self, group: Group, path: Path, *, live: bool) -> OpenFile:
        opened = open_log(path)
        if isinstance(opened, Spool):
            return self.add_spool(group, opened)
        return self._take(group, path, opened, live=live)

    def _take(self, group: Group, path: Path, log: LogFile, *, live: bool) -> OpenFile:
        name = str(self._number)
        self._number += 1
        self.changes += 1
        found = OpenFile(name, group, path, Pieces(log, group.name, self._clock), live)
        found.copy = newest_copy(path) if live else ""
        found.refresh()
        self.files[name] = found
        return found

    def _open_quietly(self, group: Group, path: Path, *, live: bool) -> OpenFile | None:
        try:
            return self._add(group, path, live=live)
        except NotFoundError:
            return None  # It got its next name at this moment, and is found under that one.
        except AinfError as error:
            self._say(error.message)
            return None

    # -- what happens to a file that grows ---------------------------------------------------------------
    def _look(self, found: OpenFile) -> None:
        if (not found.mark and newest_copy(found.path) != found.copy) or not found.grow():
            self._begin_again(found)
            return
        key = _key_of(found.path)
        if key is None:
            self._say(f"{_shown(found.path)} is not there any more; what was in it can still be read")
        elif key != found.key:
            self._renamed(found)

    def _renamed(self, found: OpenFile) -> None:
        """Another file has its name. Those that had it in between are those newer than where ours is now."""
        found.live = False
        known = {one.key for one in self.files.values()}
        newer: list[Path] = []
        for path in generations(found.path):
            if _key_of(path) == found.key:
                break
            newer.append(path)
        else:
            newer = []
        for path in reversed(newer):
            if _key_of(path) not in {*known, None}:
                self._open_quietly(found.group, path, live=False)
        if _key_of(found.path) in {one.key for one in self.files.values()}:
            return
        if self._open_quietly(found.group, found.path, live=True) is None:
            found.live = True  # Looked at again the next time.
        else:
            self._say(f"{_shown(found.path)} was rotated")

    def _begin_again(self, found: OpenFile) -> None:
        """It was cut: what was known of it is in a copy, or gone; what it held since is in newer copies."""
        path, log = found.path, found.pieces.log
        copies = copies_of(path, log, Place(found.pieces.size, found.mark, found.copy))
        if copies.rest is not None:
            self._say(f"{_shown(path)} was copied and cut")
            found.live = False
            found.pieces = Pieces(copies.rest, found.pieces.source, self._clock)
            found.refresh()
            log.close()
            self.changes += 1
        elif found.mark:
            self._lose(found)
        else:
            self._drop(found)
        known = {one.key for one in self.files.values()}
        for newer in reversed(copies.newer):
            one = self._take(found.group, path, newer, live=False)
            if one.key in known:
                self._drop(one)
        opened = self._open_quietly(found.group, path, live=True)
        if opened is not None:
            opened.copy = copies.newest

    def _drop(self, found: OpenFile) -> None:
        found.pieces.log.close()
        del self.files[found.id]
        self.changes += 1

    def _lose(self, found: OpenFile) -> None:
        self._say(f"{_shown(found.path)} was cut, and there is no copy of it; what was in it is gone")
        self._drop(found)

    def _tell_problem(self, found: OpenFile) -> None:
        if found.spool is not None and found.spool.problem is not None:
            self._say(found.spool.problem.message)

    def _say(self, text: str) -> None:
        """Once, until something else happens."""
        if text not in self.messages:
            self.messages.append(text)


def _doubles(older: Path, path: Path) -> bool:
    """Whether it holds what the file still holds: that is about to be cut, and then is known by its copy."""
    with LogFile.open(path) as log, LogFile.open(older) as copy:
        size = copy.size
        end = max(0, size - _MARK)
        return size > 0 and is_copy(older, log) and copy.read(end, size) == log.read(end, size)


def _copies(log: LogFile, found: OpenFile) -> bool:
    """Whether it holds all that is known of the other, or as much of it as has been copied so far."""
    size, known = log.size, found.pieces.size
    if known and size >= known:
        return log.read(max(0, known - _MARK), known) == found.mark
    return size > 0 and log.read(max(0, size - _MARK), size) == found.pieces.log.read(
        max(0, size - _MARK), size
    )


def _key_of(path: Path) -> Key | None:
    try:
        facts = path.stat()
    except OSError:
        return None
    return facts.st_dev, facts.st_ino


def _shown(path: Path) -> str:
    return visible(str(path), 300)
