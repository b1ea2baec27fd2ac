"""Files of groups of errors that were cleared: a group a line, as `ainf errors export` writes them."""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict
from datetime import datetime
from pathlib import Path
from typing import Any, TypeVar

from ainf_tui.domain.error_documents import ErrorDetailDocument
from ainf_tui.errors import AinfError

T = TypeVar("T")


class FileArchive:
    """`ErrorArchive` in a folder, which is made when it is needed."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def begin(self, now: datetime) -> ArchiveFile:
        return ArchiveFile(self._folder, f"errors-{now:%Y%m%d-%H%M%S-%f}.jsonl")


class ArchiveFile:
    """`ErrorArchiveFile`. Only this user can read it: messages may hold what people wrote."""

    def __init__(self, folder: Path, name: str) -> None:
        self._path = folder / name
        self._part = folder / f".{name}.part"
        self._stream = self._trying(self._open)

    def _open(self) -> Any:
        self._path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        handle = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        return os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace")

    def add(self, groups: Sequence[ErrorDetailDocument]) -> None:
        self._trying(lambda: self._stream.writelines(f"{line(group)}\n" for group in groups))

    def finish(self) -> str:
        self._trying(self._settle)
        return str(self._path)

    def _settle(self) -> None:
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()
        self._part.rename(self._path)
        if os.name != "nt":  # folders cannot be opened there, and renames are in the journal
            handle = os.open(self._path.parent, os.O_RDONLY)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)

    def give_up(self) -> None:
        with suppress(OSError):  # what could not be written cannot always be flushed either
            self._stream.close()
        self._part.unlink(missing_ok=True)

    def _trying(self, work: Callable[[], T]) -> T:
        try:
            return work()
        except OSError as error:
            raise AinfError(
                "errors.archive",
                f"the archive {self._path} cannot be written: {error.strerror or error}",
                hint="make room or make the folder writable; nothing was cleared",
            ) from error


def line(group: ErrorDetailDocument) -> str:
    """One group as a line of JSON."""
    return json.dumps(asdict(group), default=_plain, ensure_ascii=False, separators=(",", ":"))


def _plain(value: object) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"a {type(value).__name__} has no JSON form")
