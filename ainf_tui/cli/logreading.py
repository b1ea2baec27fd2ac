"""From sources to records on stdout: what is there, and what comes."""

from __future__ import annotations

import io
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import Self

from ainf_tui.adapters.logs.chosen import chosen
from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.follow import Batch, Follower, Stream
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.adapters.logs.spool import Spool, open_log
from ainf_tui.cli import places
from ainf_tui.cli.app import App
from ainf_tui.cli.logsources import STDIN, Source
from ainf_tui.cli.logtext import Printer
from ainf_tui.cli.output import show
from ainf_tui.display.format import utc_now
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.fold import Folder
from ainf_tui.domain.logs.query import Query, merged
from ainf_tui.domain.logs.records import RawLine, Record
from ainf_tui.errors import NotFoundError
from ainf_tui.frozen import frozen

PAUSE = 0.1
"""Seconds between two looks at what is followed."""
QUIET = 2
"""Looks without a new line after which a record counts as whole."""
_REFRESH = 1.0
"""Seconds between two looks for logs that are new."""


@frozen
class Wanted:
    """`count` is None for all."""

    query: Query
    count: int | None


class Reader:
    """The logs of these sources, open. Close it; `handed` ones are closed by who took them."""

    def __init__(self, app: App, found: Sequence[Source], wanted: Wanted, clock: Clock) -> None:
        self._app = app
        self._wanted = wanted
        self._clock = clock
        self._stack = ExitStack()
        self._by_file: dict[str, LogRecords] = {}
        self.plain: dict[Path, tuple[Source, LogFile, int]] = {}
        """Files that may grow, and the end of their last whole line."""
        self.well = True
        self._found = found

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    def open(self, *, follow: bool) -> None:
        """All of them. With `follow`, those that cannot be read are waited for, and stdin is left out."""
        for source in self._found:
            if source.path is None and follow:
                continue
            try:
                self._open(source, follow=follow and source.live)
            except NotFoundError:
                # The piece of a rotated log may have got its next name meanwhile.
                if source.live and not follow:
                    raise

    def print(self, printer: Printer) -> None:
        """What is there."""
        logs = list(self._by_file.values())
        if self._wanted.count is None:
            query = self._wanted.query
            streams = [(chosen(log, query, self._clock, self._end(log)), log.log.modified) for log in logs]
            records: Iterator[Record] = merged(streams)
        else:
            count = self._wanted.count
            newest = [
                (log.newest(self._wanted.query, count, self._end(log)), log.log.modified) for log in logs
            ]
            records = iter(list(merged(newest))[-count:] if count else ())
        for record in records:
            log = self._by_file[record.file].log
            printer.take(record, partial(log.read, record.start, record.end))
        printer.flush()
        self._tell_timeless(logs)

    def _end(self, log: LogRecords) -> int | None:
        found = self.plain.get(log.log.path)
        return None if found is None else found[2]

    def _open(self, source: Source, *, follow: bool) -> None:
        opened = _spooled(self._app, source, looks=1) if source.path is None else open_log(source.path)
        log = opened.log if isinstance(opened, Spool) else opened
        if isinstance(opened, Spool):
            opened.wait()
            if opened.problem is not None:
                self.well = False
                self._app.out.error(opened.problem)
        if follow and source.path is not None and not isinstance(opened, Spool):
            self.plain[source.path] = (source, log, log.line_start(log.size))
        else:
            self._stack.enter_context(log)
        self._by_file[str(log.path)] = LogRecords(log, source.name, self._clock)

    def _tell_timeless(self, logs: Sequence[LogRecords]) -> None:
        if not self._wanted.query.timed:
            return
        for log in logs:
            if not log.dated and log.log.size:
                name = show(log.source, 100)
                self._app.out.note(f"{name}: no line says its time, so none is in a range of time", "dim")


def _spooled(app: App, source: Source, *, looks: int | None = None) -> Spool:
    """What lies in no file. `looks`: how often a ComfyUI is asked."""
    if not source.backend:
        return _stdin(app)
    from ainf_tui.runtime_logs import asked_backend  # noqa: PLC0415 - few ask a ComfyUI

    spec = places.settings(app).backend(source.backend)
    if spec is None:
        raise ValueError(f"no backend {source.backend}")
    return asked_backend(spec, looks=looks)


def _stdin(app: App) -> Spool:
    stream = app.out.stdin
    binary = getattr(stream, "buffer", None)
    read = binary.read1 if binary is not None else io.BytesIO(stream.read().encode()).read
    spool = Spool(STDIN, read)
    spool.start()
    return spool


class Following:
    """Everything that is followed. `again` gives the sources anew, for those that are made meanwhile."""

    def __init__(
        self, app: App, wanted: Wanted, clock: Clock, printer: Printer, again: Callable[[], Sequence[Source]]
    ) -> None:
        self._app = app
        self._wanted = wanted
        self._clock = clock
        self._printer = printer
        self._again = again
        self._tails: dict[Path | None, _Tail] = {}

    def begin(self, found: Sequence[Source], plain: dict[Path, tuple[Source, LogFile, int]]) -> None:
        for source in found:
            if source.path is None:
                key = Path(source.backend) if source.backend else None
                self._tails[key] = _Tail(source, Stream(_spooled(self._app, source)), self._clock)
            elif source.path in plain:
                _, log, offset = plain[source.path]
                self._add(source, log, offset)
            elif source.live and not source.path.exists():
                self._add(source, None, 0)

    def run(self) -> None:
        """Until all has ended, which only standard input does, or Ctrl-C."""
        try:
            looked = time.monotonic()
            while self._tails:
                if not self.turn():
                    time.sleep(PAUSE)
                if time.monotonic() - looked > _REFRESH:
                    looked = time.monotonic()
                    self.refresh()
        finally:
            for tail in self._tails.values():
                tail.log.close()

    def turn(self) -> bool:
        """One look at all of them. Whether there is more at once."""
        came: list[tuple[list[Record], _Tail]] = []
        for key, tail in list(self._tails.items()):
            came.append((list(tail.poll()), tail))
            if tail.log.ended:
                tail.log.close()
                del self._tails[key]
        now = utc_now()
        by_source = {id(record): tail for records, tail in came for record in records}
        for record in merged([(records, now) for records, _ in came]):
            raw = by_source[id(record)].raw_of(record)
            if self._wanted.query.keeps(record):
                self._printer.take(record, partial(bytes, raw))
        self._printer.flush()
        return any(tail.log.behind for tail in self._tails.values())

    def refresh(self) -> None:
        """Logs that were made meanwhile are followed from their top."""
        for source in self._again():
            if source.live and source.path is not None and source.path not in self._tails:
                self._add(source, None, 0)
                self._printer.name(source.name)

    def _add(self, source: Source, log: LogFile | None, offset: int) -> None:
        if source.path is not None:
            follower = Follower(source.path, log, offset, tell=lambda said: self._app.out.note(said, "dim"))
            self._tails[source.path] = _Tail(source, follower, self._clock)


class _Tail:
    """One log that grows, as records."""

    def __init__(self, source: Source, log: Follower | Stream, clock: Clock) -> None:
        self.log = log
        self._folder = Folder(source.name, clock, file=str(source.path or source.backend or STDIN))
        self._lines: deque[RawLine] = deque()
        self._quiet = 0

    def poll(self) -> Iterator[Record]:
        self._quiet += 1
        for batch in self.log.poll():
            self._quiet = 0
            yield from self._records(batch)
        if self.log.ended or self._quiet == QUIET:
            yield from self._folder.flush()

    def _records(self, batch: Batch) -> Iterator[Record]:
        if batch.fresh:
            yield from self._folder.flush()
        for line in batch.lines:
            yield from self._folder.feed(line)
            self._lines.append(line)

    def raw_of(self, record: Record) -> bytes:
        """The bytes of the next record, in the order in which they came."""
        parts = []
        while self._lines:
            line = self._lines.popleft()
            parts.append(line.data)
            if line.end == record.end:
                break
        return b"".join(parts)


def tell_nothing(app: App, printer: Printer, found: Sequence[Source]) -> None:
    """Nothing was shown: that is no fault, and worth a word."""
    if printer.count == 0:
        names = ", ".join(sorted({show(source.name, 60) for source in found})) or "no log"
        app.out.note(f"Nothing to show in {names}.", "dim")
