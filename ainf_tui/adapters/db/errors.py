"""`ErrorRepository` on SQL."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection, select

from ainf_tui.adapters.db import errors_write
from ainf_tui.adapters.db.connections import Connections
from ainf_tui.adapters.db.error_tables import error_checkpoints
from ainf_tui.adapters.db.errors_rows import Sample
from ainf_tui.domain.ports_errors import NewErrors


class SqlErrors:
    """`ErrorRepository`; its docstrings are the contract."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections
        self.sample = Sample()

    async def store(
        self,
        errors: Sequence[NewErrors],
        now: datetime,
        checkpoint: Mapping[str, str] | None = None,
        batch: str = "",
    ) -> dict[str, int]:
        marks = dict(checkpoint or {}) | ({errors_write.BATCH: batch} if batch else {})
        return await self._db.write(errors_write.store, errors, now, marks, self.sample)

    async def checkpoints(self, prefix: str = "") -> dict[str, str]:
        return await self._db.read(_checkpoints, prefix)


def _checkpoints(conn: Connection, prefix: str) -> dict[str, str]:
    name = error_checkpoints.c.name
    query = select(name, error_checkpoints.c.value).where(name != errors_write.BATCH)
    rows = conn.execute(query.where(name.startswith(prefix, autoescape=True)).order_by(name))
    return {row[0]: row[1] for row in rows}
