"""Every repository test runs on SQLite and on PostgreSQL; neither is ever left out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from ainf_tui.adapters.db import engine
from tests.fakes import postgres


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[str]:
    with postgres.server() as url:
        yield url


@pytest.fixture(params=["sqlite", "postgresql"])
async def db_url(request: pytest.FixtureRequest, tmp_path: Path) -> AsyncIterator[str]:
    """The address of a database that does not exist yet (SQLite) or is empty (PostgreSQL)."""
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path / 'ainf.db'}"
        return
    async with postgres.database(request.getfixturevalue("postgres_server")) as url:
        yield url


@pytest.fixture
async def db(db_url: str) -> AsyncIterator[engine.SqlDatabase]:
    database = await engine.open(db_url)
    yield database
    await database.aclose()


@pytest.fixture
async def lite(tmp_path: Path) -> AsyncIterator[engine.SqlDatabase]:
    """SQLite alone, for what only a file can do."""
    database = await engine.open(f"sqlite:///{tmp_path / 'ainf.db'}")
    yield database
    await database.aclose()
