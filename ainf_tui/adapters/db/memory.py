"""`MemoryRepository` on SQL: backends, measured times, progress."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import fields
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, RowMapping, bindparam, delete, or_, select, update

from ainf_tui.adapters.db.connections import Connections
from ainf_tui.adapters.db.rows import ByKey, chunked
from ainf_tui.adapters.db.tables import attempts, backends, job_progress, jobs, node_timings, timed_runs
from ainf_tui.adapters.db.upserts import insert_missing, upsert
from ainf_tui.domain.ports import BackendMemory, NodeTiming

RUNS_KEPT = 100
"""Runs of one graph on one backend whose times are kept: estimates ask for the newest 20."""
RUNS_KEPT_IN_ALL = 5_000
"""Every prompt is a graph of its own to this table; beyond this the oldest runs go."""

_TIMING_COLUMNS = tuple(f.name for f in fields(NodeTiming))
_NEWEST_RUNS = (
    select(timed_runs.c.run)
    .where(timed_runs.c.graph_hash == bindparam("graph"), timed_runs.c.backend == bindparam("server"))
    .order_by(timed_runs.c.measured_at.desc())
    .limit(bindparam("most"))
)
_OF_RUNS = ByKey(select(node_timings), node_timings.c.run)
_OF_CLASS = (
    select(node_timings, timed_runs.c.graph_hash)
    .join(timed_runs, timed_runs.c.run == node_timings.c.run)
    .where(node_timings.c.cls == bindparam("cls_name"), node_timings.c.backend == bindparam("server"))
    .order_by(node_timings.c.measured_at.desc())
    .limit(bindparam("most"))
)


class SqlMemory:
    """`MemoryRepository`; its docstrings are the contract."""

    def __init__(self, connections: Connections) -> None:
        self._db = connections

    async def backend(self, name: str) -> BackendMemory | None:
        return await self._db.read(_backend, name)

    async def save_backend(self, memory: BackendMemory) -> None:
        row = {f.name: getattr(memory, f.name) for f in fields(BackendMemory)}
        await self._db.write(upsert, backends, row)

    async def move_backend(self, name: str, new_name: str) -> None:
        await self._db.write(_move_backend, name, new_name)

    async def add_timings(self, timings: Sequence[NodeTiming]) -> None:
        await self._db.write_soft(_add_timings, timings)

    async def timings(self, graph_hash: str, backend: str, *, runs: int) -> tuple[NodeTiming, ...]:
        return await self._db.read(_timings, graph_hash, backend, runs)

    async def class_timings(
        self, classes: Collection[str], backend: str, *, limit: int
    ) -> tuple[NodeTiming, ...]:
        return await self._db.read(_class_timings, classes, backend, limit)

    async def save_progress(self, job_id: str, progress: dict[str, Any]) -> None:
        row = {"job_id": job_id, "progress": progress, "updated_at": datetime.now(UTC)}
        await self._db.write_soft(upsert, job_progress, row)

    async def progress(self, job_ids: Collection[str]) -> dict[str, dict[str, Any]]:
        return await self._db.read(_progress, job_ids)

    async def prune(self) -> None:
        """Forgets the oldest measured runs beyond what estimates need."""
        await self._db.write_soft(_prune)


def _backend(conn: Connection, name: str) -> BackendMemory | None:
    row = conn.execute(select(backends).where(backends.c.name == name)).mappings().one_or_none()
    return None if row is None else BackendMemory(**row)


def _move_backend(conn: Connection, name: str, new_name: str) -> None:
    open_there = jobs.c.backend == name, jobs.c.finished_at.is_(None)
    ids = select(jobs.c.id).where(*open_there)
    prompts = attempts.c.backend == name, or_(attempts.c.job_id.in_(ids), attempts.c.watched == True)  # noqa: E712 - SQL
    conn.execute(update(attempts).where(*prompts).values(backend=new_name))
    conn.execute(update(jobs).where(*open_there).values(backend=new_name))


def _add_timings(conn: Connection, timings: Sequence[NodeTiming]) -> None:
    """A run that is known already keeps its first times."""
    for chunk in chunked(timings):
        runs = [
            {"run": t.run, "graph_hash": t.graph_hash, "backend": t.backend, "measured_at": t.measured_at}
            for t in {t.run: t for t in chunk}.values()
        ]
        insert_missing(conn, timed_runs, runs)
        rows = [{name: getattr(t, name) for name in _TIMING_COLUMNS if name != "graph_hash"} for t in chunk]
        insert_missing(conn, node_timings, rows)
    for graph_hash, backend in {(t.graph_hash, t.backend) for t in timings}:
        _forget_old_runs(conn, graph_hash, backend)


def _forget_old_runs(conn: Connection, graph_hash: str, backend: str) -> None:
    found = _newest_runs(conn, graph_hash, backend, RUNS_KEPT * 2)
    if len(found) > RUNS_KEPT:
        conn.execute(delete(timed_runs).where(timed_runs.c.run.in_(found[RUNS_KEPT:])))


def _newest_runs(conn: Connection, graph_hash: str, backend: str, most: int) -> Sequence[str]:
    """Their ids, the newest first."""
    return conn.execute(_NEWEST_RUNS, {"graph": graph_hash, "server": backend, "most": most}).scalars().all()


def _prune(conn: Connection) -> None:
    at = timed_runs.c.measured_at
    kept = conn.execute(select(at).order_by(at.desc()).limit(RUNS_KEPT_IN_ALL)).scalars().all()
    if len(kept) == RUNS_KEPT_IN_ALL:
        conn.execute(delete(timed_runs).where(at < kept[-1]))


def _timings(conn: Connection, graph_hash: str, backend: str, runs: int) -> tuple[NodeTiming, ...]:
    order = {run: i for i, run in enumerate(_newest_runs(conn, graph_hash, backend, runs))}
    if not order:
        return ()
    found = [_timing(row, graph_hash) for row in _OF_RUNS.rows(conn, order)]
    return tuple(sorted(found, key=lambda t: (order[t.run], t.node)))


def _class_timings(
    conn: Connection, classes: Collection[str], backend: str, limit: int
) -> tuple[NodeTiming, ...]:
    found: list[NodeTiming] = []
    for cls in sorted(classes):
        rows = conn.execute(_OF_CLASS, {"cls_name": cls, "server": backend, "most": limit}).mappings()
        found += [_timing(row, row["graph_hash"]) for row in rows]
    return tuple(found)


def _timing(row: RowMapping, graph_hash: str) -> NodeTiming:
    values = {name: row[name] for name in _TIMING_COLUMNS if name != "graph_hash"}
    return NodeTiming(graph_hash=graph_hash, **values)


def _progress(conn: Connection, job_ids: Collection[str]) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for chunk in chunked(job_ids):
        query = select(job_progress.c.job_id, job_progress.c.progress).where(job_progress.c.job_id.in_(chunk))
        found |= {row[0]: row[1] for row in conn.execute(query)}
    return found
