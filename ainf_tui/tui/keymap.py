"""The keys as they are in force: the declared ones (`ainf_tui.actions`) with the user's over them."""

from __future__ import annotations

from collections.abc import Mapping

from textual.binding import Binding, BindingsMap
from textual.keys import format_key

from ainf_tui.actions import ACTIONS, Action, of_area

Keys = Mapping[str, tuple[str, ...]]
"""Action id to its keys; an id that is missing keeps the declared ones, an empty tuple has none."""

OPENING = frozenset(
    {
        *("app.command", "app.palette", "app.help", "queue.filter", "settings.filter"),
        *("logs.search", "logs.time", "errors.filter"),
    }
)
"""What opens a line to type in. Their keys are the app's before they are the focused widget's: whatever is
typed behind them, on a slow line in the same packet, must reach the line and not the list's keys."""
OPENING_NAMES = frozenset(action.name for action in ACTIONS if action.id in OPENING)


class Keymap:
    """Which keys do what."""

    def __init__(self, overrides: Keys | None = None) -> None:
        self._overrides = dict(overrides or {})

    def keys(self, action: Action) -> tuple[str, ...]:
        return self._overrides.get(action.id, action.keys)

    def shown(self, action: Action) -> str:
        """The first key as people write it; empty if there is none."""
        keys = self.keys(action)
        return key_name(keys[0]) if keys else ""

    def all_shown(self, action: Action) -> str:
        return " ".join(key_name(key) for key in self.keys(action))

    def bindings(self, *areas: str) -> BindingsMap:
        """For a widget's `_bindings`."""
        return BindingsMap(
            [
                Binding(
                    key=_textual_key(key),
                    action=action.name,
                    description=action.label,
                    id=action.id,
                    show=False,
                    priority=action.id in OPENING,
                )
                for area in areas
                for action in of_area(area)
                for key in self.keys(action)
            ]
        )

    def actions(self) -> tuple[Action, ...]:
        return ACTIONS


def key_name(key: str) -> str:
    """`c`, `^p`, `enter`, `?`: the key as it stands in the footer and the help."""
    names = {"escape": "esc", "pagedown": "pgdn", "pageup": "pgup", "delete": "del", "space": "space"}
    head, plus, last = key.rpartition("+")
    shown = names.get(last) or (last if len(last) == 1 or last in _WORDS else format_key(last))
    if head == "ctrl":
        return f"^{shown}"
    return f"{head}{plus}{shown}"


_WORDS = frozenset({"enter", "tab", "home", "end", "up", "down", "left", "right"})


def _textual_key(key: str) -> str:
    """A capital letter is `shift+letter` to nobody: Textual knows it by its character, `upper_c`."""
    return key
