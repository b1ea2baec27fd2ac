"""What a log is made of once it has been read: records, each of one or more lines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from datetime import datetime
from typing import Any

from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.shown import Shown
from ainf_tui.frozen import frozen


@frozen
class RawLine:
    """Bytes of a file from `start` to `end`, with the line's end if it has one."""

    start: int
    end: int
    data: bytes


@frozen
class Record:
    """One event: a line, or a line with what belongs to it, such as a traceback.

    `start` and `end` are offsets in bytes of its source; whoever wants the original reads that.
    """

    source: str
    start: int
    end: int
    lines: tuple[Shown, ...]
    level: Level
    format: str
    """Of its first line: json, python, uvicorn, postgresql, ...; `plain` where none was recognised."""
    message: str
    """The first line without time, level and name."""
    at: datetime | None = None
    inherited: bool = False
    """`at` is that of an earlier line, or noted beside the log, because this line says none."""
    stated: bool = False
    """The line says its level itself; otherwise its words suggested one, or it counts as info."""
    name: str = ""
    fields: Mapping[str, Any] = field(default_factory=dict)
    traceback: bool = False
    file: str = ""
    """The path that the offsets belong to; a source may have several, one after the other."""

    @property
    def text(self) -> str:
        """All of it as it is shown and searched."""
        return "\n".join(line.text for line in self.lines)

    @property
    def updates(self) -> int:
        """States of progress bars that are not shown."""
        return sum(line.updates for line in self.lines)
