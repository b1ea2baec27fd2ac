"""Secrets are found by rules, and a text without a hint of one is passed over."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.domain import redaction
from ainf_tui.domain.redaction import HIDDEN, redacted

RULES = redaction._RULES


def by_rules(text: str) -> str:
    for rule in RULES:
        text = rule.sub(rf"\g<1>{HIDDEN}", text)
    return text


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.pattern[:30])
@given(st.data())
def test_whatever_a_rule_finds_is_not_passed_over(rule: re.Pattern[str], data: st.DataObject) -> None:
    text = data.draw(st.from_regex(rule))
    assert redacted(text, str) == by_rules(text)


@given(st.text())
def test_any_text_is_as_the_rules_make_it(text: str) -> None:
    assert redacted(text, str) == by_rules(text)


def test_a_text_without_a_hint_costs_no_rule(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redaction, "_RULES", None)
    assert redacted("ValueError: no such width: 17 of /a/b", str) == "ValueError: no such width: 17 of /a/b"
    assert redacted("hunter2 is out", lambda text: text.replace("hunter2", HIDDEN)) == "*** is out"
