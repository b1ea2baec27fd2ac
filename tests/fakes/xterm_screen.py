"""The cells of a terminal: pyte's screen, quick to draw on, with the two screens that xterm has."""

from __future__ import annotations

import copy
import unicodedata
from collections.abc import Callable, Mapping
from functools import lru_cache

import pyte
from pyte import modes
from pyte.screens import Char, Cursor, Margins
from wcwidth import wcwidth

EXTENDED = {38, 48, 58}
# Methods by what stands for them.
WITH_COUNT: Mapping[str, str] = {
    "@": "insert_characters",
    "A": "cursor_up",
    "B": "cursor_down",
    "C": "cursor_forward",
    "D": "cursor_back",
    "E": "cursor_down1",
    "F": "cursor_up1",
    "G": "cursor_to_column",
    "L": "insert_lines",
    "M": "delete_lines",
    "P": "delete_characters",
    "S": "_scroll_up",
    "T": "_scroll_down",
    "X": "erase_characters",
    "Z": "_back_tab",
    "`": "cursor_to_column",
    "a": "cursor_forward",
    "d": "cursor_to_line",
    "e": "cursor_down",
}
WITH_CHOICE: Mapping[str, str] = {
    "J": "erase_in_display",
    "K": "erase_in_line",
    "g": "clear_tab_stop",
    "?J": "erase_in_display",
    "?K": "erase_in_line",
}
CONTROLS: Mapping[str, str] = {
    "\b": "backspace",
    "\t": "tab",
    "\n": "linefeed",
    "\v": "linefeed",
    "\f": "linefeed",
    "\r": "carriage_return",
    "\x0e": "shift_out",
    "\x0f": "shift_in",
}
ESCAPES: Mapping[str, str] = {
    "7": "save_cursor",
    "8": "restore_cursor",
    "D": "index",
    "E": "_next_line",
    "H": "set_tab_stop",
    "M": "reverse_index",
}


class Cells(pyte.Screen):
    """`changed` tells whether anything a person sees differs from the last time it was asked."""

    def __init__(self, columns: int, lines: int, wide: str = "") -> None:
        self._wide = wide
        self._main: tuple[dict[int, dict[int, Char]], Cursor] | None = None
        super().__init__(columns, lines)
        self._seen: dict[int, tuple[Char, ...]] = {}
        self._rows = [""] * lines
        self._place = (0, 0, False)

    # -- what is seen ------------------------------------------------------------------------------
    @property
    def rows(self) -> list[str]:
        """The text of each line, as wide as the screen; as of the last `changed`."""
        return list(self._rows)

    def changed(self) -> bool:
        differs = False
        for y in self.dirty:
            if y >= self.lines:
                continue
            row = tuple(map(self.buffer[y].__getitem__, range(self.columns)))
            if self._seen.get(y) != row:
                self._seen[y], differs = row, True
                self._rows[y] = "".join([cell.data for cell in row])
        self.dirty.clear()
        place = (self.cursor.x, self.cursor.y, self.cursor.hidden)
        moved, self._place = place != self._place and not place[2], place
        return differs or moved

    def resize(self, lines: int | None = None, columns: int | None = None) -> None:
        super().resize(lines, columns)
        self.cursor.x = min(self.cursor.x, self.columns - 1)
        self.cursor.y = min(self.cursor.y, self.lines - 1)
        self._seen.clear()
        self._rows = [""] * self.lines
        self.dirty.update(range(self.lines))

    # -- sequences ---------------------------------------------------------------------------------
    def control(self, char: str) -> bool:
        """Whether it is known."""
        return self._called(CONTROLS, char)

    def escape(self, char: str) -> bool:
        """Whether it is known."""
        return self._called(ESCAPES, char)

    def _called(self, known: Mapping[str, str], char: str, *numbers: int) -> bool:
        if char in known:
            getattr(self, known[char])(*numbers)
        return char in known

    def csi(self, kind: str, numbers: list[int]) -> bool:
        """Whether it is known. `kind`: what stands around the numbers."""
        first = numbers[0] if numbers else 0
        if self._called(WITH_COUNT, kind, first or 1) or self._called(WITH_CHOICE, kind, first):
            return True
        if kind in {"H", "f"}:
            self.cursor_position(*(number or 1 for number in numbers[:2]))
        elif kind == "r":
            self.set_margins(*numbers[:2])
        elif kind in {"h", "l"}:
            (self.set_mode if kind == "h" else self.reset_mode)(*numbers)
        elif kind in {"s", "u"}:
            (self.save_cursor if kind == "s" else self.restore_cursor)()
        elif kind == "!p":
            self.set_margins()
            self.select_graphic_rendition(0)
        else:
            return kind in {" q", ">m", ">n", ">t", "?r", "?s", ">s"}
        return True

    def rendition(self, text: str) -> None:
        """SGR, also in the form with colons, of which pyte knows nothing."""
        self.select_graphic_rendition(*_plain_rendition(text))

    # -- drawing -----------------------------------------------------------------------------------
    def draw(self, data: str) -> None:
        """As pyte's, but a character costs little: pyte asks for its width and builds a cell each time."""
        charset = self.g1_charset if self.charset else self.g0_charset
        for char in data.translate(charset):
            width = 1 if char < "\u0300" else self._width(char)
            if width > 0:
                self._put(char, width)
            elif self.cursor.x and unicodedata.combining(char):
                line, x = self.buffer[self.cursor.y], self.cursor.x - 1
                line[x] = line[x]._replace(data=line[x].data + char)
        self.dirty.add(self.cursor.y)

    def _width(self, char: str) -> int:
        return 2 if char in self._wide else wcwidth(char)

    def _put(self, char: str, width: int) -> None:
        cursor = self.cursor
        if cursor.x + width > self.columns:
            if modes.DECAWM in self.mode:
                self.dirty.add(cursor.y)
                self.carriage_return()
                self.linefeed()
            else:
                cursor.x = max(0, self.columns - width)
        if modes.IRM in self.mode:
            self.insert_characters(width)
        line = self.buffer[cursor.y]
        line[cursor.x] = _cell(cursor.attrs, char)
        if width == 2 and cursor.x + 1 < self.columns:
            line[cursor.x + 1] = _cell(cursor.attrs, "")
        cursor.x = min(cursor.x + width, self.columns)

    def _next_line(self) -> None:
        self.carriage_return()
        self.index()

    def _scroll_up(self, count: int) -> None:
        self._scroll(count, self._edges().bottom, self.index)

    def _scroll_down(self, count: int) -> None:
        self._scroll(count, self._edges().top, self.reverse_index)

    def _scroll(self, count: int, edge: int, move: Callable[[], None]) -> None:
        line, self.cursor.y = self.cursor.y, edge
        for _ in range(min(count, self.lines)):
            move()
        self.cursor.y = line

    def _edges(self) -> Margins:
        return self.margins or Margins(0, self.lines - 1)

    def _back_tab(self, count: int) -> None:
        for _ in range(count):
            self.cursor.x = max((stop for stop in self.tabstops if stop < self.cursor.x), default=0)

    # -- the second screen -------------------------------------------------------------------------
    @property
    def on_alternate(self) -> bool:
        return self._main is not None

    def alternate(self, *, on: bool) -> None:
        """Shows the other one, which begins empty; what is on the main one comes back unharmed."""
        if on and self._main is None:
            kept = {y: dict(line) for y, line in self.buffer.items()}
            self._main = (kept, copy.copy(self.cursor))
            self.buffer.clear()
        elif not on and self._main is not None:
            (kept, cursor), self._main = self._main, None
            self.buffer.clear()
            for y, line in kept.items():
                self.buffer[y].update(line)
            cursor.hidden = self.cursor.hidden
            self.cursor = cursor
        self.dirty.update(range(self.lines))


@lru_cache(maxsize=8192)
def _cell(attributes: Char, char: str) -> Char:
    return attributes._replace(data=char)


@lru_cache(maxsize=4096)
def _plain_rendition(text: str) -> tuple[int, ...]:
    """Numbers that pyte understands: `38:2::1:2:3` as `38;2;1;2;3`, `4:3` as `4`, no underline colors."""
    words = text.split(";") if text else []
    numbers: list[int] = []
    place = 0
    while place < len(words):
        head, *parts = words[place].split(":")
        place += 1
        number = int(head or 0)
        if number not in EXTENDED:
            numbers.append(24 if number == 4 and parts == ["0"] else number)
            continue
        if not parts:
            parts = words[place : place + (2 if words[place : place + 1] == ["5"] else 4)]
            place += len(parts)
        if number != 58:
            wanted = 3 if parts[:1] == ["2"] else 1
            numbers += [number, *(int(part or 0) for part in [*parts[:1], *parts[-wanted:]])]
    return tuple(numbers)
