"""Shorter heads: those of PyTorch (glog), logfmt, and lines that say the hour only."""

from __future__ import annotations

import re
from functools import cache

from ainf_tui.domain.logs.clock import Clock
from ainf_tui.domain.logs.head import Head
from ainf_tui.domain.logs.levels import LEVEL_WORD, Level, level_of

_LETTERS = {"I": Level.INFO, "W": Level.WARNING, "E": Level.ERROR, "F": Level.CRITICAL}
_FIELDS = 4096
"""Characters of a logfmt line that are taken apart."""


def glog(text: str, clock: Clock) -> Head | None:
    """`E1126 08:11:02.123456 71 file.cc:12] message`, also in brackets and behind the rank of a process."""
    if not text[1:3].isdigit() and text[:1] != "[":
        return None  # As nearly every line: an expression costs more.
    found = _glog().match(text)
    if found is None:
        return None
    month, day = int(found["mo"]), int(found["d"])
    hour, minute, second = (int(part) for part in found.group("h", "mi", "s"))
    at = clock.yearless(month, day, (hour, minute, second))
    if at is None:
        return None
    at = at.replace(microsecond=int((found["f"] + "000000")[:6]))
    return Head("glog", found["rest"], at, _LETTERS[found["level"]], True, found["place"])


def logfmt(text: str, clock: Clock) -> Head | None:
    """`time=2026-11-26T08:11:02Z level=error msg="no luck" code=7`, as programs written in Go say it."""
    if "=" not in text[:12] or _logfmt().match(text) is None:
        return None
    fields = {key: _unquoted(value) for key, value in _pairs().findall(text[:_FIELDS])}
    level = level_of(fields.pop("level", fields.pop("lvl", "")))
    said = next((fields.pop(name) for name in ("time", "ts", "t") if name in fields), "")
    message = next((fields.pop(name) for name in ("msg", "message") if name in fields), "")
    if level is None and not message:
        return None
    name = next((fields.pop(name) for name in ("logger", "component") if name in fields), "")
    return Head("logfmt", message or text, clock.of_text(said), level, level is not None, name, fields)


def of_the_hour(text: str) -> Head | None:
    """`08:11:02-123456 ERROR  message`, `[08:11:02] [ERROR] message`: the level counts. The day is not said,
    so the time is not taken either.
    """
    place = text[0] == "["
    if text[place + 2 : place + 3] != ":":
        return None
    found = _of_the_hour().match(text)
    if found is None:
        return None
    fields = {"clock": found["clock"]}
    level = level_of(found["boxed"] or found["bare"])
    return Head("python", found["rest"], None, level, True, found["name"] or "", fields)


def _unquoted(value: str) -> str:
    if value[:1] != '"':
        return value
    return value[1:-1].replace('\\"', '"').replace("\\n", "\n").replace("\\\\", "\\")


@cache
def _glog() -> re.Pattern[str]:
    return re.compile(
        r"(?:\[rank ?\d{1,6}\]:)?\[?(?P<level>[IWEF])(?P<mo>[01]\d)(?P<d>[0-3]\d) +"
        r"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)\.(?P<f>\d{1,9})(?: +\d{1,18})? "
        r"(?P<place>[^\s\]]{1,200}:\d{1,9})\] ?(?P<rest>.*)",
        re.DOTALL,
    )


@cache
def _logfmt() -> re.Pattern[str]:
    return re.compile(r"(?:time|ts|t|level|lvl)=\S")


@cache
def _pairs() -> re.Pattern[str]:
    return re.compile(r'([A-Za-z_@][\w.@-]{0,60})=("(?:[^"\\]|\\.)*"|[^\s"]*)')


@cache
def _of_the_hour() -> re.Pattern[str]:
    return re.compile(
        r"\[?(?P<clock>\d\d:\d\d:\d\d(?:[.,-]\d{1,9})?)\]?[\s|,-]*"
        rf"(?:\[\s*(?i:(?P<boxed>{LEVEL_WORD}))\s*\]|(?P<bare>{LEVEL_WORD})(?![\w-]))"
        r"\s*[:|-]?\s*(?:\[?(?P<name>[A-Za-z_][\w.]{0,80})\]?:\s)?(?P<rest>.*)",
        re.DOTALL,
    )
