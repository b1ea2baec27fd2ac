from __future__ import annotations

import io
import unicodedata

from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.cli.output import Output
from ainf_tui.cli.tables import Cell, Column, arrange, cells, cut, pad, print_table

COLUMNS = (Column("job", right=True), Column("pack", drop=2), Column("prompt", flexible=True, drop=3))


def rows(*prompts: str) -> list[tuple[Cell, ...]]:
    return [(Cell(f"#{i}"), Cell("portrait-basic"), Cell(prompt)) for i, prompt in enumerate(prompts)]


def printed(width: int, found: list[tuple[Cell, ...]], lang: str = "C.UTF-8") -> list[str]:
    stream = io.StringIO()
    out = Output(io.StringIO(), stream, io.StringIO(), {"COLUMNS": str(width), "LANG": lang})
    print_table(out, COLUMNS, found)
    return stream.getvalue().splitlines()


def test_wide_glyphs_take_two_cells_and_marks_none():
    assert cells("abc") == 3
    assert cells("猫の絵") == 6
    assert cells("e\N{COMBINING ACUTE ACCENT}") == 1
    assert cells("a\N{ZERO WIDTH JOINER}b") == 2


@given(st.text(max_size=60), st.integers(0, 40))
def test_cut_never_exceeds_its_width_and_keeps_what_fits(text, width):
    short = cut(text, width)
    assert cells(short) <= width
    if cells(text) <= width:
        assert short == text
    elif width >= 1:
        assert short.endswith("…")
        assert text.startswith(short[:-1])


@given(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20), st.booleans())
def test_pad_fills_to_the_width(text, right):
    assert cells(pad(text, 50, right=right)) == 50


def test_columns_align_behind_wide_glyphs():
    lines = printed(60, [*rows("猫", "a cat")])
    starts = [cells(line[: line.index(what)]) for line, what in zip(lines[1:], ["猫", "a cat"], strict=True)]
    assert starts[0] == starts[1]


def test_narrow_terminal_cuts_the_flexible_column_then_drops_columns():
    long = "a red bicycle in the rain under a bridge"
    wide = printed(80, rows(long))
    assert wide[1] == f" #0  portrait-basic  {long}"
    assert printed(40, rows(long))[1].endswith("…")
    assert "job" in printed(20, rows(long))[0]
    assert "prompt" not in printed(20, rows(long))[0]
    assert printed(4, rows(long)) == ["job", " #0"]


@given(st.integers(24, 200), st.lists(st.text(max_size=80), max_size=5))
def test_no_line_is_wider_than_the_terminal(width, prompts):
    layout = arrange(COLUMNS, rows(*prompts), width)
    assert sum(layout.widths) + 2 * (len(layout.widths) - 1) <= width


def test_a_column_without_content_is_left_out():
    assert "prompt" not in printed(80, rows(""))[0]


def test_ascii_locale_gets_ascii_dots():
    line = printed(40, rows("a red bicycle in the rain under a bridge"), lang="C")[1]
    assert line.endswith("...")
    assert line.isascii()


def test_widths_agree_with_unicode():
    assert [c for c in "─│█" if unicodedata.east_asian_width(c) in "WF"] == []
