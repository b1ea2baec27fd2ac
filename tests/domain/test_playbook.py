"""The playbook: every entry is told by real lines, each line by one entry, and no line takes long."""

from __future__ import annotations

import re
import shlex
import time
import tomllib
from pathlib import Path

import click
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ainf_tui.cli.main import cli
from ainf_tui.cli.reference import walk
from ainf_tui.domain.errors.hints import hints
from ainf_tui.domain.errors.playbook import LINE, Entry, Playbook, parse
from ainf_tui.domain.errors.remedies import to_type
from ainf_tui.playbook import playbook

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = tomllib.loads((ROOT / "tests" / "data" / "playbook_examples.toml").read_text("utf-8"))["example"]
ENTRIES = playbook().entries
LETTERS = (
    "a",
    " ",
    "0",
    "(",
    "'",
    ": ",
    "Killed  ",
    "Value ",
    "NVRM: Xid (PCI",
    "Cannot import ",
    "size mismatch ",
)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: f"{example['code']}-{example['line'][:24]}")
def test_each_example_is_told_by_exactly_one_entry(example):
    assert [entry.code for entry in ENTRIES if entry.match(example["line"])] == [example["code"]]


def test_each_entry_has_an_example_and_each_example_its_source():
    assert {entry.code for entry in ENTRIES} == {example["code"] for example in EXAMPLES}
    assert len(ENTRIES) >= 40
    for example in EXAMPLES:
        if not example["source"].startswith("https://"):
            assert example["line"] in (ROOT / example["source"]).read_text("utf-8"), example["source"]


def test_each_action_is_a_command_of_ainf():
    """With options that it takes, and a word in capitals for each name that the user has to give."""
    commands = {ctx.command_path: ctx for ctx in walk(click.Context(cli, info_name="ainf"))}
    for action in {entry.action for entry in ENTRIES if entry.action}:
        path = max((path for path in commands if f"{action} ".startswith(f"{path} ")), key=len)
        assert path != "ainf", action
        rest = shlex.split(action[len(path) :])
        commands[path].command.make_context(path, rest, parent=commands[path].parent)
        assert [word for word in rest if word.isupper()] == rest[-1:] * bool(to_type(action)), action


def test_each_command_in_a_step_is_one_of_ainf():
    paths = {ctx.command_path for ctx in walk(click.Context(cli, info_name="ainf"))}
    named = [
        command
        for entry in ENTRIES
        for step in entry.steps
        for command in step.split("`")[1::2]
        if command.startswith("ainf ")
    ]
    assert named
    assert [
        command for command in named if not any(command.startswith(path) for path in paths - {"ainf"})
    ] == []


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: entry.code)
def test_no_line_takes_long(entry):
    lines = [(letters * (100_000 // len(letters)))[:100_000] for letters in LETTERS]
    lines += [pattern * (100_000 // len(pattern)) for pattern in entry.patterns]
    # The whole line, though only its beginning is looked at: quadratic work would take minutes.
    begin = time.process_time()
    for line in lines:
        for teller in entry.tellers:
            teller.compiled.search(line)
    assert time.process_time() - begin < 20


PATTERNS = [pattern for entry in ENTRIES for pattern in entry.patterns]


@given(st.data())
def test_whatever_a_pattern_fits_holds_a_hint(data):
    pattern = data.draw(st.sampled_from(PATTERNS))
    line = data.draw(st.from_regex(pattern))
    found = hints(pattern)
    assert not found or any(hint in line for hint in found)


@given(st.lists(st.text() | st.sampled_from(PATTERNS).flatmap(st.from_regex), max_size=4))
def test_hints_change_nothing_of_what_is_found(lines):
    """Compared with every pattern on every line."""
    expected = next(
        (
            entry.code
            for line in reversed(lines)
            for entry in ENTRIES
            if any(re.search(pattern, line[:LINE]) for pattern in entry.patterns)
        ),
        None,
    )
    known = playbook().look(lines)
    assert (known.entry.code if known is not None else None) == expected


def test_a_line_that_nobody_knows_is_passed_over_without_a_pattern(monkeypatch):
    assert sum(not hints(pattern) for pattern in PATTERNS) <= 5
    tried = []
    monkeypatch.setattr(Entry, "match", lambda entry, line: tried.append((entry, line)))
    assert playbook().look(["all is well", "  File "] * 200) is None
    assert tried == []


@pytest.mark.parametrize(
    ("pattern", "expected"),
    [
        ("no such thing", ("no such thing",)),
        ("one thing|another", ("one thing", "another")),
        (r"a\.b{2}cdefg?h|(?:x(y|z))* w[ab]xyz ", ("cdef", "xyz ")),
        (r"\[Errno 2\b", ("[Errno 2",)),
        ("abcd+efg", ("abcd",)),
        ("one|two", ()),
        ("(one thing)", ()),
        ("(?i)one thing", ()),
        (r"one \x41 thing", ()),
    ],
)
def test_what_a_match_must_hold(pattern, expected):
    assert hints(pattern) == expected


def test_a_traceback_means_what_its_last_known_line_means():
    lines = [
        "OSError: [Errno 28] No space left on device",
        "During handling of ...",
        "MemoryError",
        "  and so on",
    ]
    known = playbook().look(lines)
    assert known is not None
    assert known.entry.code == "memory.full"
    assert playbook().look(["all is well"]) is None
    assert playbook().look([]) is None
    assert playbook().look(["x" * LINE + " No space left on device"]) is None


def test_names_are_filled_in_and_made_harmless():
    known = playbook().look(["ModuleNotFoundError: No module named 'yaml'"])
    assert known is not None
    assert (known.title, known.clause) == (
        "The Python module yaml is missing",
        "the Python module yaml is missing",
    )
    book = Playbook(
        [Entry("a.b", "CUDA lacks {what}", "c", ("s",), ("no (?P<what>.+)|(?P<what_2>nothing)|^none$",))]
    )
    named, empty = book.look(["no \x1b[31m" + "x" * 200]), book.look(["none"])
    assert named is not None
    assert empty is not None
    assert named.clause.startswith("CUDA lacks ␛[31mxxx")
    assert len(named.title) < 100
    assert empty.title == "CUDA lacks it needs"


@pytest.mark.parametrize(
    ("facts", "told"),
    [
        (
            {"title": "t", "cause": "c", "steps": ["s"], "patterns": ["p"], "color": "red"},
            "color is no field",
        ),
        ({"title": "", "cause": "c", "steps": ["s"], "patterns": ["p"]}, "title and cause"),
        ({"title": "t", "cause": "c", "steps": [], "patterns": ["p"]}, "steps and patterns"),
        ({"title": "t", "cause": "c", "steps": ["s"], "patterns": "p"}, "steps and patterns"),
    ],
)
def test_an_entry_that_is_wrong_is_named(facts, told):
    with pytest.raises(ValueError, match=f"a.b: .*{told}"):
        parse({"a.b": facts})
