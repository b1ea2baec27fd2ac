"""Lists: their order, their pages, their filters, and that a page costs what a page costs."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event

from ainf_tui.adapters.db import cursors
from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.adapters.db.tables import metadata
from ainf_tui.domain.jobs import Job, JobState
from ainf_tui.domain.ports import JobFilter, JobPage
from ainf_tui.errors import UsageError
from tests.fakes.jobs import NOW, at, attempt_for, claim, ended_job, new_job, output_for, step

S = JobState
ALL = JobFilter()


async def pages(ask: Callable[..., Any], where: JobFilter, limit: int) -> list[int]:
    """Numbers of all pages."""
    numbers: list[int] = []
    after: str | None = None
    while True:
        page: JobPage = await ask(where, limit=limit, after=after)
        assert len(page.jobs) <= limit
        numbers += [j.number for j in page.jobs]
        after = page.next
        if after is None:
            return numbers
        assert len(page.jobs) == limit


async def mixed(db: SqlDatabase) -> tuple[Job, ...]:
    jobs = await db.jobs.add(
        [
            new_job(),  # 1: waits
            new_job(priority=5),  # 2: before 1
            new_job(held=True, priority=9),  # 3: held
            new_job(),  # 4: claimed, submitting
            new_job(priority=5, batch={"id": "b", "index": 0}),  # 5: after 2
            new_job(state=S.RUNNING, submitted_at=at(5)),  # 6
            new_job(state=S.SUBMITTED, submitted_at=at(6)),  # 7
            new_job(state=S.FETCHING, submitted_at=at(4)),  # 8
            new_job(held=True, priority=10),  # 9: held
            ended_job(1),  # 10
            ended_job(3, S.FAILED),  # 11
            ended_job(2, S.CANCELLED),  # 12
            ended_job(3),  # 13: same time as 11
        ]
    )
    await db.jobs.apply(claim(jobs[3]))
    return jobs


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
async def test_orders(db: SqlDatabase, limit: int) -> None:
    await mixed(db)
    assert await pages(db.jobs.list_open, ALL, limit) == [8, 6, 7, 4, 2, 5, 1, 9, 3]
    assert await pages(db.jobs.list_ended, ALL, limit) == [13, 11, 12, 10]


async def test_filters(db: SqlDatabase) -> None:
    jobs = await mixed(db)

    async def open_(**fields: Any) -> list[int]:
        return await pages(db.jobs.list_open, JobFilter(**fields), 2)

    async def ended(**fields: Any) -> list[int]:
        return await pages(db.jobs.list_ended, JobFilter(**fields), 1)

    assert await open_(states=frozenset({S.QUEUED})) == [2, 5, 1, 9, 3]
    assert await open_(states=frozenset({S.RUNNING, S.FAILED})) == [6]
    assert await open_(states=frozenset({S.FAILED})) == []
    assert await open_(held=True) == [9, 3]
    assert await open_(held=False, states=frozenset({S.QUEUED})) == [2, 5, 1]
    assert await open_(ids=frozenset({jobs[0].id, jobs[9].id})) == [1]
    assert await open_(numbers=frozenset({1, 6, 2**80, -1})) == [6, 1]
    assert await open_(numbers=frozenset({2**80})) == []
    assert await open_(batch="b") == [5]
    assert await open_(text="#5") == [5]
    assert await open_(changed_since=13) == [4]
    assert await open_(changed_since=2**80) == []
    assert await ended(states=frozenset({S.SUCCEEDED, S.QUEUED})) == [13, 10]
    assert await ended(states=frozenset({S.QUEUED})) == []
    assert await ended(numbers=frozenset({11, 12, 1})) == [11, 12]
    assert await ended(text="1") == [13, 11, 12, 10]


async def test_text_finds_prompt_pack_and_number(db: SqlDatabase) -> None:
    await db.jobs.add([new_job(prompt="A red Cat"), new_job(pack="redux"), new_job(prompt="50% _ off")])
    for text, numbers in {"RED": [1, 2], "cat": [1], "%": [3], "_": [3], "3": [3], "dog": []}.items():
        assert await pages(db.jobs.list_open, JobFilter(text=text), 5) == numbers


async def test_pages_hold_while_the_list_changes(db: SqlDatabase) -> None:
    jobs = await db.jobs.add([ended_job(i) for i in range(6)])
    first = await db.jobs.list_ended(ALL, limit=2)
    await db.jobs.add([ended_job(99)])
    await db.jobs.clear(JobFilter(ids=frozenset({jobs[5].id, jobs[4].id})))
    second = await db.jobs.list_ended(ALL, limit=2, after=first.next)
    assert [j.number for j in (*first.jobs, *second.jobs)] == [6, 5, 4, 3]


async def test_changed_since_follows_revisions(db: SqlDatabase) -> None:
    jobs = await db.jobs.add([new_job() for _ in range(4)])
    await db.jobs.apply(step(jobs[1], S.QUEUED, held=True))
    page = await db.jobs.changed_since(JobFilter(changed_since=3), limit=1)
    assert [j.number for j in page.jobs] == [4]
    assert page.next is not None
    page = await db.jobs.changed_since(JobFilter(changed_since=page.jobs[-1].revision), limit=1)
    assert ([j.number for j in page.jobs], page.next) == ([2], None)
    assert page.jobs[0].revision == (await db.jobs.counts(NOW)).revision
    held = JobFilter(changed_since=0, held=True, states=frozenset({S.QUEUED}))
    assert [j.number for j in (await db.jobs.changed_since(held, limit=9)).jobs] == [2]


@pytest.mark.parametrize(
    "cursor",
    ["", "?", "\xe9", "e30", "W10", "x" * 400, "WyJvcGVuIl0", cursors.encode("ended", (1,)), "NDI=\n"]
    + [cursors.encode("ended", key) for key in ((2**80, 1), (2**62, 1), ("a", 1), (True, 1), (1.5, 1))],
)
async def test_a_bad_cursor_is_refused(lite: SqlDatabase, cursor: str) -> None:
    for ask in (lite.jobs.list_open, lite.jobs.list_ended):
        with pytest.raises(UsageError) as caught:
            await ask(ALL, limit=1, after=cursor)
        assert caught.value.code == "list.bad_cursor"


@given(
    st.one_of(
        st.text(max_size=40), st.binary(max_size=40).map(lambda b: base64.urlsafe_b64encode(b).decode())
    )
)
def test_no_text_breaks_the_cursor(text: str) -> None:
    try:
        (value,) = cursors.decode(text, "x", (int,))
    except UsageError:
        return
    assert json.loads(base64.urlsafe_b64decode(text + "==")) == ["x", value]


async def test_counts(db: SqlDatabase) -> None:
    await mixed(db)
    day = timedelta(hours=24)
    counts = await db.jobs.counts(at(2) + day)  # 10 is older than a day by then
    assert (counts.queued, counts.held, counts.submitted, counts.running) == (3, 2, 2, 2)
    assert (counts.succeeded_24h, counts.failed_24h, counts.ended) == (1, 1, 4)
    assert (counts.paused, counts.paused_since) == (False, None)
    await db.jobs.set_paused(True, at(1))
    await db.jobs.set_paused(True, at(2))
    counts = await db.jobs.counts(NOW)
    assert (counts.paused, counts.paused_since) == (True, at(1))
    await db.jobs.set_paused(False, at(3))
    assert (await db.jobs.counts(NOW)).paused_since is None


async def test_in_states(db: SqlDatabase) -> None:
    await mixed(db)
    assert [j.number for j in await db.jobs.in_states({S.FETCHING, S.RUNNING, S.FAILED})] == [6, 8, 11]
    assert await db.jobs.in_states(()) == ()


async def test_find_gives_each_reference_its_job(db: SqlDatabase) -> None:
    jobs = await db.jobs.add([new_job(id=f"0198c0de-0000-7000-8000-{n:012d}") for n in (7, 8)])
    refs = [
        "2",
        jobs[0].id,
        "#1",
        "nothing",
        jobs[1].id[:36],
        "99",
        " 2 ",
        "0198c0de-0000-7000-8000-000000000008",
    ]
    found = await db.jobs.find(refs)
    assert [job and job.number for job in found] == [2, 1, 1, None, 2, None, 2, 2]
    assert found == tuple([await db.jobs.get(ref) for ref in refs])
    assert (await db.jobs.find([jobs[1].id[:-1] + "x", jobs[1].id[:35] + "9"])) == (None, None)
    with pytest.raises(UsageError) as caught:
        await db.jobs.find(["1", "0198c0de"])
    assert caught.value.code == "job.ambiguous"
    assert await db.jobs.find([]) == ()


def plans(path: Path, seen: list[tuple[str, Any]]) -> list[str]:
    """SQLite's plan of each statement, one line a step."""
    lines: list[str] = []
    connection = sqlite3.connect(path)
    for statement, parameters in seen:
        if statement.startswith("SELECT"):
            lines += [row[3] for row in connection.execute("EXPLAIN QUERY PLAN " + statement, parameters)]
    connection.close()
    return lines


async def test_every_list_walks_along_an_index(lite: SqlDatabase, tmp_path: Path) -> None:
    await mixed(lite)
    seen: list[tuple[str, Any]] = []
    engine = lite._db._reader._engine  # type: ignore[attr-defined]  # a test looks inside

    @event.listens_for(engine, "before_cursor_execute")
    def _(_c: Any, _cursor: Any, statement: str, parameters: Any, _x: Any, _many: Any) -> None:
        seen.append((statement, parameters))

    await pages(lite.jobs.list_open, ALL, 1)
    await pages(lite.jobs.list_ended, ALL, 1)
    await lite.jobs.list_ended(JobFilter(states=frozenset({S.FAILED})), limit=1)
    await lite.jobs.changed_since(JobFilter(changed_since=3), limit=3)
    for kind in ("all", "changed"):
        await lite.jobs.rows(kind, JobFilter(changed_since=3), limit=100)
    await lite.jobs.next_queued(["a"], limit=2)
    await lite.jobs.counts(NOW)
    await lite.jobs.get("01234567")
    await lite.jobs.by_prompt("x")
    await lite.jobs.watched("default")
    await lite.jobs.list_open(JobFilter(batch="b", states=frozenset({S.RUNNING})), limit=2)
    await lite.memory.timings("g", "b", runs=3)
    await lite.memory.class_timings(["a"], "b", limit=3)
    found = plans(tmp_path / "ainf.db", seen)
    assert len(found) > 40
    assert [line for line in found if "TEMP B-TREE" in line] == []
    assert [
        line for line in found if line.startswith(tuple(f"SCAN {name}" for name in metadata.tables))
    ] == []


async def page_cost(db: SqlDatabase, ask: Callable[..., Any], after: str | None = None) -> int:
    """Steps of SQLite's machine for one page."""
    steps = 0
    engine = db._db._reader._engine  # type: ignore[attr-defined]  # a test looks inside

    def count() -> int:
        nonlocal steps
        steps += 10
        return 0

    @event.listens_for(engine, "begin")
    def arm(conn: Any) -> None:
        conn.connection.driver_connection.set_progress_handler(count, 10)

    page = await ask(ALL, limit=100, after=after)
    event.remove(engine, "begin", arm)
    assert len(page.jobs) == 100
    return steps


async def test_a_page_of_100_000_costs_what_a_page_of_1_000_costs(lite: SqlDatabase, tmp_path: Path) -> None:
    (job,) = await lite.jobs.add([ended_job(0, prompt="p" * 100)])
    attempt = attempt_for(job)
    await lite.jobs.apply(
        step(job, S.SUCCEEDED, attempt=attempt, outputs=(output_for(job, attempt.prompt_id),))
    )
    copy_rows(tmp_path / "ainf.db", 1_000)
    small = await page_cost(lite, lite.jobs.list_ended)
    copy_rows(tmp_path / "ainf.db", 100_000)
    large = await page_cost(lite, lite.jobs.list_ended)
    deep = await page_cost(lite, lite.jobs.list_ended, cursors.encode("ended", (1_772_366_450_000_000, 500)))
    assert large <= 1.2 * small
    assert deep <= 1.2 * small


def copy_rows(path: Path, count: int) -> None:
    """As many jobs as `count`, each like the first with its attempt and its output."""
    own = {
        "jobs": {"id": "'j' || n", "number": "n", "revision": "n", "finished_at": "finished_at + n * 1000"},
        "attempts": {"prompt_id": "'p' || n", "job_id": "'j' || n"},
        "outputs": {"id": "'o' || n", "job_id": "'j' || n", "prompt_id": "'p' || n"},
    }
    connection = sqlite3.connect(path)
    start = connection.execute("SELECT max(max(number), max(revision)) + 1 FROM jobs").fetchone()[0]
    for table, values in own.items():
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        chosen = ", ".join(values.get(column, column) for column in columns)
        connection.execute(
            f"WITH RECURSIVE c(n) AS (SELECT {start} UNION ALL SELECT n + 1 FROM c WHERE n < {count}) "
            f"INSERT INTO {table} SELECT {chosen} FROM c, (SELECT * FROM {table} LIMIT 1)"
        )
    connection.commit()
    connection.close()
