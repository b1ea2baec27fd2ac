"""What users do to jobs that wait or run, and what it does to the server: exactly that and no more."""

from __future__ import annotations

import pytest

from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.jobs import JobChange, JobState
from ainf_tui.domain.requests import ClearRequest, JobsRequest, MoveRequest
from ainf_tui.errors import ConflictError, NotFoundError, UsageError
from tests.fakes.box import Box
from tests.fakes.graphs import flat, picture


def refs(*jobs: JobDocument) -> JobsRequest:
    return JobsRequest(tuple(str(job.number) for job in jobs))


async def two_on_the_server(box: Box) -> tuple[JobDocument, JobDocument]:
    """One that runs and one that waits there."""
    await box.hold()
    first = await box.run(picture(1))
    await box.held_at(first)
    second = await box.run(picture(2))
    return await box.job(first), await box.reach(second, "submitted")


async def on_server(box: Box) -> list[str]:
    """Prompt ids in the server's queue, running ones first."""
    queue = await box.ask("GET", "/queue")
    return [item[1] for item in (*queue["queue_running"], *queue["queue_pending"])]


def order(box: Box, *jobs: JobDocument) -> list[int]:
    """Numbers of these jobs in the order in which the server began them."""
    number = {job.prompt_id: job.number for job in jobs}
    return [number[prompt] for prompt in box.started() if prompt in number]


async def test_two_of_ours_at_most_whatever_waits(box: Box) -> None:
    await box.hold()
    jobs = await box.run_all(picture(1), count=6, seed="1")
    await box.reach(jobs[1], "submitted")
    counts = box.ctx.store.state.queue
    assert len(await on_server(box)) == 2
    await box.until(lambda: box.ctx.store.state.queue.running == 1)
    counts = box.ctx.store.state.queue
    assert (counts.running, counts.submitted, counts.queued) == (1, 1, 4)
    assert [(await box.job(j)).position for j in jobs[2:]] == [1, 2, 3, 4]
    await box.let_go()
    done = await box.succeed(*jobs)
    assert order(box, *done) == [j.number for j in jobs]


async def test_prompts_of_others_are_shown_and_count(box: Box) -> None:
    """Ten of a web page wait: ours is still only two, and its ETA counts what is before it."""
    await box.succeed(await box.run(picture(1)))
    await box.hold()
    for n in range(10):
        await box.foreign(picture(100 + n), f"foreign-{n}")
    ours = await box.run_all(picture(50), count=3, seed="50")
    await box.reach(ours[1], "submitted")
    await box.until(lambda: len(box.ctx.store.state.backends[0].foreign) == 10)
    (backend,) = box.ctx.store.state.backends
    assert [f.state for f in backend.foreign].count("running") == 1
    assert all(f.eta is not None for f in backend.foreign)
    middling = box.engine.estimates.middling
    assert middling is not None
    waiting = await box.job(ours[0])
    assert waiting.eta is not None
    assert waiting.eta >= 10 * middling
    assert box.ctx.store.state.queue.queued == 1
    await box.let_go()
    await box.succeed(*ours)


async def test_pause_takes_the_waiting_one_back_and_resume_goes_on(box: Box) -> None:
    first, second = await two_on_the_server(box)
    third = await box.run(picture(3))
    await box.service.pause()
    back = await box.reach(second, "queued")
    assert [(a.state, a.reason) for a in back.attempts] == [("cancelled", "withdrawn")]
    assert await on_server(box) == [first.prompt_id]
    assert back.blocked == "the queue is paused"
    assert (await box.job(first)).state == "running"
    await box.let_go()
    await box.succeed(first)
    assert (await box.job(second)).state == "queued"
    assert any(r.code == "queue.paused" for r in (await box.service.status()).reasons)
    await box.service.resume()
    done = await box.succeed(second, third)
    assert order(box, *done) == [second.number, third.number]


async def test_a_pause_outlives_the_engine(box: Box) -> None:
    await box.service.pause()
    job = await box.run(picture())
    await box.stop()
    await box.start()
    assert (await box.job(job)).state == "queued"
    assert box.ctx.store.state.queue.paused
    await box.service.resume()
    await box.succeed(job)


async def test_hold_takes_a_waiting_one_back_and_release_sends_it(box: Box) -> None:
    first, second = await two_on_the_server(box)
    await box.service.hold(refs(second))
    back = await box.reach(second, "queued")
    assert back.held
    assert await on_server(box) == [first.prompt_id]
    with pytest.raises(ConflictError) as caught:
        await box.service.hold(refs(first))
    assert caught.value.code == "job.cannot_hold"
    await box.let_go()
    await box.succeed(first)
    assert (await box.job(second)).state == "queued"
    await box.service.release(refs(second))
    await box.succeed(second)


async def test_submitted_held_it_waits_for_its_release(box: Box) -> None:
    held = await box.run(picture(1), held=True)
    other = await box.run(picture(2))
    await box.succeed(other)
    assert (await box.job(held)).state == "queued"
    await box.service.release(refs(held))
    await box.succeed(held)


async def test_something_more_urgent_takes_the_waiting_place(box: Box) -> None:
    first, second = await two_on_the_server(box)
    urgent = await box.run(picture(9), priority=10)
    await box.reach(urgent, "submitted")
    assert (await box.job(second)).state == "queued"
    await box.let_go()
    done = await box.succeed(first, second, urgent)
    assert order(box, *done) == [first.number, urgent.number, second.number]


async def test_one_that_comes_back_by_itself_takes_the_waiting_place_too(box: Box) -> None:
    """As a job does that was lost with another server: no command has told of it."""
    first, second = await two_on_the_server(box)
    urgent = await box.run(picture(9), priority=10, held=True)
    back = JobChange(urgent.id, expect=frozenset({JobState.QUEUED}), held=False)
    assert await box.ctx.apply(back) is not None
    box.backend().wake.set()
    await box.reach(urgent, "submitted")
    assert (await box.job(second)).state == "queued"
    await box.let_go()
    await box.succeed(first, second, urgent)


async def test_move_to_the_top_withdraws_and_keeps_the_order_of_several(box: Box) -> None:
    first, second = await two_on_the_server(box)
    others = [await box.run(picture(n)) for n in (3, 4, 5)]
    request = MoveRequest((str(others[1].number), str(others[2].number)), to="top")
    await box.service.move(request)
    await box.reach(others[1], "submitted")
    await box.let_go()
    done = await box.succeed(first, second, *others)
    wanted = [first, others[1], others[2], second, others[0]]
    assert order(box, *done) == [job.number for job in wanted]


async def test_move_beside_another_and_by_priority(box: Box) -> None:
    await box.service.pause()
    a, b, c, d = [await box.run(picture(n)) for n in (1, 2, 3, 4)]
    await box.service.move(MoveRequest((str(d.number),), before=str(b.number)))
    await box.service.move(MoveRequest((str(a.number),), to="bottom"))
    await box.service.move(MoveRequest((str(c.number),), priority=5))
    with pytest.raises(UsageError):
        await box.service.move(MoveRequest((str(c.number),), priority=101))
    await box.service.resume()
    done = await box.succeed(a, b, c, d)
    assert order(box, *done) == [job.number for job in (c, d, b, a)]


async def test_cancel_while_queued_touches_no_server(box: Box) -> None:
    first, second = await two_on_the_server(box)
    third = await box.run(picture(3))
    (cancelled,) = (await box.service.cancel(refs(third))).jobs
    assert cancelled.state == "cancelled"
    assert cancelled.attempts == ()
    await box.let_go()
    await box.succeed(first, second)
    assert len(box.started()) == 2


async def test_cancel_while_waiting_deletes_it_there(box: Box) -> None:
    first, second = await two_on_the_server(box)
    await box.service.cancel(refs(second))
    gone = await box.reach(second, "cancelled")
    assert gone.error is None
    assert await on_server(box) == [first.prompt_id]
    await box.let_go()
    await box.succeed(first)
    assert second.prompt_id not in box.started()


async def test_cancel_while_running_interrupts_ours_and_the_next_goes_on(box: Box) -> None:
    first, second = await two_on_the_server(box)
    await box.sim.faults(hold_at_step=None)
    await box.service.cancel(refs(first))
    gone = await box.reach(first, "cancelled")
    assert gone.error is None
    assert [a.state for a in gone.attempts] == ["cancelled"]
    await box.succeed(second)


async def test_cancel_never_touches_what_others_run(box: Box) -> None:
    """A stranger's prompt runs, ours waits behind it."""
    await box.hold()
    await box.foreign(picture(77), "stranger")
    ours = await box.reach(await box.run(picture(1)), "submitted")
    await box.service.cancel(refs(ours))
    await box.reach(ours, "cancelled")
    assert await on_server(box) == ["stranger"]
    await box.let_go()

    async def over() -> bool:
        return bool(await box.ask("GET", "/history/stranger"))

    await box.until(over)
    entry = (await box.ask("GET", "/history/stranger"))["stranger"]
    assert entry["status"]["status_str"] == "success"


async def test_cancel_of_a_node_deaf_to_interrupts_comes_true_when_it_ends(box: Box) -> None:
    """`VAEDecode` cannot be interrupted; the one after it can."""
    await box.sim.faults(busy_class="VAEDecode")
    job = await box.run(picture())

    async def there() -> bool:
        now = await box.job(job)
        return now.node is not None and now.node.cls == "VAEDecode"

    await box.until(there)
    await box.service.cancel(refs(job))
    assert (await box.job(job)).cancel_requested

    async def told() -> bool:
        return f"Interrupting prompt {box.started()[0]}" in await box.ask("GET", "/internal/logs")

    await box.until(told)
    await box.sim.faults(busy_class=None, release=True)
    await box.reach(job, "cancelled")
    assert box.files() == []


async def test_cancel_too_late_succeeds_and_says_so(box: Box) -> None:
    """The last node is busy: its interrupt is never heard."""
    await box.sim.faults(busy_class="SaveImage")
    job = await box.run(flat())

    async def there() -> bool:
        now = await box.job(job)
        return now.node is not None and now.node.cls == "SaveImage"

    await box.until(there)
    await box.service.cancel(refs(job))
    await box.sim.faults(busy_class=None, release=True)
    done = await box.reach(job, "succeeded")
    assert [w.code for w in done.warnings] == ["job.cancel_too_late"]
    with pytest.raises(ConflictError):
        await box.service.cancel(refs(job))


async def test_a_cancel_goes_on_after_the_engine_died(box: Box) -> None:
    first, second = await two_on_the_server(box)
    await box.sim.faults(stall=True)  # the server hears nothing now
    await box.service.cancel(refs(second))
    await box.stop()
    await box.sim.faults(stall=False)
    await box.start()
    await box.reach(second, "cancelled")
    assert (await box.job(first)).state == "running"
    await box.let_go()
    await box.succeed(first)
    assert second.prompt_id not in box.started()


async def test_clear_forgets_ended_jobs_and_keeps_files(box: Box) -> None:
    first, second = await two_on_the_server(box)
    with pytest.raises(ConflictError):
        await box.service.clear(ClearRequest(refs=(str(first.number),)))
    await box.let_go()
    await box.succeed(first, second)
    assert (await box.service.clear(ClearRequest())).count == 2
    assert await box.jobs() == ()
    assert len(box.files()) == 2


async def test_unknown_numbers_are_named(box: Box) -> None:
    with pytest.raises(NotFoundError) as caught:
        await box.service.cancel(JobsRequest(("4711",)))
    assert "4711" in caught.value.message
