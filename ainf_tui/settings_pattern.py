"""Names of output files: the pattern setting, its check and its filling in.

A pattern is text with fields in braces, `{name}` or, for numbers, `{name:06d}`. It names a path
under the outputs folder without the ending. What fills the fields may come from outside (pack
names, node titles), so it can never add a folder or leave it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

DEFAULT_PATTERN = "{date}/{number:06d}-{pack}-{seed}-{index}"

FIELDS: Mapping[str, str] = {
    "date": "local date of the end, YYYY-MM-DD",
    "time": "local time of the end, HHMMSS",
    "number": "the job's number",
    "index": "which output of the job, from 1",
    "seed": "the job's seed",
    "pack": "workflow pack, or `graph`",
    "preset": "preset",
    "backend": "server that made it",
    "node": "id of the node that made it",
}
_NUMBERS = frozenset({"number", "index", "seed"})
_REQUIRED = ("number", "index")

# Texts, not compiled: only a start with a pattern of the user's needs them.
_FIELD = r"\{([^{}]*)\}"
_SPEC = r"0?[1-9]?d?"
_UNSAFE = r'[\x00-\x1f\x7f-\x9f/\\:*?"<>|\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff]+'

# File systems allow 255 bytes for a name; the ending, a sidecar's and a temporary one's need the rest.
# Numbers are never cut, or two files would share a name: 60 bytes of literals and six fields of up to
# 20 digits leave room for the texts.
_NAME_BYTES = 220
_LITERAL_BYTES = 60
_FIELDS_PER_PART = 6


def check_pattern(pattern: str) -> str:
    """The pattern as given; ValueError says what is wrong with it."""
    if "{" in re.sub(_FIELD, "", pattern) or "}" in re.sub(_FIELD, "", pattern):
        raise ValueError("has a brace without its partner")
    used = [_check_field(found.group(1)) for found in re.finditer(_FIELD, pattern)]
    missing = [name for name in _REQUIRED if name not in used]
    if missing:
        raise ValueError("must hold {number} and {index}, or files would get the same name")
    parts = re.sub(_FIELD, "x", pattern).split("/")
    if any(part in {"", ".", ".."} or part != part.strip() for part in parts):
        raise ValueError("must be a path below the outputs folder, without empty parts, . or ..")
    if any(re.search(_UNSAFE, part) for part in parts):
        raise ValueError('must not hold any of \\ : * ? " < > |')
    for part in pattern.split("/"):
        if (
            len(re.findall(_FIELD, part)) > _FIELDS_PER_PART
            or len(re.sub(_FIELD, "", part).encode()) > _LITERAL_BYTES
        ):
            raise ValueError("is too long: six fields and 60 bytes of other text fit into one name")
    if len(parts) > 8:
        raise ValueError("has more than eight levels")
    return pattern


def _check_field(text: str) -> str:
    name, _, spec = text.partition(":")
    if name not in FIELDS:
        raise ValueError(f"has the unknown field {{{name}}}; there are: {', '.join(FIELDS)}")
    if spec and (name not in _NUMBERS or not re.fullmatch(_SPEC, spec)):
        raise ValueError(f"has {{{text}}}; numbers may be written as {{{name}:06d}}, others as they are")
    return name


def fill_pattern(pattern: str, values: Mapping[str, str | int | None]) -> str:
    """A relative path with `/`, without ending. A missing or None value becomes `none`.

    `pattern` must have passed `check_pattern`.
    """
    return "/".join(_fill_part(part, values) for part in pattern.split("/"))


def _fill_part(part: str, values: Mapping[str, str | int | None]) -> str:
    used = [found.partition(":") for found in re.findall(_FIELD, part)]
    numbers = {name: values[name] for name, _, _ in used if isinstance(values.get(name), int)}
    fixed = len(re.sub(_FIELD, "", part).encode())
    fixed += sum(len(format(numbers[name], spec)) for name, _, spec in used if name in numbers)
    texts = sum(name not in numbers for name, _, _ in used)
    room = (_NAME_BYTES - fixed) // max(texts, 1)

    def fill(found: re.Match[str]) -> str:
        name, _, spec = found.group(1).partition(":")
        if name in numbers:
            return format(numbers[name], spec)
        value = values.get(name)
        return _clean("none" if value is None else str(value), room)

    return re.sub(_FIELD, fill, part)


def _clean(value: str, room: int) -> str:
    text = re.sub(_UNSAFE, "_", value).encode()[:room].decode(errors="ignore").strip(" .")
    return text or "none"
