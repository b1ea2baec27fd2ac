"""Nothing can be done on a screen only, and nothing is declared that no key reaches."""

from __future__ import annotations

import importlib
import json
import pkgutil
from itertools import combinations
from pathlib import Path
from typing import Any

import click
import pytest

import ainf_tui.tui
from ainf_tui.actions import ACTIONS, AREAS, BY_ID, TOGETHER, Action
from ainf_tui.cli.main import cli
from ainf_tui.tui.app import AinfApp
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.queue.detailed import DetailedScreen
from ainf_tui.tui.widgets.listkeys import ListKeys
from tests.fakes.error_reading import group
from tests.fakes.job_rows import job_row
from tests.tui.conftest import still
from tests.tui.queue.test_form_fields import PACK

ROOT = Path(__file__).resolve().parents[2]
PREFIXES = {"ctrl+a", "ctrl+b"}
"""Of screen and tmux: they never arrive."""
SAME = {"ctrl+i", "ctrl+m", "ctrl+j", "ctrl+h", "ctrl+left_square_bracket"}
"""Bytes that are tab, enter, line feed, backspace and escape."""
SHIFTED = {"tab", "up", "down", "left", "right", "home", "end", "pageup", "pagedown", "insert", "delete"}
"""What terminals can tell from the key without shift; f keys too."""


def of(action: Action) -> str:
    return action.id


ASKING = [action for action in ACTIONS if action.route]
VERBS = [action for action in ACTIONS if action.verb]


@pytest.mark.parametrize("action", ASKING, ids=of)
def test_what_changes_something_has_its_route_and_its_verb(action):
    assert action.verb, "the command line cannot do it"
    method, path = action.route.split()
    described = json.loads((ROOT / "docs" / "openapi.json").read_text(encoding="utf-8"))
    assert method.lower() in described["paths"][path]


@pytest.mark.parametrize("action", VERBS, ids=of)
def test_the_verb_is_one_of_the_command_line_with_its_options(action):
    command: click.Command = cli
    words = action.verb.split()
    while words and isinstance(command, click.Group):
        found = command.get_command(click.Context(command), words.pop(0))
        assert found is not None, action.verb
        command = found
    assert not isinstance(command, click.Group), "half a verb"
    known = {name for parameter in command.params for name in parameter.opts}
    assert [word for word in words if word.startswith("-") and word not in known] == []


def test_ids_are_unique_and_of_an_area():
    assert len(BY_ID) == len(ACTIONS)
    assert {action.area for action in ACTIONS} <= set(AREAS)
    assert {area for together in TOGETHER for area in together} == set(AREAS)


@pytest.mark.parametrize("areas", TOGETHER, ids="+".join)
def test_no_two_actions_that_hold_together_share_a_key(areas):
    together = [action for action in ACTIONS if action.area in areas]
    shared = [(a.id, b.id) for a, b in combinations(together, 2) if set(a.keys) & set(b.keys)]
    assert shared == []


@pytest.mark.parametrize("action", ACTIONS, ids=of)
def test_every_default_key_arrives(action):
    for key in action.keys:
        *modifiers, last = key.split("+")
        assert key not in PREFIXES | SAME
        assert set(modifiers) <= {"ctrl", "shift"}, "alt is escape and a key, and slow lines tear them apart"
        if modifiers == ["ctrl"]:
            assert len(last) == 1, "no byte for it"
            assert last.islower(), "no byte for it"
        if modifiers == ["shift"]:
            assert last in SHIFTED, "the letter itself is the key"
        assert len(modifiers) < 2


# -- what the app makes of them ---------------------------------------------------------------------
def every_subclass(cls: Any) -> set[Any]:
    return {cls} | {found for child in cls.__subclasses__() for found in every_subclass(child)}


def holders(area: str) -> list[Any]:
    """The classes whose keys those of the area are."""
    for module in pkgutil.walk_packages(ainf_tui.tui.__path__, "ainf_tui.tui."):
        importlib.import_module(module.name)
    if area == "app":
        return [AinfApp]
    screens = [
        cls for cls in every_subclass(FrameScreen) if area in (*cls.areas, *cls.__dict__.get("also", ()))
    ]
    return [*screens, *every_subclass(ListKeys), DetailedScreen] if area == "list" else screens


@pytest.mark.parametrize("action", ACTIONS, ids=of)
def test_every_action_has_its_method(action):
    found = [getattr(cls, f"action_{action.name}", None) for cls in holders(action.area)]
    ours = [method for method in found if method is not None and method.__module__.startswith("ainf_tui")]
    assert ours


TEXTUALS = {"ctrl+c", "super+c"}
"""Copies what the mouse has selected; Textual's own, on every screen."""


async def test_every_key_in_force_is_a_declared_one(open_app, fake_engine):
    """On each screen and each pane: what Textual would bind to lists and screens is not there."""
    fake_engine.put(job_row(1, "succeeded"))
    fake_engine.errors.put(group(1))
    seen = set()
    async with open_app((120, 40)) as (app, pilot):
        for key in ("", "tab", "enter", "at", "comma", "6", "7", "enter", "1"):
            if key:
                await pilot.press(key)
                await still(pilot)
            seen.add(type(app.screen).__name__)
            for pressed, active in app.screen.active_bindings.items():
                action = BY_ID.get(active.binding.id or "")
                assert action is not None or pressed in TEXTUALS, (type(app.screen), pressed)
                if action is not None:
                    assert (pressed in action.keys, active.binding.action) == (True, action.name)
    assert seen == {
        *("DashboardScreen", "QueueScreen", "JobScreen", "CommandLog", "SettingsScreen"),
        *("LogsScreen", "ErrorsScreen", "GroupScreen"),
    }


@pytest.mark.parametrize("area", AREAS)
async def test_every_key_of_an_area_is_in_force_on_its_screen(open_app, fake_engine, area):
    fake_engine.put(job_row(1, "succeeded"))
    fake_engine.packs = (PACK,)
    way = {
        "dashboard": ["1"],
        "logs": ["6"],
        "errors": ["7"],
        "comfyui": ["1", "c"],
        "detail": ["enter"],
        "log": ["at"],
        "settings": ["comma"],
        "form": ["a", "enter"],
    }
    async with open_app((120, 40)) as (app, pilot):
        for key in way.get(area, ()):
            await pilot.press(key)
            await still(pilot)
        bound = {active.binding.id for active in app.screen.active_bindings.values()}
        assert {action.id for action in ACTIONS if action.area == area and action.keys} - bound == set()
