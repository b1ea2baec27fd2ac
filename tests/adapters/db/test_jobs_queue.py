"""Run order: who is next, positions, priorities, moving."""

from __future__ import annotations

import itertools
import random

import pytest
from sqlalchemy import update

from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.adapters.db.tables import jobs as jobs_table
from ainf_tui.domain.jobs import Job, JobState
from ainf_tui.domain.ports import JobFilter
from ainf_tui.errors import ConflictError
from tests.fakes.jobs import NOW, claim, ended_job, new_job, step

S = JobState


async def order(db: SqlDatabase) -> list[int]:
    page = await db.jobs.list_open(JobFilter(states=frozenset({S.QUEUED})), limit=10_000)
    return [j.number for j in page.jobs]


async def five(db: SqlDatabase) -> tuple[Job, ...]:
    return await db.jobs.add([new_job() for _ in range(5)])


async def test_next_is_first_in_run_order_that_may_run_there(db: SqlDatabase) -> None:
    jobs = await db.jobs.add(
        [
            new_job(),
            new_job(priority=1, held=True),
            new_job(priority=1, backend_pin="a"),
            new_job(priority=1, backend_pin="b"),
            new_job(priority=1, cancel_requested=True),
            new_job(priority=1),
        ]
    )
    assert [j.number for j in await db.jobs.next_queued(["a"], limit=9)] == [3, 6, 1]
    assert [j.number for j in await db.jobs.next_queued(["a", "b"], limit=2)] == [3, 4]
    assert [j.number for j in await db.jobs.next_queued([], limit=9)] == [6, 1]
    ids = [j.id for j in jobs]
    assert await db.jobs.position(ids) == {ids[2]: 1, ids[3]: 2, ids[4]: 3, ids[5]: 4, ids[0]: 5}
    assert await db.jobs.position([]) == {}


async def test_a_withdrawn_job_is_first_again(db: SqlDatabase) -> None:
    first = (await five(db))[0]
    await db.jobs.apply(claim(first))
    (later,) = await db.jobs.add([new_job()])
    assert later.rank > first.rank
    await db.jobs.apply(step(first, S.SUBMITTING, S.QUEUED))
    assert await order(db) == [1, 2, 3, 4, 5, 6]


async def test_a_new_job_is_last_even_if_all_others_were_sent(db: SqlDatabase) -> None:
    jobs = await five(db)
    await db.jobs.apply(*[claim(job) for job in jobs])
    await db.jobs.add([new_job()])
    await db.jobs.apply(*[step(job, S.SUBMITTING, S.QUEUED) for job in jobs])
    assert await order(db) == [1, 2, 3, 4, 5, 6]


async def test_moves(db: SqlDatabase) -> None:
    ids = [j.id for j in await five(db)]
    (moved,) = await db.jobs.move([ids[4]])
    assert moved.revision == 6
    assert await order(db) == [5, 1, 2, 3, 4]
    await db.jobs.move([ids[0]], bottom=True)
    assert await order(db) == [5, 2, 3, 4, 1]
    await db.jobs.move([ids[0]], before=ids[2])
    assert await order(db) == [5, 2, 1, 3, 4]
    await db.jobs.move([ids[4]], after=ids[2])
    assert await order(db) == [2, 1, 3, 5, 4]
    await db.jobs.move([ids[4]], after=ids[3])
    assert await order(db) == [2, 1, 3, 4, 5]
    await db.jobs.move([ids[4]], before=ids[1])
    assert await order(db) == [5, 2, 1, 3, 4]
    await db.jobs.move([ids[4]], before=ids[4])
    assert await order(db) == [5, 2, 1, 3, 4]
    await db.jobs.add([new_job()])
    assert await order(db) == [5, 2, 1, 3, 4, 6]


async def test_several_move_as_one_and_each_within_its_priority(db: SqlDatabase) -> None:
    jobs = await db.jobs.add([new_job(priority=p) for p in (0, 0, 0, 0, 5, 5, 5)])
    ids = [j.id for j in jobs]
    before = (await db.jobs.counts(NOW)).revision
    moved = await db.jobs.move([ids[3], ids[6], "none", ids[2], ids[3]])
    assert [j.number for j in moved] == [4, 7, 3]
    assert await order(db) == [7, 5, 6, 4, 3, 1, 2]
    assert len({j.revision for j in moved} - set(range(before + 1))) == 3
    await db.jobs.move([ids[3], ids[4], ids[0]], bottom=True)
    assert await order(db) == [7, 6, 5, 3, 2, 4, 1]
    await db.jobs.move([ids[0], ids[1], ids[2]], before=ids[1])  # the one they go before stays
    assert await order(db) == [7, 6, 5, 1, 3, 2, 4]
    await db.jobs.move([ids[3], ids[0]], after=ids[1])
    assert await order(db) == [7, 6, 5, 3, 2, 4, 1]
    await db.jobs.move([ids[0], ids[1], ids[2], ids[3]])  # all of them
    assert await order(db) == [7, 6, 5, 1, 2, 3, 4]
    with pytest.raises(ConflictError) as caught:
        await db.jobs.move([ids[0], ids[4]], before=ids[1])
    assert caught.value.code == "job.other_priority"
    assert await order(db) == [7, 6, 5, 1, 2, 3, 4]


async def test_a_held_or_sent_job_keeps_the_place_it_is_moved_to(db: SqlDatabase) -> None:
    jobs = await five(db)
    await db.jobs.apply(step(jobs[0], S.QUEUED, held=True), claim(jobs[1]))
    await db.jobs.move([jobs[0].id], after=jobs[3].id)
    await db.jobs.move([jobs[1].id], after=jobs[0].id)
    await db.jobs.apply(step(jobs[0], S.QUEUED, held=False), step(jobs[1], S.SUBMITTING, S.QUEUED))
    assert await order(db) == [3, 4, 1, 2, 5]


async def test_what_cannot_be_moved(db: SqlDatabase) -> None:
    job, urgent, ended = await db.jobs.add([new_job(), new_job(priority=3), ended_job(1)])
    assert await db.jobs.move([ended.id]) == ()
    assert await db.jobs.move(["none"], bottom=True) == ()
    for anchor, code in (
        (urgent.id, "job.other_priority"),
        (ended.id, "job.cannot_move"),
        ("x", "job.cannot_move"),
    ):
        with pytest.raises(ConflictError) as caught:
            await db.jobs.move([job.id], before=anchor)
        assert caught.value.code == code
    assert await db.jobs.get(job.id) == job


async def test_a_new_priority_means_the_end_of_it(db: SqlDatabase) -> None:
    jobs = await five(db)
    ended = (await db.jobs.add([ended_job(1)]))[0]
    await db.jobs.set_priority([jobs[4].id], 7)
    await db.jobs.set_priority([jobs[3].id, jobs[1].id, jobs[4].id, ended.id], 7)
    assert await order(db) == [5, 2, 4, 1, 3]
    assert await db.jobs.get(ended.id) == ended
    await db.jobs.set_priority([], 1)
    revisions = [j.revision for j in (await db.jobs.list_open(JobFilter(), limit=9)).jobs]
    assert len(set(revisions)) == 5


async def test_used_up_gaps_are_made_anew(db: SqlDatabase) -> None:
    ids = [j.id for j in await five(db)]
    await db.jobs.apply(claim((await db.jobs.in_states([S.QUEUED]))[2]))  # 3 is on a server
    expected = [1, 2, 4, 5]
    for i in range(80):  # each halves the gap behind job 1; doubles have 52 bits
        number = expected[3 if i % 2 else 2]
        await db.jobs.move([ids[number - 1]], after=ids[0])
        expected.remove(number)
        expected.insert(1, number)
        assert await order(db) == expected
    ranks = sorted(j.rank for j in await db.jobs.in_states([S.QUEUED, S.SUBMITTING]))
    assert all(b - a >= 1e-9 for a, b in itertools.pairwise(ranks))


async def test_equal_ranks_are_told_apart(db: SqlDatabase) -> None:
    ids = [j.id for j in await five(db)]
    await db._db.write(lambda conn: conn.execute(update(jobs_table).values(rank=1.0)))
    await db.jobs.move([ids[0]], after=ids[2])
    assert await order(db) == [2, 3, 1, 4, 5]


@pytest.mark.timeout(600)  # half a minute of CPU: more than two of the clock where much else goes on
async def test_ten_thousand_random_moves_keep_one_order(lite: SqlDatabase) -> None:
    """Against a plain list, in one transaction for speed: the moves are the same functions."""
    from ainf_tui.adapters.db.jobs_move import Target, reorder

    jobs = await lite.jobs.add([new_job() for _ in range(30)])
    expected = [j.id for j in jobs]
    dice = random.Random(7)

    def many(conn: object) -> None:
        for _ in range(10_000):
            anchor, *moved = dice.sample(expected, dice.choice([2, 2, 2, 3, 9]))
            kind = dice.choice(["before", "after", "after", "top", "bottom"])
            expected[:] = [job for job in expected if job not in moved]
            where = expected.index(anchor)
            if kind == "before":
                expected[where:where] = moved
                target = Target(before=anchor)
            elif kind == "after":
                expected[where + 1 : where + 1] = moved
                target = Target(after=anchor)
            else:
                expected[:] = [*moved, *expected] if kind == "top" else [*expected, *moved]
                target = Target(bottom=kind == "bottom")
            reorder(conn, moved, target)  # type: ignore[arg-type]  # the connection, untyped here

    await lite._db.write(many)
    page = await lite.jobs.list_open(JobFilter(), limit=100)
    assert [j.id for j in page.jobs] == expected
    keys = [(j.rank, j.number) for j in page.jobs]
    assert keys == sorted(set(keys))
    assert (await lite.jobs.counts(NOW)).queued == 30
