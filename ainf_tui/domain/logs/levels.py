"""How grave a log line is: the words that programs use for it, and what a line without one is taken for."""

from __future__ import annotations

import re
from enum import IntEnum
from functools import cache


class Level(IntEnum):
    """Ordered: a minimum level is a comparison."""

    DEBUG = 10
    INFO = 20
    WARNING = 30
    ERROR = 40
    CRITICAL = 50

    __hash__ = int.__hash__  # Enum's own, by name, is Python: each error is counted by its level

    @property
    def word(self) -> str:
        """As it stands in settings, options and JSON."""
        return self.name.lower()


WORDS = tuple(level.word for level in Level)

_NAMES = {
    "trace": Level.DEBUG,
    "debug": Level.DEBUG,
    "verbose": Level.DEBUG,
    "info": Level.INFO,
    "information": Level.INFO,
    "notice": Level.INFO,
    "success": Level.INFO,
    "log": Level.INFO,
    "warn": Level.WARNING,
    "warning": Level.WARNING,
    "err": Level.ERROR,
    "error": Level.ERROR,
    "severe": Level.ERROR,
    "crit": Level.CRITICAL,
    "critical": Level.CRITICAL,
    "fatal": Level.CRITICAL,
    "panic": Level.CRITICAL,
    "alert": Level.CRITICAL,
    "emerg": Level.CRITICAL,
    "emergency": Level.CRITICAL,
}

LEVEL_WORD = (
    r"(?:TRACE|DEBUG\d?|VERBOSE|INFO|NOTICE|SUCCESS|LOG|WARN(?:ING)?|ERROR|ERR|CRITICAL|CRIT|FATAL|PANIC"
    r"|ALERT|EMERG)"
)
"""A regular expression for the words above as programs print them."""

_SEVERITIES = (
    Level.CRITICAL,
    Level.CRITICAL,
    Level.CRITICAL,
    Level.ERROR,
    Level.WARNING,
    Level.INFO,
    Level.INFO,
    Level.DEBUG,
)

LOOKED_AT = 400
"""Characters from the beginning of a line in which a word may tell its level."""


def level_of(word: str) -> Level | None:
    """The level that a word names, in any case and with PostgreSQL's digits (`DEBUG1`); else None."""
    return _NAMES.get(word.strip().lower().rstrip("0123456789"))


def level_of_severity(number: int) -> Level:
    """Of syslog's severity, 0 (emergency) to 7 (debug); RFC 5424, section 6.2.1."""
    return _SEVERITIES[min(7, max(0, number))]


def level_of_number(value: float) -> Level:
    """Of a number in a JSON line: Python's and bunyan's scales both count upwards in tens."""
    for level in reversed(Level):
        if value >= level:
            return level
    return Level.DEBUG


def inferred(text: str) -> Level | None:
    """The level that the words of a line suggest; None: nothing in it does.

    Only words in capitals count anywhere; small ones count at the beginning, with a colon, so that
    `0 errors found` stays what it is.
    """
    head = text[:LOOKED_AT]
    low = head.lower()
    if not any(hint in low for hint in _HINTS):
        return None
    for level, pattern in _patterns():
        if pattern.search(head):
            return level
    return None


_HINTS = (
    *(
        "error",
        "warn",
        "exception",
        "traceback",
        "critical",
        "fatal",
        "panic",
        "fault",
        "failed",
        "could not",
    ),
    *("import", "prompt", "xid", "memory", "oom", "killed"),
)
"""What matches a pattern below holds one of these; most lines hold none, and are done with."""


@cache
def _patterns() -> tuple[tuple[Level, re.Pattern[str]], ...]:
    critical = r"\b(?:CRITICAL|FATAL|PANIC)\b|^\s*fatal:|^Segmentation fault|^Fatal Python error"
    error = (
        r"^\s*Traceback \(most recent call last\)|^!!! Exception|\bERROR\b|\(IMPORT FAILED\)"
        r"|^\s*(?i:error)\b[:\s]|^(?:\w+\.){0,8}\w{0,60}(?:Error|Exception)(?::|$)|: (?:fatal )?error:"
        r"|^(?:Exception in thread|Unhandled exception|Uncaught exception|Error handling request)"
        r"|^Cannot import \S+ module|^Failed to validate prompt|^invalid prompt:|NVRM: Xid"
        r"|Out of memory: Kill|oom-kill|^Killed$"
    )
    warning = r"\bWARN(?:ING)?\b|\w{0,40}Warning: |^\s*(?i:warn(?:ing)?)\b[:\s]|^Failed to |^Could not "
    return (
        (Level.CRITICAL, re.compile(critical)),
        (Level.ERROR, re.compile(error)),
        (Level.WARNING, re.compile(warning)),
    )
