"""What nobody would send and somebody will: hostile values for every field of what a screen shows.

Nothing is listed by name: the values follow from the type hints of the dataclasses, so a new field has its
cases at once, and a field of a type that is unknown here raises.
"""

from __future__ import annotations

import types
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

T = TypeVar("T")

MARKUP = {
    "closing tag": "[/x]",
    "colour": "[red]not red[/red]",
    "action": "[@click=app.bell]not a link[/]",
    "link": "[link=file:///etc/passwd]not a link[/link]",
    "brackets": "[[[ ]] [/ [] [/] ]",
    "half a tag": "[bold",
    "escaped": r"\[red] \\[/] \n \x1b",
    "variables": "$error $name ${x} %s %(x)s {subject} {0}",
}
"""Text that means something to markup; it stands on the screen as it is, as far as there is room."""

TERMINAL = {
    "colours": "\x1b[31mred\x1b[0m",
    "clear": "\x1b[2J\x1b[H\x1b[?1049l",
    "clipboard": "\x1b]52;c;aGVsbG8=\x07",
    "title": "\x1b]0;title\x1b\\",
    "hyperlink": "\x1b]8;;http://127.0.0.1/\x07text\x1b]8;;\x07",
    "device control": "\x1bPq#0;2;0;0;0\x1b\\",
    "c1": "a\x9b31mb\x9d52;c;aGVsbG8=\x9cc\x85d\x90e",
    "nul and bell": "a\0b\x07c\x08d\x7fe",
    "carriage return": "shown\rhidden",
    "lines": "one\ntwo\r\nthree\n\n\nsix\vseven\feight",
    "tabs": "\ta\t\tb\t",
    "separators": "a\u2028b\u2029c",
}
"""Text that a terminal would act upon."""

GLYPHS = {
    "bidi": "a\u202eevil\u202c \u2066x\u2069 \u200fy\u061c \u05d0\u05d1",
    "zero width": "a\u200bb\u200cc\u200dd\u2060e\ufefff\u00adg",
    "joiner first": "\u200d[x]",
    "joiner last": "x\u200d",
    "family": "\U0001f468\u200d\U0001f469\u200d\U0001f467 \U0001f3f4\u200d\u2620\ufe0f",
    "selectors": "\u2601\ufe0f \u2601\ufe0e 1\ufe0f\u20e3 \u2764\ufe0f",
    "selector first": "\ufe0f\u2601",
    "tones": "\U0001f44d\U0001f3fd \U0001f3fd",
    "flags": "\U0001f1e9\U0001f1ea\U0001f1eb \U0001f1e9",
    "stack": "Z" + "\u0300\u0301\u0336" * 60 + "x",
    "combining first": "\u0301\u20dd",
    "wide": "\u65e5\u672c\u8a9e\u306e\u30d7\u30ed\u30f3\u30d7\u30c8" * 6,
    "half wide": "a" + "\uff28\uff45" * 40,
    "jamo": "\u1100\u1161\u11a8\u1100",
    "emoji": "\U0001f6b2\U0001f327\ufe0f\U0001f9d1\u200d\U0001f680" * 10,
    "long ligature": "\ufdfd\U00012031",
    "private": "\ue0b0\uf8ff\U000f0000\U0010fffd",
    "unassigned": "\u0378\U000e0fff\uffff",
    "tags": "\U000e0001\U000e0041\U000e007f",
    "surrogates": "a\ud83db\udc00\udfff",
    "broken file name": b"caf\xe9.png".decode("utf-8", "surrogateescape"),
}
"""Text whose width and direction are hard to tell."""

SIZES = {
    "empty": "",
    "a space": " ",
    "spaces": " \u00a0\u3000\u2003 ",
    "10,000 letters": "x" * 10_000,
    "10,000 words": "ab " * 3_333,
    "10,000 wide": "\u754c" * 10_000,
    "10,000 brackets": "[/x]" * 2_500,
    "10,000 escapes": "\x1b]52;c;x\x07" * 1_000,
    "1,000 lines": "line\n" * 1_000,
}

TEXTS: Mapping[str, str] = {**MARKUP, **TERMINAL, **GLYPHS, **SIZES}
INTS = (0, 1, -1, 2**31, 2**63 - 1, -(2**63), 2**64 - 1)
"""A wire number is never beyond 64 bits: the codec refuses it."""
FLOATS = (0.0, 1.0, -1.0, 0.5, 1e-308, 1e308, -1e308, float("nan"), float("inf"), float("-inf"))
MOMENTS = (
    datetime.min.replace(tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    datetime(2026, 3, 1, 12, tzinfo=UTC),
    datetime.max.replace(tzinfo=UTC),
)
STATES = (
    *("queued", "submitting", "submitted", "running", "fetching", "succeeded", "failed", "cancelled"),
    *("lost", "ok", "warning", "error", "pending", "finished", "cached", "interrupted"),
)
"""What a screen tells apart; the rest of a document is hostile beside each."""
_STATED = frozenset({"state", "overall", "severity"})
_ATOMS: Mapping[Any, tuple[Any, ...]] = {
    str: tuple(TEXTS.values()),
    int: INTS,
    float: FLOATS,
    bool: (False, True),
    datetime: MOMENTS,
}
TURNS = len(TEXTS)
"""So many `filled` documents bring every text into every field."""


@cache
def values(hint: Any) -> tuple[Any, ...]:
    """Every hostile value of that type; TypeError for a type that has none yet."""
    if hint in _ATOMS:
        return _ATOMS[hint]
    if hint is Any:
        return (*TEXTS.values(), *INTS, *FLOATS, None, True, [], ["[/x]", None], {}, {"[/x]": ["\x1b[2J"]})
    if is_dataclass(hint) and isinstance(hint, type):
        return tuple(value for _, value in cases(hint))
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return tuple(v for kind in inner for v in ((None,) if kind is types.NoneType else values(kind)))
    if origin is tuple:
        return ((), values(inner[0])) if inner[1:] == (...,) else tuple(_tuples(inner))
    if origin is not None and issubclass(origin, Mapping):
        return tuple(_mappings(inner[1]))
    raise TypeError(f"no hostile values for {hint}: say in tests/fakes/hostile.py what they are")


def _tuples(kinds: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    """Of fixed length: every hostile value in each place, beside plain ones."""
    plainly = tuple(_plain(kind) for kind in kinds)
    for place, kind in enumerate(kinds):
        for value in values(kind):
            yield (*plainly[:place], value, *plainly[place + 1 :])


def _mappings(kind: Any) -> Iterator[Mapping[str, Any]]:
    """Empty; hostile names; a hostile value under each name that a screen looks for."""
    yield {}
    yield dict.fromkeys(TEXTS.values(), "value" if kind is Any else _plain(kind))
    for value in values(kind):
        yield dict.fromkeys(_LOOKED_FOR, value)


_LOOKED_FOR = (
    *("prompt", "negative", "seed", "width", "height", "steps", "cfg", "sampler", "scheduler", "checkpoint"),
    *("count", "id", "index", "name", "input", "sha256", "exception_type", "traceback", "other"),
    *("ts", "level", "message", "exit", "log"),
)
"""Keys that screens and the makers of rows read out of free mappings."""


def _field_values(name: str, hint: Any) -> tuple[Any, ...]:
    return (*values(hint), *STATES) if name in _STATED and hint is str else values(hint)


def plain(cls: type[T]) -> T:
    """A document with nothing remarkable in any field."""
    return cls(**{name: _plain(hint) for name, hint in hints(cls).items()})


def _plain(hint: Any) -> Any:
    if hint is Any:
        return "plain"
    if is_dataclass(hint) and isinstance(hint, type):
        return plain(hint)
    simple = {str: "plain", int: 3, float: 0.25, bool: True, datetime: MOMENTS[2]}
    origin, inner = get_origin(hint), get_args(hint)
    if origin in (Union, types.UnionType):
        return _plain(next(kind for kind in inner if kind is not types.NoneType))
    if origin is tuple:
        return (_plain(inner[0]),) if inner[1:] == (...,) else tuple(_plain(kind) for kind in inner)
    return simple[hint] if hint in simple else {"plain": _plain(inner[1])}


def hints(cls: type[Any]) -> dict[str, Any]:
    """Every field with its type."""
    found = get_type_hints(cls)
    return {field.name: found[field.name] for field in fields(cls)}


def cases(cls: type[T]) -> Iterator[tuple[str, T]]:
    """Every hostile value of every field, one at a time, with the field's name."""
    base: Any = plain(cls)
    for name, hint in hints(cls).items():
        for value in _field_values(name, hint):
            yield name, replace(base, **{name: value})


def filled(cls: type[T], turn: int, **fixed: Any) -> T:
    """The `turn`th document with a hostile value in every field at once, but for those in `fixed`."""
    made = {}
    for name, hint in hints(cls).items():
        if name in _STATED and hint is str and turn % 2:
            made[name] = STATES[turn // 2 % len(STATES)]
        else:
            made[name] = _pick(hint, turn)
    return cls(**made | fixed)


def _pick(hint: Any, turn: int) -> Any:
    origin, inner = get_origin(hint), get_args(hint)
    if is_dataclass(hint) and isinstance(hint, type):
        return filled(hint, turn)
    if origin in (Union, types.UnionType):
        kinds = [kind for kind in inner if kind is not types.NoneType]
        return None if turn % 5 == 4 else _pick(kinds[0], turn)
    if origin is tuple and inner[1:] == (...,):
        return tuple(_pick(inner[0], turn + more) for more in range(turn % 4))
    if origin is tuple:
        return tuple(_pick(kind, turn) for kind in inner)
    found = values(hint)
    # Whether a flag is set must not go with whether the state is a known one.
    return found[(turn // 2 if hint is bool else turn) % len(found)]


def reached(*roots: Any) -> set[type[Any]]:
    """Every dataclass in the hints, and in the fields of those."""
    found: set[type[Any]] = set()
    waiting = list(roots)
    while waiting:
        hint = waiting.pop()
        if is_dataclass(hint) and isinstance(hint, type) and hint not in found:
            found.add(hint)
            waiting += hints(hint).values()
        waiting += get_args(hint)
    return found


def raw(text: str) -> list[str]:
    """The characters of the text that a terminal obeys, hides or cannot be sent, as `U+001B`."""
    return [f"U+{ord(char):04X}" for char in text if not _shows(char)]


def _shows(char: str) -> bool:
    """Judged anew and not by the product's own code: categories of Unicode."""
    return char == " " or unicodedata.category(char) not in {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
