"""The modes that a program sets in a terminal, and which of them it left behind."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

ON_AT_START = frozenset({7, 25})
KNOWN = frozenset(
    {1, 3, 5, 6, 7, 9, 12, 25, 40, 45, 47, 66, 69}
    | {1000, 1001, 1002, 1003, 1004, 1005, 1006, 1007, 1015, 1016}
    | {1034, 1035, 1036, 1039, 1047, 1048, 1049, 2004}
)
NAMES: Mapping[str, frozenset[int]] = {
    "application cursor keys": frozenset({1}),
    "reverse video": frozenset({5}),
    "line wrap off": frozenset({7}),
    "cursor hidden": frozenset({25}),
    "alternate screen": frozenset({47, 1047, 1049}),
    "mouse": frozenset({9, 1000, 1001, 1002, 1003, 1005, 1006, 1015, 1016}),
    "focus reports": frozenset({1004}),
    "bracketed paste": frozenset({2004}),
    "synchronized output": frozenset({2026}),
    "in-band resize": frozenset({2048}),
}


class Can(Protocol):
    """What of the terminal's abilities the modes depend on."""

    @property
    def synchronized(self) -> bool: ...
    @property
    def in_band_resize(self) -> bool: ...


class Modes:
    """By their numbers (DECSET); modes that the terminal does not know are kept, too: another one would."""

    def __init__(self, can: Can) -> None:
        self.keypad = False
        self._on = set(ON_AT_START)
        self._kitty: dict[bool, list[int]] = {False: [], True: []}
        told = ((2026, can.synchronized), (2048, can.in_band_resize))
        self._known = KNOWN | {number for number, known in told if known}

    def set(self, number: int, *, on: bool) -> None:
        (self._on.add if on else self._on.discard)(number)

    def on(self, number: int) -> bool:
        return number in self._on

    def report(self, number: int) -> int:
        """DECRPM: 0 not known, 1 set, 2 reset."""
        if number not in self._known:
            return 0
        return 1 if number in self._on else 2

    def kitty(self, mark: str, flags: int, *, alternate: bool) -> None:
        """The keyboard protocol's stack, of which each screen has its own."""
        stack = self._kitty[alternate]
        if mark == ">":
            stack.append(flags)
        elif mark == "<":
            del stack[-(flags or 1) :]
        else:
            stack[-1:] = [flags]

    def left_on(self) -> list[str]:
        """Names of what is not as it was at the start; empty when a program has cleaned up."""
        changed = self._on ^ ON_AT_START
        found = [name for name, numbers in NAMES.items() if changed & numbers]
        named = frozenset[int]().union(*NAMES.values())
        found += [f"mode {number}" for number in sorted(changed - named)]
        if any(self._kitty.values()):
            found.append("kitty keyboard")
        if self.keypad:
            found.append("application keypad")
        return found
