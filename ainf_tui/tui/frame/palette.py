"""The palette: anything by its name. Actions with their keys, themes, jobs by number, presets."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from contextlib import suppress

from ainf_tui.actions import ACTIONS, AREAS
from ainf_tui.domain.workflows import Preset
from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.finder import Finder, Item, nearest
from ainf_tui.tui.frame.help import WhyNot
from ainf_tui.tui.keymap import Keymap
from ainf_tui.tui.lines import Line, safe
from ainf_tui.tui.ports import EngineClient
from ainf_tui.tui.widgets.table import Column

COLUMNS = (
    Column("name", 30, flexible=True, title=""),
    Column("where", 11, title="", drop=1),
    Column("key", 10, right=True, title=""),
)
ACTION, THEME, JOB, PRESET = "action:", "theme:", "job:", "preset:"
"""What an item's value begins with."""


def action_items(keymap: Keymap, why_not: WhyNot) -> list[Item]:
    """Every action that is not mere moving about."""
    return [
        _item(
            ACTION + action.id,
            f"{action.label}: {action.help}",
            AREAS[action.area],
            keymap.shown(action),
            why_not(action),
        )
        for action in ACTIONS
        if action.area != "list" and action.id != "app.palette"
    ]


def theme_items(names: Iterable[str], current: str) -> list[Item]:
    return [
        _item(THEME + name, f"theme {name}", "Theme", "now" if name == current else "")
        for name in sorted(names)
    ]


def preset_items(presets: Iterable[Preset]) -> list[Item]:
    return [
        _item(
            PRESET + preset.id,
            f"new run from {safe(preset.id, 40)}: {safe(preset.description, 100)}",
            "Preset",
        )
        for preset in presets
    ]


def search(text: str, items: Sequence[Item]) -> list[Item]:
    """The nearest items; a number is a job to go to, before all else."""
    number = re.fullmatch(r"\s*(?:go ?to |job )*\s*#?(\d{1,9})\s*", text)
    first = [_item(JOB + number[1], f"go to job #{number[1]}", "Queue")] if number else []
    return [*first, *nearest(text, items)]


class Palette(Finder):
    """Gives the value of the item to do. Presets come from the engine, and nobody waits for them."""

    def __init__(self, items: Sequence[Item], client: EngineClient | None) -> None:
        super().__init__("Do what?", COLUMNS, items, search=search, foot=_foot)
        self._client = client

    def on_mount(self) -> None:
        in_background(self, self._add_presets(), group="app.palette", exclusive=True)

    async def _add_presets(self) -> None:
        if self._client is not None:
            # Without an engine there is nothing to run, and the header says why.
            with suppress(AinfError):
                self.set_items([*self._items, *preset_items(await self._client.presets.list())])


def _item(value: str, name: str, where: str, key: str = "", why_not: str = "") -> Item:
    cells = {"name": (name, ""), "where": (where, "muted"), "key": (key, "key")}
    return Item(value, cells, name, why_not=why_not)


def _foot(item: Item | None) -> Line:
    if item is not None and item.why_not:
        return ((f"not now: {safe(item.why_not, 200)}", "warning"),)
    return (("letters of a name, or #142 for a job", "muted"),)
