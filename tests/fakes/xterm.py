"""A terminal's inside: bytes of a program in, screen and answers out. pyte keeps the cells; what pyte
does not know (queries, private modes, strings, the alternate screen) is here.
"""

from __future__ import annotations

import codecs
import re
from collections import Counter, deque
from collections.abc import Callable
from dataclasses import dataclass

from tests.fakes.xterm_modes import Modes
from tests.fakes.xterm_screen import Cells

TOKEN = re.compile(
    r"(?P<text>[^\x00-\x1f\x7f-\x9f]+)"
    r"|\x1b\[(?P<mark>[<=>?]?)(?P<numbers>[0-9;:]*)(?P<between>[ -/]*)(?P<final>[@-~])"
    r"|\x1b\[[<=>?]?[0-9;:]*[ -/]*(?=\x1b)"  # cut off by the next sequence: a terminal drops it
    r"|\x1b(?P<string>[]PX^_])"
    r"|\x1b(?P<set>[ -/]+)(?P<choice>[0-~])"
    r"|\x1b(?P<escape>[0-OQ-WYZ\\`-~])"
    r"|(?P<control>[\x00-\x1a\x1c-\x1f\x7f-\x9f])"
)
UNFINISHED = re.compile(r"\x1b(\[[<=>?]?[0-9;:]*[ -/]*|[ -/]*)?\Z")
STRING_ENDS = re.compile(r"\x07|\x1b\\")
KEPT = 1000
"""Strings kept; more than that is dropped from the beginning."""


@dataclass(frozen=True, slots=True)
class Abilities:
    """What the terminal can do, and so what it answers. As it stands: a plain xterm."""

    silent: bool = False
    """It answers nothing at all."""
    sixel: bool = False
    kitty_graphics: bool = False
    synchronized: bool = False
    """Mode 2026."""
    in_band_resize: bool = False
    """Mode 2048."""
    cell: tuple[int, int] = (8, 16)
    """Pixels, width and height."""
    background: str = "0000/0000/0000"
    version: str = "XTerm(379)"
    wide: str = ""
    """Characters of ambiguous width that it draws over two columns."""


PLAIN_XTERM = Abilities()


class Xterm:
    """`feed` tells whether what a person sees has changed: a cell, or the place of a visible cursor."""

    def __init__(self, columns: int, lines: int, answer: Callable[[bytes], None], can: Abilities) -> None:
        self.cells = Cells(columns, lines, can.wide)
        self.modes = Modes(can)
        self.queries: Counter[str] = Counter()
        self.unknown: Counter[str] = Counter()
        """Sequences that it did not understand."""
        self.strings: deque[str] = deque(maxlen=KEPT)
        """OSC, DCS and APC as they came, each beginning with `]`, `P` or `_`."""
        self.bells = 0
        self._can = can
        self._answer = answer
        self._decode = codecs.getincrementaldecoder("utf-8")("replace").decode
        self._rest = ""
        self._string: list[str] | None = None
        self._last = " "

    # -- bytes to tokens ---------------------------------------------------------------------------
    def feed(self, data: bytes) -> bool:
        text, self._rest = self._rest + self._decode(data), ""
        place = 0
        while place < len(text):
            if self._string is not None:
                place = self._in_string(text, place, self._string)
                continue
            token = TOKEN.match(text, place)
            if token is not None:
                place = token.end()
                self._take(token)
            elif UNFINISHED.match(text, place):
                self._rest = text[place:]
                break
            else:
                self.unknown[repr(text[place : place + 8])] += 1
                place += 1
        return self.cells.changed()

    def _in_string(self, text: str, place: int, parts: list[str]) -> int:
        """Collects until the string's end, which may come in two pieces; gives where to go on."""
        end = STRING_ENDS.search(text, place)
        if end is not None:
            parts.append(text[place : end.start()])
            self._string = None
            self._strings("".join(parts), end[0])
            return end.end()
        whole = len(text) - text.endswith("\x1b")
        parts.append(text[place:whole])
        self._rest = text[whole:]
        return len(text)

    def _take(self, token: re.Match[str]) -> None:
        if (text := token["text"]) is not None:
            self.cells.draw(text)
            self._last = text[-1]
        elif token["final"]:
            self._csi(token["mark"] + token["between"] + token["final"], token["numbers"])
        elif token["string"]:
            self._string = [token["string"]]
        elif token["control"]:
            self._control(token["control"])
        elif token["escape"]:
            self._escape(token["escape"])
        elif token["set"] is None:
            return
        elif token["set"] in "()":
            self.cells.define_charset(token["choice"], token["set"])
        elif token["set"] + token["choice"] == "#8":
            self.cells.alignment_display()

    # -- tokens to deeds ---------------------------------------------------------------------------
    def _control(self, char: str) -> None:
        if char == "\x07":
            self.bells += 1
        elif not self.cells.control(char):
            self.unknown[repr(char)] += char not in "\0\x7f"

    def _escape(self, char: str) -> None:
        if char == "c":
            self.cells.alternate(on=False)
            self.cells.reset()
            self.modes = Modes(self._can)
        elif char in "=>":
            self.modes.keypad = char == "="
        elif char != "\\" and not self.cells.escape(char):
            self.unknown[f"ESC {char}"] += 1

    def _csi(self, kind: str, text: str) -> None:
        numbers = [int(part) if part.isdigit() else 0 for part in text.split(";")] if text else []
        first = numbers[0] if numbers else 0
        if kind == "m":
            self.cells.rendition(text)
        elif kind in {"?h", "?l"}:
            for number in numbers:
                self._mode(number, on=kind == "?h")
        elif kind == "b":
            self.cells.draw(self._last * (first or 1))
        elif kind in {">u", "<u", "=u"}:
            self.modes.kitty(kind[0], first, alternate=self.cells.on_alternate)
        elif not (self._asked(kind, numbers, first) or self.cells.csi(kind, numbers)):
            self.unknown[f"CSI {kind} {text}"] += 1

    def _mode(self, number: int, *, on: bool) -> None:
        self.modes.set(number, on=on)
        if number in {47, 1047, 1049}:
            self.cells.alternate(on=on)
        elif number in {6, 7, 25}:
            (self.cells.set_mode if on else self.cells.reset_mode)(number, private=True)
        elif number == 1048:
            (self.cells.save_cursor if on else self.cells.restore_cursor)()

    # -- questions ---------------------------------------------------------------------------------
    def _asked(self, kind: str, numbers: list[int], first: int) -> bool:
        """Whether that was a question; answered, unless a plain xterm is silent about it, too."""
        if kind in {"c", ">c", ">q"}:
            devices = "64;1;2;" + "4;" * self._can.sixel + "6;9;15;16;17;18;21;22;28"
            told = {"c": f"\x1b[?{devices}c", ">c": "\x1b[>41;379;0c"}
            self._tell(kind, told.get(kind, f"\x1bP>|{self._can.version}\x1b\\"))
        elif kind in {"n", "?n"}:
            mark, cursor = kind[:-1], self.cells.cursor
            column = min(cursor.x, self.cells.columns - 1) + 1
            told_place = f"\x1b[{mark}{cursor.y + 1};{column}R"
            self._tell(f"{kind} {first}", {5: "\x1b[0n", 6: told_place}.get(first, ""))
        elif kind == "?$p":
            self._tell(f"?$p {first}", f"\x1b[?{first};{self.modes.report(first)}$y")
        elif kind == "t":
            self._tell(f"t {first}", self._window(first))
        elif kind in {"?u", "?S", "?m", ">p"}:
            self._tell(kind, f"\x1b[?{first};3;0S" if kind == "?S" else "")
        else:
            return False
        return True

    def _window(self, what: int) -> str:
        (width, height), columns, lines = self._can.cell, self.cells.columns, self.cells.lines
        return {
            14: f"\x1b[4;{height * lines};{width * columns}t",
            16: f"\x1b[6;{height};{width}t",
            18: f"\x1b[8;{lines};{columns}t",
        }.get(what, "")

    def _strings(self, text: str, end: str) -> None:
        self.strings.append(text)
        if text in {"]10;?", "]11;?"}:
            color = self._can.background if text == "]11;?" else "e5e5/e5e5/e5e5"
            self._tell(text, f"\x1b{text[:-1]}rgb:{color}{end}")
        elif text.startswith("_G") and "a=q" in text:
            key = re.search(r"[G,](i=\d+)", text)
            known = self._can.kitty_graphics and key is not None
            self._tell("_G a=q", f"\x1b_G{key[1]};OK\x1b\\" if known and key else "")

    def _tell(self, question: str, answer: str) -> None:
        self.queries[question] += 1
        if answer and not self._can.silent:
            self._answer(answer.encode())
