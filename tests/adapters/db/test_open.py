"""Opening, creating, migrating, copying."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import sqlite3
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, delete, inspect, select, update

from ainf_tui.adapters.db import backup, engine, migrate, schema, sqlite
from ainf_tui.adapters.db import postgres as postgres_adapter
from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.adapters.db.revision import HEAD_REVISION
from ainf_tui.adapters.db.tables import counters, meta, metadata, queue_state
from ainf_tui.errors import AinfError, UsageError
from tests.fakes import postgres
from tests.fakes.jobs import NOW, new_job

ROOT = Path(engine.__file__).parents[3]
SECOND = '''"""The next schema."""
import sqlalchemy as sa
from alembic import op
revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

def upgrade():
    op.add_column("jobs", sa.Column("mood", sa.Text()))
    op.execute("UPDATE jobs SET mood = 'good'")
    BREAK
'''


def where(index: Any) -> list[tuple[str, str]]:
    """The condition of a partial index."""
    return sorted((name, str(value)) for name, value in index.get("dialect_options", {}).items())


def described(conn: Connection) -> dict[str, Any]:
    """Everything that the database says about its schema, as plain values."""
    inspector = inspect(conn)
    return {
        table: {
            "columns": [
                (
                    c["name"],
                    str(c["type"]),
                    getattr(c["type"], "collation", None),
                    c["nullable"],
                    c["default"],
                )
                for c in inspector.get_columns(table)
            ],
            "pk": inspector.get_pk_constraint(table),
            "fks": sorted(inspector.get_foreign_keys(table), key=str),
            "unique": sorted(inspector.get_unique_constraints(table), key=str),
            "indexes": sorted(
                (i["name"], i["column_names"], i["unique"], where(i)) for i in inspector.get_indexes(table)
            ),
        }
        for table in sorted(inspector.get_table_names())
    }


def first_rows(conn: Connection) -> list[Any]:
    tables = (schema.alembic_version, counters, queue_state)
    names = [*conn.execute(select(meta.c.name)).scalars()]
    return [sorted(tuple(row) for row in conn.execute(select(table))) for table in tables] + names


def drop_everything(conn: Connection) -> None:
    metadata.drop_all(conn)
    schema.alembic_version.drop(conn)


async def test_the_migrations_lead_to_the_tables(db: SqlDatabase) -> None:
    fresh = await db._db.read(described), await db._db.read(first_rows)
    assert len(fresh[0]) == len(metadata.tables) + 1
    assert any("sqlite_where" in str(t) or "postgresql_where" in str(t) for t in fresh[0].values())
    await db._db.write(drop_everything)
    await db._db.write(migrate.upgrade)
    migrated = await db._db.read(described), await db._db.read(first_rows)
    assert migrated == fresh


async def test_each_older_revision_is_brought_up_to_date(db_url: str) -> None:
    db = await engine.open(db_url)
    fresh = await db._db.read(described), await db._db.read(first_rows)
    await db._db.write(drop_everything)
    await db._db.write(migrate.upgrade, "0001")
    await db.jobs.add([new_job()])
    await db.aclose()
    assert await engine.upgrade(db_url) == ("0001", HEAD_REVISION)
    db = await engine.open(db_url)
    assert await db._db.read(described) == fresh[0]
    assert await db.errors.checkpoints() == {}
    assert (await db.jobs.counts(NOW)).queued == 1
    await db.aclose()


def test_the_constant_is_the_newest_script() -> None:
    assert migrate.head() == HEAD_REVISION


def test_an_open_database_needs_no_alembic(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from ainf_tui.adapters.db import engine\n"
        "async def main():\n"
        "    for _ in range(2):\n"
        "        db = await engine.open(sys.argv[1])\n"
        "        await db.jobs.get(1)\n"
        "        await db.aclose()\n"
        "asyncio.run(main())\n"
        "heavy = {'alembic', 'mako', 'asyncpg', 'sqlalchemy.orm'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "assert 'sqlalchemy' in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program, f"sqlite:///{tmp_path}/a.db"], check=True, cwd=ROOT)


async def test_url_is_redacted_and_info_is_true(db: SqlDatabase) -> None:
    await db.jobs.add([new_job()])
    info = await db.info()
    assert (info.revision, info.rows["jobs"]) == (HEAD_REVISION, 1)
    assert info.bytes > 10_000
    assert len(info.installation) == 36
    assert await db.revision() == HEAD_REVISION


@pytest.mark.parametrize(
    "url", ["sqlite:///", "sqlite:///:memory:", "mysql://u:secret@h/d", "", "postgresql://u:secret@h:port/d"]
)
async def test_bad_addresses(url: str) -> None:
    with pytest.raises(UsageError) as caught:
        await engine.open(url)
    assert caught.value.code == "database.bad_url"
    assert "secret" not in str(caught.value)


async def test_nobody_there() -> None:
    with pytest.raises(AinfError) as caught:
        await engine.open("postgresql://u:secret@127.0.0.1:1/d")
    assert caught.value.code == "database.unreachable"
    assert "secret" not in f"{caught.value.document()}"


async def test_another_programs_database_is_left_alone(db_url: str, tmp_path: Path) -> None:
    db = await engine.open(db_url)
    await db._db.write(counters.drop)
    await db.aclose()
    with pytest.raises(AinfError) as caught:
        await engine.open(db_url)
    assert caught.value.code == "database.foreign"


async def test_a_newer_database_is_refused(db_url: str) -> None:
    db = await engine.open(db_url)
    await db._db.write(lambda c: c.execute(update(schema.alembic_version).values(version_num="9999")))
    await db.aclose()
    for migrating in (True, False):
        with pytest.raises(AinfError) as caught:
            await engine.open(db_url, migrate=migrating)
        assert caught.value.code == "database.newer"
        assert "9999" in caught.value.message
        assert HEAD_REVISION in caught.value.message


async def test_many_open_an_empty_database_at_once(db_url: str) -> None:
    opened = await asyncio.gather(*[engine.open(db_url) for _ in range(4)])
    added = await asyncio.gather(*[db.jobs.add([new_job()]) for db in opened])
    assert sorted(jobs[0].number for jobs in added) == [1, 2, 3, 4]
    for db in opened:
        await db.aclose()


async def test_processes_open_an_empty_file_at_once(tmp_path: Path) -> None:
    program = (
        "import asyncio, sys\n"
        "from ainf_tui.adapters.db import engine\n"
        "from tests.fakes.jobs import new_job\n"
        "async def main():\n"
        "    db = await engine.open(sys.argv[1])\n"
        "    print((await db.jobs.add([new_job()]))[0].number)\n"
        "    await db.aclose()\n"
        "asyncio.run(main())\n"
    )
    command = [sys.executable, "-c", program, f"sqlite:///{tmp_path}/sub/a.db"]
    running = [
        await asyncio.create_subprocess_exec(*command, stdout=asyncio.subprocess.PIPE, cwd=ROOT)
        for _ in range(3)
    ]
    said = [(await process.communicate())[0].strip() for process in running]
    assert sorted(said) == [b"1", b"2", b"3"]


@pytest.fixture
def next_version(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A program that is one revision ahead; gives its new script."""
    folder = tmp_path / "migrations"
    shutil.copytree(migrate._FOLDER, folder, ignore=shutil.ignore_patterns("__pycache__"))
    script = folder / "versions" / "r0003_third.py"
    script.write_text(SECOND.replace("BREAK", ""))
    monkeypatch.setattr(migrate, "_FOLDER", folder)
    for module in (backup, engine, migrate, postgres_adapter, schema):
        monkeypatch.setattr(module, "HEAD_REVISION", "0003")
    return script


def files(folder: Path) -> set[str]:
    """Names of what a database left there."""
    return {path.name for path in folder.iterdir() if ".db" in path.name}


def breaking(script: Path, statement: str) -> None:
    script.write_text(SECOND.replace("BREAK", statement))


def moods(conn: Connection) -> list[str]:
    return list(conn.exec_driver_sql("SELECT mood FROM jobs").scalars())


@pytest.fixture
async def old_url(db_url: str) -> str:
    """A database of the revision before, with one job."""
    db = await engine.open(db_url)
    await db.jobs.add([new_job()])
    await db.aclose()
    return db_url


async def test_a_migration_keeps_jobs(old_url: str, next_version: Path, tmp_path: Path) -> None:
    with pytest.raises(schema.OlderDatabaseError) as caught:
        await engine.open(old_url, migrate=False)
    assert (caught.value.code, caught.value.revision) == ("database.older", "0002")
    assert await engine.upgrade(old_url) == ("0002", "0003")
    assert await engine.upgrade(old_url) == ("0003", "0003")
    db = await engine.open(old_url)
    assert await db._db.read(moods) == ["good"]
    assert await db.jobs.get(1) is not None
    await db.aclose()
    if old_url.startswith("sqlite"):
        kept = tmp_path / "ainf.db.before-0003"
        with contextlib.closing(sqlite3.connect(kept)) as connection:
            assert connection.execute("SELECT version_num FROM alembic_version").fetchall() == [("0002",)]
            assert connection.execute("SELECT count(*) FROM jobs").fetchall() == [(1,)]
        assert files(tmp_path) == {"ainf.db", kept.name, "ainf.db.lock"}


async def test_openers_of_an_old_database_migrate_it_once(old_url: str, next_version: Path) -> None:
    if old_url.startswith("sqlite"):
        # A file is swapped only while nobody has it open: those who come later may find it locked.
        await engine.upgrade(old_url)
    opened = await asyncio.gather(*[engine.open(old_url) for _ in range(3)])
    assert await opened[0]._db.read(moods) == ["good"]
    for db in opened:
        await db.aclose()


async def test_a_broken_migration_changes_nothing(old_url: str, next_version: Path, tmp_path: Path) -> None:
    breaking(next_version, "op.execute('SELECT * FROM nothing')")
    before = (tmp_path / "ainf.db").read_bytes() if old_url.startswith("sqlite") else b""
    with pytest.raises(AinfError) as caught:
        await engine.open(old_url)
    assert caught.value.code == "database.failed"
    if before:
        assert (tmp_path / "ainf.db").read_bytes() == before
        assert files(tmp_path) == {"ainf.db", "ainf.db.lock"}
    breaking(next_version, "")
    assert await engine.upgrade(old_url) == ("0002", "0003")


async def test_a_file_in_use_is_not_migrated(
    lite: SqlDatabase, tmp_path: Path, request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch
) -> None:
    await lite.jobs.add([new_job()])
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.02)
    request.getfixturevalue("next_version")
    with pytest.raises(AinfError) as caught:
        await engine.open(lite.url)
    assert caught.value.code == "database.locked"
    await lite.jobs.add([new_job()])  # who has it open goes on
    assert (await lite.jobs.counts(NOW)).queued == 2
    await lite.aclose()
    assert await engine.upgrade(lite.url) == ("0002", "0003")


async def test_a_backup_is_whole_while_others_write(lite: SqlDatabase, tmp_path: Path) -> None:
    await lite.jobs.add([new_job() for _ in range(500)])
    target = tmp_path / "copy.db"
    writing = [asyncio.create_task(lite.jobs.add([new_job()])) for _ in range(20)]
    assert await lite.backup(target) == target.stat().st_size
    await asyncio.gather(*writing)
    copy = await engine.open(f"sqlite:///{target}")
    assert 500 <= (await copy.jobs.counts(NOW)).queued <= 520
    await copy.aclose()
    with pytest.raises(UsageError) as caught:
        await lite.backup(target)
    assert caught.value.code == "database.backup_exists"
    with pytest.raises(AinfError) as failed:
        await lite.backup(tmp_path / "none" / "copy.db")
    assert failed.value.code == "database.unreachable"
    assert "copy.db.part" not in files(tmp_path)


async def test_postgres_makes_its_own_backups(postgres_server: str, tmp_path: Path) -> None:
    async with postgres.database(postgres_server) as url:
        db = await engine.open(url)
        with pytest.raises(UsageError) as caught:
            await db.backup(tmp_path / "x")
        await db.aclose()
    assert caught.value.code == "database.backup_elsewhere"
    assert "pg_dump" in caught.value.hint


async def test_idle_moves_the_log_into_the_file(lite: SqlDatabase, tmp_path: Path) -> None:
    await lite.jobs.add([new_job() for _ in range(50)])
    log = tmp_path / "ainf.db-wal"
    assert log.stat().st_size > 0
    await lite.idle()
    assert log.stat().st_size == 0
    await lite.jobs.add([new_job()])
    assert (await lite.jobs.counts(NOW)).queued == 51


async def test_pragmas(lite: SqlDatabase) -> None:
    def pragma(name: str) -> Any:
        return lambda conn: conn.exec_driver_sql(f"PRAGMA {name}").scalar()

    assert await lite._db.write(pragma("synchronous")) == 2
    assert await lite._db.write_soft(pragma("synchronous")) == 1
    for run in (lite._db.write, lite._db.write_soft, lite._db.read):
        assert await run(pragma("journal_mode")) == "wal"
        assert await run(pragma("foreign_keys")) == 1
        assert await run(pragma("busy_timeout")) == 5000
    with pytest.raises(AinfError):
        await lite._db.read(lambda conn: conn.execute(delete(meta)))
