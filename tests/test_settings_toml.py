"""Lines of keys, and names of files: the two small languages in the settings."""

from __future__ import annotations

import tomllib
from pathlib import PurePosixPath

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.settings_pattern import DEFAULT_PATTERN, FIELDS, check_pattern, fill_pattern
from ainf_tui.settings_toml import key_lines

TEXT = '''\
# [comment]
title = "a # b [c]"

[ "one" . two ]      # [three]
list = [
  "x = 1", # y = 2
  ["z = 3"],
]
long = """
[not.a.table]
key = 1 \\""" still
"""
literal = \'\'\'
[nor.this]\'\'\'\'
a."b.c".d = 1
inline = { x = 1, y = [1, 2] }
[[many]]
name = 1
[[many]]
name = 2
"esc\\u0061ped" = 1
'''


def test_lines_of_keys():
    assert tomllib.loads(TEXT)
    assert key_lines(TEXT) == {
        ("title",): 2,
        ("one",): 4,
        ("one", "two"): 4,
        ("one", "two", "list"): 5,
        ("one", "two", "long"): 9,
        ("one", "two", "literal"): 13,
        ("one", "two", "a"): 15,
        ("one", "two", "a", "b.c"): 15,
        ("one", "two", "a", "b.c", "d"): 15,
        ("one", "two", "inline"): 16,
        ("many",): 17,
        ("many", "name"): 18,
        ("many", "escaped"): 21,
    }


KEYS = st.text(alphabet="abc .#[]=\"'\\\n", min_size=1, max_size=6)
VALUES = st.text(alphabet="abc .#[]={}\"'\\\n", max_size=12)


def quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
    return f'"{escaped}"'


def value_text(value: str, form: int) -> str:
    if form == 0 or ("'" in value or "\r" in value):
        return quoted(value)
    if form == 1:
        return f"[\n{quoted(value)}, # {value.partition(chr(10))[0]}\n]"
    if form == 2:
        return f"'''\n{value}'''"
    return f"{{ x = {quoted(value)} }}"


@given(
    st.dictionaries(KEYS, st.dictionaries(KEYS, st.tuples(VALUES, st.integers(0, 3)), max_size=4), max_size=4)
)
def test_every_key_has_the_line_it_was_written_on(tables):
    lines: dict[tuple[str, ...], int] = {}
    text = ""
    for table, entries in tables.items():
        lines[(table,)] = text.count("\n") + 1
        text += f"[{quoted(table)}]\n"
        for key, (value, form) in entries.items():
            lines[(table, key)] = text.count("\n") + 1
            text += f"{quoted(key)} = {value_text(value, form)}\n"
    assert set(tomllib.loads(text)) == set(tables)
    assert key_lines(text) == lines


# Names of files.


@pytest.mark.parametrize(
    "pattern",
    [
        DEFAULT_PATTERN,
        "{number}-{index}",
        "{date}/{time}/{pack}/{number:6d}_{index:02d}",
        "a b/ü {number}{index}",
    ],
)
def test_patterns(pattern):
    assert check_pattern(pattern) == pattern


@pytest.mark.parametrize(
    ("pattern", "reason"),
    [
        ("", "must hold"),
        ("{number}", "must hold"),
        ("/{number}{index}", "below"),
        ("../{number}{index}", "below"),
        ("a/../{number}{index}", "below"),
        ("a//{number}{index}", "below"),
        ("{number}{index}/", "below"),
        (" {number}{index}", "below"),
        ("{number}{index}{foo}", "unknown field {foo}"),
        ("{number}{index}{}", "unknown field"),
        ("{number}{index}{pack.__class__}", "unknown field"),
        ("{number}{index}{pack[0]}", "unknown field"),
        ("{number!r}{index}", "unknown field"),
        ("{number:x}{index}", "numbers may"),
        ("{number:09999d}{index}", "numbers may"),
        ("{number}{index}{pack:6d}", "numbers may"),
        ("{number}{index}{", "brace"),
        ("{number}{index}}", "brace"),
        ("{{number}}{index}", "brace"),
        ("c:{number}{index}", "must not"),
        ("a\\{number}{index}", "must not"),
        ("{number}{index}\x1b", "must not"),
        ("x" * 61 + "{number}{index}", "too long"),
        ("{number}" * 6 + "{index}", "too long"),
        ("a/" * 8 + "{number}{index}", "levels"),
    ],
)
def test_patterns_that_are_refused(pattern, reason):
    with pytest.raises(ValueError, match=reason):
        check_pattern(pattern)


def test_default_name():
    values: dict[str, str | int | None] = {
        "date": "2026-11-23",
        "number": 142,
        "pack": "portrait-basic",
        "seed": 7,
        "index": 1,
    }
    assert fill_pattern(DEFAULT_PATTERN, values) == "2026-11-23/000142-portrait-basic-7-1"
    assert (
        fill_pattern("{number}-{index}-{seed}-{preset}", {"number": 1, "index": 2, "seed": None})
        == "1-2-none-none"
    )


NASTY = st.one_of(
    st.text(max_size=300), st.sampled_from(["..", ".", "", "../../etc", "a/b", "\ud800", "con\x00", "  "])
)


@given(
    st.dictionaries(st.sampled_from(sorted(set(FIELDS) - {"number", "index", "seed"})), NASTY),
    st.integers(0, 2**64 - 1),
    st.sampled_from(
        [DEFAULT_PATTERN, "{pack}{preset}{node}{number}{index}{backend}", "{pack}/{number}{index}/{node}"]
    ),
)
def test_nothing_from_outside_leaves_its_place(texts, seed, pattern):
    values = {**texts, "number": 2**63, "index": 3, "seed": seed}
    name = fill_pattern(pattern, values)
    parts = name.split("/")
    assert len(parts) == pattern.count("/") + 1
    assert all(part not in {"", ".", ".."} and len(part.encode()) <= 220 for part in parts)
    assert not PurePosixPath(name).is_absolute()
    assert f"{2**63}" in name
    assert (
        name.isprintable() or any(ord(letter) > 0x2FF for letter in name) or "\xa0" in name or "\xad" in name
    )
