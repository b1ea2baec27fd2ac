"""Groups that were exported come back: what of each is not there yet is added, in one transaction.

What was taken in of a group is remembered as a checkpoint, by its fingerprint and the second of its first
report; a group that is here by itself is known by the same two.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, bindparam, select, update

from ainf_tui.adapters.db import errors_change, errors_write
from ainf_tui.adapters.db.error_tables import error_checkpoints, error_groups, error_prints
from ainf_tui.adapters.db.errors_rows import Sample, standing_row
from ainf_tui.adapters.db.rows import ByKey
from ainf_tui.adapters.db.upserts import upsert_all
from ainf_tui.domain.error_documents import ErrorDetailDocument
from ainf_tui.domain.errors.restoring import begun, missing, standing_of

_PRINTS = ByKey(
    select(
        error_prints.c.fingerprint, error_prints.c.group_id, error_prints.c.count, error_prints.c.first_seen
    ),
    error_prints.c.fingerprint,
)
_MARKS = ByKey(select(error_checkpoints), error_checkpoints.c.name)
_STAND = update(error_groups).where(error_groups.c.id == bindparam("group"))


def restore(conn: Connection, details: Sequence[ErrorDetailDocument], now: datetime, sample: Sample) -> int:
    """How many reports were added."""
    errors_write.changed(conn)
    return sum(_restore(conn, detail, now, sample) for detail in details)


def _restore(conn: Connection, detail: ErrorDetailDocument, now: datetime, sample: Sample) -> int:
    group = detail.group
    here = {row["fingerprint"]: row for row in _PRINTS.dicts(conn, group.fingerprints)}
    name = f"{errors_change.TAKEN_IN}{group.fingerprint}"
    marks = [json.loads(row["value"]) for row in _MARKS.dicts(conn, [name])]
    mark: dict[str, int] = marks[0] if marks else {}
    key = str(begun(group))
    native = 0 if key in mark else _native(here, begun(group))
    new = missing(detail, mark.get(key, native))
    if new:
        numbers = errors_write.store(conn, new, now, {}, sample)
        _settle(conn, detail, here, numbers, sample)
    if not native:
        mark[key] = max(group.count, mark.get(key, 0))
        upsert_all(conn, error_checkpoints, [{"name": name, "value": json.dumps(mark)}])
    return sum(sum(one.seconds.values()) for one in new)


def _native(here: Mapping[str, Mapping[str, Any]], first: int) -> int:
    """Reports of the group that are here by themselves."""
    if not here or min(int(row["first_seen"].timestamp()) for row in here.values()) != first:
        return 0
    return sum(row["count"] for row in here.values())


def _settle(
    conn: Connection,
    detail: ErrorDetailDocument,
    here: Mapping[str, object],
    numbers: Mapping[str, int],
    sample: Sample,
) -> None:
    """A group that is new here stands as it stood, and is made of the same parts. One that was here stays."""
    group = detail.group
    if group.fingerprint in here or group.fingerprint not in numbers:
        return
    own = numbers[group.fingerprint]
    parts = list(_new_parts(group.fingerprint, here, numbers))
    if parts:
        errors_change.merge(conn, own, parts, sample)
    values = standing_row(standing_of(group)) | {"note": group.note}
    conn.execute(_STAND.values(values), {"group": own})


def _new_parts(own: str, here: Mapping[str, object], numbers: Mapping[str, int]) -> Iterator[int]:
    return (number for print_, number in numbers.items() if print_ != own and print_ not in here)
