"""config.toml as data, and the line on which each key stands.

tomllib gives values without places; people need the place. The scanner below finds keys by the
few rules of TOML that matter for that (tables, dotted and quoted keys, values over several lines).
It runs only on text that tomllib has accepted.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from ainf_tui.errors import UsageError
from ainf_tui.frozen import frozen

Key = tuple[str, ...]

_PART = r"""[A-Za-z0-9_-]+|"(?:[^"\\]|\\.)*"|'[^']*'"""
_DOTTED = rf"(?:{_PART})(?:[ \t]*\.[ \t]*(?:{_PART}))*"
_TABLE = rf"[ \t]*\[{{1,2}}[ \t]*({_DOTTED})[ \t]*\]{{1,2}}"
_ENTRY = rf"[ \t]*({_DOTTED})[ \t]*="
# What matters inside a value: strings (skipped whole), comments, and brackets that keep it open.
_MARK = (
    r'"""(?:[^\\]|\\.)*?"{3,5}'
    r"|'''.*?'{3,5}"
    r'|"(?:[^"\\\n]|\\.)*"'
    r"|'[^'\n]*'"
    r"|#[^\n]*|[\[\]{}]|\n"
)


@frozen
class TomlFile:
    """What the file says. `lines` maps the path of a key or table to its line, from 1."""

    path: Path
    data: Mapping[str, Any]
    lines: Mapping[Key, int]

    def line(self, key: Key) -> int | None:
        """Line of the key, else of the nearest table around it."""
        for length in range(len(key), 0, -1):
            if key[:length] in self.lines:
                return self.lines[key[:length]]
        return None


def read_toml(path: Path) -> TomlFile:
    """Reads the file; one that is not there is empty.

    UsageError `config.unreadable` or `config.bad_toml`, naming file and line.
    """
    try:
        raw = path.read_bytes()
    except FileNotFoundError:
        return TomlFile(path, {}, {})
    except OSError as error:
        raise UsageError(
            "config.unreadable",
            f"{path} cannot be read: {error.strerror}",
            hint="Make it a file that you may read, or move it away to use the defaults.",
            details={"file": str(path)},
        ) from error
    return parse_toml(raw, path)


def parse_toml(raw: bytes, path: Path) -> TomlFile:
    """UsageError `config.bad_toml` with the line when it is not TOML in UTF-8."""
    import tomllib  # noqa: PLC0415 - 5 ms that a start without a config file need not pay

    try:
        text = raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(path, raw[: error.start].count(b"\n") + 1, "is not UTF-8 text") from error
    try:
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"at line (\d+)", str(error))
        line = int(found.group(1)) if found else text.count("\n") + 1
        raise _bad(path, line, str(error)) from error
    except RecursionError as error:
        raise _bad(path, 1, "is nested too deeply") from error
    return TomlFile(path, data, key_lines(text))


def _bad(path: Path, line: int, reason: str) -> UsageError:
    return UsageError(
        "config.bad_toml",
        f"{path}:{line}: {reason}",
        hint="Texts stand in quotes and each setting on a line of its own: name = value",
        details={"file": str(path), "line": line},
    )


def key_lines(text: str) -> dict[Key, int]:
    """The first line, from 1, of every table and key of a valid TOML text.

    Keys inside inline tables and arrays are not listed; the key that holds them is.
    """
    lines: dict[Key, int] = {}
    table: Key = ()
    for number, statement in _statements(text.replace("\r\n", "\n")):
        if found := re.match(_TABLE, statement):
            table = _split(found.group(1))
            _note(lines, table, number)
        elif found := re.match(_ENTRY, statement):
            _note(lines, table + _split(found.group(1)), number)
    return lines


def _note(lines: dict[Key, int], key: Key, number: int) -> None:
    for length in range(1, len(key) + 1):
        lines.setdefault(key[:length], number)


def _statements(text: str) -> Iterator[tuple[int, str]]:
    """Logical lines with the number of their first physical one."""
    start, first, number, depth = 0, 1, 1, 0
    for found in re.finditer(_MARK, text, re.DOTALL):
        mark = found.group()
        if mark == "\n":
            number += 1
            if depth == 0:
                yield first, text[start : found.start()]
                start, first = found.end(), number
        elif mark in "[{":
            depth += 1
        elif mark in "]}":
            depth -= 1
        else:
            number += mark.count("\n")
    yield first, text[start:]


def _split(dotted: str) -> Key:
    return tuple(_unquote(part) for part in re.findall(_PART, dotted))


def _unquote(part: str) -> str:
    if part.startswith("'"):
        return part[1:-1]
    if not part.startswith('"'):
        return part
    import tomllib  # noqa: PLC0415 - already loaded by whoever has TOML text

    return str(tomllib.loads(f"key = {part}")["key"])
