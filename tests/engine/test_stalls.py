"""A prompt that runs and of which nothing is heard is told, and no longer once it goes on."""

from __future__ import annotations

from dataclasses import replace

import pytest

from ainf_tui.domain.eta import Expectation
from tests.fakes.box import Box
from tests.fakes.graphs import picture


@pytest.fixture
async def doubting(empty: Box) -> Box:
    """Half a second without a word is too long."""
    empty.tuning = replace(empty.tuning, stalled_after=0.5)
    await empty.add_sim()
    await empty.start()
    return empty


def codes(box: Box) -> list[str]:
    return [reason.code for reason in box.ctx.store.state.health.reasons]


async def test_a_node_that_hangs_is_told_until_it_goes_on(doubting: Box) -> None:
    await doubting.hold(3)
    job = await doubting.run(picture(1, steps=8))
    held = await doubting.held_at(job, 3)
    assert held.blocked is None
    await doubting.until(lambda: "job.stalled" in codes(doubting))
    stalled = await doubting.job(job)
    assert stalled.state == "running"
    assert stalled.blocked == "ComfyUI has told nothing of it for more than 0.5 s"
    assert stalled.eta is None, "nobody can say when"
    [reason] = [r for r in doubting.ctx.store.state.health.reasons if r.code == "job.stalled"]
    assert reason.severity == "warning"
    assert reason.message == f"job {job.number}: {stalled.blocked}"
    assert f"ainf queue cancel {job.number}" in reason.hint
    await doubting.let_go()
    await doubting.succeed(job)
    await doubting.until(lambda: "job.stalled" not in codes(doubting))


async def test_it_may_be_silent_for_as_long_as_it_took_before(doubting: Box) -> None:
    await doubting.hold(3)
    job = await doubting.run(picture(1, steps=8))
    await doubting.held_at(job, 3)
    [flight] = doubting.backend().flights.values()
    flight.expected = Expectation(total=60.0)
    flight.tracker.heard_at = (flight.tracker.heard_at or 0.0) - 50.0
    doubting.ctx.touch()
    await doubting.until(lambda: (doubting.ctx.store.state.active[0].elapsed or 0) > 1)
    assert "job.stalled" not in codes(doubting)
    flight.tracker.heard_at -= 20.0
    await doubting.until(lambda: "job.stalled" in codes(doubting))
    assert (await doubting.job(job)).blocked == "ComfyUI has told nothing of it for more than 60 s"
    await doubting.let_go()
    await doubting.succeed(job)


async def test_what_only_waits_is_not_doubted(doubting: Box) -> None:
    await doubting.hold(1)
    first, second = await doubting.run(picture(1, steps=4)), await doubting.run(picture(2, steps=4))
    await doubting.until(lambda: "job.stalled" in codes(doubting))
    assert (await doubting.job(first)).blocked
    assert (await doubting.job(second)).blocked is None
    await doubting.let_go()
    await doubting.succeed(first, second)


async def test_never_if_the_setting_says_so(empty: Box) -> None:
    empty.tuning = replace(empty.tuning, stalled_after=0.0)
    await empty.add_sim()
    await empty.start()
    await empty.hold(2)
    job = await empty.run(picture(1, steps=4))
    await empty.held_at(job, 2)
    [flight] = empty.backend().flights.values()
    flight.tracker.heard_at = float("-inf")
    empty.ctx.touch()
    await empty.until(lambda: (empty.ctx.store.state.active[0].elapsed or 0) > 1)
    assert codes(empty) == []
    await empty.let_go()
    await empty.succeed(job)
