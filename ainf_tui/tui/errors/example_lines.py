"""One report that was kept whole, as lines: what stood before it, the record with its traceback. Pure."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ainf_tui.display.format import counted
from ainf_tui.domain.error_documents import ErrorExampleDocument
from ainf_tui.domain.errors.frames import Part, folded, parts
from ainf_tui.tui.lines import Line, safe, wrap
from ainf_tui.tui.signs import Signs

MOST = 2_000
"""Lines of a record that are shown; copying takes all of it."""
LONG = 2_000
"""Characters of one line that are shown."""


def example_lines(
    example: ErrorExampleDocument, cells: int, signs: Signs, key: str, *, folds: bool
) -> Iterator[Line]:
    """`key`: the one that opens and closes the frames of others."""
    for text in example.context[-20:]:
        if _points_nowhere(text, "", cells):
            continue
        yield from _wrapped(text, cells, "muted")
    if example.message and (not example.lines or example.message not in example.lines[0]):
        for text in example.message.splitlines():
            yield from _wrapped(text, cells, "error")
    yield from _record(example, cells, key, signs, folds=folds)
    yield from _details(example, cells)


def has_others(example: ErrorExampleDocument) -> bool:
    """Whether there are frames of others to open and close."""
    return any(part.hidden for part in folded(example.lines))


def _record(
    example: ErrorExampleDocument, cells: int, key: str, signs: Signs, *, folds: bool
) -> Iterator[Line]:
    found = folded(example.lines) if folds else parts(example.lines)
    left = MOST
    for number, part in enumerate(found):
        if part.hidden:
            told = f"{signs.ellipsis} {counted(part.hidden, 'frame')} of packages"
            yield ((f"  {told}  ", "muted"), (key, "key"))
            continue
        for line, text in enumerate(part.lines):
            if left == 0:
                yield ((f"{signs.ellipsis} and more; copying takes all", "muted"),)
                return
            left -= 1
            if part.frame and _points_nowhere(text, part.lines[line - 1], cells):
                continue
            yield from _wrapped(text, cells, _look(part, first=number == 0 and line == 0, line=line))


def _points_nowhere(text: str, source: str, cells: int) -> bool:
    """Python's `^^^^` under a line of source that does not fit: wrapped they are three lines of noise."""
    return not text.strip(" ^~") and "^" in text and max(len(text), len(source)) > cells


def _look(part: Part, *, first: bool, line: int) -> str:
    """The record's first line is loud; of frames, those of the program's own are to be read."""
    if not part.frame:
        return "error" if first else ""
    if not part.own:
        return "muted"
    return "muted" if line == 0 else "strong"


def _wrapped(text: str, cells: int, look: str) -> Iterator[Line]:
    text = safe(text.rstrip(), LONG)
    indent = min(len(text) - len(text.lstrip(" ")) + 2, max(0, cells // 3))
    for line in wrap(text, cells, indent):
        yield ((line, look),)


def _details(example: ErrorExampleDocument, cells: int) -> Iterator[Line]:
    if not example.details:
        return
    yield ()
    for name, value in example.details.items():
        told = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        yield from _wrapped(f"{safe(name, 60)}: {safe(told, LONG)}", cells, "muted")
