"""From the records of a log to its failures: what was printed of one failure in several records is one.

ComfyUI tells of a refused prompt in a record an output and one more; of a custom node that cannot be imported
in a traceback, a line behind it and a line of its list of import times. Pure.
"""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import PurePath, PureWindowsPath

from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.records import Record

CONTEXT = 5
"""Lines before a failure that are kept with it."""
LINE = 2_000
"""Characters of each of them."""
BETWEEN = 5
"""Records that may stand between a failure and its traceback."""
EXECUTION = "execution"
"""A prompt failed while it ran."""
REFUSED = "refused"
"""A prompt was not taken in."""
IMPORT = "import"
"""A custom node was not loaded."""

FAILED_AT = "!!! Exception during processing"
_INVALID = "Failed to validate prompt"
_REFUSED = "invalid prompt:"
_CANNOT = re.compile(r"Cannot import (.+?) module for custom nodes")
_SKIPPED = re.compile(r"Skip (.+?) module for custom nodes due to ")
_LISTED = re.compile(r"\(IMPORT FAILED\): (.+)")


@dataclass(frozen=True, slots=True)
class Finding:
    """A failure as a log tells it. `start` to `end`: its bytes in the log."""

    start: int
    end: int
    level: Level
    message: str
    lines: tuple[str, ...]
    context: tuple[str, ...] = ()
    at: datetime | None = None
    """None where no line of it says when."""
    kind: str = ""
    """EXECUTION | REFUSED | IMPORT | empty for all others"""
    node: str = ""
    """The custom node that was not imported."""
    name: str = ""
    """The logger that the line names."""
    open: bool = False
    """More may belong to it."""


class Joiner:
    """Takes the records of one log in their order; gives what failed, once nothing more can belong to it."""

    def __init__(self) -> None:
        self._held: Finding | None = None
        self._context: deque[str] = deque(maxlen=CONTEXT)
        self._imports: set[str] = set()
        """Custom nodes of this start that were told of already."""
        self._skipped: dict[str, str] = {}
        """Of those that hold no nodes: the line that says so."""
        self._between = 0
        """Records between a failure and its traceback."""

    @property
    def held(self) -> Finding | None:
        """What may still become longer."""
        return self._held

    @property
    def waits(self) -> bool:
        """What is held may go on behind records that are none of it."""
        return self._held is not None and self._held.open and self._held.kind == EXECUTION

    def remember(self, lines: list[str]) -> None:
        """Lines that stand before the first record."""
        self._context.extend(line[:LINE] for line in lines)

    def feed(self, record: Record) -> Iterator[Finding]:
        """Takes the next record."""
        if self._held is not None:
            joined = _joined(self._held, record)
            if joined is not None:
                self._held = joined
                self._keep(record)
                return
            if self._passes(record):
                self._keep(record)
                return
        yield from self.flush()
        if record.level >= Level.ERROR:
            self._held = self._found(record)
            if not self._held.open:
                yield from self.flush()
        else:
            yield from self._not_imported(record)
        self._keep(record)

    def _passes(self, record: Record) -> bool:
        """Whether it stands between a failure and its traceback: ComfyUI prints these one after the other,
        and what it says of a prompt that comes in at that moment gets in between.
        """
        self._between += 1
        return self.waits and record.level < Level.ERROR and self._between <= BETWEEN

    def flush(self) -> Iterator[Finding]:
        """Nothing more belongs to what was held."""
        held, self._held = self._held, None
        self._between = 0
        if held is not None:
            if held.node:
                self._imports.add(held.node)
            yield held

    def _keep(self, record: Record) -> None:
        self._context.extend(
            line.text[:LINE] for line in record.lines[-CONTEXT:] if line.text and not line.text.isspace()
        )

    def _found(self, record: Record) -> Finding:
        kind, node = _kind(record)
        message = record.message.strip() or next((s.text for s in record.lines if s.text.strip()), "")
        if record.traceback and message.startswith("Traceback ("):
            message = record.lines[-1].text.strip() or message
        return Finding(
            record.start,
            record.end,
            record.level,
            message[:LINE],
            tuple(line.text for line in record.lines),
            tuple(self._context),
            None if record.inherited else record.at,
            kind,
            node,
            record.name,
            open=_is_open(record, kind),
        )

    def _not_imported(self, record: Record) -> Iterator[Finding]:
        """Lines of ComfyUI's list of import times that nothing has told of: nodes that were skipped."""
        if (skipped := _SKIPPED.match(record.message)) is not None:
            self._skipped[_name(skipped[1])] = record.message.strip()[:LINE]
        if "(IMPORT FAILED)" not in record.text:
            return
        for line in record.lines:
            found = _LISTED.search(line.text)
            if found is None:
                continue
            node = _name(found[1])
            if node in self._imports:
                self._imports.discard(node)
                continue
            why = self._skipped.pop(node, "")
            yield Finding(
                record.start,
                record.end,
                Level.ERROR,
                why or line.text.strip(),
                (why or line.text.strip(),),
                () if why else tuple(self._context),  # What stands before the list is of others.
                None if record.inherited else record.at,
                IMPORT,
                node,
            )


def _kind(record: Record) -> tuple[str, str]:
    """What it is of ComfyUI's, and the custom node that it names."""
    message = record.message
    if message.startswith(FAILED_AT):
        return EXECUTION, ""
    if message.startswith((_INVALID, _REFUSED)):
        return REFUSED, ""
    found = _CANNOT.search(message)
    return (IMPORT, _name(found[1])) if found else ("", "")


def _is_open(record: Record, kind: str) -> bool:
    """Whether more of the same failure may come in records of its own."""
    if kind == EXECUTION:
        return not record.traceback
    if kind == REFUSED:
        return record.message.startswith(_INVALID)
    return record.traceback and not kind


def _joined(held: Finding, record: Record) -> Finding | None:
    """Both as one, if the record goes on with what is held."""
    if not held.open:
        return None
    kind, node = _kind(record)
    if held.kind == EXECUTION and record.message.startswith("Traceback ("):
        kind, goes_on = EXECUTION, False
    else:
        goes_on = kind == REFUSED and held.kind == REFUSED
        explained = kind == IMPORT and not held.kind
        if not goes_on and not explained:
            return None
    return replace(
        held,
        end=record.end,
        lines=(*held.lines, *(line.text for line in record.lines)),
        level=max(held.level, record.level),
        kind=kind,
        node=node,
        open=goes_on and not record.message.startswith(_REFUSED),
    )


def _name(path: str) -> str:
    kind = PureWindowsPath if "\\" in path else PurePath
    return kind(path.strip()).name
