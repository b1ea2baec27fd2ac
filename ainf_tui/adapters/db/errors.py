"""`ErrorRepository` on SQL."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from ainf_tui.adapters.db import errors_change, errors_read, errors_restore, errors_write
from ainf_tui.adapters.db.connections import Connections
from ainf_tui.adapters.db.error_tables import error_checkpoints
from ainf_tui.adapters.db.errors_rows import Sample
from ainf_tui.domain.error_documents import (
    ErrorDetailDocument,
    ErrorExampleDocument,
    ErrorGroupDocument,
    ErrorGroupPage,
    ErrorQuery,
    ErrorTotalsDocument,
)
from ainf_tui.domain.errors.groups import Standing
from ainf_tui.domain.ports_errors import NewErrors


class SqlErrors:
    """`ErrorRepository`; its docstrings are the contract."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections
        self._sample = Sample()

    def keep(self, examples: int) -> None:
        self._sample = Sample(examples, examples)

    async def store(
        self,
        errors: Sequence[NewErrors],
        now: datetime,
        checkpoint: Mapping[str, str] | None = None,
        *,
        batch: str = "",
        keys: Collection[str] = (),
    ) -> dict[str, int]:
        marks = dict(checkpoint or {}) | ({errors_write.BATCH: batch} if batch else {})

        def work(conn: Connection) -> dict[str, int]:
            numbers = errors_write.store(conn, errors, now, marks, self._sample)
            errors_change.add_keys(conn, keys, now)
            return numbers

        return await self._db.write(work)

    async def restore(self, details: Sequence[ErrorDetailDocument], now: datetime) -> int:
        return await self._db.write(errors_restore.restore, details, now, self._sample)

    async def checkpoints(self, prefix: str = "") -> dict[str, str]:
        return await self._db.read(_checkpoints, prefix)

    async def known_keys(self, keys: Collection[str]) -> set[str]:
        return await self._db.read(errors_read.known_keys, keys)

    # -- reading -----------------------------------------------------------------------------------
    async def page(self, query: ErrorQuery, now: datetime) -> ErrorGroupPage:
        return await self._db.read(errors_read.page, query, now)

    async def find(self, refs: Sequence[str]) -> tuple[int | None, ...]:
        return await self._db.read(errors_read.find, refs)

    async def groups(self, ids: Sequence[int], now: datetime) -> tuple[ErrorGroupDocument, ...]:
        return await self._db.read(errors_read.groups, ids, now)

    async def examples(self, group: int) -> tuple[ErrorExampleDocument, ...]:
        return await self._db.read(errors_read.examples, group)

    async def totals(self, now: datetime) -> ErrorTotalsDocument:
        return await self._db.read(errors_read.totals, now)

    async def next_end_of_mute(self) -> datetime | None:
        return await self._db.read(errors_read.next_end_of_mute)

    # -- changing ----------------------------------------------------------------------------------
    async def stand(self, ids: Sequence[int], step: Callable[[Standing], Standing]) -> None:
        await self._db.write(errors_change.stand, ids, step)

    async def seen(self, now: datetime) -> None:
        await self._db.write(errors_change.seen, now)

    async def wake(self, now: datetime) -> None:
        await self._db.write(errors_change.wake, now)

    async def note(self, group: int, text: str) -> None:
        await self._db.write(errors_change.note, group, text)

    async def merge(self, into: int, ids: Collection[int]) -> None:
        await self._db.write(errors_change.merge, into, ids, self._sample)

    async def split(self, group: int, fingerprint: str) -> int | None:
        return await self._db.write(errors_change.split, group, fingerprint, self._sample)

    async def forget(self, ids: Sequence[int], now: datetime) -> int:
        return await self._db.write(errors_change.forget, ids, now)

    async def prune(self, now: datetime, keep: timedelta) -> bool:
        return await self._db.write(errors_change.prune, now, keep, self._sample)


def _checkpoints(conn: Connection, prefix: str) -> dict[str, str]:
    name = error_checkpoints.c.name
    query = select(name, error_checkpoints.c.value).where(name != errors_write.BATCH)
    rows = conn.execute(query.where(name.startswith(prefix, autoescape=True)).order_by(name))
    return {row[0]: row[1] for row in rows}
