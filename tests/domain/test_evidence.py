"""Restarted or removed: each rule alone, and which of two wins."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ainf_tui.domain.comfy import HistoryEntry, QueueItem, QueueSnapshot
from ainf_tui.domain.evidence import Fate, Sighting, greatest_number, judge

NEUTRAL = Sighting(
    epoch_then="",
    epoch_now="",
    same_connection=False,
    number=5,
    known_ids=frozenset(),
    present_ids=frozenset({"stranger"}),
    greatest_number=9,
    refused_since=False,
)


@pytest.mark.parametrize(
    ("change", "fate"),
    [
        ({"epoch_then": "a:1:2", "epoch_now": "a:1:3"}, Fate.RESTARTED),
        ({"epoch_then": "a:1:2", "epoch_now": "a:1:2"}, Fate.REMOVED),
        ({"same_connection": True}, Fate.REMOVED),
        ({"known_ids": frozenset({"old"}), "present_ids": frozenset({"old", "stranger"})}, Fate.REMOVED),
        ({"present_ids": frozenset(), "greatest_number": None}, Fate.RESTARTED),
        ({"greatest_number": 2}, Fate.RESTARTED),
        ({"refused_since": True}, Fate.RESTARTED),
        ({"known_ids": frozenset({"old"})}, Fate.RESTARTED),
        ({}, Fate.REMOVED),
    ],
)
def test_each_rule_alone_decides(change: dict[str, Any], fate: Fate) -> None:
    verdict = judge(replace(NEUTRAL, **change))
    assert verdict.fate is fate
    assert verdict.evidence


def test_the_process_outweighs_everything_else() -> None:
    """A history that somebody cleared looks like a restart; the same process says that it was none."""
    cleared = replace(NEUTRAL, present_ids=frozenset(), greatest_number=None, refused_since=True)
    assert judge(cleared).fate is Fate.RESTARTED
    assert judge(replace(cleared, epoch_then="a:1:2", epoch_now="a:1:2")).fate is Fate.REMOVED


def test_an_unbroken_connection_outweighs_an_empty_history() -> None:
    cleared = replace(NEUTRAL, present_ids=frozenset(), greatest_number=None, same_connection=True)
    assert judge(cleared).fate is Fate.REMOVED


def test_a_known_id_outweighs_a_refused_connection() -> None:
    """A forwarded port that was closed for a while says nothing about the server behind it."""
    seen = replace(NEUTRAL, refused_since=True, known_ids=frozenset({"old"}), present_ids=frozenset({"old"}))
    assert judge(seen).fate is Fate.REMOVED


def test_numbers_put_in_front_tell_nothing() -> None:
    item = QueueItem(-7, "front", None, 1, 0)
    entry = HistoryEntry("a", 3, "success", ())
    assert greatest_number(QueueSnapshot((item,), ()), ()) is None
    assert greatest_number(QueueSnapshot((item,), ()), (entry,)) == 3
