"""Many reports become few entries, and none is lost."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.error_documents import ErrorReport
from ainf_tui.domain.errors import fingerprint
from ainf_tui.domain.errors import fold as module
from ainf_tui.domain.errors.fingerprint import normalised
from ainf_tui.domain.errors.fold import Fold, fingerprint_of, folded, trimmed

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
reports = st.builds(
    ErrorReport,
    source=st.sampled_from(["web", "api", "comfyui"]),
    message=st.sampled_from(["took 1 ms", "took 2 ms", "no such file '/a/b'", "", "\0"]),
    level=st.sampled_from(["error", "warning", "FATAL", "what"]),
    at=st.none() | st.integers(-(10**6), 10**6).map(lambda n: NOW + timedelta(seconds=n)),
    node_class=st.sampled_from(["", "KSampler"]),
)


@given(st.lists(reports), st.integers(1, 4), st.integers(1, 4))
def test_counts_are_exact_however_little_room_there_is(found, keys: int, failures: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEYS", keys)
        patch.setattr(module, "FAILURES", failures)
        taken = folded(found, NOW, sample=2)
    assert len(taken) <= failures + 3  # one a source for what lies beyond
    by_source = Counter[str]()
    for entry in taken.values():
        kept = entry.some(4)
        by_source[kept[0].source] += entry.count
        assert len(kept) == min(entry.count, 4)
        assert all(second <= NOW.timestamp() for second, _ in entry.seconds)
    assert by_source == Counter(report.source for report in found)


def test_the_first_and_the_newest_are_kept() -> None:
    [entry] = folded([ErrorReport("web", f"took {n} ms") for n in range(99)], NOW, sample=3).values()
    assert [report.message.split()[1] for report in entry.some(6)] == ["0", "1", "2", "96", "97", "98"]
    assert entry.count == 99


def test_of_many_failures_a_few_reports_are_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "EXAMPLES", 40)
    fold = Fold()
    for n in range(2_000):
        fold.add(ErrorReport("web", f"failure {chr(97 + n % 20)}", node=f"{n}"), NOW)
    taken = fold.take().values()
    assert sum(len(entry.first) + len(entry.last) for entry in taken) <= 2 * 40
    for n, entry in enumerate(taken):
        assert entry.count == 100
        assert [report.node for report in entry.some(2)] == [f"{n}", f"{1_980 + n}"]


def test_what_costs_is_made_once_for_a_flood(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[str] = []

    def counted(message: str) -> str:
        made.append(message)
        return normalised(message)

    monkeypatch.setattr(fingerprint, "normalised", counted)
    fold = Fold()
    for n in range(1000):
        fold.add(ErrorReport("web", f"no answer for {n} s"), NOW)
    [entry] = fold.take().values()
    assert (entry.count, len(made)) == (1000, 1)


texts = st.lists(st.sampled_from(["took", "1", "22", "0x1f", "'a'", "/a/1", "-", ":", ".", " ", "e5"])).map(
    "".join
)


@given(st.lists(st.builds(ErrorReport, source=st.sampled_from("ab"), message=texts)), st.integers(1, 5))
def test_each_report_is_counted_at_its_own_fingerprint(found, keys: int) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "KEYS", keys)
        taken = folded(found, NOW)
    assert {print_: entry.count for print_, entry in taken.items()} == Counter(map(fingerprint_of, found))


def test_what_is_large_is_cut_as_it_comes() -> None:
    huge = ErrorReport("web", "x" * 10**6, lines=("y" * 10**6,) * 1000, context=("z" * 10**6,) * 100)
    fold = Fold()
    fold.add(huge, NOW)
    [(print_, entry)] = fold.take().items()
    assert print_ == fingerprint_of(huge)
    [(held, _, size)] = entry.first
    assert size <= 4_000 + 2 * 100_000
    assert (len(held.lines), len(held.context)) == (400, 40)


def test_without_room_all_is_counted_and_little_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "ROOM", 10_000)
    fold = Fold()
    for n in range(1000):
        fold.add(ErrorReport("web", f"failure {'abcdefghij'[n % 10]}", lines=("y" * 1_000,) * 3), NOW)
    assert fold.full
    taken = fold.take()
    assert [entry.count for entry in taken.values()] == [100] * 10
    assert all(entry.first for entry in taken.values())
    assert sum(size for entry in taken.values() for _, _, size in (*entry.first, *entry.last)) < 40_000
    assert not fold.full


def test_what_makes_two_failures_different() -> None:
    report = ErrorReport("comfyui", "out of memory: 2.20 GiB", kind="OutOfMemoryError")
    others = [
        replace(report, source="web"),
        replace(report, kind="RuntimeError"),
        replace(report, node_class="VAEDecode"),
        replace(report, code="job.failed"),
        replace(report, message="no"),
    ]
    assert len({fingerprint_of(one) for one in [report, *others]}) == 6
    same = replace(report, message="out of memory: 7.10 GiB", node="9", job=3, level="critical", run="x")
    assert fingerprint_of(same) == fingerprint_of(report)


def test_a_report_is_cut_to_what_is_kept() -> None:
    lines = tuple(f"line {n}" for n in range(1000))
    cut = trimmed(ErrorReport("", "x" * 9999, lines=lines, at=NOW + timedelta(days=1)), NOW)
    assert (cut.source, cut.at, len(cut.message)) == ("unknown", NOW, 4000)
    assert (len(cut.lines), cut.lines[0], cut.lines[-1]) == (400, "line 0", "line 999")
    assert "[601 lines left out]" in cut.lines
