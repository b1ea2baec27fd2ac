"""Adding jobs and changing them: all or nothing, exactly as expected, once."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from ainf_tui.adapters.db import engine
from ainf_tui.adapters.db.engine import SqlDatabase
from ainf_tui.adapters.db.rows import CHUNK
from ainf_tui.domain.comfy import ServerFile
from ainf_tui.domain.jobs import AttemptState, Job, JobChange, JobGraph, JobState, NewJob, NodeRef, Problem
from ainf_tui.domain.ports import JobFilter
from ainf_tui.errors import AinfError, UsageError
from tests.fakes.jobs import GRAPH, NOW, at, attempt_for, claim, ended_job, new_job, output_for, step

S = JobState
PROBLEM = Problem("a.b", "went <wrong>", "do it", NodeRef("3", "KSampler", "K"), {"x": [1, None]})


class _Watched:
    """A NewJob that can be watched without being held: without `__slots__`."""

    def __init__(self, job: Job, graph: JobGraph, request_id: str) -> None:
        self.job, self.graph, self.request_id = job, graph, request_id


async def one(db: SqlDatabase, **fields: object) -> Job:
    return (await db.jobs.add([new_job(**fields)]))[0]  # type: ignore[arg-type]  # any field


async def test_everything_of_a_job_comes_back(db: SqlDatabase) -> None:
    new = new_job(
        held=True,
        pack="portrait",
        pack_version="1.2",
        preset="soft",
        prompt="a cat",
        params={"steps": 20, "cfg": 7.5, "names": ["a", "b"], "none": None},
        seed=2**64 - 1,
        seed_mode="random",
        priority=-7,
        backend_pin="gpu1",
        character="Mia",
        batch={"id": "b1", "index": 0, "count": 2},
        sweep={"cfg": 7},
        retry_of=3,
        graph_hash="abc",
        output_folder="/srv/out",
        warnings=(PROBLEM,),
        error=PROBLEM,
        blocked="no backend",
    )
    (job,) = await db.jobs.add([new])
    assert job == replace(new.job, number=1, rank=1.0, revision=1)
    for ref in (job.id, 1, "1", "#1", job.id[:-1]):
        assert await db.jobs.get(ref) == job
    for ref in ("", "2", 0, -1, "zz", "01", "%", job.id + "0", "9" * 30):
        assert await db.jobs.get(ref) is None


async def test_an_ambiguous_beginning_is_refused(db: SqlDatabase) -> None:
    await db.jobs.add([new_job(id="0123456789a-1"), new_job(id="0123456789a-2")])
    with pytest.raises(AinfError) as caught:
        await db.jobs.get("0123456789")
    assert caught.value.code == "job.ambiguous"
    assert await db.jobs.get("01234") is None  # too short to be meant


async def test_numbers_are_never_given_twice(db: SqlDatabase) -> None:
    await db.jobs.add([ended_job(0), ended_job(1)])
    assert await db.jobs.clear(JobFilter()) == 2
    assert (await one(db)).number == 3


async def test_add_is_all_or_nothing(db: SqlDatabase) -> None:
    first = new_job()
    with pytest.raises(AinfError) as caught:
        await db.jobs.add([first, new_job(), first])
    assert caught.value.code == "database.failed"
    assert (await db.jobs.counts(NOW)).queued == 0
    assert (await one(db)).number == 1


async def test_a_known_request_gives_the_same_jobs(db: SqlDatabase) -> None:
    first = await db.jobs.add([new_job(request_id="r\0"), new_job(request_id="r\0")])
    again = await db.jobs.add([new_job(request_id="r\0"), new_job(request_id="r\0")])
    assert again == first
    mixed = await db.jobs.add([new_job(), new_job(request_id="r\0"), new_job(request_id="s")])
    assert [j.number for j in mixed] == [3, 1, 2, 4]
    await db.jobs.apply(*[step(j, S.QUEUED, S.CANCELLED) for j in first])
    await db.jobs.clear(JobFilter())
    assert await db.jobs.add([new_job(request_id="r\0")]) == ()


async def test_a_request_of_thousands_is_made_piece_by_piece(db: SqlDatabase) -> None:
    """Each job when its chunk's turn has come, and dropped with it; all in one transaction."""
    made: list[str] = []
    alive: list[weakref.ref[NewJob]] = []
    most = 0

    def making() -> Iterator[NewJob]:
        nonlocal most
        for _ in range(5 * CHUNK + 1):
            new: Any = _Watched(new_job().job, JobGraph(GRAPH), "many")
            made.append(new.job.id)
            alive.append(weakref.ref(new))
            most = max(most, sum(found() is not None for found in alive))
            yield new

    ids = await db.jobs.add_request("many", making())
    assert list(ids) == made
    assert most <= 2 * CHUNK + 1
    found = await db.jobs.by_ids(ids)
    assert [j.number for j in found] == list(range(1, len(ids) + 1))
    assert len({j.revision for j in found}) == len({j.rank for j in found}) == len(ids)
    assert await db.jobs.add_request("many", iter([new_job(request_id="many")])) == ids


async def test_a_request_that_cannot_be_made_to_its_end_leaves_nothing(db: SqlDatabase) -> None:
    def making() -> Iterator[NewJob]:
        for _ in range(CHUNK + 1):
            yield new_job(request_id="r")
        raise UsageError("seed.twice", "no")

    with pytest.raises(UsageError):
        await db.jobs.add_request("r", making())
    assert (await db.jobs.counts(NOW)).queued == 0
    assert await db.jobs.requested("r") is None
    assert (await one(db)).number == 1


async def test_the_whole_life_of_a_job(db: SqlDatabase) -> None:
    job = await one(db)
    attempt = attempt_for(job, server_epoch="1:2", comfyui_version="0.8.0", device="cuda:0")
    (job,) = await db.jobs.apply(claim(job, attempt)) or ()
    assert (job.state, job.attempts, job.backend, job.revision) == (S.SUBMITTING, (attempt,), "default", 2)
    attempt = replace(attempt, state=AttemptState.SUBMITTED, number=3.0, submitted_at=at(1))
    change = step(job, S.SUBMITTING, S.SUBMITTED, attempt=attempt, submitted_at=at(1))
    assert await db.jobs.apply(replace(change, expect_prompt="another")) is None
    (job,) = await db.jobs.apply(replace(change, expect_prompt=attempt.prompt_id)) or ()
    (job,) = await db.jobs.apply(step(job, S.SUBMITTED, S.RUNNING, started_at=at(2))) or ()
    first = output_for(job, attempt.prompt_id)
    second = output_for(job, attempt.prompt_id, 1, source=ServerFile("9", "text", 0, text="x\0y"))
    attempt = replace(attempt, state=AttemptState.SUCCEEDED, error=PROBLEM, peak_vram=2**40, watched=True)
    fetching = step(job, S.RUNNING, S.FETCHING, attempt=attempt, outputs=(first, second))
    (job,) = await db.jobs.apply(fetching) or ()
    again = step(job, S.FETCHING, outputs=(replace(first, id="other"), second), blocked="disk full")
    (job,) = await db.jobs.apply(again) or ()
    assert [o.source.kind for o in job.outputs] == ["images", "text"]
    assert (job.outputs[1].source.text, job.blocked) == ("x\u2400y", "disk full")
    await db.jobs.output_fetched(replace(first, bytes=2**40, sha256="ff", fetched_at=at(3)))
    (job,) = await db.jobs.apply(step(job, S.FETCHING, S.SUCCEEDED, finished_at=at(4), blocked="")) or ()
    assert job.attempts == (attempt,)
    assert [(o.bytes, o.sha256, o.fetched_at) for o in job.outputs] == [
        (2**40, "ff", at(3)),
        (None, None, None),
    ]
    assert (job.submitted_at, job.started_at, job.finished_at) == (at(1), at(2), at(4))
    assert await db.jobs.get(job.id) == job
    assert await db.jobs.by_prompt(attempt.prompt_id) == job
    assert await db.jobs.by_prompt("none") is None


async def test_back_to_the_queue_forgets_times_and_the_unsent_attempt(db: SqlDatabase) -> None:
    job = await one(db)
    attempt = attempt_for(job)
    (job,) = await db.jobs.apply(replace(claim(job, attempt), submitted_at=at(1), error=PROBLEM)) or ()
    back = step(
        job,
        S.SUBMITTING,
        S.QUEUED,
        drop_attempt=attempt.prompt_id,
        clear_times=True,
        clear_error=True,
        backend="",
    )
    (job,) = await db.jobs.apply(back) or ()
    assert (job.attempts, job.submitted_at, job.error, job.backend) == ((), None, None, "")


async def test_an_ended_job_always_has_its_time(db: SqlDatabase) -> None:
    job = await one(db)
    (job,) = await db.jobs.apply(step(job, S.QUEUED, S.CANCELLED)) or ()
    assert job.finished_at is not None
    assert (await db.jobs.list_ended(JobFilter(), limit=5)).jobs == (job,)
    assert (await db.jobs.counts(NOW)).ended == 1


async def test_stale_changes_leave_nothing_behind(db: SqlDatabase) -> None:
    one_, two = await db.jobs.add([new_job(), new_job()])
    assert await db.jobs.apply(claim(one_), step(two, S.RUNNING, S.FETCHING)) is None
    assert await db.jobs.get(one_.id) == one_
    assert await db.jobs.apply(step(replace(one_, id="none"), S.QUEUED)) is None
    (changed,) = await db.jobs.apply(claim(one_)) or ()
    assert changed.revision == 3  # what was rolled back took no revision with it


@pytest.mark.parametrize("why", ["held", "cancelled", "paused"])
async def test_a_claim_needs_an_open_queue(db: SqlDatabase, why: str) -> None:
    job = await one(db, held=why == "held", cancel_requested=why == "cancelled")
    await db.jobs.set_paused(why == "paused", NOW)
    assert await db.jobs.apply(claim(job)) is None
    await db.jobs.set_paused(False, NOW)
    await db.jobs.apply(step(job, S.QUEUED, held=False, cancel_requested=False))
    assert await db.jobs.apply(claim(job)) is not None


async def test_impossible_steps_are_bugs(db: SqlDatabase) -> None:
    job, other = await db.jobs.add([new_job(), new_job()])
    with pytest.raises(RuntimeError, match="cannot become"):
        await db.jobs.apply(step(job, S.QUEUED, S.SUCCEEDED))
    attempt = attempt_for(job)
    await db.jobs.apply(claim(job, attempt))
    with pytest.raises(RuntimeError, match="used by job"):
        await db.jobs.apply(claim(other, replace(attempt, job_id=other.id)))
    with pytest.raises(RuntimeError, match="is not of job"):
        await db.jobs.apply(claim(other, attempt))
    assert await db.jobs.get(other.id) == other


async def test_only_one_of_many_claims_wins(db: SqlDatabase, db_url: str) -> None:
    jobs = await db.jobs.add([new_job() for _ in range(8)])
    other = await engine.open(db_url)
    try:
        results = await asyncio.gather(
            *[d.jobs.apply(claim(job)) for job in jobs for d in (db, other) for _ in range(2)]
        )
    finally:
        await other.aclose()
    for i in range(8):
        assert sum(r is not None for r in results[i * 4 : i * 4 + 4]) == 1
    revisions = [r[0].revision for r in results if r]
    assert len(set(revisions)) == 8
    assert all(len(j.attempts) == 1 for j in await db.jobs.in_states([S.SUBMITTING]))


async def test_revisions_become_visible_in_their_order(db: SqlDatabase, db_url: str) -> None:
    """Whoever asks for what changed since the newest revision he saw misses nothing."""
    jobs = await db.jobs.add([new_job() for _ in range(60)])
    other = await engine.open(db_url)
    seen: dict[str, int] = {}
    newest = 60

    async def writer(database: SqlDatabase, part: tuple[Job, ...]) -> None:
        for job in part:
            await database.jobs.apply(step(job, S.QUEUED, held=True))

    async def look() -> None:
        nonlocal newest
        page = await db.jobs.changed_since(JobFilter(changed_since=newest), limit=1000)
        seen.update({j.id: j.revision for j in page.jobs})
        newest = max([newest, *(j.revision for j in page.jobs)])

    writers = asyncio.gather(writer(db, jobs[:30]), writer(other, jobs[30:]))
    while not writers.done():
        await look()
    await writers
    await look()
    await other.aclose()
    assert len(seen) == 60
    assert newest == 120


async def test_intent_and_watch(db: SqlDatabase) -> None:
    job = await one(db)
    attempt = attempt_for(job, watched=True)
    await db.jobs.apply(claim(job, attempt))
    assert await db.jobs.set_intent(attempt.prompt_id, "cancel")
    assert not await db.jobs.set_intent("none", "cancel")
    (stored,) = await db.jobs.watched("default")
    assert (stored.prompt_id, stored.intent) == (attempt.prompt_id, "cancel")
    assert await db.jobs.watched("other") == ()
    assert await db.jobs.known_prompts([attempt.prompt_id, "none"]) == {attempt.prompt_id: stored}
    await db.jobs.end_watch([attempt.prompt_id])
    assert await db.jobs.watched("default") == ()


async def test_clear_keeps_open_and_watched_jobs(db: SqlDatabase) -> None:
    done, open_, watched = await db.jobs.add([ended_job(0), new_job(), new_job()])
    attempt = attempt_for(watched, watched=True)
    await db.jobs.apply(claim(watched, attempt))
    await db.jobs.apply(step(watched, S.SUBMITTING, S.CANCELLED, finished_at=at(1)))
    await db.memory.save_progress(done.id, {"fraction": 1})
    assert await db.jobs.clear(JobFilter(states=frozenset({S.QUEUED}))) == 0
    assert await db.jobs.clear(JobFilter()) == 1
    assert await db.jobs.get(done.id) is None
    assert await db.memory.progress([done.id]) == {}
    await db.jobs.end_watch([attempt.prompt_id])
    assert await db.jobs.clear(JobFilter(ids=frozenset({watched.id}))) == 1
    assert await db.jobs.known_prompts([attempt.prompt_id]) == {}
    assert await db.jobs.get(open_.id) == open_
    assert (await db.jobs.counts(NOW)).ended == 0


async def test_hostile_text_is_stored_safely(db: SqlDatabase) -> None:
    text = "a\0b\ud800c\x1b]52;c;x\x07' OR 1=1 -- \U0001f431%_\\"
    safe = text.replace("\0", "\u2400").replace("\ud800", "\ufffd")
    new = new_job(
        prompt=text, pack=text, params={text: [text, float("nan")]}, error=replace(PROBLEM, message=text)
    )
    (job,) = await db.jobs.add([new])
    assert (job.prompt, job.pack, job.params) == (safe, safe, {safe: [safe, None]})
    assert job.error is not None
    assert job.error.message == safe
    for needle in ("%_\\", "' or 1=1", "\ud800", text):
        assert (await db.jobs.list_open(JobFilter(text=needle), limit=5)).jobs == (job,)
    assert (await db.jobs.list_open(JobFilter(text="%x"), limit=5)).jobs == ()
    source = ServerFile(text, text * 900, 0, filename=text, subfolder=text, type=text)
    attempt = attempt_for(job)
    output = output_for(job, attempt.prompt_id, source=source)
    for _ in range(2):  # the second time it is known, by what was stored
        change = JobChange(job.id, frozenset(S), attempt=attempt, outputs=(replace(output, id=f"o{_}"),))
        (job,) = await db.jobs.apply(change) or ()
    assert [o.source.filename for o in job.outputs] == [safe]


async def test_ten_thousand_jobs_at_once(db: SqlDatabase) -> None:
    jobs = await db.jobs.add([new_job(seed=i) for i in range(10_000)])
    assert [j.number for j in jobs] == list(range(1, 10_001))
    info = await db.info()
    assert (info.rows["jobs"], info.rows["job_graphs"]) == (10_000, 1)
    assert (await db.jobs.position([jobs[-1].id])) == {jobs[-1].id: 10_000}
