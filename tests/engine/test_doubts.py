"""A POST whose answer is an error, late or none: looked up, adopted or sent again, and never run twice."""

from __future__ import annotations

import pytest

from ainf_tui.domain.requests import JobsRequest
from ainf_tui.errors import InDoubtError
from tests.fakes.box import Box
from tests.fakes.graphs import picture


def no_answer() -> InDoubtError:
    return InDoubtError("backend.no_answer", "ComfyUI did not answer within 30 s")


def broken() -> InDoubtError:
    return InDoubtError("backend.server_error", "HTTP 500: KeyError: 'class_type'")


async def test_frames_before_the_answer_count(box: Box) -> None:
    """The server runs the prompt while its POST is still unanswered."""
    await box.sim.faults(delay_answer=0.5)
    job = await box.run(picture())
    await box.until(lambda: bool(box.started()))
    (flight,) = box.backend().flights.values()
    await box.until(lambda: flight.tracker.started_at is not None)
    assert (await box.job(job)).state == "submitting"
    (done,) = await box.succeed(job)
    assert len(box.wire.posts) == len(done.attempts) == 1


@pytest.mark.parametrize("fault", ["post_500", "post_drop"])
@pytest.mark.parametrize("held", [True, False], ids=["still running", "already over"])
async def test_queued_and_yet_answered_by_an_error_is_adopted(box: Box, fault: str, held: bool) -> None:
    if held:
        await box.hold()
    await box.sim.faults(**{fault: 1})
    job = await box.run(picture())
    if held:
        running = await box.held_at(job)
        assert running.attempts[0].number is not None
        await box.let_go()
    (done,) = await box.succeed(job)
    assert box.wire.posts == box.started() == [done.prompt_id]
    assert len(done.attempts) == 1
    assert len(box.files()) == 1


async def test_one_that_waits_behind_another_is_adopted_as_waiting(box: Box) -> None:
    await box.hold()
    first = await box.run(picture(1))
    await box.held_at(first)
    await box.sim.faults(post_drop=1)
    second = await box.run(picture(2))
    adopted = await box.reach(second, "submitted")
    assert adopted.attempts[0].number is not None
    await box.let_go()
    await box.succeed(first, second)
    assert len(box.wire.posts) == 2


async def test_never_received_it_is_sent_again_under_a_new_id(box: Box) -> None:
    box.wire.swallow = [no_answer()]
    (done,) = await box.succeed(await box.run(picture()))
    assert [a.state for a in done.attempts] == ["lost", "succeeded"]
    assert done.attempts[0].reason == "the server never received it"
    assert box.wire.posts == [a.prompt_id for a in done.attempts]
    assert len(set(box.wire.posts)) == 2
    assert box.started() == [done.prompt_id]


async def test_an_old_id_that_turns_up_late_is_taken_off(empty: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """It arrives while the new one runs: it waits behind it and is deleted before its turn."""
    monkeypatch.setattr("ainf_tui.engine.reconcile.RESEND_LONGEST", 1.05)  # so that the new one is first
    empty.prompt_deadline = 0.2
    await empty.add_sim()
    await empty.start()
    await empty.hold()
    await empty.sim.faults(delay_accept=2.5)
    job = await empty.run(picture())
    running = await empty.held_at(job)
    old, new = empty.wire.posts
    assert running.prompt_id == new
    await empty.until(lambda: old in {e["prompt_id"] for e in empty.sim.events("accepted")})

    async def gone() -> bool:
        return not (await empty.ask("GET", "/queue"))["queue_pending"]

    await empty.until(gone)
    await empty.let_go()
    await empty.succeed(job)
    assert empty.started() == [new]


async def test_an_old_id_that_ran_unseen_is_adopted_while_its_job_waits(empty: Box) -> None:
    """It arrives while nothing was sent anew, here because the queue is paused: its result is taken."""
    empty.prompt_deadline = 0.2
    await empty.add_sim()
    await empty.start()
    await empty.sim.faults(delay_accept=1.0)
    job = await empty.run(picture())
    await empty.until(lambda: len(empty.wire.posts) == 1)
    await empty.service.pause()
    waiting = await empty.reach(job, "queued")
    assert [a.state for a in waiting.attempts] == ["lost"]
    (done,) = await empty.succeed(job)
    assert empty.wire.posts == empty.started() == [done.prompt_id]
    assert len(empty.files()) == 1


async def test_three_error_answers_fail_the_job_and_free_the_queue(
    box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ainf_tui.engine.reconcile.RESEND_LONGEST", 1.05)
    box.wire.swallow = [broken(), broken(), broken()]
    bad = await box.run(picture(1))
    good = await box.run(picture(2))
    failed = await box.reach(bad, "failed")
    assert failed.error is not None
    assert failed.error.code == "job.never_accepted"
    assert "KeyError" in failed.error.message
    assert len(failed.attempts) == 3
    await box.succeed(good)


async def test_silence_is_never_the_jobs_fault(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Five lost POSTs without an answer: the line is bad, the job goes on."""
    monkeypatch.setattr("ainf_tui.engine.reconcile.RESEND_LONGEST", 1.05)
    box.wire.swallow = [no_answer() for _ in range(5)]
    (done,) = await box.succeed(await box.run(picture()))
    assert [a.state for a in done.attempts] == ["lost"] * 5 + ["succeeded"]


async def test_an_engine_that_dies_with_a_post_in_doubt_finds_it(box: Box) -> None:
    await box.hold()
    await box.sim.faults(delay_answer=3.0)
    job = await box.run(picture())
    await box.until(lambda: bool(box.started()))
    await box.stop()
    await box.start()
    running = await box.reach(job, "running")
    assert len(running.attempts) == 1
    await box.let_go()
    await box.succeed(job)
    assert len(box.wire.posts) == 1


async def test_cancelled_while_in_doubt_it_is_taken_off_where_it_is_found(box: Box) -> None:
    await box.hold()
    await box.sim.faults(delay_answer=0.5, post_drop=1)
    job = await box.run(picture())
    await box.until(lambda: bool(box.started()))
    await box.service.cancel(JobsRequest((str(job.number),)))
    await box.reach(job, "cancelled")
    assert (await box.ask("GET", "/queue"))["queue_running"] == []


async def test_cancelled_while_in_doubt_and_never_received_it_is_not_sent_again(box: Box) -> None:
    box.wire.swallow = [no_answer()]
    job = await box.run(picture())
    await box.until(lambda: len(box.wire.posts) == 1)
    await box.service.cancel(JobsRequest((str(job.number),)))
    await box.reach(job, "cancelled")
    assert len(box.wire.posts) == 1
    assert box.started() == []


async def test_an_answer_that_is_late_in_the_history_is_waited_for(box: Box) -> None:
    """The end is told by frames first; the entry shows half a second later."""
    await box.sim.faults(history_delay=0.5)
    (done,) = await box.succeed(await box.run(picture()))
    assert len(done.outputs) == 1
    assert len(done.attempts) == 1
