"""Bookmarks: lines by where they stand and what they say, so that they are found again tomorrow. Pure.

No file is known by its inode: a log that was rotated by copying is another file with the same lines. What
names a line is its place and a hash of its text; the path says where to look.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import fields
from datetime import datetime
from typing import Any

from ainf_tui.domain.log_documents import LogRow
from ainf_tui.frozen import frozen

MOST = 200
"""Bookmarks that are kept; the oldest go."""
TEXT = 200
"""Characters of the line that are kept to be recognised by a person, and hashed."""


@frozen
class Bookmark:
    """`text` is the beginning of the line as it was shown; `at` its time in ISO 8601, or empty."""

    path: str
    start: int
    hash: str
    source: str = ""
    text: str = ""
    at: str = ""

    @property
    def order(self) -> tuple[str, str, int]:
        """As the lines of several logs stand: by time."""
        return (self.at, self.path, self.start)

    @property
    def id(self) -> str:
        return f"{self.path}:{self.start}:{self.hash}"


def hash_of(row: LogRow) -> str:
    """Of the beginning of its first line."""
    return hashlib.blake2b(row.text[:TEXT].encode("utf-8", "replace"), digest_size=8).hexdigest()


def of_row(row: LogRow, path: str) -> Bookmark:
    at = row.at.isoformat() if row.at is not None else ""
    return Bookmark(path, row.start, hash_of(row), row.source, row.text[:TEXT], at)


class Bookmarks:
    """All that are set, the newest last."""

    def __init__(self, bookmarks: Iterable[Bookmark] = ()) -> None:
        self._all = list(bookmarks)[-MOST:]
        self._starts = {one.start for one in self._all}

    def __iter__(self) -> Iterator[Bookmark]:
        return iter(self._all)

    def __len__(self) -> int:
        return len(self._all)

    def of(self, row: LogRow) -> Bookmark | None:
        """The one on this row, whatever the file is called by now."""
        if row.start not in self._starts:
            return None
        wanted = hash_of(row)
        return next((one for one in self._all if (one.start, one.hash) == (row.start, wanted)), None)

    def put(self, one: Bookmark) -> None:
        self._all = [*(old for old in self._all if old.id != one.id), one][-MOST:]
        self._starts = {old.start for old in self._all}

    def remove(self, one: Bookmark) -> None:
        self._all = [old for old in self._all if old.id != one.id]
        self._starts = {old.start for old in self._all}

    def beside(self, row: LogRow | None, *, back: bool) -> Bookmark | None:
        """The next one from the row on, or the one before it; None: there is none in that direction."""
        ordered = sorted(self._all, key=lambda one: one.order)
        if row is None:
            return (ordered[-1] if back else ordered[0]) if ordered else None
        here = self.of(row)
        place = here.order if here else (row.at.isoformat() if row.at else "", "", row.start)
        if back:
            return next((one for one in reversed(ordered) if one.order < place), None)
        return next((one for one in ordered if one.order > place), None)

    def kept(self) -> list[dict[str, Any]]:
        """As JSON values."""
        return [{part.name: getattr(one, part.name) for part in fields(one)} for one in self._all]


def restored(values: object) -> Bookmarks:
    """What `kept` gave; what is none of it is left out."""
    return Bookmarks(_restored(values if isinstance(values, list) else ()))


def _restored(values: Iterable[object]) -> Iterator[Bookmark]:
    for value in values:
        if not isinstance(value, dict):
            continue
        path, start, found = value.get("path"), value.get("start"), value.get("hash")
        if not (isinstance(path, str) and isinstance(start, int) and isinstance(found, str)):
            continue
        more = {name: str(value.get(name) or "")[:TEXT] for name in ("source", "text", "at")}
        if more["at"] and not _is_time(more["at"]):
            more["at"] = ""
        yield Bookmark(path, start, found, **more)


def _is_time(text: str) -> bool:
    try:
        return datetime.fromisoformat(text).tzinfo is not None
    except ValueError:
        return False
