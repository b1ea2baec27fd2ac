"""`[keys]` of config.toml: which keys do what, where that differs from the declaration (`actions`).

An action id that there is not is a mistake like any unknown setting. A key that cannot be used (no key of
that name, or taken twice on one screen) costs that one change: the declared keys hold, and it is told.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ainf_tui.frozen import frozen

Keys = Mapping[str, tuple[str, ...]]
"""Action id to its keys by Textual's names; an empty tuple takes the keys away."""

_CHARACTERS: Mapping[str, str] = {
    " ": "space",
    "!": "exclamation_mark",
    '"': "quotation_mark",
    "#": "number_sign",
    "$": "dollar_sign",
    "%": "percent_sign",
    "&": "ampersand",
    "'": "apostrophe",
    "(": "left_parenthesis",
    ")": "right_parenthesis",
    "*": "asterisk",
    "+": "plus",
    ",": "comma",
    "-": "minus",
    ".": "full_stop",
    "/": "slash",
    ":": "colon",
    ";": "semicolon",
    "<": "less_than_sign",
    "=": "equals_sign",
    ">": "greater_than_sign",
    "?": "question_mark",
    "@": "at",
    "[": "left_square_bracket",
    "\\": "backslash",
    "]": "right_square_bracket",
    "^": "circumflex_accent",
    "_": "underscore",
    "`": "grave_accent",
    "{": "left_curly_bracket",
    "|": "vertical_line",
    "}": "right_curly_bracket",
    "~": "tilde",
}
_NAMED = frozenset(
    {
        *("escape", "enter", "tab", "space", "backspace", "insert", "delete", "home", "end"),
        *("pageup", "pagedown", "up", "down", "left", "right"),
        *(f"f{number}" for number in range(1, 25)),
        *_CHARACTERS.values(),
    }
)
_OTHER_NAMES = {
    "esc": "escape",
    "return": "enter",
    "del": "delete",
    "ins": "insert",
    "bs": "backspace",
    "pgup": "pageup",
    "pgdn": "pagedown",
    "page_up": "pageup",
    "page_down": "pagedown",
}
_MODIFIERS = frozenset({"ctrl", "shift", "alt", "super"})
_SAME_BYTE = {
    "ctrl+i": "tab",
    "ctrl+m": "enter",
    "ctrl+h": "backspace",
    "ctrl+left_square_bracket": "escape",
}
_PREFIXES = {"ctrl+b": "tmux", "ctrl+a": "screen"}


@frozen
class KeyProblem:
    """What is wrong with one entry. `serious`: it is not in force; else it only may not work."""

    code: str
    """`config.bad_key`, `config.key_conflict`, or `config.key_unsure` where it is not serious."""
    action: str
    message: str
    hint: str
    place: str
    """FILE:LINE"""

    @property
    def serious(self) -> bool:
        return self.code != "config.key_unsure"


def entries(table: Mapping[str, Any], path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """(path in the table, value): `"queue.cancel" = "c"` and `queue.cancel = "c"` are the same."""
    for name, value in table.items():
        if isinstance(value, Mapping):
            yield from entries(value, (*path, name))
        else:
            yield (*path, name), value


def parse_keys(raw: object) -> tuple[str, ...]:
    """The keys as they were written. ValueError unless it is a text or a list of texts."""
    found = [raw] if isinstance(raw, str) else raw
    if not isinstance(found, (list, tuple)) or not all(isinstance(key, str) and key for key in found):
        raise ValueError('must be a key or a list of keys: "c", ["c", "delete"], or [] for none')
    return tuple(found)


def normal(key: str) -> str | None:
    """Textual's name of the key (`?` is `question_mark`, `shift+c` is `C`); None if there is no such key."""
    if len(key) == 1:
        return _CHARACTERS.get(key, key) if key.isprintable() else None
    head, plus, last = key.rpartition("+")
    if plus and not last:
        head, last = head.removesuffix("+"), "plus"  # `ctrl++`
    modifiers = {part.lower() for part in head.split("+")} if head else set()
    if not modifiers <= _MODIFIERS:
        return None
    last = _CHARACTERS.get(last, last) if len(last) == 1 else _OTHER_NAMES.get(last.lower(), last.lower())
    if len(last) != 1 and last not in _NAMED:
        return None
    if modifiers == {"shift"} and len(last) == 1 and last.isalpha():
        return last.upper()
    if len(last) == 1 and modifiers:
        last = last.lower()
    return "+".join([*sorted(modifiers), last])


def doubt(key: str) -> str:
    """Why a key by its normal name may never arrive; empty if nothing is known against it."""
    if key in _PREFIXES:
        return f"is the prefix of {_PREFIXES[key]}, which keeps it for itself"
    if key in _SAME_BYTE:
        return f"is the same byte as {_SAME_BYTE[key]} in most terminals"
    head, _, last = key.rpartition("+")
    modifiers = set(head.split("+")) if head else set()
    why = ""
    if modifiers and last in {"enter", "tab", "space", "backspace"} and key != "shift+tab":
        why = f"is sent as plain {last} by most terminals"
    elif "alt" in modifiers:
        why = "arrives as two keys, esc first, over slow lines"
    elif "super" in modifiers or ("ctrl" in modifiers and _few_send(modifiers, last)):
        why = "is sent by few terminals"
    return why


def _few_send(modifiers: set[str], last: str) -> bool:
    return len(last) == 1 and (last.isdecimal() or "shift" in modifiers)


def judge(given: Mapping[str, tuple[str, ...]], places: Mapping[str, str]) -> tuple[Keys, list[KeyProblem]]:
    """The changes that can be in force, and what is wrong with the others.

    `given`: known action ids to keys as written; `places`: where each stands.
    """
    problems: list[KeyProblem] = []
    usable: dict[str, tuple[str, ...]] = {}
    for action, keys in given.items():
        names = [normal(key) for key in keys]
        wrong = [key for key, name in zip(keys, names, strict=True) if name is None]
        if wrong:
            problems.append(_unknown(action, wrong[0], places[action]))
            continue
        usable[action] = tuple(dict.fromkeys(name for name in names if name is not None))
        problems += _doubts(action, usable[action], places[action])
    while found := _conflict(usable):
        action, key, other = found
        problems.append(_told(action, key, other, places[action]))
        del usable[action]
    problems = [p for p in problems if p.serious or p.action in usable]
    return usable, problems


def _conflict(usable: Keys) -> tuple[str, str, str] | None:
    """(the changed action that has to give way, the key, the other action)."""
    from ainf_tui.actions import ACTIONS, TOGETHER  # noqa: PLC0415 - few change keys; 2 ms of each command

    for areas in TOGETHER:
        taken: dict[str, str] = {}
        # Changed ones last, so that it is they who meet a key that is taken.
        for action in sorted((a for a in ACTIONS if a.area in areas), key=lambda a: a.id in usable):
            for key in usable.get(action.id, action.keys):
                if key in taken:
                    return action.id, key, taken[key]
                taken[key] = action.id
    return None


def _doubts(action: str, keys: Iterable[str], place: str) -> Iterator[KeyProblem]:
    for key in keys:
        if why := doubt(key):
            yield KeyProblem(
                "config.key_unsure",
                action,
                f"{place}: keys.{action}: {key} {why}",
                "Give it a second key, or another.",
                place,
            )


def _unknown(action: str, key: str, place: str) -> KeyProblem:
    from difflib import get_close_matches  # noqa: PLC0415 - only for mistakes

    near = get_close_matches(key.lower().rpartition("+")[2], [*_NAMED, *_OTHER_NAMES], n=1, cutoff=0.6)
    hint = f"Did you mean {near[0]}?" if near else "Names are those of docs/keys.md: c, C, ctrl+d, f5, comma."
    return KeyProblem(
        "config.bad_key", action, f"{place}: keys.{action}: there is no key {key[:40]!r}", hint, place
    )


def _told(action: str, key: str, other: str, place: str) -> KeyProblem:
    from ainf_tui.actions import BY_ID  # noqa: PLC0415 - as above

    declared = " ".join(BY_ID[action].keys) or "none"
    return KeyProblem(
        "config.key_conflict",
        action,
        f"{place}: keys.{action}: {key} is the key of {other} on the same screen",
        f"Until one of them has another key, {action} keeps the declared: {declared}",
        place,
    )
