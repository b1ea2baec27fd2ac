"""Opens the database of an address, whatever it is, and answers for it as `ports.Database`."""

from __future__ import annotations

import asyncio
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, func, select, text

from ainf_tui.adapters.db import leases, schema, sqlite
from ainf_tui.adapters.db.connections import Connections
from ainf_tui.adapters.db.errors import SqlErrors
from ainf_tui.adapters.db.failures import DRIVER_ERRORS, HINTS, translate
from ainf_tui.adapters.db.jobs import SqlJobs
from ainf_tui.adapters.db.memory import SqlMemory
from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.adapters.db.tables import meta, metadata
from ainf_tui.domain.text import redact_url
from ainf_tui.errors import UnreachableError, UsageError

_CHECK_TIMEOUT = 3.0
"""Seconds in which a database that is well has answered."""


@dataclass(frozen=True, slots=True)
class DatabaseInfo:
    """Facts for `ainf db info`."""

    url: str
    """Redacted."""
    kind: str
    """sqlite | postgresql"""
    revision: str
    installation: str
    """Random id given when the database was made."""
    bytes: int
    rows: dict[str, int]
    """Rows of each table."""


class SqlDatabase:
    """One open database; see `ports.Database`. Made by `open`."""

    def __init__(self, connections: Connections, path: Path | None) -> None:
        self._db = connections
        self._path = path
        self._jobs = SqlJobs(connections)
        self._memory = SqlMemory(connections)
        self._errors = SqlErrors(connections)

    @property
    def jobs(self) -> SqlJobs:
        return self._jobs

    @property
    def memory(self) -> SqlMemory:
        return self._memory

    @property
    def errors(self) -> SqlErrors:
        return self._errors

    @property
    def url(self) -> str:
        """Redacted."""
        return self._db.shown_as

    async def revision(self) -> str:
        return await self._db.read(_revision)

    async def check(self) -> None:
        """Answers within 3 seconds or raises AinfError(`database.*`)."""
        if self._path is not None and not await asyncio.to_thread(self._path.exists):
            raise self._unreachable("the file is gone")
        asking = asyncio.create_task(self._db.read(_revision))
        asking.add_done_callback(_heard)
        done, _ = await asyncio.wait({asking}, timeout=_CHECK_TIMEOUT)
        if not done:
            raise self._unreachable(f"no answer within {_CHECK_TIMEOUT:g} seconds")
        await asking

    async def idle(self) -> None:
        """Prunes measured times; on SQLite moves the write-ahead log into the file."""
        await self._memory.prune()
        if self._path is not None:
            await self._db.write(sqlite.checkpoint)

    async def lease(self, name: str, holder: str, ttl: float) -> int | None:
        """`ttl` in seconds; 0 lets go."""
        return await self._db.write(leases.lease, name, holder, ttl)

    async def backup(self, target: Path) -> int:
        """An online copy; its bytes. UsageError(`database.backup_exists`, `database.backup_elsewhere`)."""
        if self._path is None:
            raise UsageError(
                "database.backup_elsewhere",
                f"database {self.url} is a PostgreSQL server's, which makes its own backups",
                hint=f"pg_dump --format=custom --file={target} DATABASE_URL",
            )
        from ainf_tui.adapters.db.backup import backup_file  # noqa: PLC0415 - not for every start

        return await asyncio.to_thread(backup_file, self._path, target)

    async def info(self) -> DatabaseInfo:
        """Counts rows: not for a loop."""
        return await self._db.read(_info, self.url)

    async def server(self) -> tuple[str, datetime | None]:
        """Its version, and its clock where it has one of its own."""
        return await self._db.read(_server)

    async def aclose(self) -> None:
        await self._db.aclose()

    def _unreachable(self, reason: str) -> UnreachableError:
        code = "database.unreachable"
        return UnreachableError(code, f"database {self.url}: {reason}", hint=HINTS[code])


async def open(url: str, *, migrate: bool = True) -> SqlDatabase:  # noqa: A001 - read as `engine.open(url)`
    """Opens `sqlite:///PATH` or `postgresql://...`; creates or migrates it first where that is due.

    AinfError: `database.bad_url`, `database.foreign`, `database.newer`, `database.older` (only with
    `migrate=False`), and what `failures.translate` gives.
    """
    if url.startswith("sqlite:///"):
        path = sqlite.sqlite_path(url).absolute()
        shown_as = f"sqlite:///{path}"
        try:
            await asyncio.to_thread(_prepare_file, path, shown_as, migrate)
        except DRIVER_ERRORS as error:
            raise translate(error, shown_as) from error
        return SqlDatabase(sqlite.connect_all(path, shown_as), path)
    if url.startswith(("postgresql://", "postgres://")):
        from ainf_tui.adapters.db import postgres  # noqa: PLC0415 - asyncpg costs a start-up, SQLite is usual

        shown_as = redact_url(url)
        connections = postgres.connect_all(url, shown_as)
        try:
            await connections.write(postgres.prepare, shown_as, migrate)
        except BaseException:
            await connections.aclose()
            raise
        return SqlDatabase(connections, None)
    raise UsageError(
        "database.bad_url",
        f"{redact_url(url)!r} is no address of a database that ainf knows",
        hint="sqlite:///PATH or postgresql://USER:PASSWORD@HOST/NAME",
    )


async def upgrade(url: str) -> tuple[str, str]:
    """`ainf db upgrade`: opens, which migrates; the revisions (before, after)."""
    try:
        database = await open(url, migrate=False)
    except schema.OlderDatabaseError as error:
        before = error.revision
        database = await open(url)
    else:
        before = HEAD_REVISION
    await database.aclose()
    return before, HEAD_REVISION


def _prepare_file(path: Path, shown_as: str, migrate: bool) -> None:
    with sqlite.opening(path):
        os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
        engine = sqlite.single_engine(path)
        with engine.begin() as conn:
            revision = schema.stored_revision(conn, shown_as)
            if revision is None:
                schema.create(conn)
        engine.dispose()
        if revision in {None, HEAD_REVISION}:
            return
        schema.check_may_migrate(revision, shown_as, migrate)
        from ainf_tui.adapters.db.backup import upgrade_file  # noqa: PLC0415 - not for every start

        upgrade_file(path, revision, shown_as)


def _heard(asking: asyncio.Task[str]) -> None:
    if not asking.cancelled():
        asking.exception()  # `check` may have given up on it


def _revision(conn: Connection) -> str:
    return str(conn.execute(select(schema.alembic_version.c.version_num)).scalar_one())


def _server(conn: Connection) -> tuple[str, datetime | None]:
    if conn.dialect.name != "postgresql":
        return str(conn.execute(text("SELECT sqlite_version()")).scalar_one()), None
    version, now = conn.execute(text("SELECT current_setting('server_version'), clock_timestamp()")).one()
    return str(version), now


def _info(conn: Connection, url: str) -> DatabaseInfo:
    if conn.dialect.name == "postgresql":
        size = "SELECT pg_database_size(current_database())"
    else:
        size = "SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()"
    rows = {
        table.name: int(conn.execute(select(func.count()).select_from(table)).scalar_one())
        for table in metadata.sorted_tables
    }
    return DatabaseInfo(
        url=url,
        kind=conn.dialect.name,
        revision=_revision(conn),
        installation=str(
            conn.execute(select(meta.c.value).where(meta.c.name == "installation")).scalar_one()
        ),
        bytes=int(conn.execute(text(size)).scalar_one()),
        rows=rows,
    )
