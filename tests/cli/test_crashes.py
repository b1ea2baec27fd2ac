"""A mistake of ours in a command: shown as before, and collected like any other error."""

from __future__ import annotations

from pathlib import Path

import pytest

from ainf_tui import error_spool
from ainf_tui.cli.commands import status
from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors.written import read
from tests.cli.fakes import CommandLine


@pytest.fixture(autouse=True)
def _broken(monkeypatch: pytest.MonkeyPatch) -> None:
    def mistake(*_: object, **__: object) -> None:
        raise KeyError("[/no] such key")

    monkeypatch.setattr(status, "bare", mistake)


def spooled(ainf: CommandLine) -> list[ErrorReport]:
    path = Path(ainf.home) / "state" / "errors-spool.jsonl"
    return [read(line) for line in path.read_bytes().splitlines()] if path.exists() else []


def test_a_crash_is_shown_and_collected(ainf: CommandLine) -> None:
    done = ainf()
    assert done.code == 1
    assert "this is a fault in ainf: KeyError" in done.err
    (report,) = spooled(ainf)
    assert (report.source, report.code, report.kind) == ("cli", "cli.bug", "KeyError")
    assert report.lines[0] == "ainf"
    assert any("mistake" in line for line in report.lines)


def test_who_may_only_look_leaves_nothing_behind(ainf: CommandLine) -> None:
    assert ainf("--read-only").code == 1
    assert spooled(ainf) == []


def test_a_crash_that_cannot_be_collected_says_so(ainf: CommandLine, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(error_spool, "MAX_BYTES", 10)
    done = ainf()
    assert "this is a fault in ainf" in done.err
    assert "It was not collected" in done.err
    assert "is full" in done.err
