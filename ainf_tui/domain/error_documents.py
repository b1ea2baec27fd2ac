"""The JSON contract of errors that are collected and grouped; see `documents` for the rules.

Whoever meets an error reports an `ErrorReport`; the same failure again is the same *group*. The group is what
users see; an *example* is one report that was kept whole.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ainf_tui.frozen import frozen

LEVELS = ("debug", "info", "warning", "error", "critical")
"""Words of `domain.logs.levels.Level`."""
STATES = ("new", "regressed", "ongoing", "muted", "resolved")
"""In the order in which an inbox shows them."""


@frozen
class ErrorReport:
    """One error, from wherever it came. Texts are made safe and secrets hidden before it is stored."""

    source: str
    """Who met it: comfyui, a service's name, queue, engine, app, cli, probe, download, or what others say."""
    message: str
    level: str = "error"
    at: datetime | None = None
    """None: now."""
    lines: tuple[str, ...] = ()
    """The record whole: the first line, the traceback."""
    details: Mapping[str, Any] = field(default_factory=dict)
    context: tuple[str, ...] = ()
    """Lines before it in the log."""
    code: str = ""
    """ainf's own error code, where it has one."""
    job: int | None = None
    service: str = ""
    run: str = ""
    backend: str = ""
    pack: str = ""
    node: str = ""
    """Id of the node in the graph."""
    node_class: str = ""
    kind: str = ""
    """Type of the exception, where it is known without a traceback in `lines`."""
    file: str = ""
    """The log it stands in, with `start` its place there (bytes)."""
    start: int | None = None


@frozen
class ErrorGroupDocument:
    """A failure that has happened once or many times."""

    id: int
    """The group's number, as `#7`; commands take it or a fingerprint."""
    fingerprint: str
    fingerprints: tuple[str, ...]
    """All that were merged into it, its own first."""
    level: str
    """The gravest of its reports."""
    source: str
    title: str
    """One line: of the playbook where an entry fits, else the exception or message."""
    code: str = ""
    """The playbook's entry that fits."""
    state: str = "new"
    """new | regressed | ongoing | muted | resolved"""
    muted_until: datetime | None = None
    """None while muted: until it is unmuted by hand."""
    first_seen: datetime | None = None
    last_seen: datetime | None = None
    count: int = 0
    count_24h: int = 0
    trend: tuple[int, ...] = ()
    """Reports of each of the last 24 hours, the newest last."""
    unseen: bool = False
    """New or back since the errors were last looked at."""
    sampled: bool = False
    """Not every report was kept as an example; the counts are exact."""
    note: str = ""
    job: int | None = None
    """Of the newest report."""
    service: str = ""
    run: str = ""
    backend: str = ""
    pack: str = ""
    node: str = ""
    node_class: str = ""


@frozen
class ErrorExampleDocument:
    """A report that was kept whole."""

    id: int
    at: datetime
    fingerprint: str
    level: str
    source: str
    message: str
    lines: tuple[str, ...] = ()
    context: tuple[str, ...] = ()
    details: Mapping[str, Any] = field(default_factory=dict)
    code: str = ""
    job: int | None = None
    service: str = ""
    run: str = ""
    backend: str = ""
    pack: str = ""
    node: str = ""
    node_class: str = ""
    kind: str = ""
    file: str = ""
    start: int | None = None


@frozen
class ErrorCardDocument:
    """What the playbook says of a group."""

    code: str
    title: str
    cause: str
    steps: tuple[str, ...]
    action: str = ""
    """A command of `ainf` that does, or begins, what mends it."""


@frozen
class ErrorGroupPage:
    """`ainf errors list`."""

    errors: tuple[ErrorGroupDocument, ...]
    next: str | None = None
    schema: str = "ainf.errors/1"


@frozen
class ErrorDetailDocument:
    """`ainf errors show`: a group, what is known of it, and reports of it, the newest first."""

    group: ErrorGroupDocument
    card: ErrorCardDocument | None = None
    examples: tuple[ErrorExampleDocument, ...] = ()
    at: datetime | None = None
    """When this was told: the last hour of the trend is that of then."""
    schema: str = "ainf.error-group/1"


@frozen
class ErrorTotalsDocument:
    """`ainf errors stats`, and the topic `errors`: exact counts of reports, never found by scanning."""

    new: int = 0
    """Groups that are new or back and were not looked at since: the badge."""
    ongoing: int = 0
    """Groups that are neither resolved nor muted."""
    groups: int = 0
    total: int = 0
    last_24h: int = 0
    by_level: Mapping[str, int] = field(default_factory=dict)
    by_source: Mapping[str, int] = field(default_factory=dict)
    by_level_24h: Mapping[str, int] = field(default_factory=dict)
    by_source_24h: Mapping[str, int] = field(default_factory=dict)
    revision: int = 0
    """Changes whenever a group does."""
    latest: tuple[ErrorGroupDocument, ...] = ()
    """The three groups that an inbox shows first."""
    schema: str = "ainf.error-totals/1"


@frozen
class ErrorQuery:
    """Which groups. Empty: all but those that are resolved or muted."""

    states: tuple[str, ...] = ()
    """Words of STATES, or `all`."""
    level: str = ""
    """The minimum."""
    source: str = ""
    since: datetime | None = None
    """Seen since then."""
    text: str = ""
    """Words that title, message, code, source, node or pack hold."""
    order: str = "inbox"
    """inbox (new and getting worse first) | last_seen | first_seen | count | count_24h"""
    limit: int = 100
    after: str = ""


@frozen
class ErrorsRequest:
    """Groups that something is done to, by number or fingerprint."""

    errors: tuple[str, ...]


@frozen
class MuteErrorsRequest:
    """`until` None: until it is unmuted by hand."""

    errors: tuple[str, ...]
    until: datetime | None = None


@frozen
class NoteErrorRequest:
    """An empty note takes it away."""

    error: str
    note: str


@frozen
class MergeErrorsRequest:
    """The others become part of `into`."""

    into: str
    errors: tuple[str, ...]


@frozen
class SplitErrorRequest:
    """A fingerprint that was merged becomes a group of its own again."""

    error: str
    fingerprint: str


@frozen
class ClearErrorsRequest:
    """Groups go to an archive file; without `errors` those that are resolved, with `all` every one."""

    errors: tuple[str, ...] = ()
    all: bool = False


@frozen
class ClearedErrorsDocument:
    """`archive`: the file they are in now; empty if there was nothing to clear."""

    groups: int
    reports: int
    archive: str = ""
    schema: str = "ainf.errors-cleared/1"


@frozen
class ReportErrorsRequest:
    """Reports, at most 1,000 in one request. The answer comes once they are stored."""

    reports: tuple[ErrorReport, ...]


@frozen
class ImportErrorsRequest:
    """Reports with a key each, at most 1,000: one whose key was imported before is not stored again. And
    groups as `ainf errors show` tells them, at most 100: what is there of them already is not counted again.
    """

    reports: tuple[ErrorReport, ...] = ()
    keys: tuple[str, ...] = ()
    groups: tuple[ErrorDetailDocument, ...] = ()


@frozen
class BadLineDocument:
    """A line of a file that is no error, counted from 1."""

    line: int
    problem: str


@frozen
class ImportedErrorsDocument:
    """How many reports are new, and how many were there before; those of groups count one by one."""

    stored: int
    known: int
    bad: tuple[BadLineDocument, ...] = ()
    """Of the file, where one was read: `ainf errors import` fills it."""
    schema: str = "ainf.errors-imported/1"
