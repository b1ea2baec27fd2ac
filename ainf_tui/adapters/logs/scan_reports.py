"""What is told of a part of a file that was looked through, and how a file is divided for that."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field

from ainf_tui.adapters.logs.pieces import GROUP, Pieces

Counts = list[int]
"""Of a second: debug, info, warning, error and worse."""


@dataclass(frozen=True, slots=True)
class Report:
    """All since the report before it, up to the byte `upto`."""

    file: str
    upto: int
    lines: int = 0
    found: tuple[int, ...] = ()
    """Where records begin: those found, those let through."""
    kept_lines: int = 0
    errors: tuple[int, ...] = ()
    warnings: tuple[int, ...] = ()
    at: int | None = None
    """Of the first record, in seconds since 1970."""
    seconds: Mapping[str, Counts] = field(default_factory=dict)
    """JSON knows texts as keys only."""


def report_of(line: bytes) -> Report:
    data = json.loads(line)
    lists = {name: tuple(data[name]) for name in ("found", "errors", "warnings")}
    return Report(**{**data, **lists})


Look = Callable[[str, Pieces, range, int, int], Report]
"""Of a file these pieces, and of them the records that begin from an offset to another."""


def by_groups(file: str, pieces: Pieces, start: int, look: Look) -> Iterator[Report]:
    stop = pieces.open_record()
    if start >= stop:
        return
    number = pieces.number_at(start)
    while number <= pieces.last and start < stop:
        end = min(number + GROUP, pieces.last + 1)
        upto = min(stop, pieces.bound(end))
        if upto > start:
            yield look(file, pieces, range(number, end), start, upto)
            start = upto
        number = end
