"""The light list: the jobs of the list in its order, each with the same facts, and what words find."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.domain.jobs import Job, JobState, JobSummary, Problem
from ainf_tui.domain.ports import JobFilter
from tests.adapters.db.test_jobs_lists import mixed
from tests.fakes.jobs import NOW, at, attempt_for, ended_job, new_job, output_for, step

S = JobState
KINDS = ("open", "ended", "all", "changed")
FILTERS: list[dict[str, Any]] = [
    {},
    {"states": frozenset({S.QUEUED, S.FAILED})},
    {"held": True},
    {"held": False},
    {"batch": "b"},
    {"numbers": frozenset({1, 5, 11})},
    {"text": "1"},
    {"changed_since": 6},
]


async def listed(db: SqlDatabase, kind: str, where: JobFilter, limit: int) -> list[Job]:
    """Every page of the list of whole jobs."""
    found: list[Job] = []
    after: str | None = None
    while True:
        if kind == "changed":
            since = found[-1].revision if found else where.changed_since or 0
            page = await db.jobs.changed_since(replace(where, changed_since=since), limit=limit)
        else:
            page = await getattr(db.jobs, f"list_{kind}")(where, limit=limit, after=after)
        found += page.jobs
        after = page.next
        if after is None:
            return found


async def rows(db: SqlDatabase, kind: str, where: JobFilter, limit: int) -> list[JobSummary]:
    """Every page of rows; positions are checked against those of the queue."""
    found: list[JobSummary] = []
    after: str | None = None
    while True:
        if kind == "changed":
            where = replace(where, changed_since=found[-1].revision if found else where.changed_since or 0)
        page = await db.jobs.rows(kind, where, limit=limit, after=after)
        assert len(page.jobs) <= limit
        assert page.positions == await db.jobs.position([j.id for j in page.jobs])
        found += page.jobs
        after = page.next
        if after is None:
            return found


@pytest.mark.parametrize("limit", [1, 2, 4, 100])
@pytest.mark.parametrize("kind", KINDS)
async def test_the_same_jobs_in_the_same_order_as_the_list(db: SqlDatabase, kind: str, limit: int) -> None:
    await mixed(db)
    some = 0
    for fields in FILTERS:
        where = JobFilter(**fields)
        jobs = await listed(db, kind, where, limit)
        some += len(jobs)
        assert [r.id for r in await rows(db, kind, where, limit)] == [j.id for j in jobs], fields
    assert some > len(FILTERS)


async def test_all_is_the_open_ones_and_then_the_ended_ones(db: SqlDatabase) -> None:
    await mixed(db)
    assert [r.number for r in await rows(db, "all", JobFilter(), 5)] == [
        *(8, 6, 7, 4, 2, 5, 1, 9, 3),
        *(13, 11, 12, 10),
    ]


async def test_positions_of_many_on_a_filtered_page(db: SqlDatabase) -> None:
    """Too many to be counted one by one, and not one behind the other."""
    await db.jobs.add([new_job(pack="ab"[i % 2], held=i % 5 == 0) for i in range(40)])
    page = await db.jobs.rows("open", JobFilter(pack="b"), limit=100)
    assert len(page.positions) == 16
    assert page.positions == await db.jobs.position([j.id for j in page.jobs])


EVERYTHING: dict[str, Any] = {
    "pack": "portrait",
    "preset": "noir",
    "prompt": "é" * 300,
    "character": "lena",
    "seed": 2**64 - 1,
    "priority": -7,
    "batch": {"id": "b1", "index": 12, "count": 20},
    "sweep": {"cfg": 7.5, "steps": 20},
    "retry_of": 3,
    "backend_pin": "gpu",
    "params": {"steps": 20},
    "started_at": at(1),
}


async def test_a_row_says_what_the_job_says(db: SqlDatabase) -> None:
    error = Problem("job.x", "out of \"memory\"\n'now'", "less", details={"a": [1]})
    job, plain = await db.jobs.add([new_job(**EVERYTHING), new_job()])
    attempt = attempt_for(job)
    files = [output_for(job, attempt.prompt_id, i, fetched_at=NOW if i else None) for i in range(3)]
    made = await db.jobs.apply(
        step(job, S.QUEUED, S.FETCHING, attempt=attempt, backend="gpu", outputs=tuple(files)),
        step(job, S.FETCHING, S.FAILED, error=error, warnings=(error, error), cancel_requested=True),
    )
    assert made is not None
    stored = await db.jobs.get(job.id)
    assert stored is not None
    row, bare = (await db.jobs.rows("changed", JobFilter(), limit=9)).jobs[::-1]
    for name in set(JobSummary._fields) - {
        "prompt",
        "seed",
        "batch_id",
        "batch_index",
        "warnings",
        "outputs",
    }:
        assert getattr(row, name) == getattr(stored, name), name
    assert (row.prompt, row.seed) == ("é" * 201, "18446744073709551615")
    assert (row.batch_id, row.batch_index, row.warnings, row.outputs) == ("b1", 12, 2, 2)
    assert (bare.id, bare.seed, bare.batch_id, bare.batch_index) == (plain.id, None, "", None)
    assert (bare.sweep, bare.error, bare.warnings, bare.outputs) == ({}, None, 0, 0)


async def test_words_find_what_a_row_shows(db: SqlDatabase) -> None:
    failed = Problem("job.x", 'CUDA "out" of memory', "buy more", details={"node": "blubb"})
    await db.jobs.add(
        [
            new_job(prompt="A red Cat"),
            new_job(pack="Redux"),
            new_job(prompt="50% _ off\\"),
            new_job(character="Lena"),
            ended_job(1, S.FAILED, error=failed),
        ]
    )
    found = {
        "RED": {1, 2},
        "cat": {1},
        "%": {3},
        "_": {3},
        "off\\": {3},
        "lENA": {4},
        'cuda "OUT"': {5},
        "#5": {5},
        "5": {3, 5},
        "#": set(),
        "catredux": set(),
        "blubb": set(),
        "buy": set(),
        "message": set(),
        "dog": set(),
        "'; --": set(),
    }
    for text, numbers in found.items():
        assert {r.number for r in await rows(db, "all", JobFilter(text=text), 2)} == numbers, text


async def test_words_of_every_script_are_found_whatever_their_case(lite: SqlDatabase) -> None:
    """SQLite's own functions know the case of ASCII only; PostgreSQL's depend on the server's locale."""
    await lite.jobs.add([new_job(prompt="ÄRGER in Łódź"), new_job(prompt="Straße")])
    for text, numbers in {"ärger": [1], "ŁÓDŹ": [1], "STRAẞE": [2], "ärgern": []}.items():
        assert [r.number for r in await rows(lite, "open", JobFilter(text=text), 5)] == numbers, text


async def test_filters_by_pack_character_and_backend(db: SqlDatabase) -> None:
    await db.jobs.add(
        [
            new_job(pack="a", character="lena"),
            new_job(pack="b", backend_pin="gpu"),
            new_job(pack="a", backend_pin="gpu", backend="other", state=S.RUNNING),
            ended_job(1, pack="a", backend="gpu"),
        ]
    )
    for fields, numbers in [
        ({"pack": "a"}, [3, 1, 4]),
        ({"pack": "A"}, []),
        ({"character": "lena"}, [1]),
        ({"backend": "gpu"}, [2, 4]),
        ({"backend": "other"}, [3]),
    ]:
        where = JobFilter(**fields)  # type: ignore[arg-type]  # names and values of one table
        assert [r.number for r in await rows(db, "all", where, 2)] == numbers, fields
