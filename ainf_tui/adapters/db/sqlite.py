"""SQLite: how its connections are made and tuned, and the lock that one opener holds."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event
from sqlalchemy.pool import QueuePool

from ainf_tui.adapters.db.connections import Connections, ThreadLane
from ainf_tui.adapters.db.search import FOLD, fold
from ainf_tui.errors import UsageError

BUSY_TIMEOUT = 5.0
"""Seconds that a statement waits for another process's lock."""
READERS = 3
_CHECKPOINT_PATIENCE = 100
"""Milliseconds: a reader that is in the way is no reason to keep writers waiting."""
_CACHE = 1000
"""Kilobytes of the file that each of the five connections may keep, beside what the kernel keeps."""
_JOURNAL_LIMIT = 16 * 1024 * 1024
"""Bytes that the write-ahead log keeps on disk after a checkpoint."""


def sqlite_path(url: str) -> Path:
    """The file of `sqlite:///PATH` (four slashes for an absolute path), as written, nothing decoded."""
    raw = url.removeprefix("sqlite:///")
    if not raw or raw.startswith(":memory:") or "\0" in raw:
        raise UsageError(
            "database.bad_url",
            f"{url!r} names no database file",
            hint="sqlite:///PATH; a database in memory would not outlive the engine",
        )
    return Path(raw)


def connect_all(path: Path, shown_as: str) -> Connections:
    """One thread writes, durably or softly; a few read beside it."""
    writing = ThreadPoolExecutor(1, thread_name_prefix="ainf-db-write")
    reading = ThreadPoolExecutor(READERS, thread_name_prefix="ainf-db-read")
    durable = _engine(path, begin="BEGIN IMMEDIATE", size=1, synchronous="FULL")
    soft = _engine(path, begin="BEGIN IMMEDIATE", size=1, synchronous="NORMAL")
    reader = _engine(path, begin="BEGIN", size=READERS, synchronous="NORMAL", query_only=True)
    return Connections(
        writer=ThreadLane(durable, writing),
        soft=ThreadLane(soft, writing),
        reader=ThreadLane(reader, reading),
        shown_as=shown_as,
    )


def single_engine(path: Path) -> Engine:
    """A blocking engine for creating and migrating. Transactions are BEGIN IMMEDIATE and durable."""
    return _engine(path, begin="BEGIN IMMEDIATE", size=1, synchronous="FULL")


def _engine(path: Path, *, begin: str, size: int, synchronous: str, query_only: bool = False) -> Engine:
    engine = create_engine(
        URL.create("sqlite", database=str(path)),
        poolclass=QueuePool,
        pool_size=size,
        max_overflow=0,
        pool_reset_on_return=None,  # every transaction of ours ends itself
        connect_args={"isolation_level": None, "timeout": BUSY_TIMEOUT, "check_same_thread": False},
    )
    _tune(engine, begin=begin, synchronous=synchronous, query_only=query_only)
    return engine


def _tune(engine: Engine, *, begin: str, synchronous: str, query_only: bool) -> None:
    def on_connect(connection: Any, _record: Any) -> None:
        connection.create_function(FOLD, 1, fold, deterministic=True)
        cursor = connection.cursor()
        cursor.execute("PRAGMA journal_mode = WAL")
        cursor.execute(f"PRAGMA synchronous = {synchronous}")
        cursor.execute("PRAGMA foreign_keys = ON")
        cursor.execute(f"PRAGMA journal_size_limit = {_JOURNAL_LIMIT}")
        cursor.execute("PRAGMA temp_store = MEMORY")
        cursor.execute(f"PRAGMA cache_size = -{_CACHE}")
        if query_only:
            cursor.execute("PRAGMA query_only = ON")
        cursor.close()

    def on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)

    event.listen(engine, "connect", on_connect)
    event.listen(engine, "begin", on_begin)


def checkpoint(conn: Connection) -> None:
    """Moves the write-ahead log into the file and empties it, as far as readers allow."""
    conn.exec_driver_sql("COMMIT")  # there is nothing to commit, and a transaction cannot do it
    conn.exec_driver_sql(f"PRAGMA busy_timeout = {_CHECKPOINT_PATIENCE}")
    conn.exec_driver_sql("PRAGMA wal_checkpoint(TRUNCATE)").all()
    conn.exec_driver_sql(f"PRAGMA busy_timeout = {round(BUSY_TIMEOUT * 1000)}")


def plain_connection(path: Path) -> sqlite3.Connection:
    """A bare connection in autocommit mode, for what SQLAlchemy has no words for. For threads."""
    return sqlite3.connect(path, timeout=BUSY_TIMEOUT, isolation_level=None)


@contextlib.contextmanager
def opening(path: Path) -> Iterator[None]:
    """Blocking: held while one process looks at, creates or migrates the file; others wait.

    The lock is `FILE.lock`, which stays: deleting it would let two processes lock different files.
    """
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    handle = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT, 0o600)
    try:
        _lock(handle)
        yield
    finally:
        os.close(handle)  # which lets go of the lock


def _lock(handle: int) -> None:
    if sys.platform == "win32":
        import msvcrt  # noqa: PLC0415 - exists there only

        msvcrt.locking(handle, msvcrt.LK_LOCK, 1)
    else:
        import fcntl  # noqa: PLC0415 - does not exist on Windows

        fcntl.flock(handle, fcntl.LOCK_EX)
