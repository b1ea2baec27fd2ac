"""Choosing a theme: the list shows each while the cursor stands on it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from textual.theme import Theme

from ainf_tui.tui.frame.finder import Finder, Item
from ainf_tui.tui.lines import Line
from ainf_tui.tui.themes import our_themes
from ainf_tui.tui.widgets.table import Column

COLUMNS = (Column("name", 24, flexible=True, title=""), Column("kind", 20, title="", drop=1))


def make_theme_finder(themes: Mapping[str, Theme], current: str, preview: Callable[[str], None]) -> Finder:
    """Gives the name of the theme; ours stand first. `preview` shows one; the caller takes it back."""
    ours = [theme.name for theme in our_themes()]
    names = [*ours, *sorted(name for name in themes if name not in ours)]
    items = [_item(name, themes[name]) for name in names if name in themes]

    def moved(item: Item | None) -> None:
        if item is not None:
            preview(item.value)

    return Finder("Theme", COLUMNS, items, foot=_foot, moved=moved, current=current)


def _item(name: str, theme: Theme) -> Item:
    kind = "the terminal's colours" if theme.ansi else "dark" if theme.dark else "light"
    return Item(name, {"name": (name, ""), "kind": (kind, "muted")}, f"{name} {kind}")


def _foot(item: Item | None) -> Line:
    del item
    return (("enter", "key"), (" keeps it   ", ""), ("esc", "key"), (" back to the one before", ""))
