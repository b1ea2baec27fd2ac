"""What a failure that others have had before means, and what to do: entries that are told by a line of a log.

Pure; the entries are data (data/playbook.toml), read by `ainf_tui.playbook`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import islice
from typing import Any

from ainf_tui.domain.errors.hints import hints
from ainf_tui.domain.text import visible

LINE = 2_000
"""Characters of a line that are looked at."""
LINES = 400
"""Lines of one record, from its end, that are looked at."""
_NAME = 80


@dataclass(frozen=True)
class Entry:
    """`title` may hold `{what}`, which a pattern's group of that name fills."""

    code: str
    title: str
    cause: str
    steps: tuple[str, ...]
    patterns: tuple[str, ...]
    action: str = ""
    """A command of ainf that does, or begins, what mends it."""

    @cached_property
    def tellers(self) -> tuple[Teller, ...]:
        return tuple(Teller(pattern) for pattern in self.patterns)

    def match(self, line: str) -> re.Match[str] | None:
        cut = line[:LINE]
        return next((found for one in self.tellers if (found := one.search(cut))), None)


@dataclass(frozen=True)
class Teller:
    """A pattern, which is tried only on a line that holds one of its hints."""

    pattern: str

    @cached_property
    def hints(self) -> tuple[str, ...]:
        """Empty: it may fit any line."""
        return hints(self.pattern)

    @cached_property
    def compiled(self) -> re.Pattern[str]:
        """Made at the first line that may fit: few programs meet all failures."""
        return re.compile(self.pattern)

    def search(self, line: str) -> re.Match[str] | None:
        if self.hints and not any(hint in line for hint in self.hints):
            return None
        return self.compiled.search(line)


@dataclass(frozen=True, slots=True)
class Known:
    """An entry that fits, and the title with the name that the line gives."""

    entry: Entry
    title: str

    @property
    def clause(self) -> str:
        """The title within a sentence."""
        acronym = self.title[1:2].isupper()
        return self.title if acronym else self.title[:1].lower() + self.title[1:]


class Playbook:
    """All entries, in their order: of two that fit a line the first one counts."""

    def __init__(self, entries: Sequence[Entry]) -> None:
        self.entries = tuple(entries)

    @cached_property
    def _tellers(self) -> tuple[Teller, ...]:
        return tuple(teller for entry in self.entries for teller in entry.tellers)

    @cached_property
    def _hints(self) -> tuple[str, ...]:
        return tuple(dict.fromkeys(hint for teller in self._tellers for hint in teller.hints))

    @cached_property
    def _unhinted(self) -> tuple[Teller, ...]:
        return tuple(teller for teller in self._tellers if not teller.hints)

    def look(self, lines: Sequence[str]) -> Known | None:
        """What the last line that is known means: an exception stands behind its traceback."""
        last = [line[:LINE] for line in islice(reversed(lines), LINES)]
        text = "\n".join(last)
        if any(hint in text for hint in self._hints):  # most errors are nobody's: that is told by one pass
            return next((known for line in last if (known := self._of_line(line))), None)
        maybe = (line for line in last if any(teller.search(line) for teller in self._unhinted))
        return next((known for line in maybe if (known := self._of_line(line))), None)

    def _of_line(self, line: str) -> Known | None:
        for entry in self.entries:
            if found := entry.match(line):
                return Known(entry, _filled(entry.title, found))
        return None


def _filled(title: str, found: re.Match[str]) -> str:
    names = [value for name, value in found.groupdict().items() if name.startswith("what") and value]
    return title.replace("{what}", visible(names[0], _NAME) if names else "it needs")


def parse(data: Mapping[str, Mapping[str, Any]]) -> Playbook:
    """The playbook of a parsed playbook.toml. ValueError tells the entry and what is wrong with it."""
    return Playbook([_entry(code, facts) for code, facts in data.items()])


def _entry(code: str, facts: Mapping[str, Any]) -> Entry:
    unknown = facts.keys() - {"title", "cause", "steps", "patterns", "action"}
    if unknown:
        raise ValueError(f"{code}: {', '.join(sorted(unknown))} is no field of an entry")
    texts = {name: facts.get(name) for name in ("title", "cause")}
    lists = {name: facts.get(name) for name in ("steps", "patterns")}
    if not all(isinstance(text, str) and text for text in texts.values()):
        raise ValueError(f"{code}: title and cause must be texts")
    if not all(_is_texts(items) for items in lists.values()):
        raise ValueError(f"{code}: steps and patterns must be lists of texts")
    action = facts.get("action", "")
    return Entry(
        code,
        str(texts["title"]),
        str(texts["cause"]),
        tuple(lists["steps"] or ()),
        tuple(lists["patterns"] or ()),
        str(action),
    )


def _is_texts(items: object) -> bool:
    return isinstance(items, list) and bool(items) and all(isinstance(item, str) and item for item in items)
