"""`[keys]`: what is in force, what is told, and that nothing refuses to start for a key."""

from __future__ import annotations

import pytest
from textual.keys import _character_to_key

from ainf_tui.actions import ACTIONS, AREAS, TOGETHER
from ainf_tui.errors import UsageError
from ainf_tui.settings import Settings, check_keys, resolve
from ainf_tui.settings_keys import doubt, judge, normal
from ainf_tui.settings_text import shown


@pytest.fixture
def file(tmp_path):
    return tmp_path / "config.toml"


def read(file, text):
    file.write_text("[keys]\n" + text)
    return resolve({}, {}, file)


def test_declared_keys_are_names_without_conflict_or_doubt():
    keys = {(action.id, key) for action in ACTIONS for key in action.keys}
    assert [(name, key) for name, key in keys if normal(key) != key] == []
    assert [(name, key, doubt(key)) for name, key in keys if doubt(key)] == []
    for areas in TOGETHER:
        taken = [key for action in ACTIONS if action.area in areas for key in action.keys]
        assert sorted(taken) == sorted(set(taken))
    assert {area for areas in TOGETHER for area in areas} == set(AREAS)


@pytest.mark.parametrize("code", range(33, 127))
def test_characters_have_the_names_of_the_library(code):
    assert normal(chr(code)) == _character_to_key(chr(code))


@pytest.mark.parametrize(
    ("written", "name"),
    [
        ("shift+c", "C"),
        ("CTRL+X", "ctrl+x"),
        ("ctrl+shift+up", "ctrl+shift+up"),
        ("shift+ctrl+up", "ctrl+shift+up"),
        ("ctrl+[", "ctrl+left_square_bracket"),
        ("ctrl++", "ctrl+plus"),
        ("+", "plus"),
        ("Esc", "escape"),
        ("F5", "f5"),
        ("ö", "ö"),
        ("f25", None),
        ("hyper+x", None),
        ("entr", None),
        ("\x07", None),
        ("ctrl+", "ctrl+plus"),
    ],
)
def test_names(written, name):
    assert normal(written) == name


def test_text_list_and_nothing_in_both_spellings(file):
    settings = read(file, '"queue.cancel" = "x"\nqueue.retry = ["f5", "?t"]\n"queue.clear" = []\n')
    assert dict(settings.keys) == {"queue.cancel": ("x",), "queue.clear": ()}
    assert [p.message for p in settings.key_problems] == [
        f"{file}:3: keys.queue.retry: there is no key '?t'",
    ]
    rows = {row.id: row for row in shown(settings)}
    assert rows["keys.queue.cancel"].value == ("x",)
    assert rows["keys.queue.cancel"].source == f"{file}:2"
    assert "keys.queue.retry" not in rows


def test_unknown_action_is_an_error_with_the_nearest(file):
    with pytest.raises(UsageError) as caught:
        read(file, '"queue.cancle" = "x"\n')
    assert caught.value.code == "config.unknown_key"
    assert f"{file}:2" in caught.value.message
    assert caught.value.hint == "Did you mean queue.cancel?"


@pytest.mark.parametrize("value", ["5", "[5]", "true", '""', '["x", ""]'])
def test_what_is_no_key_is_an_error(file, value):
    with pytest.raises(UsageError) as caught:
        read(file, f'"queue.cancel" = {value}\n')
    assert caught.value.code == "config.bad_value"


def test_conflict_costs_the_change_only(file):
    settings = read(file, '"queue.cancel" = "t"\n"queue.hold" = "x"\n')
    assert dict(settings.keys) == {"queue.hold": ("x",)}
    with pytest.raises(UsageError) as caught:
        check_keys(settings)
    assert caught.value.code == "config.key_conflict"
    assert "t is the key of queue.retry" in caught.value.message


def test_keys_may_be_exchanged_and_areas_apart_may_share(file):
    settings = read(file, '"queue.cancel" = "t"\n"queue.retry" = "c"\n"log.copy" = "c"\n')
    assert settings.key_problems == ()
    assert settings.keys["queue.cancel"] == ("t",)


def test_giving_way_may_make_another_give_way():
    """a takes the key that b left, and b has to come back to it."""
    given = {"queue.cancel": ("t",), "queue.retry": ("q",)}
    usable, found = judge(given, dict.fromkeys(given, "f:1"))
    assert usable == {}
    assert {problem.action for problem in found} == set(given)


@pytest.mark.parametrize(
    ("key", "word"),
    [
        ("ctrl+b", "tmux"),
        ("ctrl+a", "screen"),
        ("ctrl+i", "tab"),
        ("ctrl+m", "enter"),
        ("ctrl+h", "backspace"),
        ("ctrl+[", "escape"),
        ("ctrl+enter", "plain enter"),
        ("ctrl+shift+x", "few"),
        ("ctrl+1", "few"),
        ("super+x", "few"),
        ("alt+x", "slow"),
    ],
)
def test_doubtful_keys_are_in_force_and_told(file, key, word):
    settings = read(file, f'"queue.cancel" = "{key}"\n')
    assert "queue.cancel" in settings.keys
    (problem,) = settings.key_problems
    assert word in problem.message
    check_keys(settings)


def test_engine_is_given_them_and_does_not_mind(file, tmp_path):
    settings = read(file, '"queue.cancel" = "x"\n')
    target = tmp_path / "handover.json"
    settings.to_private_file(target)
    assert Settings.from_private_file(target).keys == {"queue.cancel": ("x",)}
