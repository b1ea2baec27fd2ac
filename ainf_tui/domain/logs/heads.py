"""What the beginning of a line says: which program's format it is, when, how grave, who, and the message.

A line that is recognised here begins a record. All others are left to `fold`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import datetime
from functools import cache
from typing import Any

from ainf_tui.domain.logs.clock import MONTHS, Clock, dated
from ainf_tui.domain.logs.head import Head
from ainf_tui.domain.logs.heads_short import glog, logfmt, of_the_hour
from ainf_tui.domain.logs.levels import (
    LEVEL_WORD,
    Level,
    inferred,
    level_of,
    level_of_number,
    level_of_severity,
)

HEAD = 4096
"""Characters of a line in which its head is looked for; a JSON line is read up to `JSON_LIMIT`."""
JSON_LIMIT = 262_144
TRACEBACK = "Traceback (most recent call last)"


def read_head(text: str, clock: Clock) -> Head | None:
    """The head of a shown line; None if no format is recognised. Never raises, linear in the length."""
    first = text[:1]
    if first == "{":
        return _json(text, clock)
    head = text[:HEAD]
    reader = {"[": _bracket, "<": _syslog, "0": _number, "A": _letter}.get(_kind(first))
    found = reader(head, clock) if reader is not None else None
    if found is None:
        found = _plain(head)
    if found is None or len(text) <= HEAD:
        return found
    return _whole(found, text)


def _whole(head: Head, text: str) -> Head:
    return Head(
        head.format,
        head.message + text[HEAD:],
        head.at,
        head.level,
        head.stated,
        head.name,
        head.fields,
        head.goes_on,
    )


def _kind(first: str) -> str:
    if first.isascii():
        return "0" if first.isdigit() else "A" if first.isalpha() else first
    return ""


# -- by first character ----------------------------------------------------------------------------
def _bracket(text: str, clock: Clock) -> Head | None:
    found = _pattern("kernel").match(text)
    if found is not None:
        return _kernel(found["rest"], _ctime(found["when"], clock))
    return _dated(text, clock) or _leveled(text) or glog(text, clock) or of_the_hour(text)


def _number(text: str, clock: Clock) -> Head | None:
    return _dated(text, clock) or _redis(text, clock) or of_the_hour(text)


def _letter(text: str, clock: Clock) -> Head | None:
    return (
        _leveled(text)
        or _rfc3164(text, clock)
        or _nvidia(text, clock)
        or glog(text, clock)
        or logfmt(text, clock)
    )


# -- dated lines -----------------------------------------------------------------------------------
def _dated(text: str, clock: Clock) -> Head | None:
    found = dated().match(text)
    if found is None:
        return None
    at = clock.of_match(found)
    if at is None:
        return None
    rest = text[found.end() :]
    read = _postgres(rest, at) or _worded(rest, at)
    if read is None and found["t"] == "T" and found["z"]:
        read = _journal(rest, at)
    if read is not None:
        return read
    message = rest.lstrip(" -|:,")
    return Head("dated", message, at, inferred(message))


_DETAILS = frozenset({"DETAIL", "HINT", "STATEMENT", "CONTEXT", "QUERY", "LOCATION"})


def _postgres(rest: str, at: datetime) -> Head | None:
    found = _pattern("postgres").match(rest)
    if found is None:
        return None
    word = found["level"]
    fields = {"pid": int(found["pid"][:18])}
    if word in _DETAILS:
        message = f"{word}:  {found['rest']}"
        return Head("postgresql", message, at, name=found["who"] or "", fields=fields, goes_on=True)
    return Head("postgresql", found["rest"], at, level_of(word), True, found["who"] or "", fields)


def _worded(rest: str, at: datetime) -> Head | None:
    """Python's logging in its usual layouts, loguru, ainf's own engine.log."""
    for name in ("named", "named_last", "piped", "boxed", "bare"):
        found = _pattern(name).match(rest)
        if found is not None:
            level = level_of(found["level"])
            return Head("python", found["rest"], at, level, True, (found["name"] or "").strip(" :"))
    return None


def _journal(rest: str, at: datetime) -> Head | None:
    found = _pattern("journal").match(rest)
    if found is None:
        return None
    return _of_program(found, at)


def _of_program(found: re.Match[str], at: datetime | None, level: Level | None = None) -> Head:
    rest = found["rest"] or ""
    if found["program"] == "kernel":
        return _kernel(rest, at)
    fields: dict[str, Any] = {"host": found["host"]}
    if found["pid"]:
        fields["pid"] = int(found["pid"][:18])
    return Head("syslog", rest, at, level or inferred(rest), level is not None, found["program"], fields)


def _redis(text: str, clock: Clock) -> Head | None:
    found = _pattern("redis").match(text)
    if found is None or found["mo"] not in MONTHS:
        return None
    numbers = (int(found["y"]), MONTHS[found["mo"]], int(found["d"]))
    time = tuple(int(part) for part in found.group("h", "mi", "s"))
    at = clock.of((*numbers, *time), found["f"] or "")
    marks = {".": Level.DEBUG, "-": Level.DEBUG, "*": Level.INFO, "#": Level.WARNING}
    role = {"M": "master", "S": "replica", "C": "child", "X": "sentinel"}[found["role"]]
    return Head("redis", found["rest"], at, marks[found["mark"]], True, role, {"pid": int(found["pid"])})


# -- lines that begin with a level -----------------------------------------------------------------
def _leveled(text: str) -> Head | None:
    found = _pattern("basic").match(text)
    if found is not None:
        return Head("python", found["rest"], None, level_of(found["level"]), True, found["name"])
    found = _pattern("uvicorn").match(text)
    if found is not None:
        return Head("uvicorn", found["rest"], None, level_of(found["level"]), True)
    found = _pattern("bracketed").match(text)
    if found is not None:
        return Head("python", found["rest"], None, level_of(found["level"]), True)
    return None


# -- syslog and the kernel -------------------------------------------------------------------------
def _syslog(text: str, clock: Clock) -> Head | None:
    """RFC 5424 and RFC 3164 with their priority."""
    found = _pattern("priority").match(text)
    if found is None or int(found["pri"]) > 191:
        return None
    level, rest = level_of_severity(int(found["pri"]) % 8), text[found.end() :]
    new = _pattern("rfc5424").match(rest)
    if new is not None:
        at = None if new["when"] == "-" else clock.of_text(new["when"])
        return _of_program(new, at, level)
    return _rfc3164(rest, clock, level)


def _rfc3164(text: str, clock: Clock, level: Level | None = None) -> Head | None:
    found = _pattern("rfc3164").match(text) if text[3:4] == " " == text[6:7] else None
    if found is None or found["mo"] not in MONTHS:
        return None
    hour, minute, second = (int(part) for part in found.group("h", "mi", "s"))
    at = clock.yearless(MONTHS[found["mo"]], int(found["d"]), (hour, minute, second))
    return None if at is None else _of_program(found, at, level)


def _kernel(message: str, at: datetime | None) -> Head:
    """A message of the kernel; a driver's event number (Xid) is a field."""
    found = _pattern("xid").search(message[:HEAD])
    fields = {"xid": int(found["xid"]), "device": found["device"]} if found is not None else {}
    return Head("kernel", message, at, inferred(message) or Level.INFO, False, "kernel", fields)


def _ctime(text: str, clock: Clock) -> datetime | None:
    """`Thu Nov 26 08:11:02 2026`."""
    found = _pattern("ctime").match(text) if text[3:4] == " " == text[7:8] else None
    if found is None or found["mo"] not in MONTHS:
        return None
    time = tuple(int(part) for part in found.group("h", "mi", "s"))
    return clock.of((int(found["y"]), MONTHS[found["mo"]], int(found["d"]), *time))


def _nvidia(text: str, clock: Clock) -> Head | None:
    """The line with which nvidia-smi begins a report."""
    at = _ctime(text.rstrip(), clock)
    return None if at is None else Head("nvidia", text.rstrip(), at, Level.INFO, False, "nvidia-smi")


# -- JSON lines ------------------------------------------------------------------------------------
_TIMES = ("ts", "time", "timestamp", "@timestamp", "at", "asctime")
_LEVELS = ("level", "severity", "levelname", "lvl")
_MESSAGES = ("message", "msg", "event", "text")
_SOURCES = ("service", "logger", "name", "component")


def _json(text: str, clock: Clock) -> Head | None:
    if len(text) > JSON_LIMIT or not text.rstrip().endswith("}"):
        return None
    try:
        value = json.loads(text)
    except (ValueError, RecursionError):
        return None
    if not isinstance(value, dict) or not value.keys() & {*_TIMES, *_LEVELS, *_MESSAGES}:
        return None
    taken = {name: _first(value, names) for name, names in _NAMES.items()}
    level = _json_level(value.get(taken["level"]))
    message = value.get(taken["message"], "")
    rest = {key: item for key, item in value.items() if key not in taken.values()}
    return Head(
        "json",
        message if isinstance(message, str) else json.dumps(message, ensure_ascii=False),
        _json_time(value.get(taken["at"]), clock),
        level,
        level is not None,
        str(value.get(taken["name"], "")),
        rest,
    )


_NAMES = {"at": _TIMES, "level": _LEVELS, "message": _MESSAGES, "name": _SOURCES}


def _first(value: Mapping[str, Any], names: tuple[str, ...]) -> str:
    return next((name for name in names if name in value), "")


def _json_level(value: object) -> Level | None:
    if isinstance(value, str):
        return level_of(value)
    return level_of_number(value) if isinstance(value, int | float) and not isinstance(value, bool) else None


def _json_time(value: object, clock: Clock) -> datetime | None:
    if isinstance(value, str):
        return clock.of_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool):
        try:
            return clock.of_number(float(value))
        except OverflowError:
            return None
    return None


# -- ComfyUI and progress bars, which print as they like --------------------------------------------
def _plain(text: str) -> Head | None:
    found = _pattern("tqdm").search(text) if "%|" in text else None
    if found is not None:
        fields = {"done": int(found["done"]), "total": int(found["total"])}
        return Head("tqdm", text.strip(), None, Level.INFO, False, "", fields)
    if _pattern("comfyui").match(text) is None:
        return None
    return Head("comfyui", text, None, inferred(text), False, "")


_AFTER_LEVEL = r"\s*[:|-]?\s*(?:\[?(?P<name>[A-Za-z_][\w.]{0,80})\]?:\s)?(?P<rest>.*)"
_PATTERNS = {
    "postgres": r"\s*\[(?P<pid>\d+)\](?:[-:]\d+)?:?\s+(?:(?P<who>[^\s@]*@\S*)\s+)?"
    r"(?P<level>LOG|ERROR|FATAL|PANIC|WARNING|NOTICE|INFO|DEBUG\d?|DETAIL|HINT|STATEMENT|CONTEXT|QUERY"
    r"|LOCATION):\s+(?P<rest>.*)",
    "named": rf"\s*-\s+(?P<name>[^\s-][^-]{{0,80}}?|[\w.-]{{1,80}})\s+-\s+(?P<level>{LEVEL_WORD})"
    r"\s+-\s+(?P<rest>.*)",
    "named_last": rf"\s*-\s+(?P<level>{LEVEL_WORD})\s+-\s+(?:(?P<name>[\w.-]{{1,80}})\s+-\s+)?(?P<rest>.*)",
    "piped": rf"\s*\|\s*(?P<level>{LEVEL_WORD})\s*\|\s*(?P<name>\S{{1,120}})\s+-\s+(?P<rest>.*)",
    "boxed": rf"[\s,|-]*\[\s*(?i:(?P<level>{LEVEL_WORD}))\s*\]{_AFTER_LEVEL}",
    "bare": rf"[\s,|-]*(?P<level>{LEVEL_WORD})(?![\w-]){_AFTER_LEVEL}",
    "journal": r"\s+(?P<host>[\w.-]{1,255})\s+(?P<program>[\w./@()-]{1,80})"
    r"(?:\[(?P<pid>\d+)\])?:\s(?P<rest>.*)",
    "rfc3164": r"(?P<mo>[A-Z][a-z]{2}) (?P<d>[ \d]\d) (?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d) "
    r"(?P<host>[\w.:-]{1,255}) (?P<program>[\w./@() -]{1,80}?)(?:\[(?P<pid>\d+)\])?:\s(?P<rest>.*)",
    "rfc5424": r"1 (?P<when>\S{1,40}) (?P<host>\S{1,255}) (?P<program>\S{1,48}) "
    r"(?:(?P<pid>\d{1,18})|\S{1,128}) \S{1,32} (?:-|\[.{0,2000}?\])(?: (?P<rest>.*))?",
    "priority": r"<(?P<pri>\d{1,3})>",
    "kernel": r"\[\s*(?P<when>\d+\.\d{6}|[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4})\]"
    r" (?P<rest>.*)",
    "ctime": r"[A-Z][a-z]{2} (?P<mo>[A-Z][a-z]{2}) (?P<d>[ \d]\d) (?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d) "
    r"(?P<y>\d{4})$",
    "xid": r"NVRM: Xid \((?P<device>[^)]{1,40})\): (?P<xid>\d{1,4})",
    "redis": r"(?P<pid>\d{1,10}):(?P<role>[MSCX]) (?P<d>\d{1,2}) (?P<mo>[A-Z][a-z]{2}) (?P<y>\d{4}) "
    r"(?P<h>\d\d):(?P<mi>\d\d):(?P<s>\d\d)(?:\.(?P<f>\d{1,6}))? (?P<mark>[.*#-]) (?P<rest>.*)",
    "basic": rf"(?P<level>{LEVEL_WORD}):(?P<name>[A-Za-z_][\w.-]{{0,80}}):(?P<rest>.*)",
    "uvicorn": rf"(?P<level>{LEVEL_WORD}): {{1,8}}(?P<rest>.*)",
    "bracketed": rf"\[\s*(?i:(?P<level>{LEVEL_WORD}))\s*\]\s*:?\s*(?P<rest>.*)",
    "tqdm": r"\d{1,3}%\|[^|]{0,300}\| *(?P<done>\d{1,15})/(?P<total>\d{1,15}) \[",
    "comfyui": r"got prompt|Prompt executed in |!!! Exception during processing|Failed to validate prompt"
    r"|invalid prompt:|Processing interrupted|Interrupting prompt|Requested to load "
    r"|loaded (?:completely|partially)"
    r"|Import times for custom nodes|Prestartup times for custom nodes|Starting server|To see the GUI"
    r"|\[Prompt Server\]|Total VRAM|pytorch version:|Set vram state|ComfyUI version|Device: "
    r"|Error handling request|Exception in thread|Unhandled exception|Cannot import "
    r"|### Loading: |FETCH |\[ComfyUI-Manager\]|## ComfyUI-Manager|model_type "
    r"|model weight dtype|Using .{1,60} attention",
}


@cache
def _pattern(name: str) -> re.Pattern[str]:
    return re.compile(_PATTERNS[name], re.DOTALL)
