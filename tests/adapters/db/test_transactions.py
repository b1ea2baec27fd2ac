"""Cancellation, kill, full disk, locks, damage: what is committed stays, what is not leaves no trace."""

from __future__ import annotations

import asyncio
import contextlib
import sqlite3
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Connection, text

from ainf_tui.adapters.db import counting, engine, sqlite
from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.domain.jobs import JobState
from ainf_tui.domain.ports import JobFilter
from ainf_tui.errors import AinfError, UnreachableError
from tests.fakes import postgres
from tests.fakes.jobs import NOW, claim, new_job, step

S = JobState


def call_later_in_steps(loop: asyncio.AbstractEventLoop, steps: int, then: Callable[[], None]) -> None:
    """Runs `then` after the loop has gone round a few times: whoever was woken has run by then."""
    loop.call_soon(then if steps == 0 else lambda: call_later_in_steps(loop, steps - 1, then))


async def cancel_inside(db: SqlDatabase, run: Any) -> None:
    """A transaction that has written is cancelled before it can commit."""
    loop = asyncio.get_running_loop()
    told = threading.Event()

    def cancel() -> None:
        task.cancel()
        call_later_in_steps(loop, 5, told.set)

    def work(conn: Connection) -> None:
        counting.bump(conn, "number", 1000)
        loop.call_soon_threadsafe(cancel)
        if conn.dialect.name == "postgresql":
            conn.execute(text("SELECT pg_sleep(0.05)"))  # the loop goes on meanwhile
        else:
            assert told.wait(20)

    task = asyncio.create_task(run(work))
    with pytest.raises(asyncio.CancelledError):
        await task
    assert told.is_set()


@pytest.mark.parametrize("kind", ["write", "write_soft"])
async def test_a_cancelled_transaction_leaves_nothing(db: SqlDatabase, kind: str) -> None:
    for _ in range(8):  # more than any pool has connections
        await cancel_inside(db, getattr(db._db, kind))
    (job,) = await db.jobs.add([new_job()])
    assert job.number == 1
    await db.check()


async def test_cancelled_while_it_waits_for_its_turn(lite: SqlDatabase) -> None:
    gate, inside = threading.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def busy(_conn: Connection) -> None:
        loop.call_soon_threadsafe(inside.set)
        assert gate.wait(20)

    first = asyncio.create_task(lite._db.write(busy))
    await inside.wait()
    second = asyncio.create_task(lite.jobs.add([new_job()]))
    await asyncio.sleep(0)
    second.cancel()
    await asyncio.sleep(0)
    gate.set()
    await first
    with pytest.raises(asyncio.CancelledError):
        await second
    assert (await lite.jobs.counts(NOW)).queued == 0


async def test_cancelled_readers_give_their_connections_back(db: SqlDatabase) -> None:
    for _ in range(20):
        task = asyncio.create_task(db.jobs.counts(NOW))
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
    assert (await db.jobs.counts(NOW)).queued == 0


async def test_closing_waits_for_what_is_under_way(db: SqlDatabase, db_url: str) -> None:
    async with asyncio.TaskGroup() as group:
        adding = group.create_task(db.jobs.add([new_job() for _ in range(700)]))
        await asyncio.sleep(0)
        await db.aclose()
        assert adding.done()
    assert len(adding.result()) == 700
    with pytest.raises(AinfError) as caught:
        await db.jobs.get(1)
    assert caught.value.code == "database.closed"
    await db.aclose()
    again = await engine.open(db_url)
    assert (await again.jobs.counts(NOW)).queued == 700
    await again.aclose()


async def test_a_full_disk_is_said_and_harmless(lite: SqlDatabase) -> None:
    (job,) = await lite.jobs.add([new_job()])
    await lite._db.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 1").all())
    with pytest.raises(AinfError) as caught:
        await lite.jobs.add([new_job(prompt="x" * 1000) for _ in range(2000)])
    assert caught.value.code == "database.full"
    assert caught.value.hint
    assert (await lite.jobs.counts(NOW)).queued == 1
    await lite._db.write(lambda c: c.exec_driver_sql("PRAGMA max_page_count = 100000").all())
    assert (await lite.jobs.add([new_job()]))[0].number == 2
    assert await lite.jobs.apply(claim(job)) is not None


async def test_a_read_only_database_is_said(lite: SqlDatabase) -> None:
    await lite._db.write(lambda c: c.exec_driver_sql("PRAGMA query_only = ON"))
    with pytest.raises(AinfError) as caught:
        await lite.jobs.add([new_job()])
    assert caught.value.code == "database.readonly"
    assert await lite.jobs.get(1) is None


async def test_a_locked_database_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sqlite, "BUSY_TIMEOUT", 0.02)
    path = tmp_path / "a.db"
    db = await engine.open(f"sqlite:///{path}")
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(UnreachableError) as caught:
            await db.jobs.add([new_job()])
        assert caught.value.code == "database.locked"
        assert await db.jobs.get(1) is None  # readers do not care
    await db.jobs.add([new_job()])
    await db.aclose()


async def test_damage_is_said_and_the_file_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    db = await engine.open(f"sqlite:///{path}")
    await db.jobs.add([new_job(prompt="x" * 500) for _ in range(300)])
    await db.aclose()
    good = path.read_bytes()
    path.write_bytes(good[:100] + b"\xa5" * (len(good) - 100))
    damaged = path.read_bytes()
    with pytest.raises(AinfError) as caught:
        await engine.open(f"sqlite:///{path}")
    assert caught.value.code == "database.corrupt"
    path.write_bytes(b"this is a letter to my aunt, not a database\n" * 50)
    with pytest.raises(AinfError) as caught:
        await engine.open(f"sqlite:///{path}")
    assert caught.value.code == "database.corrupt"
    assert path.read_bytes().startswith(b"this is a letter")
    assert damaged != good


async def test_a_removed_file_is_noticed(lite: SqlDatabase, tmp_path: Path) -> None:
    await lite.check()
    (tmp_path / "ainf.db").unlink()
    with pytest.raises(UnreachableError) as caught:
        await lite.check()
    assert caught.value.code == "database.unreachable"


async def test_a_database_that_does_not_answer_is_noticed(
    lite: SqlDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "_CHECK_TIMEOUT", 0.02)
    gate = threading.Event()
    hung = [asyncio.create_task(lite._db.read(lambda _: gate.wait(20))) for _ in range(sqlite.READERS)]
    await asyncio.sleep(0)
    with pytest.raises(UnreachableError):
        await lite.check()
    gate.set()
    assert await asyncio.gather(*hung) == [True] * sqlite.READERS
    await lite.check()


async def test_a_lost_server_is_said_and_found_again(postgres_server: str) -> None:
    async with postgres.database(postgres_server) as url:
        db = await engine.open(url)
        await db.jobs.add([new_job()])
        with pytest.raises(AinfError) as caught:
            await db._db.write(lambda c: c.execute(text("SELECT pg_terminate_backend(pg_backend_pid())")))
        assert caught.value.code == "database.unreachable"
        assert (await db.jobs.counts(NOW)).queued == 1
        await db.aclose()
    with pytest.raises(AinfError) as caught:
        await engine.open(url)  # dropped by now
    assert caught.value.code == "database.unreachable"


VICTIM = """
import asyncio, sys
from ainf_tui.adapters.db import engine
from tests.fakes.jobs import claim, new_job, step
from ainf_tui.domain.jobs import JobState as S

async def main():
    db = await engine.open(sys.argv[1])
    while True:
        (job,) = await db.jobs.add([new_job(prompt="x" * 3000)])
        print("added", job.number, flush=True)
        await db.memory.save_progress(job.id, {"x": "y" * 2000})
        await db.jobs.apply(claim(job))
        print("claimed", job.number, flush=True)

asyncio.run(main())
"""


@pytest.mark.parametrize("lines", [1, 60, 155])
async def test_kill_minus_nine_keeps_everything_that_was_said(
    db_url: str, tmp_path: Path, lines: int
) -> None:
    root = Path(engine.__file__).parents[3]
    victim = await asyncio.create_subprocess_exec(
        sys.executable, "-c", VICTIM, db_url, stdout=asyncio.subprocess.PIPE, cwd=root
    )
    assert victim.stdout is not None
    said = [await victim.stdout.readline() for _ in range(lines)]
    victim.kill()
    said += (await victim.stdout.read()).splitlines()
    assert await victim.wait() == -9
    if db_url.startswith("sqlite"):
        with contextlib.closing(sqlite3.connect(tmp_path / "ainf.db")) as connection:
            assert connection.execute("PRAGMA integrity_check").fetchall() == [("ok",)]
    db = await engine.open(db_url)
    for line in said:
        kind, _, number = line.decode().strip().partition(" ")
        job = await db.jobs.get(int(number))
        assert job is not None
        if kind == "claimed":
            assert (job.state, len(job.attempts)) == (S.SUBMITTING, 1)
    jobs = (await db.jobs.list_open(JobFilter(), limit=1000)).jobs
    assert sorted(j.number for j in jobs) == list(range(1, len(jobs) + 1))
    assert all(len(j.attempts) == (j.state is S.SUBMITTING) for j in jobs)
    (job,) = await db.jobs.add([new_job()])
    assert job.number == len(jobs) + 1
    assert await db.jobs.apply(step(job, S.QUEUED, held=True)) is not None
    await db.aclose()
