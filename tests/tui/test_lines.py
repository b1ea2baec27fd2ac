"""Lines on their cells."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.tui.lines import changed, cut, cut_line, fit, line_width, pad, safe, spread, width, wrap

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


marks = st.lists(
    st.tuples(
        st.text(st.sampled_from(["a", "b", "1", " ", "●", "█", "漢", "\u0301"]), max_size=6),
        st.sampled_from(["", "muted"]),
    ),
    max_size=5,
).map(tuple)


@st.composite
def two_lines(draw):
    """Two lines that often differ in little: in one span of many."""
    before = draw(marks)
    if not before or draw(st.booleans()):
        return before, draw(marks)
    at = draw(st.integers(0, len(before) - 1))
    text, look = before[at]
    spot = draw(st.integers(0, len(text)))
    changed_text = text[:spot] + draw(st.sampled_from(["a", "9", "●", "漢", "", "\u0301"])) + text[spot + 1 :]
    return before, (
        *before[:at],
        (changed_text, draw(st.sampled_from([look, look, "ok"]))),
        *before[at + 1 :],
    )


def as_cells(line, cells):
    """What stands in each cell: the character with what joins it, and its look; wide ones take two."""
    found: list[tuple[str, str]] = []
    for text, look in line:
        for char in text:
            if not width(char):
                if found:
                    found[-1] = (found[-1][0] + char, found[-1][1])
                continue
            found += [(char, look), *[("", look)] * (width(char) - 1)]
    return (found + [(" ", "")] * cells)[:cells]


@given(two_lines(), st.integers(1, 30))
def test_what_lies_outside_the_changed_cells_is_the_same(both, cells):
    before, after = both
    painted: set[int] = set()
    for first, last in changed(before, after, cells):
        assert max(painted, default=-1) < first < last <= cells
        painted |= set(range(first, last))
    old, new = as_cells(before, cells), as_cells(after, cells)
    assert [x for x in range(cells) if old[x] != new[x] and x not in painted] == []


def test_progress_is_a_few_cells():
    before = (("KSampler  13/30 ", ""), ("████░░░░", "accent"), ("  43%  0:21 ", ""))
    after = (("KSampler  14/30 ", ""), ("████░░░░", "accent"), ("  46%  0:21 ", ""))
    assert changed(before, after, 60) == [(11, 12), (27, 28)]
    assert changed(before, after, 27) == [(11, 12)]
    assert changed(before, before, 60) == []
    longer = (*after[:2], ("  100%  0:21 ", ""))
    assert changed(before, longer, 60) == [(11, 37)]
