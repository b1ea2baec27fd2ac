"""What is written into columns by a shorter way is what the long way writes."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import Column, Integer, MetaData, Table, Text, create_engine, event, select
from sqlalchemy.dialects import sqlite

from ainf_tui.adapters.db.columns import Encoded, Json, dump_json, encoded
from ainf_tui.adapters.db.upserts import update_changed

texts = st.text(st.characters() | st.sampled_from("\0\ud800\\u0"))
values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | texts,
    lambda inner: st.lists(inner, max_size=3).map(tuple) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)


@given(st.dictionaries(texts, values, max_size=4))
def test_json_that_was_encoded_before_is_the_same_text(value) -> None:
    def kept(text: str) -> object:  # keys that become one by being made safe: either way the last one counts
        return json.loads(text)

    assert kept(encoded(value)) == kept(dump_json(value))


def test_encoded_text_goes_as_it_is() -> None:
    column, dialect = Json(), sqlite.dialect()
    bound = column.process_bind_param(Encoded('{"a":1}'), dialect)
    assert (bound, type(bound)) == ('{"a":1}', str)
    assert column.process_bind_param('{"a":1}', dialect) == '"{\\"a\\":1}"'


@pytest.mark.parametrize(
    ("after", "statements"),
    [
        ({"a": "x", "b": "y"}, 0),
        ({"a": "z", "b": "y"}, 1),
        ({"a": "x", "b": None}, 1),
        ({"a": "z", "b": "w"}, 1),
    ],
)
def test_what_changed_is_written(after: dict[str, str | None], statements: int) -> None:
    table = Table(
        "t", MetaData(), Column("id", Integer, primary_key=True), Column("a", Text), Column("b", Text)
    )
    before = [{"id": n, "a": "x", "b": "y"} for n in range(3)]
    done: list[str] = []
    with create_engine("sqlite://").begin() as conn:
        table.metadata.create_all(conn)
        conn.execute(table.insert(), before)
        event.listen(conn, "before_cursor_execute", lambda *args: done.append(args[2]))
        update_changed(conn, table, [(row, row | after) for row in before[1:]])
        assert len(done) == statements
        found = conn.execute(select(table).order_by(table.c.id)).all()
    assert [tuple(row) for row in found] == [(0, "x", "y"), *((n, after["a"], after["b"]) for n in (1, 2))]
