"""The end of a log that grows: what is made of a part of the last piece is what all of it gives."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs.file import LogFile
from ainf_tui.adapters.logs.pieces import Pieces
from ainf_tui.adapters.logs.records import LogRecords
from ainf_tui.domain.logs.records import Record
from tests.adapters.logs.test_log_pages import CLOCK, TRACE, line, text_of


@given(
    parts=st.lists(
        st.lists(line, min_size=1, max_size=20).map(lambda part: text_of([*part])), min_size=1, max_size=4
    ),
    cut=st.integers(0, 60),
    offsets=st.lists(st.floats(0, 1), min_size=1, max_size=4),
    count=st.integers(1, 12),
)
@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_records_from_a_place_on_are_those_of_the_whole_piece(
    tmp_path: Path, parts: list[str], cut: int, offsets: list[float], count: int
) -> None:
    path = tmp_path / "grows.log"
    path.write_text("")
    with LogFile.open(path) as log:
        growing = Pieces(log, "s", CLOCK)
        for part in parts:
            with path.open("a") as stream:
                stream.write(part[: max(1, len(part) - cut)])  # also half lines, as a writer leaves them
            growing.refresh()
            whole = Pieces(log, "s", CLOCK).get(growing.last).records
            low = growing.bound(growing.last)
            for share in offsets:
                offset = low + int(share * (growing.size - low))
                found = growing.since(offset)
                assert found.start <= offset
                assert found.records == tuple(one for one in whole if one.start >= found.start)
            newest = growing.newest(count).records
            assert len(newest) >= min(count, len(whole))
            assert newest == whole[len(whole) - len(newest) :]


def test_what_is_appended_does_not_make_all_records_anew(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else following a log at 1,000 lines a second would take half a core."""
    made: list[int] = []
    fold = LogRecords.fold

    def counted(reader: LogRecords, start: int, end: int, *args: Any, **more: Any) -> Iterator[Record]:
        made.append(end - start)
        return fold(reader, start, end, *args, **more)

    monkeypatch.setattr(LogRecords, "fold", counted)
    path = tmp_path / "grows.log"
    path.write_text("".join(f"2026-11-26 10:00:{n % 60:02},000 INFO app: line {n}\n" for n in range(2000)))
    with LogFile.open(path) as log:
        pieces = Pieces(log, "s", CLOCK)
        place = pieces.size
        with path.open("a") as stream:
            stream.write(f"2026-11-26 10:01:00,000 ERROR app: it broke\n{TRACE}")
        pieces.refresh()
        assert pieces.since(place).records[-1].message == "it broke"
        assert pieces.newest(40).records[-1].traceback
    assert sum(made) < 16_000
