"""Records that are wanted of a whole file, by the shortest way: without records of the rest."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import replace
from datetime import datetime

from ainf_tui.adapters.logs.grave import grave_records
from ainf_tui.adapters.logs.matches import Matches, sifted_texts, texts_of
from ainf_tui.adapters.logs.pieces import GROUP, Pieces
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.adapters.logs.search import needle_of
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.levels import Level
from ainf_tui.domain.logs.query import Query
from ainf_tui.domain.logs.records import Record


def chosen(reader: LogRecords, query: Query, clock: Clock, end: int | None = None) -> Iterator[Record]:
    """As `LogRecords.chosen`. For a text, or for a level, most lines are passed over."""
    grave = query.level is not None and query.level >= Level.WARNING
    if query.timed or not (grave or query.pattern is not None):
        yield from reader.chosen(query, end)
        return
    pieces = Pieces(reader.log, reader.source, clock)
    pieces.size = pieces.size if end is None else min(end, pieces.size)
    for record in _found(pieces, query):
        if query.keeps(record):
            yield record if record.at is not None else _dated(record, reader.time_before(record.start))


def _found(pieces: Pieces, query: Query) -> Iterator[Record]:
    """Those that are wanted, and others."""
    groups = ((needle_of(query.pattern),),) if query.pattern is not None else ()
    with ExitStack() as stack:
        sifted = sifted_texts(pieces, 0, texts_of(groups))
        if sifted is not None:
            stack.enter_context(closing(sifted))
        matches = Matches(pieces, groups, sifted)
        for number in range(0, pieces.last + 1, GROUP):
            behind = min(number + GROUP, pieces.last + 1)
            if groups:
                yield from matches.records(number, behind)
            elif query.level is not None:
                yield from grave_records(pieces, number, behind, query.level)


def _dated(record: Record, at: datetime | None) -> Record:
    return record if at is None else replace(record, at=at)
