"""Expressions that give up: the same matches as Python's own, and an end where those have none."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.logs import patience
from ainf_tui.domain.logs.patience import Patient, patient
from ainf_tui.domain.logs.query import compiled
from ainf_tui.errors import UsageError

PATTERNS = ("a+b*", "^a{2}", r"[a-c]+\b", "(?i)B+", "é+", r"(a|b)*c$", r"\d+ms", "x{0,3}y+?", "[^a]+$")


@given(st.text("abcAB é1 ms\nxy", max_size=40), st.sampled_from(PATTERNS), st.booleans())
def test_it_finds_what_re_finds(text: str, pattern: str, ignore_case: bool) -> None:
    plain = re.compile(pattern, re.MULTILINE | (re.IGNORECASE if ignore_case else 0))
    own = patient(plain)
    assert isinstance(own, Patient)
    assert (own.pattern, own.flags) == (plain.pattern, plain.flags)
    wanted, found = plain.search(text), own.search(text)
    assert (wanted and wanted.span()) == (found and found.span())
    assert [one.span() for one in own.finditer(text)] == [one.span() for one in plain.finditer(text)]


@pytest.mark.parametrize("text", ["RARE", r"a\+b", "(ab|c)?d", "[+*]x".replace("+*", "ab")])
def test_what_repeats_nothing_is_left_to_re(text: str) -> None:
    assert isinstance(compiled(text), re.Pattern)


def test_a_pattern_without_an_end_gives_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(patience, "SECONDS", 0.05)
    own = compiled("(x|xx)+$")
    for look in (own.search, lambda text: list(own.finditer(text))):
        began = time.monotonic()
        with pytest.raises(UsageError) as caught:
            look("x" * 60 + "!")
        assert caught.value.code == "logs.slow_pattern"
        assert time.monotonic() - began < 10


def test_many_slow_lines_are_too_slow_together(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(1000))
    for clock in ("monotonic", "thread_time"):
        monkeypatch.setattr(f"ainf_tui.domain.logs.patience.time.{clock}", lambda: next(now) / 5)
    own = compiled("a+b")
    assert own.search("aab" * 10_000)
    assert own.search("aab")
    assert own.search("aab")
    with pytest.raises(UsageError):
        own.search("aab")


def test_lines_that_only_waited_for_a_core_are_not_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    now = iter(range(1000))
    monkeypatch.setattr("ainf_tui.domain.logs.patience.time.monotonic", lambda: next(now) / 5)
    own = compiled("a+b")
    for _ in range(10):
        assert own.search("aab")
        assert len([*own.finditer("aab ab")]) == 2
