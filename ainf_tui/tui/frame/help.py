"""The help: every key that holds here, from the keymap in force; typing searches, enter does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from ainf_tui.actions import AREAS, Action, of_area
from ainf_tui.tui.frame.finder import Finder, Item
from ainf_tui.tui.keymap import Keymap
from ainf_tui.tui.lines import Line
from ainf_tui.tui.widgets.table import Column

WhyNot = Callable[[Action], str]

COLUMNS = (
    Column("keys", 14, title=""),
    Column("help", 30, flexible=True, title=""),
    Column("verb", 24, title="", drop=1),
)
_FILTER = (
    ("words", "every word must be in the prompt, pack, character, number or error"),
    ("state:failed", "queued, running, succeeded, failed, cancelled, held; open and ended for groups"),
    ("#142", "the job of that number"),
)
_ERROR_FILTER = (
    ("words", "every word must be in the title, message, code, source, node or pack"),
    ("state:new", "new, regressed, ongoing, muted, resolved; open and all for groups"),
    ("source:web", "what that service, or comfyui, queue, engine, app, has met"),
    ("level:error", "at least so grave: debug, info, warning, error, critical"),
)
_COPYING = (
    (
        "shift-drag",
        "selects text for the terminal's own copy while the app has the mouse (option-drag on macOS)",
    ),
    ("F2", "gives the mouse to the terminal, so that a plain drag selects; again takes it back"),
    ("y", "copies by OSC 52: through SSH and tmux into the clipboard of your own machine, if both allow it"),
)


def help_items(keymap: Keymap, areas: Sequence[str], why_not: WhyNot) -> list[Item]:
    """The areas' actions under their headings, then the filter's grammar and how to copy."""
    items: list[Item] = []
    for area in areas:
        items.append(_heading(AREAS[area]))
        for action in of_area(area):
            keys, verb = keymap.all_shown(action), f"ainf {action.verb}" if action.verb else ""
            reason = why_not(action)
            items.append(
                Item(
                    value=action.id,
                    cells={
                        "keys": (keys or "no key", "key" if keys else "muted"),
                        "help": (action.help, ""),
                        "verb": (verb, "muted"),
                    },
                    words=f"{keys} {action.label} {action.help} {verb} {action.id}",
                    group=AREAS[area],
                    why_not=reason,
                )
            )
    grammar = _ERROR_FILTER if "errors" in areas else _FILTER
    for title, rows in (("The filter", grammar), ("Selecting and copying text", _COPYING)):
        items.append(_heading(title))
        items += [
            Item("", {"keys": (word, "strong"), "help": (text, "")}, f"{word} {text} {title}", title)
            for word, text in rows
        ]
    return items


def _heading(title: str) -> Item:
    return Item("", {"keys": ("", ""), "help": (title.upper(), "title")}, group=title)


def make_help(keymap: Keymap, areas: Sequence[str], why_not: WhyNot) -> Finder:
    """Gives the id of the action to do."""
    return Finder("Help: all keys of this screen", COLUMNS, help_items(keymap, areas, why_not), foot=_foot)


def _foot(item: Item | None) -> Line:
    if item is not None and item.why_not:
        return ((f"not now: {item.why_not}", "warning"),)
    return (("enter", "key"), (" does it   ", ""), ("esc", "key"), (" closes", ""))
