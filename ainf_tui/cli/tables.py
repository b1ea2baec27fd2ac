"""Plain aligned text: cells of a terminal, not characters; narrow terminals lose columns, not sense."""

from __future__ import annotations

import textwrap
import unicodedata
from collections.abc import Sequence

from ainf_tui.cli.output import Output
from ainf_tui.frozen import frozen

GAP = 2
LEAST = 8
"""What a flexible column is shrunk to before columns are left out."""


@frozen
class Column:
    """`flexible`: takes what is left and is cut. `drop`: when too narrow, the highest goes first; 0 never."""

    title: str
    right: bool = False
    flexible: bool = False
    drop: int = 0


@frozen
class Cell:
    """Text that is already visible, and its colour's name."""

    text: str
    colour: str = ""


def cells(text: str) -> int:
    """How many terminal cells the text takes: 2 for wide glyphs, 0 for combining marks."""
    return len(text) if text.isascii() else sum(_width(char) for char in text)


def _width(char: str) -> int:
    if unicodedata.category(char) in {"Mn", "Me", "Cf"}:
        return 0
    return 2 if unicodedata.east_asian_width(char) in "WF" else 1


def cut(text: str, width: int, more: str = "…") -> str:
    """The text in at most `width` cells, with `more` where something is missing."""
    if cells(text) <= width:
        return text
    room = width - cells(more)
    if room <= 0:
        return more[: max(width, 0)]
    kept: list[str] = []
    for char in text:
        room -= _width(char)
        if room < 0:
            break
        kept.append(char)
    return "".join(kept) + more


def pad(text: str, width: int, *, right: bool = False) -> str:
    """Filled with spaces to `width` cells."""
    space = " " * (width - cells(text))
    return space + text if right else text + space


def folded(out: Output, text: str, indent: int) -> list[str]:
    """On a terminal broken between words, what follows the first line indented; else as it is."""
    room = out.width() - 1
    if not out.interactive or cells(text) <= room or room < indent + LEAST:
        return [text]
    lead = text[: len(text) - len(text.lstrip())]
    head, rest = text[:indent], text[indent:]
    if head.strip() == "":
        head, rest = lead, text.lstrip()
    lines = textwrap.wrap(rest, room - indent, break_long_words=False, break_on_hyphens=False)
    return [head + lines[0], *(" " * indent + line for line in lines[1:])] if lines else [text]


@frozen
class Layout:
    """Which columns stand, and how wide."""

    shown: tuple[int, ...]
    widths: tuple[int, ...]


def arrange(columns: Sequence[Column], rows: Sequence[Sequence[Cell]], width: int) -> Layout:
    """Fits the columns into `width`: the flexible one shrinks, then columns go by `drop`.

    A column without any content is left out.
    """
    full = [
        max([cells(column.title), *(cells(row[i].text) for row in rows)]) for i, column in enumerate(columns)
    ]
    shown = [i for i in range(len(columns)) if not rows or any(row[i].text for row in rows)]
    while shown:
        least = [min(full[i], LEAST) if columns[i].flexible else full[i] for i in shown]
        if sum(least) + GAP * (len(shown) - 1) <= width:
            break
        victims = [i for i in shown if columns[i].drop]
        if not victims:
            break
        shown.remove(max(victims, key=lambda i: columns[i].drop))
    fixed = sum(full[i] for i in shown if not columns[i].flexible) + GAP * (len(shown) - 1)
    widths = [max(min(full[i], width - fixed), 1) if columns[i].flexible else full[i] for i in shown]
    return Layout(tuple(shown), tuple(widths))


def print_table(out: Output, columns: Sequence[Column], rows: Sequence[Sequence[Cell]]) -> None:
    """The table on stdout, with a dim title line, in the width of the terminal."""
    more = "…" if out.unicode else "..."
    layout = arrange(columns, rows, out.width())
    titles = [Cell(column.title, "dim") for column in columns]
    for row in (titles, *rows):
        out.line(_line(out, columns, row, layout, more))


def _line(out: Output, columns: Sequence[Column], row: Sequence[Cell], layout: Layout, more: str) -> str:
    parts = []
    for i, width in zip(layout.shown, layout.widths, strict=True):
        text = pad(cut(row[i].text, width, more), width, right=columns[i].right)
        if i == layout.shown[-1] and not columns[i].right:
            text = text.rstrip()
        parts.append(out.paint(text, row[i].colour))
    return (" " * GAP).join(parts)
