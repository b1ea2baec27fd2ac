"""What the app's command line understands: the verbs of `ainf`, and some of what only this screen shows.

Pure: completion of the former comes from whoever implements `tui.console.Console`.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Mapping, Sequence
from itertools import takewhile

from ainf_tui.frozen import frozen
from ainf_tui.tui.queue.filter import GROUPS
from ainf_tui.tui.queue.rows import SORTS

VIEW: Mapping[str, str] = {
    "filter": "show only what matches: words, state:failed, #142; nothing shows all",
    "sort": "sort the list by a column; the same again turns it round",
    "goto": "put the cursor on the job of that number",
    "theme": "other colours",
    "help": "all keys",
    "quit": "leave; the engine goes on",
}
"""Verbs of the app itself. No command of `ainf` has such a name."""
Choice = tuple[str, str]
"""(value, help)"""
Complete = Callable[[Sequence[str], str], Sequence[Choice]]


@frozen
class Typed:
    """A line as far as it is typed: whole words, and the last one, which may go on."""

    words: tuple[str, ...]
    last: str
    head: str
    """The text before the last word, as it was typed."""


def typed(text: str) -> Typed | None:
    """None within an open quote: nothing can be said about that."""
    try:
        words = shlex.split(text)
    except ValueError:
        return None
    if not words or text[-1:].isspace():
        return Typed(tuple(words), "", text)
    # A last word in quotes is taken as it is; the plain ones are those that people complete.
    last = words[-1]
    if not text.endswith(last):
        return Typed(tuple(words), "", text + " ")
    return Typed(tuple(words[:-1]), last, text[: len(text) - len(last)])


def completions(text: str, complete: Complete, themes: Sequence[str]) -> list[Choice]:
    """What the last word may become."""
    at = typed(text)
    if at is None:
        return []
    words = at.words[1:] if at.words[:1] == ("ainf",) else at.words
    if words and words[0] in VIEW:
        return [choice for choice in _view_values(words, themes) if choice[0].startswith(at.last)]
    found = [(name, told) for name, told in VIEW.items() if not words and name.startswith(at.last)]
    return [*complete(words, at.last), *found]


def _view_values(words: Sequence[str], themes: Sequence[str]) -> list[Choice]:
    if words[0] == "filter":
        return [(f"state:{name}", "") for name in (*GROUPS, "held")]
    if len(words) > 1:
        return []
    values = {"sort": [name for name in SORTS if " " not in name], "theme": sorted(themes)}
    return [(value, "") for value in values.get(words[0], [])]


def completed(text: str, choices: Sequence[Choice]) -> str:
    """The text with as much of the last word as all choices have in common; a blank after the only one."""
    at = typed(text)
    if at is None or not choices:
        return text
    values = [value for value, _ in choices]
    common = "".join(letters[0] for letters in takewhile(_all_same, zip(*values, strict=False)))
    if len(values) == 1:
        open_end = common.endswith(("=", "/", ":"))
        return at.head + _quoted(common) + ("" if open_end else " ")
    return at.head + _quoted(common) if len(common) > len(at.last) else text


def _all_same(letters: Sequence[str]) -> bool:
    return len(set(letters)) == 1


def _quoted(word: str) -> str:
    return word if word.startswith("-") else shlex.quote(word) if word else ""


def hint(choices: Sequence[Choice], cells: int) -> str:
    """The choices in one line, or the help of the only one."""
    if len(choices) == 1:
        value, told = choices[0]
        return f"{value}  {told}".rstrip()[:cells]
    shown, room = "", cells
    for value, _ in choices:
        if len(value) + 3 > room:
            return shown + "..."
        shown += value + "  "
        room -= len(value) + 2
    return shown
