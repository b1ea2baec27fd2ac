"""Files of a SQLite database: an online backup, and a migration that works on a copy."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from pathlib import Path

from ainf_tui.adapters.db.failures import DRIVER_ERRORS, translate
from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.adapters.db.sqlite import plain_connection, single_engine
from ainf_tui.errors import AinfError, UsageError


def backup_file(path: Path, target: Path) -> int:
    """Blocking: a consistent copy while others write; its size in bytes. Appears whole or not at all.

    UsageError(`database.backup_exists`); AinfError(`database.*`), most likely `full`.
    """
    if target.exists():
        raise UsageError(
            "database.backup_exists", f"{target} exists already", hint="name a file that does not"
        )
    part = target.with_name(f"{target.name}.part")
    try:
        with contextlib.closing(plain_connection(path)) as source:
            _copy(source, part)
        _fsync(part)
        part.replace(target)
        _fsync_folder(target)
    except DRIVER_ERRORS as error:
        part.unlink(missing_ok=True)
        raise translate(error, f"copy {target}") from error
    return target.stat().st_size


def upgrade_file(path: Path, revision: str, shown_as: str) -> None:
    """Blocking, under `opening(path)`: migrates a copy and puts it in the file's place.

    What was there stays as `FILE.before-REV`, REV being the new revision; if there is one already, that
    one is kept. AinfError(`database.newer`, `database.locked`, ...); then the file is as it was.
    """
    from ainf_tui.adapters.db import migrate  # noqa: PLC0415 - alembic costs a start-up and is hardly ever needed

    migrate.check_known(revision, shown_as)
    copy = path.with_name(f"{path.name}.migrating")
    _remove(copy)
    try:
        with contextlib.closing(plain_connection(path)) as source:
            _be_alone(source)
            _copy(source, copy)
            engine = single_engine(copy)
            with engine.begin() as conn:
                migrate.upgrade(conn)
            engine.dispose()
            _settle(copy)
            _to_one_file(source)
        _keep(path, path.with_name(f"{path.name}.before-{HEAD_REVISION}"))
        copy.replace(path)
        _fsync_folder(path)
    except BaseException:
        _remove(copy)
        raise


def _copy(source: sqlite3.Connection, target: Path) -> None:
    os.close(os.open(target, os.O_CREAT | os.O_TRUNC | os.O_WRONLY, 0o600))
    with contextlib.closing(sqlite3.connect(target, isolation_level=None)) as copy:
        source.backup(copy)
        _to_one_file(copy)
        _check(copy, target)


def _be_alone(connection: sqlite3.Connection) -> None:
    """Fails (busy) while anybody has the file open; nobody can open it until this connection ends."""
    connection.execute("PRAGMA locking_mode = EXCLUSIVE")
    connection.execute("BEGIN EXCLUSIVE")
    connection.execute("COMMIT")


def _to_one_file(connection: sqlite3.Connection) -> None:
    """Everything from the write-ahead log into the file, and no log any more."""
    mode = connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0]
    if mode != "delete":
        raise sqlite3.OperationalError(f"journal mode stays {mode}")


def _settle(path: Path) -> None:
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as connection:
        _to_one_file(connection)
        _check(connection, path)
        if connection.execute("PRAGMA foreign_key_check").fetchone() is not None:
            raise AinfError("database.failed", f"{path}: the migration broke references between tables")
    _fsync(path)


def _check(connection: sqlite3.Connection, path: Path) -> None:
    verdict = connection.execute("PRAGMA quick_check(1)").fetchone()[0]
    if verdict != "ok":
        raise AinfError(
            "database.corrupt",
            f"a copy of the database fails SQLite's own check ({path.name})",
            hint="the database itself is damaged: restore an older backup, or `sqlite3 FILE .recover`",
        )


def _keep(path: Path, kept: Path) -> None:
    if kept.exists():
        return
    try:
        os.link(path, kept)
    except OSError:  # a file system without hard links
        part = kept.with_name(f"{kept.name}.part")
        shutil.copy2(path, part)
        _fsync(part)
        part.replace(kept)


def _remove(path: Path) -> None:
    for suffix in ("", "-wal", "-shm", "-journal"):
        Path(f"{path}{suffix}").unlink(missing_ok=True)


def _fsync(path: Path) -> None:
    handle = os.open(path, os.O_RDWR)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _fsync_folder(path: Path) -> None:
    if os.name == "nt":
        return  # folders cannot be opened there, and renames are in the journal
    handle = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
