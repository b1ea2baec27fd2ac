"""The filter of the Errors screen: what is typed, and what the engine is asked for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain.error_documents import LEVELS, STATES
from ainf_tui.tui.errors.filter import parse_filter


def query(text: str, *, hidden_too: bool = False):
    return parse_filter(text).query(hidden_too=hidden_too, order="inbox", limit=100)


def test_words_states_source_and_level():
    found = parse_filter("Out of memory state:new state:reg source:ComfyUI level:err")
    wanted = query(found.text)
    assert (wanted.text, wanted.states) == ("Out of memory", ("new", "regressed"))
    assert (wanted.source, wanted.level, found.wrong) == ("ComfyUI", "error", "")


@pytest.mark.parametrize(
    ("text", "states"),
    [
        ("", ()),
        ("state:", ()),
        ("state:r", ("regressed", "resolved")),
        ("state:open", ("new", "regressed", "ongoing")),
        ("state:all", STATES),
    ],
)
def test_states(text, states):
    assert parse_filter(text).states == states


@pytest.mark.parametrize("text", ["state:broken", "level:loud"])
def test_what_there_is_not_is_told(text):
    assert parse_filter(text).wrong == text.replace(":", " ")


def test_settled_groups_are_asked_for_only_where_they_are_wanted():
    assert query("x").states == ()
    assert query("x", hidden_too=True).states == ("all",)
    assert query("state:muted", hidden_too=True).states == ("muted",)


@given(st.text())
def test_anything_can_be_typed(text):
    found = parse_filter(text)
    assert set(found.states) <= set(STATES)
    assert found.level in {"", *LEVELS}
    assert found.text == text
