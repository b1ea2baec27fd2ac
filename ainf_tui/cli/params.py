"""Types of options and arguments, and how `NAME=VALUE` is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import click

MAX_SEED = 2**64 - 1
_COMMA = re.compile(r"(?<!\\),")


class SeedType(click.ParamType[str]):
    """A whole number from 0 to 2^64-1, or one of the words."""

    name = "seed"

    def __init__(self, *words: str) -> None:
        self._words = words

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip().lower()
        if text in self._words:
            return text
        if not (text.isascii() and text.isdigit()) or int(text) > MAX_SEED:
            words = " or ".join(self._words)
            self.fail(f"{value!r} is neither {words} nor a whole number from 0 to 2^64-1.", param, ctx)
        return str(int(text))


class JobRef(click.ParamType[str]):
    """A job's number (`142`, `#142`), its id, or the beginning of its id (6 characters or more)."""

    name = "job"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        text = str(value).strip().removeprefix("#").lower()
        if not re.fullmatch(r"[0-9]+|[0-9a-f][0-9a-f-]{5,35}", text):
            self.fail(f"{value!r} is neither a job's number nor the beginning of its id.", param, ctx)
        return str(int(text)) if text.isdigit() else text


JOB = JobRef()


def assignments(given: Iterable[str], option: str) -> dict[str, str]:
    """`NAME=VALUE` pairs; the value may hold anything. Raises click.BadParameter."""
    values: dict[str, str] = {}
    for text in given:
        name, equals, value = text.partition("=")
        name = name.strip()
        if not equals or not name:
            raise click.BadParameter(f"{text!r} is not of the form NAME=VALUE.", param_hint=option)
        if name in values:
            raise click.BadParameter(f"{name!r} is given twice.", param_hint=option)
        values[name] = value
    return values


def axes(given: Iterable[str]) -> dict[str, tuple[str, ...]]:
    r"""`NAME=V1,V2,...` in the order given; `\,` is a comma within a value. Raises click.BadParameter."""
    found = {}
    for name, text in assignments(given, "--sweep").items():
        values = tuple(part.replace("\\,", ",").strip() for part in _COMMA.split(text))
        if not all(values):
            raise click.BadParameter(f"{name!r} has an empty value.", param_hint="--sweep")
        found[name] = values
    return found


def merge(values: dict[str, str], extra: Sequence[tuple[str, str, str | None]]) -> dict[str, str]:
    """Adds (option, name, value) where a value was given. The same name twice is a usage error."""
    merged = dict(values)
    for option, name, value in extra:
        if value is None:
            continue
        if name in merged:
            raise click.BadParameter(f"{name!r} is given by {option} and by --set.", param_hint=option)
        merged[name] = value
    return merged
