"""When two errors are the same failure: a short name that does not depend on numbers, paths, ids and values.

Made of the source, the type of the exception, its message without what changes from time to time, and the
innermost frames of the program's own code without their line numbers. Pure. A change of what it gives for
anything raises `VERSION`, which it begins with: groups of errors are kept by it.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from hashlib import blake2b
from itertools import takewhile

VERSION = 2
MESSAGE = 300
"""Characters of the message that count, after what changes was taken out."""
FRAMES = 3
_LOOKED_AT = 4_000
_LINES = 1_000
_GROUP = "+ Exception Group Traceback ("
_KIND = 80
"""Characters of the name of an exception, at most."""
_FRAME = 1_300
"""Characters of the longest line that `_frame` matches."""


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
    return Failure(source, *failing(message, lines))


def failing(message: str, lines: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    """Its kind, message and frames."""
    if len(lines) > _LINES:
        lines = lines[-_LINES:]
    kind, said, frames = _traceback(lines)
    return kind, said if kind else _refused(message, lines) or message, frames


def normalised(message: str) -> str:
    """The message with a mark in place of each part that changes; normalising twice changes nothing more."""
    text = " ".join(message[:_LOOKED_AT].split())
    for part in _parts():
        text = part.sub(text)
    return text[:MESSAGE].rstrip()


def masked(message: str) -> str:
    """Another message that is normalised to the same text, at a tenth of the cost: each number that stands
    alone becomes 1. A key for what is made once for many messages.

    A number beside a letter, a point or a sign may be part of something whose length counts: it stays.
    """
    return _alone().sub("1", message[:_LOOKED_AT])


@cache
def _alone() -> re.Pattern[str]:
    return re.compile(r"(?<![\w<.+-])[0-9]+(?![\w.+-])")


@dataclass(frozen=True, slots=True)
class _Part:
    """What changes. It holds one of the texts `hints`, or, where there are none, a digit."""

    pattern: re.Pattern[str]
    mark: str
    hints: tuple[str, ...] = ()

    def sub(self, text: str) -> str:
        """Most messages lack most parts: looking for a letter costs a tenth of looking for a pattern."""
        there = any(hint in text for hint in self.hints) if self.hints else _digit().search(text)
        return self.pattern.sub(self.mark, text) if there else text


@cache
def _digit() -> re.Pattern[str]:
    return re.compile(r"\d")


@cache
def _parts() -> tuple[_Part, ...]:
    """In this order: what is longer and more particular goes first."""
    uuid = r"\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b"
    url = r"\b[a-z][a-z0-9+.-]{1,15}://[^\s'\"<>)]+"
    shape = r"\[\d+(?:, ?\d+)+\]|\(\d+(?:, ?\d+)+\)|\b\d+(?:x\d+)+\b"
    path = r"(?:(?<=^)|(?<=[\s'\"(=:]))(?:[A-Za-z]:[\\/]|~?/)[^\s'\":,;()<>]+"
    value = r"'[^'\n]*'|\"[^\"\n]*\"|`[^`\n]*`"
    hexa = r"\b0x[0-9a-f]+\b|\b(?=[a-f]*\d)(?=\d*[a-f])[0-9a-f]{8,}\b"
    number = r"(?<![A-Za-z_<\d])[-+]?\d[\d.,_]*(?:e[-+]?\d+)?"
    return (
        _Part(re.compile(uuid, re.IGNORECASE), "<uuid>", ("-",)),
        _Part(re.compile(url, re.IGNORECASE), "<url>", ("://",)),
        _Part(re.compile(rf"torch\.Size\(\[[\d, ]*\]\)|{shape}"), "<shape>", ("[", "(", "x")),
        _Part(re.compile(path), "<path>", ("/", "\\")),
        _Part(re.compile(value), "<value>", ("'", '"', "`")),
        _Part(re.compile(hexa, re.IGNORECASE), "<hex>"),
        _Part(re.compile(number, re.IGNORECASE), "<n>"),
    )


# -- what ComfyUI has against a prompt -----------------------------------------------------------------
def _refused(message: str, lines: Sequence[str]) -> str:
    """Why it refused a prompt, from what it logs of that; empty for all else.

    The reason stands in quotes, as values do that do not count, or in the lines below the first one (its
    execution.py: validate_prompt), so that all that was ever refused would be one failure.
    """
    if message.startswith("invalid prompt: {"):
        found = _invalid().search(message[:_LOOKED_AT])
        return f"{found['type']}: {found['said']}" if found else ""
    if not message.startswith("Failed to validate prompt for output"):
        return ""
    reasons: dict[str, None] = {}
    node = ""
    for line in lines:
        if (named := _node().match(line)) is not None:
            node = named["cls"]
        elif line.startswith("  - "):
            reasons[f"{node}: {line[4:]}"] = None
    return "; ".join(reasons)


@cache
def _invalid() -> re.Pattern[str]:
    return re.compile(r"'type': '(?P<type>\w{1,100})', 'message': (?P<quote>['\"])(?P<said>.*?)(?P=quote), '")


@cache
def _node() -> re.Pattern[str]:
    return re.compile(r"\* (?P<cls>.{1,200}?)(?: \S{1,100})?:$")


# -- tracebacks ----------------------------------------------------------------------------------------
@cache
def _frame() -> re.Pattern[str]:
    return re.compile(r'\s{1,12}File "(?P<file>[^"]{1,1000})", line \d{1,9}, in (?P<name>.{1,200})')


@cache
def _raised() -> re.Pattern[str]:
    # ComfyUI names the module of a custom node by its path, and so Python names its exceptions:
    # `/srv/ComfyUI/custom_nodes/Some-Node.nodes.SomeError`.
    path = r"(?:(?:[A-Za-z]:)?[\\/][^:\n]{1,400}[\\/][^:.\\/\n]{1,100}\.)?"
    name = r"(?:(?:[A-Za-z_]\w{0,80}|<locals>)\.){0,10}[A-Za-z_]\w{0,80}"
    return re.compile(rf"(?P<kind>{path}{name})(?:: (?P<said>.*))?$")


def _traceback(lines: Sequence[str]) -> tuple[str, str, tuple[str, ...]]:
    """Type and message of the exception that the last traceback ends with, and the innermost own frames."""
    lines = _of_group(lines)
    found: list[str] = []
    last = -1
    for number, line in enumerate(lines):
        if 'File "' in line and line[0].isspace() and (own := _own_frame(line)) is not None:
            last = number
            if own:
                found.append(own)
    if last < 0:
        return "", "", ()
    kind, said = _exception(lines[last + 1 :])
    return kind, said, tuple(found[-FRAMES:])


def _of_group(lines: Sequence[str]) -> Sequence[str]:
    """Of the traceback of an exception group its own, as that of any other exception."""
    first = next((number for number, line in enumerate(lines) if _GROUP in line[:_LOOKED_AT]), None)
    if first is None:
        return lines
    own = lines[first][: lines[first].find("+")] + "|"
    begun = takewhile(lambda line: line.startswith(own), lines[first + 1 :])
    return [*lines[:first], *(line[len(own) + 1 :] for line in begun)]


def _exception(lines: Sequence[str]) -> tuple[str, str]:
    """Of the first of these lines that tells one; empty texts if there is none."""
    for line in lines:
        if not line or line[0].isspace():
            continue
        kind, _, said = line[:_LOOKED_AT].partition(": ")
        if len(kind) <= _KIND and kind.isascii() and kind.isidentifier() and said.isprintable():
            return kind, said  # as nearly all: the same as below, in half the time
        if found := _raised().match(line[:_LOOKED_AT]):
            return found["kind"].rpartition(".")[2], found["said"] or ""
    return "", ""


def _own_frame(line: str) -> str | None:
    """`custom_nodes/x/nodes.py:load`; empty where it is Python's or of an installed package; None: no frame.

    Only so much of the line as a frame can have, so that what is remembered is small; and the same for each
    number of a line, which does not count.
    """
    head, _, rest = line[:_FRAME].partition('", line ')
    number, _, name = rest.partition(", in ")
    if len(number) < 10 and number.isdecimal():
        return _frame_of(f'{head}", line 1, in {name}')
    return _frame_of(line[:_FRAME])


@lru_cache(maxsize=2_048)
def _frame_of(line: str) -> str | None:
    """Remembered: tracebacks of a program share most of their lines."""
    found = _frame().match(line)
    if found is None:
        return None
    place = _own_file(found["file"])
    return f"{place}:{found['name']}" if place else ""


@lru_cache(maxsize=1_024)
def _own_file(file: str) -> str:
    """Empty where it is Python's or of an installed package."""
    path = file.replace("\\", "/")
    return _short(path) if is_own(path) else ""


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
