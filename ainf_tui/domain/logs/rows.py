"""Records as the documents of a view: a row for the list, and all of one."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from ainf_tui.domain.log_documents import LogRow, LogSpan
from ainf_tui.domain.logs.clock import dated
from ainf_tui.domain.logs.filters import found_in
from ainf_tui.domain.logs.patience import Pattern
from ainf_tui.domain.logs.records import Record
from ainf_tui.domain.logs.shown import pictured

MATCHES = 200
"""Places of the search that are told of one line."""
_OWN = frozenset({"seq", "run"})
"""Fields of events.jsonl that say nothing to a person."""
_TRACEBACK = "Traceback (most recent call last):"
_FIELDS = 4_000
"""Characters of a JSON line's message and fields that a row shows."""


@dataclass(frozen=True, slots=True)
class Look:
    """How rows are made: at most `width` characters of text, and what is searched."""

    width: int = 2_000
    search: Pattern | None = None


def row_of(record: Record, file: str, look: Look, *, context: bool = False) -> LogRow:
    """The record as a list shows it."""
    line = record.lines[0]
    json_line = record.format == "json"
    whole = _json_text(record) if json_line else line.text
    text = whole[: look.width]
    return LogRow(
        file=file,
        start=record.start,
        end=record.end,
        source=record.source,
        level=record.level.word,
        at=record.at,
        inherited=record.inherited,
        text=text,
        cut=len(whole) - len(text),
        lines=len(record.lines),
        traceback=record.traceback,
        spans=() if json_line else _spans(record, len(text)),
        matches=() if look.search is None else _matches(look.search, text),
        hit=look.search is not None and found_in(look.search, record),
        context=context,
        stated=record.stated,
        time_end=0 if json_line or record.at is None or record.inherited else time_end(text),
        ending=_ending(record)[: look.width] if record.traceback else "",
    )


def _ending(record: Record) -> str:
    if not record.lines[0].text.endswith(_TRACEBACK):
        return ""
    told = (line.text for line in reversed(record.lines[1:]))
    return next((text for text in told if text and not text[0].isspace() and text.strip("~^ ")), "")


def _spans(record: Record, size: int) -> tuple[LogSpan, ...]:
    spans = record.lines[0].spans
    return tuple(LogSpan(s.start, min(s.end, size), s.sgr) for s in spans if s.start < size)


def _matches(pattern: Pattern, text: str) -> tuple[tuple[int, int], ...]:
    found = []
    for match in pattern.finditer(text):
        if match.end() > match.start():
            found.append(match.span())
        if len(found) >= MATCHES:
            break
    return tuple(found)


def _json_text(record: Record) -> str:
    """A JSON line as a person reads it, without its time and level."""
    name = f"{record.name}:" if record.name else ""
    parts = [name, record.message[:_FIELDS], _facts(record.fields)]
    return pictured(" ".join(part for part in parts if part).replace("\n", " "))


def _facts(fields: Mapping[str, object]) -> str:
    facts = {name: value for name, value in fields.items() if name not in _OWN}
    inner = facts.pop("fields", None)
    facts |= inner if isinstance(inner, dict) else {} if inner is None else {"fields": inner}
    return " ".join(f"{name}={_plain(value)}" for name, value in facts.items())[:_FIELDS]


def _plain(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def time_end(text: str) -> int:
    """Where the text goes on behind its own time; 0: it does not begin with one."""
    found = dated().match(text) or _others().match(text)
    if found is None:
        return 0
    end = found.end()
    while text[end : end + 1] == " ":
        end += 1
    return end


@cache
def _others() -> re.Pattern[str]:
    """As syslog and dmesg write times."""
    return re.compile(
        r"[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d(?= )"
        r"|\[[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}\]",
        re.ASCII,
    )
