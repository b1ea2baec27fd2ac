"""The stack of filters, and how each is written in a line: what is typed, and what the status tells. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.levels import WORDS
from ainf_tui.domain.logs.query import compiled, moment
from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

NAMED = ("level", "source", "since", "until")
"""Kinds that are written with their name before a colon."""
KINDS = ("in", "out", *NAMED)
MINIMUM = ("", "info", "warning", "error")
"""What the key for the level goes through; empty: all."""
MOST = 50
"""Filters that are kept."""
HELP = "text  -text  /regex/  -/regex/  level:warning  source:api  since:10m  until:14:03"


def parse(text: str) -> LogFilter | None:
    """The filter that is written so; None for nothing. UsageError `logs.bad_filter`, `logs.bad_pattern`,
    `logs.bad_time`. A text without capitals ignores case. In quotes it is a text whatever it begins with.
    """
    text = text.strip()
    if not text.strip("-"):
        return None
    name, colon, value = text.partition(":")
    if colon and name in NAMED:
        return checked(LogFilter(name, value.strip().lower() if name == "level" else value.strip()))
    kind = "out" if text.startswith("-") else "in"
    value = text.removeprefix("-")
    regex = len(value) > 2 and value.startswith("/") and value.endswith("/")
    if regex or (len(value) > 2 and value[0] == value[-1] == '"'):
        value = value[1:-1]
    return checked(LogFilter(kind, value, regex=regex, ignore_case=value == value.lower()))


def written(one: LogFilter) -> str:
    """As `parse` reads it."""
    if one.kind in NAMED:
        return f"{one.kind}:{one.value}"
    sign = "-" if one.kind == "out" else ""
    if one.regex:
        return f"{sign}/{one.value}/"
    return f'{sign}"{one.value}"' if _quoted(one.value) else f"{sign}{one.value}"


def _quoted(value: str) -> bool:
    named = value.partition(":")[0] in NAMED and ":" in value
    return named or value != value.strip() or not value.strip("-") or value[:1] in {"-", "/", '"'}


def checked(one: LogFilter) -> LogFilter:
    """The same filter. UsageError: see `parse`."""
    if not one.value or (one.kind in NAMED and not one.value.strip()):
        raise UsageError("logs.bad_filter", f"{one.kind}: needs a value", hint=f"For example {HELP}")
    if one.kind == "level" and one.value not in WORDS:
        raise UsageError("logs.bad_filter", f"{one.value!r} is no level", hint=f"Levels: {', '.join(WORDS)}.")
    if one.kind in {"since", "until"}:
        moment(one.value, Clock(datetime.now(UTC)))
    if one.regex:
        compiled(one.value, ignore_case=one.ignore_case)
    return one


@frozen
class Stack:
    """The filters in the order in which they were made; each change is a new stack."""

    filters: tuple[LogFilter, ...] = ()

    @property
    def on(self) -> tuple[LogFilter, ...]:
        return tuple(one for one in self.filters if one.on)

    @property
    def level(self) -> str:
        """The minimum level that is in force; empty: all."""
        grave = [one.value for one in self.on if one.kind == "level" and one.value in WORDS]
        return max(grave, key=WORDS.index, default="")

    def add(self, one: LogFilter) -> Stack:
        """Of a level there is one; the others gather."""
        others = [old for old in self.filters if old != one and not (one.kind == old.kind == "level")]
        return Stack((*others, one)[-MOST:])

    def change(self, index: int, one: LogFilter) -> Stack:
        return Stack(tuple(one if number == index else old for number, old in enumerate(self.filters)))

    def toggle(self, index: int) -> Stack:
        if not 0 <= index < len(self.filters):
            return self
        one = self.filters[index]
        return self.change(index, replace(one, on=not one.on))

    def remove(self, index: int) -> Stack:
        return Stack(tuple(old for number, old in enumerate(self.filters) if number != index))

    def all(self, *, on: bool) -> Stack:
        """All of them on, or off."""
        return Stack(tuple(replace(one, on=on) for one in self.filters))

    def next_level(self) -> Stack:
        """The next minimum level in turn."""
        at = MINIMUM.index(self.level) if self.level in MINIMUM else len(MINIMUM) - 1
        wanted = MINIMUM[(at + 1) % len(MINIMUM)]
        others = Stack(tuple(one for one in self.filters if one.kind != "level"))
        return others.add(LogFilter("level", wanted)) if wanted else others

    # -- the session --------------------------------------------------------------------------
    def kept(self) -> list[dict[str, Any]]:
        """As JSON values."""
        names = ("kind", "value", "regex", "ignore_case", "on")
        return [{name: getattr(one, name) for name in names} for one in self.filters]


def restored(values: object) -> Stack:
    """What `kept` gave; what is none of it is left out."""
    return Stack(tuple(_restored(values if isinstance(values, list) else ()))[:MOST])


def _restored(values: Iterable[object]) -> Iterable[LogFilter]:
    for value in values:
        if not isinstance(value, dict):
            continue
        kind, text = value.get("kind"), value.get("value")
        if kind in KINDS and isinstance(text, str):
            flags = {name: value.get(name) is True for name in ("regex", "ignore_case", "on")}
            try:
                yield checked(LogFilter(kind, text, **flags))
            except UsageError:
                # A file that somebody changed; a filter that cannot be asked for would show nothing at all.
                continue
