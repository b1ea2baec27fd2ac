"""Sockets that hear nothing, workers that are dead, addresses that are no ComfyUI: told, and survived."""

from __future__ import annotations

import pytest

from tests.fakes.box import Box, shorten
from tests.fakes.graphs import picture


@pytest.fixture
async def slow(empty: Box, monkeypatch: pytest.MonkeyPatch) -> Box:
    """Steps that take time, and a link that is judged in tenths of seconds."""
    shorten(
        monkeypatch,
        {
            "ainf_tui.domain.link.SILENCE": 0.2,
            "ainf_tui.domain.link.WORKER_SILENCE": 0.3,
            "ainf_tui.domain.link.DOUBT": (0.5, 4.0),
        },
    )
    await empty.add_sim(step_seconds=1.0)  # 0.02 s for a picture as small as these
    await empty.start()
    return empty


async def test_a_deaf_socket_is_opened_anew(slow: Box) -> None:
    socket = slow.backend().socket
    await slow.sim.faults(deafen=True)
    jobs = await slow.run_all(picture(1, steps=10), count=4, seed="1")
    await slow.until(lambda: socket.connections >= 2 and socket.connected)
    done = await slow.succeed(*jobs)
    later = await slow.run(picture(90, steps=30))
    await slow.held_at(later, 20)
    await slow.succeed(later)
    assert all(len(job.attempts) == 1 for job in done)
    assert slow.ctx.store.state.backends[0].message == ""


async def test_stalled_by_another_client_work_goes_on_by_polling(slow: Box) -> None:
    await slow.sim.faults(freeze_publish=True)
    jobs = await slow.run_all(picture(1, steps=4), count=40, seed="1")

    def told() -> bool:
        return "another of its clients has stopped reading" in slow.ctx.store.state.backends[0].message

    await slow.until(told)
    assert [r.code for r in (await slow.service.status()).reasons if "link" in r.code] == ["backend.link"]
    await slow.until(lambda: slow.ctx.store.state.queue.ended >= 8)
    await slow.sim.faults(freeze_publish=False)
    await slow.until(lambda: not slow.ctx.store.state.backends[0].message)
    assert all(len(j.attempts) <= 1 for j in await slow.jobs())
    assert jobs


async def test_a_dead_worker_is_told(slow: Box) -> None:
    await slow.sim.faults(dead_worker=True)
    job = await slow.run(picture())
    await slow.until(lambda: "worker is dead" in slow.ctx.store.state.backends[0].message)
    reasons = (await slow.service.status()).reasons
    assert any("worker is dead" in r.message and "restart ComfyUI" in r.hint for r in reasons)
    await slow.sim.faults(dead_worker=False)
    await slow.succeed(job)
    await slow.until(lambda: not slow.ctx.store.state.backends[0].message)


async def test_progress_stands_after_a_reconnect(box: Box) -> None:
    await box.hold(2)
    job = await box.run(picture(steps=4))
    before = await box.held_at(job, 2)
    socket = box.backend().socket
    await box.sim.faults(drop_sockets=True)
    await box.until(lambda: socket.connections == 2 and socket.connected)
    after = await box.job(job)
    assert (after.state, after.step, after.steps) == ("running", 2, 4)
    assert before.progress is not None
    assert after.progress is not None
    assert after.progress >= before.progress
    await box.let_go()
    (done,) = await box.succeed(job)
    assert len(done.attempts) == 1


async def test_progress_never_goes_back_when_the_engine_is_started_anew(slow: Box) -> None:
    await slow.hold(5)
    job = await slow.run(picture(steps=8))
    before = await slow.held_at(job, 5)

    async def saved() -> bool:
        rows = await slow.ctx.db.memory.progress([job.id])
        return rows.get(job.id, {}).get("step") == 5

    await slow.until(saved)
    await slow.stop()
    await slow.start()
    after = await slow.reach(job, "running")
    assert before.progress is not None
    assert after.progress is not None
    assert after.progress >= before.progress
    assert after.elapsed is not None
    assert before.elapsed is not None
    assert after.elapsed >= before.elapsed
    seen: list[float] = []

    def watch(_: object) -> None:
        seen.extend(j.progress for j in slow.ctx.store.state.active if j.progress is not None)

    stop = slow.ctx.store.listen(watch)
    await slow.let_go()
    await slow.succeed(job)
    stop()
    assert seen == sorted(seen)


@pytest.mark.parametrize("fault", ["html", "redirect", "bad_gateway"])
async def test_what_answers_is_no_comfyui(empty: Box, fault: str) -> None:
    """A login page, a redirect to one, a proxy without a server: said, waited for, nothing lost."""
    await empty.add_sim(faults={fault: 10**6})
    await empty.start(connected=False)
    job = await empty.run(picture())
    await empty.until(lambda: empty.ctx.store.state.backends[0].message not in {"", "not asked yet"})
    (backend,) = empty.ctx.store.state.backends
    assert not backend.reachable
    assert backend.hint
    waiting = await empty.job(job)
    assert waiting.state == "queued"
    assert waiting.blocked
    assert empty.wire.posts == []
    await empty.sim.faults(reset=True)
    await empty.succeed(job)


async def test_a_login_page_in_the_middle_of_a_run(box: Box) -> None:
    """A proxy's session ends while ours runs: what runs is found again."""
    await box.hold()
    job = await box.run(picture())
    await box.held_at(job)
    await box.sim.faults(html=10**6, drop_sockets=True)
    await box.until(lambda: not box.backend().health.reachable)
    await box.sim.faults(reset=True)
    (done,) = await box.succeed(job)
    assert len(done.attempts) == 1


async def test_frames_that_are_doubled_swapped_or_broken_change_nothing(slow: Box) -> None:
    await slow.sim.faults(duplicate=6, reorder=6, garble=6)
    jobs = await slow.run_all(picture(1, steps=6), count=4, seed="1")
    for done in await slow.succeed(*jobs):
        assert len(done.attempts) == 1
    assert len(slow.files()) == 4


async def test_a_stalled_server_delays_no_other(empty: Box) -> None:
    await empty.add_sim("stuck")
    await empty.add_sim("well")
    await empty.start()
    await empty.sims["stuck"].faults(stall=True)
    await empty.succeed(await empty.run(picture(), backend="well"))
    await empty.sims["stuck"].faults(stall=False)
    await empty.succeed(await empty.run(picture(2), backend="stuck"))


async def test_status_lists_what_is_not_well(empty: Box) -> None:
    await empty.add_sim("up")
    await empty.add_sim("down", start=False)
    await empty.start(connected=False)
    await empty.until(lambda: empty.backend("up").ready)
    await empty.until(lambda: empty.backend("down").health.checked_at is not None)
    status = await empty.service.status()
    assert status.overall == "warning"
    reasons = {r.code: r for r in status.reasons}
    assert "backend.none_reachable" not in reasons
    assert "down" in reasons["backend.unreachable"].message
    assert reasons["backend.unreachable"].hint
    ages = {b.name: b.age for b in status.backends}
    assert ages["down"] is None
    assert ages["up"] is not None
    assert ages["up"] < 5
