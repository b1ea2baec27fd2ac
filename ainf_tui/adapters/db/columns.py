"""Column types: domain values on one side, what SQLite and PostgreSQL both hold on the other.

Every text passes `storable` on its way in, also as a search term, so that no repository can forget it.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import BigInteger, Dialect, SmallInteger, Text
from sqlalchemy.types import TypeDecorator

from ainf_tui.domain.jobs import NodeRef, Problem
from ainf_tui.domain.text import storable, storable_json

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def dump_json(value: Any) -> str:
    """Compact JSON text of a value that has been made storable (no NaN, no lone surrogates)."""
    return json.dumps(storable_json(value), ensure_ascii=False, separators=(",", ":"), allow_nan=False)


class Encoded(str):
    """JSON as `dump_json` writes it, ready for a column of `Json`."""

    __slots__ = ()


def encoded(value: Mapping[str, Any]) -> Encoded:
    """The same text as that of `dump_json` in a tenth of the time, of a value of which it is known that all
    keys are texts, all numbers are small and finite, and nothing nests deep.
    """
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
    return Encoded(dump_json(value) if "\\u0000" in text else storable(text))


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970 of an aware datetime. ValueError for a naive one: that is a bug."""
    if moment.tzinfo is None:
        raise ValueError(f"a naive datetime cannot be stored: {moment!r}")
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """Aware UTC."""
    return _EPOCH + value * _MICROSECOND


class SafeText(TypeDecorator[str]):
    """Text without NUL and lone surrogates."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - interface
        return None if value is None else storable(value)


class Key(SafeText):
    """Ids, names and states: compared byte by byte on both databases, whatever the locale is."""

    impl = Text
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> Any:
        return Text(collation="C") if dialect.name == "postgresql" else Text()


class Json(TypeDecorator[Any]):
    """A JSON value as text; `NULL` is None."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002 - interface
        if isinstance(value, Encoded):
            return str(value)
        return None if value is None else dump_json(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002 - interface
        return None if value is None else json.loads(value)


class Moment(TypeDecorator[datetime]):
    """An aware datetime as UTC microseconds since 1970."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - interface
        return None if value is None else to_microseconds(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002 - interface
        return None if value is None else from_microseconds(value)


class Flag(TypeDecorator[bool]):
    """A bool as 0 or 1: the same literal in the partial indexes of both databases."""

    impl = SmallInteger
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - interface
        return None if value is None else int(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> bool | None:  # noqa: ARG002 - interface
        return None if value is None else bool(value)


class BigNumber(TypeDecorator[int]):
    """An int of any size as decimal text: seeds go to 2^64-1, integers of databases to 2^63-1."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: int | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - interface
        return None if value is None else str(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> int | None:  # noqa: ARG002 - interface
        return None if value is None else int(value)


class ProblemText(TypeDecorator[Problem]):
    """One Problem as a JSON object."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Problem | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - interface
        return None if value is None else dump_json(_problem_document(value))

    def process_result_value(self, value: str | None, dialect: Dialect) -> Problem | None:  # noqa: ARG002 - interface
        return None if value is None else _problem(json.loads(value))


class ProblemList(TypeDecorator[tuple[Problem, ...]]):
    """Problems as a JSON array."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: tuple[Problem, ...] | None, dialect: Dialect) -> str | None:  # noqa: ARG002 - interface
        return None if value is None else dump_json([_problem_document(p) for p in value])

    def process_result_value(self, value: str | None, dialect: Dialect) -> tuple[Problem, ...] | None:  # noqa: ARG002 - interface
        return None if value is None else tuple(_problem(p) for p in json.loads(value))


class JsonCount(TypeDecorator[int]):
    """How many items a stored JSON array has."""

    impl = Text
    cache_ok = True

    def process_result_value(self, value: str | None, dialect: Dialect) -> int:  # noqa: ARG002 - interface
        return 0 if value is None or value == "[]" else len(json.loads(value))


def _problem_document(problem: Problem) -> dict[str, Any]:
    node = problem.node
    return {
        "code": problem.code,
        "message": problem.message,
        "hint": problem.hint,
        "node": None if node is None else {"id": node.id, "title": node.title, "cls": node.cls},
        "details": problem.details,
    }


def _problem(document: Mapping[str, Any]) -> Problem:
    node = document["node"]
    return Problem(
        code=document["code"],
        message=document["message"],
        hint=document["hint"],
        node=None if node is None else NodeRef(**node),
        details=document["details"],
    )
