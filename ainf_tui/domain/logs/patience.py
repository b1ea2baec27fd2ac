"""Expressions of people, which may match in more ways than anybody waits for: they give up after a while.

Python's own `re` cannot be interrupted in a thread, and holds all others meanwhile.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from functools import cache, cached_property
from typing import Protocol

from ainf_tui.errors import UsageError

SECONDS = 0.5
"""For one look at a text."""
_SLOW = 0.05
"""A look at a line that takes so long counts; all of them together may take `SECONDS`.

Those of the thread's own CPU.
"""
_LINE = 20_000
_REPEATS = re.compile(r"[*+{]")
_ESCAPED = re.compile(r"\\.", re.DOTALL)


class Match(Protocol):
    """Of `re` or `regex`."""

    def span(self) -> tuple[int, int]: ...
    def start(self) -> int: ...
    def end(self) -> int: ...


class Pattern(Protocol):
    """What is used of `re.Pattern`. UsageError `logs.slow_pattern` from either method."""

    @property
    def pattern(self) -> str: ...
    @property
    def flags(self) -> int: ...
    def search(self, string: str, /) -> Match | None: ...
    def finditer(self, string: str, /) -> Iterator[Match]: ...


class _Regex(Protocol):
    """What is used of `regex.Pattern`."""

    def search(self, string: str, *, timeout: float) -> Match | None: ...
    def finditer(self, string: str, *, timeout: float) -> Iterator[Match]: ...


def patient(pattern: re.Pattern[str]) -> Pattern:
    """The same; one that repeats something gives up after a while."""
    return Patient(pattern) if _REPEATS.search(_ESCAPED.sub("", pattern.pattern)) else pattern


class Patient:
    """Implements `Pattern` by `regex`, which has deadlines and holds nobody up."""

    def __init__(self, pattern: re.Pattern[str]) -> None:
        self.pattern = pattern.pattern
        self.flags = pattern.flags
        self._spent = 0.0

    @cached_property
    def _regex(self) -> _Regex:
        import regex  # noqa: PLC0415 - 30 ms that only such an expression costs

        try:
            found: _Regex = regex.compile(self.pattern, self.flags & (re.MULTILINE | re.IGNORECASE))
        except regex.error as error:
            raise UsageError(
                "logs.bad_pattern",
                f"{self.pattern!r} cannot be looked for: {error}",
                hint="A backslash before . * + ? ( ) [ ] { } | ^ $ makes it an ordinary character.",
            ) from error
        return found

    def search(self, string: str, /) -> Match | None:
        began = time.monotonic()
        try:
            found = self._regex.search(string, timeout=SECONDS)
        except TimeoutError:
            raise too_slow(self.pattern) from None
        if time.monotonic() - began > _SLOW:
            self._count(string, lambda: self._regex.search(string, timeout=SECONDS))
        return found

    def finditer(self, string: str, /) -> Iterator[Match]:
        began = time.monotonic()
        try:
            yield from self._regex.finditer(string, timeout=SECONDS)
        except TimeoutError:
            raise too_slow(self.pattern) from None
        if time.monotonic() - began > _SLOW:
            self._count(string, lambda: [*self._regex.finditer(string, timeout=SECONDS)])

    def _count(self, string: str, look: Callable[[], object]) -> None:
        """Once more by the thread's own CPU, whose clock is too slow to be asked for each line: on a busy
        box a look may have waited for a core.
        """
        if len(string) > _LINE:
            return
        began = time.thread_time()
        try:
            look()
        except TimeoutError:
            raise too_slow(self.pattern) from None
        seconds = time.thread_time() - began
        if seconds > _SLOW:
            self._spent += seconds
        if self._spent > SECONDS:
            raise too_slow(self.pattern)


class _Bytes(Protocol):
    """What is used of a `regex.Pattern` of bytes."""

    def search(self, string: bytes, pos: int) -> Match | None: ...


@cache
def caseless(text: bytes) -> Callable[[bytes, int], int]:
    """Finds a text in ASCII from a place on, its letters of any size; -1: it is nowhere."""
    import regex  # noqa: PLC0415 - 30 ms that only a search costs

    # Python's own would look at each place for itself: thirty times as slow.
    pattern: _Bytes = regex.compile(regex.escape(text), regex.IGNORECASE)

    def find(data: bytes, place: int) -> int:
        found = pattern.search(data, place)
        return -1 if found is None else found.start()

    return find


def too_slow(pattern: str) -> UsageError:
    return UsageError(
        "logs.slow_pattern",
        f"it took too long: {pattern!r} can match in too many ways",
        hint="Repetitions within repetitions, as (a+)+, do that. Name what stands between them.",
        details={"pattern": pattern},
    )
