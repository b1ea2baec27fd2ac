"""When two errors are the same failure: a short name that does not depend on numbers, paths, ids and values.

Made of the source, the type of the exception, its message without what changes from time to time, and the
innermost frames of the program's own code without their line numbers. Pure. A change of what it gives for
anything raises `VERSION`, which it begins with: groups of errors are kept by it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b

VERSION = 1
MESSAGE = 300
"""Characters of the message that count, after what changes was taken out."""
FRAMES = 3
_LOOKED_AT = 4_000
_LINES = 1_000


@dataclass(frozen=True, slots=True)
class Failure:
    """What counts of an error. `kind` is the exception's type without its module; empty if there is none."""

    source: str
    kind: str
    message: str
    frames: tuple[str, ...] = ()

    @property
    def fingerprint(self) -> str:
        """`VERSION.` and 16 hexadecimal digits."""
        parts = [self.source, self.kind, normalised(self.message), *self.frames]
        data = "\0".join(parts).encode("utf-8", "backslashreplace")
        return f"{VERSION}.{blake2b(data, digest_size=8).hexdigest()}"


def failure(source: str, message: str, lines: Sequence[str]) -> Failure:
    """Of an error in a log: its first line without time, level and name, and all of its lines."""
    kind, said = _exception(lines[-_LINES:])
    frames = tuple(_own_frames(lines[-_LINES:]))[-FRAMES:]
    return Failure(source, kind, said if kind else message, frames)


def normalised(message: str) -> str:
    """The message with a mark in place of each part that changes; normalising twice changes nothing more."""
    text = " ".join(message[:_LOOKED_AT].split())
    for pattern, mark in _parts():
        text = pattern.sub(mark, text)
    return text[:MESSAGE].rstrip()


@cache
def _parts() -> tuple[tuple[re.Pattern[str], str], ...]:
    """In this order: what is longer and more particular goes first."""
    number = r"(?<![A-Za-z_<\d])[-+]?\d[\d.,_]*(?:e[-+]?\d+)?"
    return (
        (re.compile(r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b", re.IGNORECASE), "<uuid>"),
        (re.compile(r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"<>)]+", re.IGNORECASE), "<url>"),
        (
            re.compile(r"torch\.Size\(\[[\d, ]*\]\)|\[\d+(?:, ?\d+)+\]|\(\d+(?:, ?\d+)+\)|\b\d+(?:x\d+)+\b"),
            "<shape>",
        ),
        (re.compile(r"(?:(?<=^)|(?<=[\s'\"(=:]))(?:[A-Za-z]:[\\/]|~?/)[^\s'\":,;()<>]+"), "<path>"),
        (re.compile(r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`"), "<value>"),
        (re.compile(r"\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b", re.IGNORECASE), "<hex>"),
        (re.compile(number, re.IGNORECASE), "<n>"),
    )


# -- tracebacks ----------------------------------------------------------------------------------------
@cache
def _frame() -> re.Pattern[str]:
    return re.compile(r'\s{1,12}File "(?P<file>[^"]{1,1000})", line \d{1,9}, in (?P<name>.{1,200})')


@cache
def _raised() -> re.Pattern[str]:
    return re.compile(r"(?P<kind>(?:[A-Za-z_]\w{0,80}\.){0,10}[A-Za-z_]\w{0,80})(?:: (?P<said>.*))?$")


def _exception(lines: Sequence[str]) -> tuple[str, str]:
    """Type and message of the exception that the last traceback ends with; empty texts if there is none."""
    last = max((number for number, line in enumerate(lines) if _frame().match(line)), default=None)
    if last is None:
        return "", ""
    for line in lines[last + 1 :]:
        if line and not line[0].isspace() and (found := _raised().match(line[:_LOOKED_AT])):
            return found["kind"].rpartition(".")[2], found["said"] or ""
    return "", ""


def _own_frames(lines: Sequence[str]) -> Iterator[str]:
    """`custom_nodes/x/nodes.py:load` of each frame that is neither Python's nor of an installed package."""
    for line in lines:
        found = _frame().match(line)
        if found is None:
            continue
        path = found["file"].replace("\\", "/")
        if is_own(path):
            yield f"{_short(path)}:{found['name']}"


def frame_file(line: str) -> str | None:
    """The file that a line of a traceback names, with `/`; None of a line that begins no frame."""
    found = _frame().match(line)
    return None if found is None else found["file"].replace("\\", "/")


def is_own(path: str) -> bool:
    """Whether a file is neither Python's nor of an installed package."""
    return not re.search(r"/(?:site|dist)-packages/|/lib/python\d|^<frozen", path, re.IGNORECASE)


def _short(path: str) -> str:
    """From custom_nodes on, else the last two parts: the same on each machine."""
    _, found, rest = path.rpartition("/custom_nodes/")
    return f"custom_nodes/{rest}" if found else "/".join(path.split("/")[-2:])
