"""What is looked for inside of stored texts, the same on both databases."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Boolean, ColumnElement, cast, func, literal, literal_column, or_
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.compiler import SQLCompiler
from sqlalchemy.sql.functions import FunctionElement

from ainf_tui.adapters.db.columns import SafeText
from ainf_tui.adapters.db.tables import jobs

FOLD = "ainf_fold"
"""The SQLite function for `lower` beyond ASCII; every connection gets it."""
_BETWEEN = "\x1f"


class json_field(FunctionElement[str]):  # noqa: N801 - SQLAlchemy names functions by their class
    """`(column, name)`: one field of a stored JSON object as text, NULL where there is none."""

    type = SafeText()
    inherit_cache = True


@compiles(json_field, "sqlite")
def _json_field_sqlite(element: json_field, compiler: SQLCompiler, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"CAST(json_extract({column}, '$.' || {name}) AS TEXT)"


@compiles(json_field, "postgresql")
def _json_field_postgresql(element: json_field, compiler: SQLCompiler, **kw: Any) -> str:
    column, name = (compiler.process(clause, **kw) for clause in element.clauses)
    return f"(CAST({column} AS json) ->> {name})"


class within(FunctionElement[bool]):  # noqa: N801 - SQLAlchemy names functions by their class
    """Whether the second text is somewhere in the first."""

    type = Boolean()
    inherit_cache = True


@compiles(within, "sqlite")
def _within_sqlite(element: within, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(instr({compiler.process(element.clauses, **kw)}) > 0)"


@compiles(within, "postgresql")
def _within_postgresql(element: within, compiler: SQLCompiler, **kw: Any) -> str:
    return f"(strpos({compiler.process(element.clauses, **kw)}) > 0)"


class _folded(FunctionElement[str]):  # noqa: N801 - SQLAlchemy names functions by their class
    """A text without its case in any script. SQLite's own `lower` is faster, but knows ASCII only."""

    type = SafeText()
    inherit_cache = True


@compiles(_folded, "sqlite")
def _folded_sqlite(element: _folded, compiler: SQLCompiler, **kw: Any) -> str:
    return f"{FOLD}({compiler.process(element.clauses, **kw)})"


@compiles(_folded, "postgresql")
def _folded_postgresql(element: _folded, compiler: SQLCompiler, **kw: Any) -> str:
    return f"lower({compiler.process(element.clauses, **kw)})"


def fold(text: str | None) -> str | None:
    """What `ainf_fold` does."""
    return None if text is None else text.casefold()


def text_condition(text: str) -> ColumnElement[bool]:
    """Jobs with that text in prompt, pack, character or error message, or with those digits in the number."""
    message = func.coalesce(json_field(jobs.c.error, literal_column("'message'")), "")
    columns = (jobs.c.pack, jobs.c.character, message)
    haystack: ColumnElement[str] = jobs.c.prompt
    for column in columns:
        # Between two texts, so that nothing is found that begins in one and ends in the next.
        haystack = haystack + literal(_BETWEEN, SafeText) + column
    needle = literal(text, SafeText)
    lower = func.lower if text.isascii() else _folded
    found = within(lower(haystack), lower(needle))
    digits = text.removeprefix("#")
    if digits.isascii() and digits.isdecimal():
        return or_(found, cast(jobs.c.number, SafeText).contains(digits))
    return found
