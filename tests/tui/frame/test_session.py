"""What is remembered: per key, whole or not at all, and never in the way."""

from __future__ import annotations

import json
import stat

import pytest

from ainf_tui.tui.session import HISTORY, SCHEMA, Session, lent_theme, read_session


@pytest.fixture
def file(tmp_path):
    return tmp_path / "state" / "app-session.json"


def test_round_trip_is_private(file):
    session = read_session(file)
    session.put(filter="state:failed", sort=["age"], reverse=True)
    session.save()
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    again = read_session(file)
    assert (again.text("filter"), again.texts("sort"), again.flag("reverse")) == (
        "state:failed",
        ["age"],
        True,
    )
    assert again.problem == ""


def test_several_apps_write_key_by_key(file):
    one, two = read_session(file), read_session(file)
    one.put(filter="a", theme="nord")
    two.put(filter="b", cursor="id")
    one.save()
    two.save()
    found = read_session(file)
    assert [found.text(name) for name in ("filter", "theme", "cursor")] == ["b", "nord", "id"]


@pytest.mark.parametrize(
    "data", [b"", b"{", b"[]", b"\xff\xfe", b'{"schema": "other"}', b"[" * 100_000, b" " * 1_000_001]
)
def test_a_file_that_is_none_is_set_aside_with_a_message(file, data):
    file.parent.mkdir()
    file.write_bytes(data)
    session = read_session(file)
    assert "set aside" in session.problem
    assert file.with_name("app-session.json.corrupt").read_bytes() == data
    assert not file.exists()
    session.put(filter="x")
    session.save()
    assert read_session(file).text("filter") == "x"


def test_values_of_other_types_are_nothing(file):
    file.parent.mkdir()
    file.write_text(json.dumps({"schema": SCHEMA, "filter": 5, "history": ["a", 3, None], "reverse": 1}))
    session = read_session(file)
    assert (session.text("filter"), session.texts("history"), session.flag("reverse")) == ("", ["a"], False)


def test_is_dirty_once_and_only_by_change(file):
    session = read_session(file)
    told: list[int] = []
    session.on_dirty = lambda: told.append(1)
    session.put(filter="a")
    session.put(cursor="b")
    assert told == [1]
    session.save()
    before = file.stat().st_mtime_ns
    session.put(filter="a")
    session.save()
    assert (told, file.stat().st_mtime_ns) == ([1], before)


def test_a_folder_that_cannot_be_written_is_told_and_no_failure(tmp_path):
    (tmp_path / "state").write_text("a file")
    session = read_session(tmp_path / "state" / "app-session.json")
    session.put(filter="x")
    session.save()
    assert "state" in session.problem


def test_history_is_bounded_and_a_repetition_moves_to_the_end():
    session = Session()
    for number in range(HISTORY + 5):
        session.remember(f"line {number}")
    session.remember("line 10")
    lines = session.texts("history")
    assert (len(lines), lines[-1], lines.count("line 10")) == (HISTORY, "line 10", 1)


def test_the_demo_looks_as_the_user_has_chosen_and_leaves_his_file_alone(file):
    assert lent_theme(file, "ainf-dark") == "ainf-dark"
    session = read_session(file)
    session.choose("theme", "nord", "ainf-dark")
    session.save()
    assert lent_theme(file, "ainf-dark") == "nord"
    assert lent_theme(file, "gruvbox") == "gruvbox", "he has changed the setting since"
    file.write_text("no session")
    assert lent_theme(file, "ainf-dark") == "ainf-dark"
    assert file.read_text() == "no session"
