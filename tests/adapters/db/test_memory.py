"""Leases, backends, measured times, progress."""

from __future__ import annotations

import asyncio
from dataclasses import replace

import pytest
from sqlalchemy import update

from ainf_tui.adapters.db import engine, memory
from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.adapters.db.tables import leases
from ainf_tui.domain.ports import BackendMemory, NodeTiming
from tests.fakes.jobs import at


def timing(run: str, node: str = "3", **fields: object) -> NodeTiming:
    values: dict[str, object] = {
        "graph_hash": "g",
        "node": node,
        "cls": "KSampler",
        "backend": "default",
        "work": 1.5,
        "seconds": 2.5,
        "cached": False,
        "run": run,
        "measured_at": at(int(run)),
    }
    return NodeTiming(**(values | fields))  # type: ignore[arg-type]  # any field


async def test_backends_are_remembered(db: SqlDatabase) -> None:
    assert await db.memory.backend("a") is None
    known = BackendMemory("a", "client", "x.safetensors", 12.0, "1:2")
    await db.memory.save_backend(known)
    await db.memory.save_backend(replace(known, last_number=None, server_epoch=""))
    await db.memory.save_backend(BackendMemory("b", "other"))
    assert await db.memory.backend("a") == replace(known, last_number=None, server_epoch="")


async def test_timings_of_the_newest_runs(db: SqlDatabase) -> None:
    for run in ("1", "2", "3"):
        await db.memory.add_timings([timing(run), timing(run, "4", cls="VAEDecode", cached=True)])
    await db.memory.add_timings(
        [timing("3", seconds=99.0), timing("4", backend="other"), timing("5", graph_hash="h")]
    )
    await db.memory.add_timings([])
    found = await db.memory.timings("g", "default", runs=2)
    assert [(t.run, t.node) for t in found] == [("3", "3"), ("3", "4"), ("2", "3"), ("2", "4")]
    assert found[:2] == (timing("3"), timing("3", "4", cls="VAEDecode", cached=True))
    by_class = await db.memory.class_timings({"KSampler", "VAEDecode", "None"}, "default", limit=2)
    assert [(t.cls, t.run, t.graph_hash) for t in by_class] == [
        ("KSampler", "5", "h"),
        ("KSampler", "3", "g"),
        ("VAEDecode", "3", "g"),
        ("VAEDecode", "2", "g"),
    ]


async def test_old_timings_go(db: SqlDatabase, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(memory, "RUNS_KEPT", 3)
    monkeypatch.setattr(memory, "RUNS_KEPT_IN_ALL", 2)
    for run in range(6):
        await db.memory.add_timings([timing(str(run))])
    assert [t.run for t in await db.memory.timings("g", "default", runs=9)] == ["5", "4", "3"]
    await db.idle()
    assert [t.run for t in await db.memory.timings("g", "default", runs=9)] == ["5", "4"]
    assert (await db.info()).rows["node_timings"] == 2


async def test_progress_is_one_row_a_job(db: SqlDatabase) -> None:
    for step in (1, 2):
        await db.memory.save_progress("a", {"step": step, "rate": float("inf"), "node": "x\0"})
    await db.memory.save_progress("b", {})
    assert await db.memory.progress(["a", "b", "c"]) == {
        "a": {"step": 2, "rate": None, "node": "x\u2400"},
        "b": {},
    }
    assert (await db.info()).rows["job_progress"] == 2


async def expire(db: SqlDatabase) -> None:
    await db._db.write(lambda conn: conn.execute(update(leases).values(expires_at=1)))


async def test_a_lease_has_one_holder_and_its_epoch_grows(db: SqlDatabase) -> None:
    assert await db.lease("dispatch:a", "one", 60) == 1
    assert await db.lease("dispatch:a", "one", 60) == 1
    assert await db.lease("dispatch:a", "two", 60) is None
    assert await db.lease("dispatch:b", "two", 60) == 1
    await expire(db)
    assert await db.lease("dispatch:a", "one", 60) == 1  # nobody took it meanwhile
    await expire(db)
    assert await db.lease("dispatch:a", "two", 60) == 2
    assert await db.lease("dispatch:a", "one", 60) is None
    assert await db.lease("dispatch:a", "two", 0) == 2  # lets go
    assert await db.lease("dispatch:a", "one", 60) == 3


async def test_of_many_newcomers_one_gets_the_lease(db: SqlDatabase, db_url: str) -> None:
    others = [await engine.open(db_url) for _ in range(3)]
    results = await asyncio.gather(*[d.lease("x", str(i), 60) for i, d in enumerate([db, *others])])
    for other in others:
        await other.aclose()
    assert sorted(results, key=str) == [1, None, None, None]
