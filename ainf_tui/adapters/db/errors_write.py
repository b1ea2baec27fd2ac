"""How errors come into the database: a few statements for each 200 failures, however many reports."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, delete, select

from ainf_tui.adapters.db.counting import bump
from ainf_tui.adapters.db.error_tables import (
    error_checkpoints,
    error_examples,
    error_groups,
    error_prints,
    error_seconds,
    error_sums,
)
from ainf_tui.adapters.db.errors_rows import (
    Row,
    Sample,
    example_row,
    facts,
    fresh,
    grown,
    recent,
    span,
    standing,
    standing_row,
)
from ainf_tui.adapters.db.rows import ByKey, chunked
from ainf_tui.adapters.db.upserts import add_up, update_changed, upsert_all
from ainf_tui.domain.errors.groups import HOUR, Standing
from ainf_tui.domain.ports_errors import NewErrors

ALL, BY_HOUR, BY_SECOND = 0, 1, 2
"""Units of `error_sums`."""
BATCH = "-batch"
"""The checkpoint that names the last batch."""
_LAST_BATCH = select(error_checkpoints.c.value).where(error_checkpoints.c.name == BATCH)
_PRINTS = ByKey(select(error_prints), error_prints.c.fingerprint)
_PARTS = ByKey(select(error_prints), error_prints.c.group_id)
_GROUPS = ByKey(select(error_groups), error_groups.c.id)


def store(
    conn: Connection,
    errors: Sequence[NewErrors],
    now: datetime,
    checkpoint: Mapping[str, str],
    sample: Sample,
) -> dict[str, int]:
    """See `ErrorRepository.store`."""
    if errors:
        changed(conn)
    numbers: dict[str, int] = {}
    if BATCH in checkpoint and checkpoint[BATCH] == conn.execute(_LAST_BATCH).scalar():
        return {}
    for chunk in chunked(errors):
        numbers |= _store(conn, chunk, now, sample)
    sums = Counter[tuple[int, int, str, int]]()
    for one in errors:
        sums.update(counted(one, int(now.timestamp())))
    add_sums(conn, sums)
    upsert_all(conn, error_checkpoints, [{"name": k, "value": v} for k, v in checkpoint.items() if v])
    if gone := [name for name, value in checkpoint.items() if not value]:
        conn.execute(delete(error_checkpoints).where(error_checkpoints.c.name.in_(gone)))
    return numbers


def changed(conn: Connection) -> int:
    """Begins every write to errors: on PostgreSQL one waits for the other there."""
    return bump(conn, "errors", 1)


def _store(conn: Connection, errors: Sequence[NewErrors], now: datetime, sample: Sample) -> dict[str, int]:
    seconds = int(now.timestamp())
    before = {row["fingerprint"]: row for row in _PRINTS.dicts(conn, [one.fingerprint for one in errors])}
    new = [one for one in errors if one.fingerprint not in before]
    last = bump(conn, "error_group", len(new)) if new else 0
    known = before | {
        one.fingerprint: fresh(last - len(new) + place, one) for place, one in enumerate(new, 1)
    }
    prints = {one.fingerprint: grown(known[one.fingerprint], one, seconds) for one in errors}
    _examples(conn, errors, prints, sample)
    merged = _groups(conn, errors, prints, now, sample)
    upsert_all(conn, error_prints, [prints[one.fingerprint] for one in new])
    update_changed(conn, error_prints, ((row, prints[print_]) for print_, row in before.items()))
    refresh(conn, merged, sample)
    add_up(
        conn,
        error_seconds,
        [
            {"print_id": prints[one.fingerprint]["id"], "second": second, "level": int(level), "n": n}
            for one in errors
            for (second, level), n in recent(one, seconds).items()
        ],
    )
    return {print_: row["group_id"] for print_, row in prints.items()}


def _examples(
    conn: Connection, errors: Sequence[NewErrors], prints: Mapping[str, Row], sample: Sample
) -> None:
    """Kept in the slots of their fingerprint; counted in its row."""
    number = bump(conn, "error_example", sum(len(one.examples) for one in errors))
    number -= sum(len(one.examples) for one in errors)
    rows: dict[tuple[int, int], Row] = {}
    for one in errors:
        row = prints[one.fingerprint]
        for report in one.examples:
            number += 1
            slot = sample.slot(row["kept"])
            row["kept"] += 1
            rows[row["id"], slot] = example_row(report, row["id"], slot, number)
    for chunk in chunked(rows.values()):
        upsert_all(conn, error_examples, chunk)


def _groups(
    conn: Connection,
    errors: Sequence[NewErrors],
    prints: Mapping[str, Row],
    now: datetime,
    sample: Sample,
) -> list[int]:
    """Brings the groups up to date, but for those of several fingerprints: these are returned."""
    newest: dict[int, datetime] = {}
    alone: dict[int, Row] = {}
    for one in errors:
        row = prints[one.fingerprint]
        last = span(one)[1]
        newest[row["group_id"]] = max(last, newest.get(row["group_id"], last))
        alone[row["group_id"]] = row
    before: dict[int, Row] = {row["id"]: row for row in _GROUPS.dicts(conn, list(newest))}
    rows: list[Row] = []
    changes: list[tuple[Row, Row]] = []
    merged: list[int] = []
    for number, last in newest.items():
        known = before.get(number)
        group = _new_group(alone[number]) if known is None else dict(known)
        stands = standing(group) if known is not None else Standing()
        group |= standing_row(stands.reported(last, now)) | {"stored_at": now}
        if group["parts"] == 1:
            group |= facts([alone[number]], number, sample)
        else:
            merged.append(number)
        if known is None:
            rows.append(group)
        else:
            changes.append((known, group))
    upsert_all(conn, error_groups, rows)
    update_changed(conn, error_groups, changes)
    return merged


def _new_group(row: Row) -> Row:
    return {"id": row["id"], "fingerprint": row["fingerprint"], "merged": False, "parts": 1, "note": ""}


def refresh(conn: Connection, groups: Collection[int], sample: Sample) -> None:
    """Makes the facts of these groups anew from their fingerprints. A group has at least one."""
    for chunk in chunked(groups):
        parts: dict[int, list[Any]] = {}
        for row in _PARTS.rows(conn, chunk):
            parts.setdefault(row["group_id"], []).append(row)
        rows = [
            dict(row) | facts(parts[row["id"]], row["id"], sample)
            for row in _GROUPS.rows(conn, chunk)
            if row["id"] in parts
        ]
        upsert_all(conn, error_groups, rows)


def counted(errors: NewErrors, now: int) -> Counter[tuple[int, int, str, int]]:
    """What they add to `error_sums`: by unit, start, source and level."""
    sums = Counter[tuple[int, int, str, int]]()
    for (_, level), n in errors.seconds.items():
        sums[ALL, 0, errors.source, int(level)] += n
    for (second, level), n in recent(errors, now).items():
        sums[BY_HOUR, second // HOUR, errors.source, int(level)] += n
        sums[BY_SECOND, second, errors.source, int(level)] += n
    return sums


def add_sums(conn: Connection, sums: Mapping[tuple[int, int, str, int], int]) -> None:
    """Adds, or with negative numbers takes away."""
    names = ("unit", "start", "source", "level")
    rows: Iterable[Row] = (dict(zip(names, key, strict=True)) | {"n": n} for key, n in sums.items())
    for chunk in chunked(rows):
        add_up(conn, error_sums, chunk)
