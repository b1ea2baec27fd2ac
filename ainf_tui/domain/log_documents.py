"""The JSON contract of logs that are looked at piece by piece; see `documents` for the rules.

A *view* is a choice of logs that somebody looks at. Nobody reads all of it: a place in it is asked for, and
the records around that place come, as far as the filters let them through. What must read everything (the
count of lines, marks, a search, what is hidden) goes on behind it and is told by `LogStateDocument`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ainf_tui.frozen import frozen


@frozen
class LogSourceDocument:
    """A log that can be looked at."""

    id: str
    """What `LogOpenRequest.sources` takes: `comfyui`, `events`, `engine`, `run:20261126-140112/comfyui`,
    `file:/var/log/x.log`, `backend:NAME` (the log in a ComfyUI's own memory)."""
    name: str
    """What stands in the source column."""
    kind: str
    """service | events | engine | file | comfyui | stdin"""
    run: str = ""
    """The run it belongs to; empty: none."""
    newest: bool = True
    """Of the newest run, or of none."""
    bytes: int = 0
    modified: datetime | None = None
    files: tuple[str, ...] = ()
    """Paths, the pieces that were rotated away first."""
    message: str = ""
    """Why it cannot be read now."""


@frozen
class LogSourcesDocument:
    """Everything that can be looked at."""

    sources: tuple[LogSourceDocument, ...] = ()


@frozen
class LogOpenRequest:
    """`sources`: ids, names of services of the newest run, paths, globs; empty: all of the newest run."""

    sources: tuple[str, ...] = ()


@frozen
class LogViewDocument:
    """A view that is open. It ends by itself a minute after the last question; then `logs.no_view`."""

    id: str
    sources: tuple[LogSourceDocument, ...]


@frozen
class LogFilter:
    """One of the stack. A record is shown if each filter that is on lets it through.

    Filters of `kind` "in" that look for texts are one: a record passes that holds any of them.
    """

    kind: str
    """in | out | level | source | since | until"""
    value: str
    """A text or pattern; a level's word (the minimum); names of sources with commas; a time as `moment`
    takes it (10m, 14:03, 2026-11-26T14:03:05Z)."""
    regex: bool = False
    ignore_case: bool = True
    on: bool = True


@frozen
class LogPlace:
    """A place between two records: for each file of the view how far it has been passed, in bytes."""

    offsets: Mapping[str, int] = field(default_factory=dict)
    """By `LogRow.file`. A file that is absent has not been begun."""


@frozen
class LogSpan:
    """Colours that the program gave its line: from `start` to `end` (characters of the row's text)."""

    start: int
    end: int
    style: str
    """As `domain.logs.shown.Span.style`."""


@frozen
class LogRow:
    """A record as a list shows it: its first line."""

    file: str
    """Names the file within the view; with `start` it names the record for as long as the file is there."""
    start: int
    end: int
    source: str
    level: str
    at: datetime | None
    inherited: bool
    """`at` is that of an earlier line."""
    text: str
    """The first line (of a traceback too), safe to show, at most `LogPageRequest.width` characters."""
    cut: int = 0
    """Characters of that line that are left out."""
    lines: int = 1
    traceback: bool = False
    spans: tuple[LogSpan, ...] = ()
    matches: tuple[tuple[int, int], ...] = ()
    """Where the search of the view is found in `text`."""
    hit: bool = False
    """The search is found in the record (maybe in a later line)."""
    context: bool = False
    """Not let through by the filters: shown as context of one that is."""
    stated: bool = False
    time_end: int = 0
    """`text` begins with its own time up to here: a screen that shows `at` leaves that part out."""
    ending: str = ""
    """Of a traceback whose first line says nothing else its last one: what happened."""


@frozen
class LogPageRequest:
    """The records around a place."""

    place: LogPlace | None = None
    """None: the end."""
    before: int = 0
    """Records wanted before the place, at most 1,000."""
    after: int = 0
    filters: tuple[LogFilter, ...] = ()
    context: int = 0
    """Records shown around each that a text filter lets through, as `grep -C`."""
    width: int = 2_000


@frozen
class LogPageDocument:
    """Rows in their order. `start` and `end` are the places before the first and behind the last of them."""

    rows: tuple[LogRow, ...]
    split: int
    """How many of the rows stand before the place that was asked for."""
    start: LogPlace
    end: LogPlace
    top: bool
    """Nothing that is let through stands before the first row."""
    bottom: bool
    """Nothing stands behind the last row, as of now; `end` asked again later gives what came.

    A last record that has grown since (a bar that moves on, the traceback of an error) is given once more:
    it takes the place of the rows of that file that begin within it.
    """
    partial: bool = False
    """The time for an answer was over before enough was found: ask again at `start` or `end`."""
    line: int | None = None
    """Number of the first row's first line in its file, from 1, once lines are counted; of one file only."""


@frozen
class LogSearchRequest:
    """What the view looks for from now on; an empty `pattern` ends the search."""

    pattern: str = ""
    regex: bool = False
    ignore_case: bool = True
    filters: tuple[LogFilter, ...] = ()
    """Only in what they let through."""


@frozen
class LogFindRequest:
    """Where to go from a place."""

    what: str
    """match | error | warning | time | fraction | line | record | top | bottom"""
    place: LogPlace | None = None
    """From where; None: the end. Not used by time, fraction, line, record, top, bottom."""
    back: bool = False
    value: str = ""
    """Of time: as `moment` takes it; of fraction: 0..1 of the bytes; of line: its number; of record:
    `FILE:START`."""
    filters: tuple[LogFilter, ...] = ()
    """Only what they let through is found."""


@frozen
class LogFoundDocument:
    """`place` stands right before the record that was found; None: there is none in that direction."""

    place: LogPlace | None
    row: LogRow | None = None
    wrapped: bool = False
    number: int | None = None
    """Of a match: it is the k-th of all; None as long as that is not known."""
    partial: bool = False
    """Not found in the time for an answer; ask again from `place`."""


@frozen
class LogBucket:
    """A piece of the view's time: how many records of each level it holds."""

    start: datetime
    debug: int = 0
    info: int = 0
    warning: int = 0
    error: int = 0
    """Errors and what is worse."""


@frozen
class LogStateDocument:
    """What is known of the whole view by now. Counts grow until `done` is 1."""

    revision: int
    """Changes whenever anything here has."""
    bytes: int
    lines: int | None
    """None: not counted yet."""
    indexed: float
    """0..1: how much of it has been counted."""
    first: datetime | None = None
    last: datetime | None = None
    marks: tuple[tuple[float, str], ...] = ()
    """Where errors and warnings lie: (0..1 of the view, level); at most 400, the graver kept."""
    errors: int = 0
    warnings: int = 0
    marked: float = 0.0
    """0..1: how much of it has been looked through for those."""
    found: int = 0
    """Records in which the search was found, so far."""
    found_at: tuple[float, ...] = ()
    """Where (0..1), at most 400."""
    searched: float = 0.0
    """0..1; 1 too where nothing is searched."""
    searching: bool = False
    hidden: int | None = None
    """Lines that the filters of the last page hide; None: no filter is on."""
    hidden_exact: bool = True
    dropped: int = 0
    """Lines that were lost for any reason since the view was opened; `messages` tell why."""
    messages: tuple[str, ...] = ()
    """What happened to files: rotated, cut, gone, not readable. The newest 20."""
    problem: str = ""
    """Why the reading behind it came to an end."""


@frozen
class LogHistogramDocument:
    """Levels over time, of at most as many buckets as were asked for."""

    buckets: tuple[LogBucket, ...]
    seconds: float
    """Length of a bucket."""
    exact: bool
    """All has been looked through; else the counts are of what has been by now."""


@frozen
class LogRecordDocument:
    """A record whole, with what it says of itself. `raw` of a megabyte and more is cut (`cut` bytes)."""

    row: LogRow
    text: str
    """All lines, safe to show."""
    raw: str
    """As it stands in the file, for copies; invalid UTF-8 as `\\xNN`."""
    cut: int
    format: str
    name: str
    message: str
    path: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    line: int | None = None
    """Number of its first line in its file, from 1; None: not counted yet."""
    fingerprint: str = ""
    """Of an error: names its group."""
    code: str = ""
    """The playbook's entry that fits."""
