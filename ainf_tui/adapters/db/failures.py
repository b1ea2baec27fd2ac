"""What drivers raise, as AinfErrors that name the database, the reason and the next step."""

from __future__ import annotations

import errno
import sqlite3
from typing import Any

from sqlalchemy.exc import DBAPIError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from ainf_tui.domain.text import visible
from ainf_tui.errors import AinfError, UnreachableError

DRIVER_ERRORS = (DBAPIError, PoolTimeoutError, sqlite3.Error, OSError, TimeoutError)
"""Everything outside that a transaction can die of; `translate` takes each of them."""

HINTS = {
    "database.full": "make room on that disk, then go on: nothing was half-written",
    "database.locked": "another program is writing to it; end that program or try again",
    "database.readonly": "make the file and its folder writable for this user",
    "database.corrupt": "stop ainf and put a copy made by `ainf db backup` in its place; nothing was changed",
    "database.unreachable": "check that the database runs and that its address in the settings is right",
    "database.failed": "this is likely a bug in ainf; the engine's log has the details",
}

_SQLITE = {
    sqlite3.SQLITE_FULL: ("database.full", "the disk is full"),
    sqlite3.SQLITE_BUSY: ("database.locked", "it is locked"),
    sqlite3.SQLITE_LOCKED: ("database.locked", "it is locked"),
    sqlite3.SQLITE_READONLY: ("database.readonly", "it cannot be written to"),
    sqlite3.SQLITE_PERM: ("database.readonly", "permission denied"),
    sqlite3.SQLITE_CORRUPT: ("database.corrupt", "the file is damaged"),
    sqlite3.SQLITE_NOTADB: ("database.corrupt", "the file is no SQLite database, or damaged"),
    sqlite3.SQLITE_CANTOPEN: ("database.unreachable", "the file cannot be opened"),
    sqlite3.SQLITE_IOERR: ("database.unreachable", "reading or writing the file failed"),
}
_OS = {
    errno.ENOSPC: ("database.full", "the disk is full"),
    errno.EDQUOT: ("database.full", "the disk quota is used up"),
    errno.EROFS: ("database.readonly", "the file system is read-only"),
    errno.EACCES: ("database.readonly", "permission denied"),
    errno.EPERM: ("database.readonly", "permission denied"),
}
# Beginnings of PostgreSQL's SQLSTATE, longest first where one contains another.
_POSTGRES = (
    ("53100", "database.full", "the server's disk is full"),
    ("53", "database.unreachable", "the server has no resources left"),
    ("55P03", "database.locked", "a lock was not to be had"),
    ("40", "database.locked", "transactions collided"),
    ("25006", "database.readonly", "the server is read-only"),
    ("42501", "database.readonly", "the user lacks a permission"),
    ("XX001", "database.corrupt", "its data is damaged"),
    ("XX002", "database.corrupt", "an index of it is damaged"),
    ("28", "database.unreachable", "the login was refused"),
    ("3D000", "database.unreachable", "there is no database of that name"),
    ("08", "database.unreachable", "the connection broke"),
    ("57", "database.unreachable", "the server is stopping or cancelled the query"),
)


def translate(error: BaseException, where: str) -> AinfError:
    """The AinfError for a failure of the database at `where` (its redacted address)."""
    if isinstance(error, AinfError):
        return error
    origin = _origin(error)
    code, reason = _verdict(origin, error)
    kind = UnreachableError if code in {"database.unreachable", "database.locked"} else AinfError
    return kind(
        code,
        f"database {where}: {reason}",
        hint=HINTS[code],
        details={"driver": visible(f"{type(origin).__name__}: {origin}", 500)},
    )


def _origin(error: BaseException) -> BaseException:
    """The driver's own error inside SQLAlchemy's wrappers."""
    while isinstance(error, DBAPIError) and error.orig is not None:
        error = error.orig
    return error


def _verdict(origin: BaseException, error: BaseException) -> tuple[str, str]:
    if isinstance(origin, sqlite3.Error):
        primary = getattr(origin, "sqlite_errorcode", 0) & 0xFF
        return _SQLITE.get(primary, ("database.failed", "it refused a statement"))
    state = _sqlstate(origin)
    if state:
        verdict = next(((code, why) for start, code, why in _POSTGRES if state.startswith(start)), None)
        return verdict or ("database.failed", f"it refused a statement (SQLSTATE {state})")
    if isinstance(origin, TimeoutError | PoolTimeoutError):
        return "database.unreachable", "it did not answer in time"
    if isinstance(origin, OSError):
        return _OS.get(origin.errno or 0, ("database.unreachable", "it cannot be reached"))
    if isinstance(error, DBAPIError) and error.connection_invalidated:
        return "database.unreachable", "the connection broke"
    return "database.failed", "it refused a statement"


def _sqlstate(origin: BaseException) -> str:
    value: Any = getattr(origin, "sqlstate", None)
    return value if isinstance(value, str) else ""
