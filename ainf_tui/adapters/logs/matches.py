"""Records with a match, without making records of what stands between them.

A property test holds that they are those that reading everything finds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ainf_tui.adapters.logs.colours import woven
from ainf_tui.adapters.logs.grave import records_around
from ainf_tui.adapters.logs.pieces import PIECE, Pieces
from ainf_tui.adapters.logs.search import Needle, hidden_lines, lines_with
from ainf_tui.adapters.logs.sifting import Sifted, can_sift
from ainf_tui.domain.logs.records import Record

_LARGE = 8 * 1_048_576
"""Bytes for which a grep is worth being started."""
_DENSE = 8
"""Where one in so many lines may have a match, all records are made: that is sooner done."""


class Matches:
    """Of a file. Of each group of needles a record holds one; of other records few are given.

    They inherit no time. `sifted`: lines with a text of `texts`, where grep looks for them.
    """

    def __init__(
        self, pieces: Pieces, groups: Sequence[Sequence[Needle]], sifted: Sifted | None = None
    ) -> None:
        self._pieces = pieces
        self._groups = groups
        self._texts = texts_of(groups)
        self._sifted = sifted if self._texts else None

    def records(self, first: int, end: int) -> Iterator[Record]:
        """In the pieces `first` to `end` (which is not one of them), which stand behind those before."""
        if not self._texts:
            if self._pieces.may_hold(first, end, self._groups):
                for number in range(first, end):
                    if self._pieces.may_hold(number, number + 1, self._groups):
                        yield from self._pieces.get(number).records
            return
        start, stop = self._pieces.bound(first), self._pieces.bound(end)
        data = self._pieces.log.read(start, stop)
        lines = self._lines(data, start)
        if not lines:
            return
        for number in range(first, end):
            begin, behind = self._pieces.bound(number), self._pieces.bound(number + 1)
            mine = [start + line for line in lines if begin <= start + line < behind]
            cut = begin > start and data[begin - start - 1 : begin - start] != b"\n"
            if not mine and not cut:
                continue
            if cut or len(mine) * _DENSE > data.count(b"\n", begin - start, behind - start):
                yield from self._pieces.get(number).records
            else:
                yield from records_around(self._pieces, number, mine)

    def _lines(self, data: bytes, start: int) -> list[int]:
        if self._sifted is not None:
            found = {max(0, line - start) for line in self._sifted.until(start + len(data))}
            if not self._sifted.failed and self._begins_line(start):
                for needle in self._texts:
                    found.update(hidden_lines(data, needle, coloured=False))
                return sorted(found)
        if self._sifted is not None and self._sifted.failed:
            self._sifted = None
        if len(self._texts) == 1:
            return lines_with(data, self._texts[0])
        return sorted({line for needle in self._texts for line in lines_with(data, needle)})

    def _begins_line(self, place: int) -> bool:
        """Else a line was cut there, and its rest may have a match of its own."""
        return not place or self._pieces.log.read(place - 1, place) == b"\n"


def sifted_texts(pieces: Pieces, start: int, texts: Sequence[Needle]) -> Sifted | None:
    """Of a large file with colours, which may part a text anywhere: grep finds them in one pass. Without
    colours it is no faster.
    """
    if not texts or pieces.size - start < _LARGE or not all(text.text.isascii() for text in texts):
        return None
    samples = (pieces.log.read(place, place + PIECE) for place in (start, max(0, pieces.size - PIECE)))
    if not any(b"\x1b" in sample for sample in samples) or not can_sift():
        return None
    try:
        return Sifted(pieces.log, start, "|".join(woven(text.text.decode()) for text in texts))
    except OSError:
        return None  # Without it all is found, too.


def texts_of(groups: Sequence[Sequence[Needle]]) -> tuple[Needle, ...]:
    """Texts of which one stands in each record with a match; none: that is not certain."""
    for group in groups:
        texts = tuple(needle if needle.text else needle.part for needle in group)
        found = tuple(text for text in texts if text is not None)
        if len(found) == len(group):
            return found
    return ()
