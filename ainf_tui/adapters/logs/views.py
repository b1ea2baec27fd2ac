"""Views of logs: which there are, and one that is open with all that can be asked of it. Blocking."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import BinaryIO

from ainf_tui.adapters.logs import sources as logs
from ainf_tui.adapters.logs.asked import Asked, AskedSpool
from ainf_tui.adapters.logs.behind import Behind
from ainf_tui.adapters.logs.finding import Finder
from ainf_tui.adapters.logs.openfiles import OpenFiles
from ainf_tui.adapters.logs.pages import Pages
from ainf_tui.adapters.logs.sources import Group
from ainf_tui.adapters.logs.spool import Spool
from ainf_tui.adapters.runs.folder import run_folders
from ainf_tui.domain.errors.fingerprint import failure
from ainf_tui.domain.errors.playbook import Playbook
from ainf_tui.domain.log_documents import (
    LogFindRequest,
    LogFoundDocument,
    LogHistogramDocument,
    LogOpenRequest,
    LogPageDocument,
    LogPageRequest,
    LogRecordDocument,
    LogSearchRequest,
    LogSourceDocument,
    LogSourcesDocument,
    LogStateDocument,
)
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.filters import pattern_of, sieve_of
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.patience import Pattern
from ainf_tui.domain.logs.recent import BACKEND
from ainf_tui.domain.logs.records import Record
from ainf_tui.domain.logs.rows import Look, row_of
from ainf_tui.domain.logs.shown import pictured
from ainf_tui.domain.text import storable_json, visible
from ainf_tui.errors import NotFoundError, UsageError

RAW = 1_048_576
"""Bytes of a record that are handed out as they stand in the file."""
_AGAIN = 3
"""Pages that are read anew because a file was cut under them."""
_APART = 0.05
"""Seconds between two looks at the files."""
_NEW_APART = 1.0
"""Seconds between two looks for files that are new."""
_EARLIER = 20
"""Runs before the newest whose logs are listed."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where logs lie. `stdin`: what `-` means; None: it cannot be read here. `files`: paths and globs of the
    settings, and of services that were adopted. `backends`: who gives the log in a ComfyUI's own memory, by
    its name.
    """

    runs: Path
    engine_log: Path
    playbook: Callable[[], Playbook]
    stdin: BinaryIO | None = None
    files: Callable[[], tuple[str, ...]] = tuple
    backends: Callable[[], Mapping[str, Callable[[], Asked]]] = dict


class Desk:
    """Implements `domain.ports_logs.LogDesk`."""

    def __init__(self, places: Places) -> None:
        self._places = places

    def sources(self) -> LogSourcesDocument:
        """Of the newest run, of the engine, of ComfyUIs, of the settings, of the runs before the newest."""
        groups = list(self._newest(missing=True))
        engine = logs.engine_group(self._places.engine_log)
        groups += [engine] if engine.paths else []
        groups += [*self._backends(), *self._given()]
        for folder in reversed(self._run_folders()):
            if folder.name not in {group.run for group in groups}:
                groups += logs.groups_of_run(folder, newest=False)
        return LogSourcesDocument(tuple(document(group) for group in groups))

    def open(self, request: LogOpenRequest) -> View:
        """NotFoundError `logs.no_run`, `logs.not_found`, `logs.no_source`; AinfError `logs.unreadable`."""

        def again() -> list[Group]:
            return self._groups(request.sources)

        clock = Clock(datetime.now(UTC))
        groups = again()
        files = OpenFiles(groups, clock, again)
        files.open()
        for group in groups:
            if group.kind == "stdin":
                files.add_spool(group, self._stdin())
            elif group.kind == "comfyui":
                files.add_spool(group, self._asked(group))
        return View(files, clock, self._places.playbook)

    def _asked(self, group: Group) -> Spool:
        spool = AskedSpool(group.id, self._places.backends()[group.id.removeprefix(BACKEND)])
        spool.start()
        return spool

    def _backends(self) -> list[Group]:
        return [logs.backend_group(name) for name in self._places.backends()]

    def _given(self) -> list[Group]:
        """Files of the settings, as far as they are there."""
        found: list[Group] = []
        for word in self._places.files():
            with suppress(NotFoundError):
                found += logs.groups_of_words([word], self._run)
        return found

    def _stdin(self) -> Spool:
        stream = self._places.stdin
        if stream is None:
            raise UsageError(
                "logs.bad_filter", "standard input is not to be had here", hint="Name a file, or a service."
            )
        spool = Spool(logs.STDIN, getattr(stream, "read1", stream.read))
        spool.start()
        return spool

    def _groups(self, words: Sequence[str]) -> list[Group]:
        if not words:
            return self._without_words()
        found: list[Group] = []
        for word in words:
            found += self._meant(word)
        return list({group.id: group for group in found}.values())

    def _without_words(self) -> list[Group]:
        """The newest run; before there is one, the engine's own log and those of ComfyUIs."""
        try:
            return list(self._newest(missing=False))
        except NotFoundError:
            engine = logs.engine_group(self._places.engine_log)
            found = [*([engine] if engine.paths else []), *self._backends()]
            if not found:
                raise
            return found

    def _meant(self, word: str) -> list[Group]:
        if word == logs.ENGINE:
            return [logs.engine_group(self._places.engine_log)]
        if word.startswith(BACKEND):
            return [group for group in self._backends() if group.id == word] or self._no_backend(word)
        run, _, name = word.removeprefix("run:").partition("/")
        if word.startswith("run:") and name:
            folders = [folder for folder in self._run_folders(all_of_them=True) if folder.name == run]
            found = [group for folder in folders for group in logs.groups_of_run(folder, newest=False)]
            return [group for group in found if group.name == name] or self._none(word)
        own = [group for group in self._newest(missing=True) if group.id == word]
        return own or logs.groups_of_words([word], self._run)

    def _no_backend(self, word: str) -> list[Group]:
        known = ", ".join(visible(name, 60) for name in self._places.backends()) or "none"
        raise NotFoundError(
            "logs.no_source",
            f"there is no ComfyUI {visible(word.removeprefix(BACKEND), 100)}",
            hint=f"There are: {known}.",
        )

    def _none(self, word: str) -> list[Group]:
        raise NotFoundError(
            "logs.no_source",
            f"there is no log {visible(word, 100)}",
            hint="`ainf runs` lists the runs. The oldest are removed after a while.",
        )

    def _run(self) -> Path:
        return logs.run_folder(self._places.runs)

    def _newest(self, *, missing: bool) -> Sequence[Group]:
        try:
            return logs.groups_of_run(self._run(), newest=True)
        except NotFoundError:
            if missing:
                return ()
            raise

    def _run_folders(self, *, all_of_them: bool = False) -> list[Path]:
        found = run_folders(self._places.runs)
        return found if all_of_them else found[-_EARLIER:]


class View:
    """Implements `domain.ports_logs.OpenLogs`. One call at a time."""

    def __init__(self, files: OpenFiles, clock: Clock, playbook: Callable[[], Playbook]) -> None:
        self._files = files
        self._clock = clock
        self._playbook = playbook
        self._pattern: Pattern | None = None
        self._behind = Behind()
        self._looked = 0.0
        self._looked_for_new = time.monotonic()

    @property
    def sources(self) -> tuple[LogSourceDocument, ...]:
        return tuple(document(group) for group in self._files.groups)

    def page(self, request: LogPageRequest) -> LogPageDocument:
        found = self._page(request)
        for _ in range(_AGAIN):
            if not self._files.cut:
                break
            self._looked = 0.0
            found = self._page(request)
        return found

    def _page(self, request: LogPageRequest) -> LogPageDocument:
        sieve = sieve_of(request.filters, self._now())
        pages = self._pages()
        self._behind.hide(request.filters)
        try:
            found = pages.page(request, sieve, self._pattern)
        except UsageError as error:
            if error.code != "logs.slow_pattern" or self._pattern is None:
                raise
            # What is searched must not keep anybody from reading; a filter that is so raises again.
            self._pattern = None
            self._behind.refuse(error.message)
            found = pages.page(request, sieve, None)
        return self._numbered(found, pages)

    def find(self, request: LogFindRequest) -> LogFoundDocument:
        pages = self._pages()
        known = partial(self._behind.nearest, files=pages.files)
        finder = Finder(pages, self._now(), self._pattern, self._behind.block_of, known)
        found = finder.find(request)
        if request.what != "match" or found.place is None or found.row is None:
            return found
        return replace(found, number=self._behind.number(found.place.offsets, pages.files))

    def record(self, file: str, start: int) -> LogRecordDocument:
        pieces = self._pages().files.get(file)
        record = None if pieces is None else pieces.record_at(start)
        if pieces is None or record is None:
            raise NotFoundError(
                "logs.no_record",
                f"there is no record at byte {start} of this log any more",
                hint="The file was cut, or rotated away; look for it by its text or time.",
            )
        raw = pieces.log.read(record.start, min(record.end, record.start + RAW))
        path = str(self._files.files[file].path)
        line = self._behind.line_at(file, record.start, pieces)
        return replace(self._whole(record, file, path, raw), line=line)

    def search(self, request: LogSearchRequest) -> LogStateDocument:
        sieve_of(request.filters, self._now())
        self._pattern = (
            pattern_of(request.pattern, regex=request.regex, ignore_case=request.ignore_case)
            if request.pattern
            else None
        )
        self._behind.search(request)
        return self.state()

    def state(self) -> LogStateDocument:
        files = self._pages().files
        self._behind.go_on(files)
        return self._behind.state(files, self._files.dropped, self._files.messages)

    def histogram(self, buckets: int) -> LogHistogramDocument:
        files = self._pages().files
        self._behind.go_on(files)
        return self._behind.histogram(files, min(max(1, buckets), 1000))

    def close(self) -> None:
        self._behind.close()
        self._files.close()

    # -- how it is done ------------------------------------------------------------------------------
    def _now(self) -> Clock:
        return Clock(datetime.now(UTC), self._clock.zone)

    def _pages(self) -> Pages:
        now = time.monotonic()
        if now - self._looked_for_new > _NEW_APART:
            self._looked_for_new = now
            self._files.look_again()
        if now - self._looked > _APART:
            self._looked = now
            self._files.refresh()
        return Pages(self._files.pieces)

    def _numbered(self, page: LogPageDocument, pages: Pages) -> LogPageDocument:
        """With the number of its first line, if there is but one file."""
        if len(pages.files) != 1 or not page.rows:
            return page
        row = page.rows[0]
        return replace(page, line=self._behind.line_at(row.file, row.start, pages.files[row.file]))

    def _whole(self, record: Record, file: str, path: str, raw: bytes) -> LogRecordDocument:
        lines = [record.message] if record.format == "json" else [line.text for line in record.lines]
        name = record.name if record.format == "json" and record.name else record.source
        known = self._playbook().look(lines) if record.level >= Level.WARNING else None
        told = failure(name, record.message, lines) if record.level >= Level.ERROR else None
        return LogRecordDocument(
            row=row_of(record, file, Look(search=self._pattern)),
            text=record.text,
            raw=raw.decode("utf-8", "backslashreplace"),
            cut=record.end - record.start - len(raw),
            format=record.format,
            name=visible(record.name, 300),
            message=pictured(record.message),
            path=visible(path, 4096),
            fields=storable_json(record.fields),
            fingerprint="" if told is None else told.fingerprint,
            code="" if known is None else known.entry.code,
        )


def document(group: Group) -> LogSourceDocument:
    """What can be said of it without reading it."""
    size, modified, message = 0, None, ""
    for path in group.paths:
        try:
            facts = path.stat()
        except OSError as error:
            message = error.strerror or str(error)
            continue
        size += facts.st_size
        at = datetime.fromtimestamp(facts.st_mtime, UTC)
        modified = at if modified is None else max(modified, at)
        message = message or ("" if os.access(path, os.R_OK) else "no permission to read it")
    return LogSourceDocument(
        id=group.id,
        name=group.name,
        kind=group.kind,
        run=group.run,
        newest=group.newest,
        bytes=size,
        modified=modified,
        files=tuple(visible(str(path), 4096) for path in group.paths),
        message=message,
    )
