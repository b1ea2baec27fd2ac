"""What a ComfyUI does to our prompts: removes, forgets, interrupts, restarts, runs out of memory."""

from __future__ import annotations

import pytest

from ainf_tui.domain.documents import JobDocument
from tests.fakes import postgres
from tests.fakes.box import Box
from tests.fakes.graphs import picture


async def two_on_the_server(box: Box) -> tuple[JobDocument, JobDocument]:
    await box.hold()
    first = await box.run(picture(1))
    await box.held_at(first)
    second = await box.run(picture(2))
    return await box.job(first), await box.reach(second, "submitted")


def error_code(job: JobDocument) -> str:
    assert job.error is not None
    assert job.error.hint
    return job.error.code


async def test_removed_by_somebody_it_is_cancelled_and_says_so(box: Box) -> None:
    first, second = await two_on_the_server(box)
    await box.ask("POST", "/queue", {"delete": [second.prompt_id]})
    gone = await box.reach(second, "cancelled")
    assert error_code(gone) == "job.removed_on_server"
    assert [a.reason for a in gone.attempts] == ["removed on the server"]
    await box.let_go()
    await box.succeed(first)


async def test_a_queue_forgotten_without_a_restart_was_removed(box: Box) -> None:
    """The websocket never broke: nobody can say that the process is another one."""
    first, second = await two_on_the_server(box)
    await box.sim.faults(forget_queue=True, hold_at_step=None)
    for job in (first, second):
        assert error_code(await box.reach(job, "cancelled")) == "job.removed_on_server"
    assert len(box.started()) == 1


async def known_as(box: Box, identity: str) -> None:
    """One simulator whose process is told to be this one, from the start of the engine on."""
    await box.add_sim()
    box.wire.identity = identity
    await box.start()


@pytest.mark.parametrize("identity", [("", ""), ("10:1", "11:2")], ids=["unknown", "told"])
async def test_a_restart_loses_the_attempt_and_not_the_job(empty: Box, identity: tuple[str, str]) -> None:
    await known_as(empty, identity[0])
    first, second = await two_on_the_server(empty)
    empty.wire.identity = identity[1]
    await empty.sim.restart()
    for job in await empty.succeed(first, second):
        assert [a.state for a in job.attempts] == ["lost", "succeeded"]
        assert "restarted" in job.attempts[0].reason
    assert len(empty.files()) == 2


async def test_the_same_process_forgets_then_it_was_removed(empty: Box) -> None:
    """Even where the line broke: the process is known to be the same."""
    await known_as(empty, "10:1")
    first, second = await two_on_the_server(empty)
    await empty.sim.faults(forget_queue=True, hold_at_step=None, drop_sockets=True)
    for job in (first, second):
        assert error_code(await empty.reach(job, "cancelled")) == "job.removed_on_server"


async def test_a_job_that_twice_takes_the_server_down_fails(empty: Box) -> None:
    await known_as(empty, "0:1")
    empty.backend().how_ended = lambda identity: "killed by SIGSEGV" if identity == "0:1" else ""
    await empty.hold()
    bad = await empty.run(picture(1))
    await empty.held_at(bad)
    await empty.sim.kill()
    empty.wire.identity = "1:1"
    await empty.sim.start()
    await empty.hold()

    async def again() -> bool:
        now = await empty.job(bad)
        return len(now.attempts) == 2 and now.step == 1

    await empty.until(again)
    empty.wire.identity = "2:1"
    await empty.sim.restart()
    failed = await empty.reach(bad, "failed")
    assert error_code(failed) == "job.lost"
    assert [(a.state, a.reason) for a in failed.attempts] == [
        ("lost", "the ComfyUI server was restarted: it ended, killed by SIGSEGV"),
        ("lost", "the ComfyUI server was restarted: another process listens on its port"),
    ]


async def test_a_server_away_for_a_while_is_waited_for(box: Box) -> None:
    """Down while jobs wait here: they say why, and go on by themselves."""
    await box.sim.kill()
    await box.until(lambda: not box.backend().health.reachable)
    job = await box.run(picture())
    waiting = await box.job(job)
    assert waiting.state == "queued"
    assert waiting.blocked is not None
    assert "backend default" in waiting.blocked
    status = await box.service.status()
    assert status.overall == "error"
    assert "backend.none_reachable" in {r.code for r in status.reasons}
    await box.sim.start()
    await box.succeed(job)
    assert (await box.service.status()).backends[0].reachable


async def test_of_a_running_job_whose_server_is_away_no_end_is_told(box: Box) -> None:
    """What was heard last stays; a rate and an end, which nobody can know by now, do not."""
    await box.succeed(await box.run(picture(1)))
    await box.hold(step=3)
    job = await box.run(picture(2))
    before = await box.held_at(job, 3)
    assert before.eta is not None
    await box.sim.kill()
    await box.until(lambda: not box.backend().health.reachable and not box.backend().socket.connected)
    away = await box.job(job)
    assert (away.state, away.step) == ("running", before.step)
    assert (away.eta, away.rate) == (None, None)

    def topic() -> bool:
        return all(known.eta is None for known in box.ctx.store.state.active)

    await box.until(topic)


async def test_interrupted_by_somebody_else(box: Box) -> None:
    await box.hold()
    job = await box.run(picture())
    await box.held_at(job)
    await box.ask("POST", "/interrupt", {})
    gone = await box.reach(job, "cancelled")
    assert error_code(gone) == "job.interrupted_elsewhere"
    assert [a.state for a in gone.attempts] == ["cancelled"]


async def test_out_of_memory_frees_the_server_and_tries_once_more(box: Box) -> None:
    await box.sim.faults(oom={"class": "KSampler", "count": 1})
    (done,) = await box.succeed(await box.run(picture()))
    assert [a.state for a in done.attempts] == ["failed", "succeeded"]
    assert "out of memory" in done.attempts[0].reason.lower()
    assert box.wire.freed == 1
    assert done.error is None


@pytest.mark.parametrize("cls", ["KSampler", "CheckpointLoaderSimple"], ids=["in steps", "at once"])
async def test_out_of_memory_twice_fails(box: Box, cls: str) -> None:
    """`at once`: so fast that it was never seen to run. That attempt counts, too."""
    await box.sim.faults(oom={"class": cls, "count": 50})
    failed = await box.reach(await box.run(picture()), "failed")
    assert error_code(failed) == "comfyui.out_of_memory"
    assert [a.state for a in failed.attempts] == ["failed", "failed"]
    assert box.wire.freed == 1


async def test_history_cleared_by_somebody_the_frames_are_enough(box: Box) -> None:
    """Its entry is never seen: what the frames told is the result."""
    await box.sim.faults(history_delay=30.0)
    (done,) = await box.succeed(await box.run(picture()))
    assert len(done.outputs) == 1
    assert len(done.attempts) == 1


async def test_a_dead_engine_finds_what_ended_meanwhile(box: Box) -> None:
    first, second = await two_on_the_server(box)
    await box.stop()
    await box.let_go()
    await box.start()
    for job in await box.succeed(first, second):
        assert len(job.attempts) == 1
    assert len(box.files()) == 2


async def test_restarts_of_both_sides_on_postgresql(empty: Box, postgres_server: str) -> None:
    async with postgres.database(postgres_server) as url:
        empty.db_url = url
        await known_as(empty, "")
        first, second = await two_on_the_server(empty)
        await empty.stop()
        await empty.start()
        assert (await empty.reach(first, "running")).attempts[0].prompt_id == first.prompt_id
        await empty.sim.restart()
        for job in await empty.succeed(first, second):
            assert [a.state for a in job.attempts] == ["lost", "succeeded"]
        await empty.stop()
