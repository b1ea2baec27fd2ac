"""What the filter line means."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.tui.queue.filter import parse_filter
from tests.fakes.job_rows import job_row


@pytest.mark.parametrize(
    ("text", "row", "found"),
    [
        ("bicycle", job_row(prompt="A red BICYCLE"), True),
        ("red rain", job_row(prompt="red bicycle, rain"), True),
        ("red snow", job_row(prompt="red bicycle, rain"), False),
        ("#14", job_row(142), True),
        ("lena", job_row(character="Lena"), True),
        ("memory", job_row(1, "failed", error="comfy.oom: out of memory"), True),
        ("state:failed", job_row(1, "failed"), True),
        ("state:failed", job_row(1, "succeeded"), False),
        ("state:fail", job_row(1, "failed"), True),
        ("state:open", job_row(1, "running"), True),
        ("state:ended state:open", job_row(1, "running"), True),
        ("state:held", job_row(1, held=True), True),
        ("state:held", job_row(1), False),
        ("", job_row(1), True),
    ],
)
def test_words_and_states(text, row, found):
    assert parse_filter(text).matches(row) is found


def test_a_state_that_there_is_not_is_told():
    wanted = parse_filter("state:lost lena")
    assert wanted.wrong == "lost"
    assert not wanted.states


def test_a_cut_prompt_is_left_to_the_engine():
    assert parse_filter("tail").matches(job_row(prompt="x" * 200))


@given(st.text(max_size=60))
def test_never_fails(text):
    wanted = parse_filter(text)
    wanted.matches(job_row())
    assert wanted.asked in wanted.words or not wanted.words
