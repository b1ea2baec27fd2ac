"""Records that are wanted of a whole file, by the shortest way: warnings without reading the rest."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import datetime

from ainf_tui.adapters.logs.grave import grave_records
from ainf_tui.adapters.logs.pieces import GROUP, Pieces
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.query import Query
from ainf_tui.domain.logs.records import Record


def chosen(reader: LogRecords, query: Query, clock: Clock, end: int | None = None) -> Iterator[Record]:
    """As `LogRecords.chosen`. For a level alone, or with sources, most lines are passed over."""
    if query.level is None or query.level < Level.WARNING or query.timed or query.pattern is not None:
        yield from reader.chosen(query, end)
        return
    pieces = Pieces(reader.log, reader.source, clock)
    pieces.size = pieces.size if end is None else min(end, pieces.size)
    for number in range(0, pieces.last + 1, GROUP):
        for record in grave_records(pieces, number, min(number + GROUP, pieces.last + 1), query.level):
            if query.keeps(record):
                yield record if record.at is not None else _dated(record, reader.time_before(record.start))


def _dated(record: Record, at: datetime | None) -> Record:
    return record if at is None else replace(record, at=at)
