"""What stands in a log is shown, and nothing of it is obeyed: rows and whole records of any bytes."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from ainf_tui.adapters.logs import pieces as pieces_module
from ainf_tui.adapters.logs.spool import GZIP, ZSTD
from ainf_tui.adapters.logs.views import Desk, Places, View
from ainf_tui.client.codec import decode, encode
from ainf_tui.domain.log_documents import LogOpenRequest, LogPageDocument, LogPageRequest, LogSearchRequest
from ainf_tui.playbook import playbook

HOSTILE = [
    *(b"\x1b]52;c;aGk=\x07", b"\x1b[2J", b"\x1b[31m", b"[/red]", b"\x00", b"\r\n", b"\r", b"\xc3"),
    *(b"\xe2\x80", "\u202e".encode(), b"\xed\xa0\x80", b'{"message": "\\ud800\\u001b[2J"}', b"\t"),
    *(b"\x9b2J", b"\n", b"50%|##| 1/2 [", b"2026-11-26 10:00:00,000 ERROR a: "),
    *(b"Traceback (most recent call last):\n", b"2025-01-01 00:00:00 INFO x\n"),
]


def opened(path: Path) -> View:
    return Desk(Places(path.parent, path.parent / "e.log", playbook)).open(LogOpenRequest((str(path),)))


@settings(
    max_examples=150,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(st.lists(st.one_of(st.sampled_from(HOSTILE), st.binary(max_size=20)), max_size=40).map(b"".join))
def test_any_bytes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, data: bytes) -> None:
    assume(not data.startswith((GZIP, ZSTD)))  # an archive, in which there is something else
    monkeypatch.setattr(pieces_module, "QUIET", -1.0)
    path = tmp_path / "x.log"
    path.write_bytes(data)
    view = opened(path)
    view.search(LogSearchRequest("a"))
    page = view.page(LogPageRequest(before=1000))
    assert sum(row.end - row.start for row in page.rows) == len(data)
    for row in page.rows:
        assert not set(row.text) & {"\x1b", "\r", "\n", "\x00", "\x9b", "\u202e", "\x07"}
        record = view.record(row.file, row.start)
        assert not set(record.text) & {"\x1b", "\r", "\x00", "\x9b", "\u202e", "\x07"}
        whole = msgspec.json.decode(encode(record))
        assert whole["raw"] == data[row.start : row.end].decode("utf-8", "backslashreplace")
    assert decode(encode(page), LogPageDocument) == page
    view.close()


def test_a_long_line_is_cut_in_the_list_and_whole_in_its_record(tmp_path: Path) -> None:
    path = tmp_path / "x.log"
    path.write_bytes(b"x" * 900_000 + b"\n" + b"\r".join(b"%d%%" % n for n in range(100_000)) + b"\nlast\n")
    view = opened(path)
    page = view.page(LogPageRequest(before=10, width=300))
    assert [(len(row.text), row.cut) for row in page.rows[:1]] == [(300, 899_700)]
    assert page.rows[1].text == "99999%"
    assert view.record("0", 0).raw == "x" * 900_000 + "\n"
    view.close()
