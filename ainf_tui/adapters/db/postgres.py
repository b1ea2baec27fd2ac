"""PostgreSQL: connections by asyncpg, whose own rules for addresses apply (sslmode, host=/folder, ...)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import asyncpg
from sqlalchemy import Connection, text
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from ainf_tui.adapters.db import schema
from ainf_tui.adapters.db.connections import Connections
from ainf_tui.adapters.db.failures import translate
from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.errors import UsageError

T = TypeVar("T")

_CONNECT_TIMEOUT = 10.0
_COMMAND_TIMEOUT = 60.0
"""Seconds; a server that stops answering must not stop the engine for good."""
_POOL = 6
_OPENERS_LOCK = 0x61696E66
""""ainf": the advisory lock of whoever creates or migrates."""


def connect_all(url: str, shown_as: str) -> Connections:
    """One pool for everything; writers take turns at the row of the revision counter."""

    async def connect() -> Any:
        try:
            return await asyncpg.connect(
                url,
                timeout=_CONNECT_TIMEOUT,
                command_timeout=_COMMAND_TIMEOUT,
                server_settings={"application_name": "ainf"},
            )
        except (asyncpg.PostgresError, asyncpg.InternalClientError) as error:
            raise translate(error, shown_as) from error
        except (ValueError, asyncpg.InterfaceError) as error:
            raise UsageError(
                "database.bad_url",
                f"database {shown_as}: the address is wrong: {type(error).__name__}",
                hint="postgresql://USER:PASSWORD@HOST:PORT/NAME",
            ) from error

    engine = create_async_engine(
        "postgresql+asyncpg://",
        async_creator=connect,
        pool_size=_POOL,
        max_overflow=0,
        pool_timeout=_CONNECT_TIMEOUT,
        pool_pre_ping=True,
    )
    writer = _AsyncLane(engine)
    reading: dict[str, Any] = {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
    return Connections(
        writer=writer,
        soft=_SoftLane(engine),
        reader=_AsyncLane(engine.execution_options(**reading)),
        shown_as=shown_as,
    )


class _AsyncLane:
    """Transactions of an async driver on the event loop."""

    def __init__(self, engine: AsyncEngine) -> None:
        self._engine = engine

    async def run(self, work: Callable[[Connection], T]) -> T:
        async with self._engine.begin() as conn:
            return await conn.run_sync(work)

    async def aclose(self) -> None:
        await self._engine.dispose()


class _SoftLane(_AsyncLane):
    """The server answers before it has written to disk."""

    async def run(self, work: Callable[[Connection], T]) -> T:
        def softly(conn: Connection) -> T:
            conn.exec_driver_sql("SET LOCAL synchronous_commit TO OFF")
            return work(conn)

        return await super().run(softly)


def prepare(conn: Connection, shown_as: str, migrate: bool) -> None:
    """Creates or migrates in one transaction; a second opener waits and then finds it done."""
    revision = schema.stored_revision(conn, shown_as)
    if revision == HEAD_REVISION:
        return
    conn.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _OPENERS_LOCK})
    revision = schema.stored_revision(conn, shown_as)
    if revision is None:
        schema.create(conn)
    elif revision != HEAD_REVISION:
        schema.check_may_migrate(revision, shown_as, migrate)
        from ainf_tui.adapters.db import migrate as alembic  # noqa: PLC0415 - costs a start-up, hardly ever needed

        alembic.check_known(revision, shown_as)
        alembic.upgrade(conn)
