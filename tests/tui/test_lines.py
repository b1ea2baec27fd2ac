"""Lines on their cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.tui.lines import cut, cut_line, fit, line_width, pad, safe, spread, width, wrap

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60).map(safe)
lines = st.lists(st.tuples(texts, st.sampled_from(["", "muted"])), max_size=5).map(tuple)


@given(texts, st.integers(0, 40))
def test_a_cut_text_has_no_more_cells(text, cells):
    assert width(cut(text, cells)) <= cells
    if width(text) <= cells:
        assert cut(text, cells) == text


@given(texts, st.integers(0, 40), st.booleans())
def test_a_padded_text_has_just_its_cells(text, cells, right):
    assert width(pad(text, cells, right=right)) == cells


@given(lines, st.integers(0, 60))
def test_a_cut_line_has_no_more_cells(line, cells):
    assert line_width(cut_line(line, cells)) <= cells


@given(lines, lines, st.integers(1, 80))
def test_left_and_right_fill_the_line(left, right, cells):
    assert line_width(spread(left, right, cells)) <= cells


def test_a_cut_is_marked():
    assert cut("a red bicycle", 6) == "a red…"
    assert cut_line((("a red ", ""), ("bicycle", "ok")), 8) == (("a red ", ""), ("b…", "ok"))


def test_the_least_important_goes_first():
    parts = [(0, (("QUEUE", ""),)), (2, (("eta 9:12", ""),)), (1, (("14 open", ""),))]
    assert fit(parts, 40) == (
        ("QUEUE", ""),
        ("   ", ""),
        ("eta 9:12", ""),
        ("   ", ""),
        ("14 open", ""),
    )
    assert fit(parts, 16) == (("QUEUE", ""), ("   ", ""), ("14 open", ""))
    assert fit(parts, 6) == (("QUEUE", ""),)


@given(texts, st.integers(1, 30), st.integers(0, 4))
def test_wrapping_loses_nothing_but_spaces(text, cells, indent):
    wrapped = wrap(text, cells, min(indent, cells - 1))
    assert all(width(line) <= max(cells, 2) for line in wrapped)
    assert "".join(wrapped).replace(" ", "") == text.replace(" ", "")
