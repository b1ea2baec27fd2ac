"""Where a moment lies in a file, found by halving: times grow, but for what clocks set back by minutes do."""

from __future__ import annotations

from bisect import bisect_left
from datetime import datetime

from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.records import DISORDER

_NEAR = 16
"""Pieces that are looked at for one with a time."""


def piece_of(pieces: Pieces, moment: datetime) -> int | None:
    """The first piece that begins at that moment or later, the number behind the last if there is none;
    None: no line near says its time.
    """
    low, high = 0, pieces.last + 1
    dated = False
    while low < high:
        middle = (low + high) // 2
        at = _near(pieces, middle)
        if at is None:
            high = middle
            continue
        dated = True
        if at < moment:
            low = middle + 1
        else:
            high = middle
    return low if dated else None


def between(pieces: Pieces, since: datetime | None, until: datetime | None) -> tuple[int, int | None]:
    """The offsets outside which nothing is in that range of time; a record there is still to be judged."""
    first = None if since is None else piece_of(pieces, since - DISORDER)
    last = None if until is None else piece_of(pieces, until + DISORDER)
    low = 0 if first is None else pieces.bound(max(0, first - 1))
    return low, None if last is None else pieces.bound(last + 1)


def offset_of(pieces: Pieces, moment: datetime) -> int:
    """Before the first record that stands at that moment or later."""
    number = piece_of(pieces, moment)
    if number is None:
        return 0 if pieces.modified >= moment else pieces.size
    for near in range(max(0, number - 1), min(number, pieces.last) + 1):
        piece = pieces.get(near)
        index = bisect_left(piece.keys, moment)
        if index < len(piece.records):
            return piece.records[index].start
    return pieces.bound(number)


def _near(pieces: Pieces, number: int) -> datetime | None:
    for near in range(number, min(pieces.last, number + _NEAR) + 1):
        if (at := pieces.time_of(near)) is not None:
            return at
    return None
