"""What a terminal sends for a key, by the names that Textual gives to keys."""

from __future__ import annotations

PLAIN = {
    "enter": "\r",
    "tab": "\t",
    "escape": "\x1b",
    "space": " ",
    "backspace": "\x7f",
    "shift+tab": "\x1b[Z",
    "insert": "\x1b[2~",
    "delete": "\x1b[3~",
    "pageup": "\x1b[5~",
    "pagedown": "\x1b[6~",
    "f1": "\x1bOP",
    "f2": "\x1bOQ",
    "f3": "\x1bOR",
    "f4": "\x1bOS",
    "f5": "\x1b[15~",
    "f6": "\x1b[17~",
    "f7": "\x1b[18~",
    "f8": "\x1b[19~",
    "f9": "\x1b[20~",
    "f10": "\x1b[21~",
    "f11": "\x1b[23~",
    "f12": "\x1b[24~",
}
ARROWS = {"up": "A", "down": "B", "right": "C", "left": "D", "end": "F", "home": "H"}
MODIFIERS = {"shift": 1, "alt": 2, "ctrl": 4}
CONTROL = 0x1F


def key_bytes(name: str, *, application_cursor: bool = False) -> bytes:
    """`down`, `ctrl+p`, `alt+x`, `shift+up`, `pageup`, `f5`, or one character as it is.

    `application_cursor`: mode 1 is set, in which arrows without a modifier are sent as SS3. ValueError
    for a name that is none.
    """
    if len(name) == 1:
        return name.encode()
    if name in PLAIN:
        return PLAIN[name].encode()
    *modifiers, key = name.split("+")
    if unknown := set(modifiers) - MODIFIERS.keys():
        raise ValueError(f"no such key: {name!r} ({', '.join(sorted(unknown))} is no modifier)")
    if key in ARROWS:
        number = 1 + sum(MODIFIERS[modifier] for modifier in modifiers)
        plain = "\x1bO" if application_cursor else "\x1b["
        return ((f"\x1b[1;{number}" if modifiers else plain) + ARROWS[key]).encode()
    if modifiers == ["alt"]:
        return b"\x1b" + key_bytes(key)
    if modifiers == ["ctrl"] and key == "space":
        return b"\0"
    if modifiers == ["ctrl"] and len(key) == 1 and "@" <= key.upper() <= "_":
        return bytes([ord(key.upper()) & CONTROL])
    raise ValueError(f"no such key: {name!r}")
