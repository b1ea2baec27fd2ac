"""When it will be done: right on the whole after a few runs, and telling what it rests on."""

from __future__ import annotations

import time
from dataclasses import replace
from statistics import median

from ainf_tui.domain.documents import JobDocument
from tests.fakes.box import Box
from tests.fakes.graphs import picture

STEPS = 24
NODE_SECONDS = {"CheckpointLoaderSimple": 0.06, "CLIPTextEncode": 0.02, "VAEDecode": 0.08, "SaveImage": 0.02}


async def noisy(box: Box) -> None:
    """Steps of some 10 ms, each off by up to 40%. Published less often: that must not be what takes time."""
    box.tuning = replace(box.tuning, publish_every=0.03, save_every=0.5)
    await box.add_sim(step_seconds=0.6, node_seconds=NODE_SECONDS, noise=0.4, seed=3)
    await box.start()


async def error_at_half_time(box: Box, job: JobDocument) -> float:
    """Of the seconds that were told when half of the run was over, relative to those that were left.

    When it began and ended are the server's own times: what we need to learn of it is not its duration.
    """
    told: list[tuple[float, float]] = []

    def note(_topics: object) -> None:
        mine = (a for a in box.ctx.store.state.active if a.id == job.id and a.state == "running")
        told.extend((time.time(), a.eta) for a in mine if a.eta is not None)

    stop = box.ctx.store.listen(note)
    (done,) = await box.succeed(job)
    stop()
    assert done.prompt_id is not None
    entry = await box.backend().server.history(done.prompt_id)
    assert entry is not None
    assert entry.started_at is not None
    assert entry.ended_at is not None
    half = (entry.started_at + entry.ended_at) / 2
    at, eta = min(told, key=lambda item: abs(item[0] - half))
    return abs(eta - (entry.ended_at - at)) / (entry.ended_at - at)


async def test_after_five_runs_half_time_is_told_within_a_quarter(empty: Box) -> None:
    """Each run has its own seed, so that the sampler's node is never cached; texts are, as in life."""
    await noisy(empty)
    jobs = await empty.run_all(picture(steps=STEPS), count=5, seed="1")
    await empty.succeed(*jobs)
    errors = []
    for seed in range(10, 15):
        job = await empty.run(picture(seed, steps=STEPS))
        errors.append(await error_at_half_time(empty, job))
    assert median(errors) <= 0.25, errors


async def test_the_basis_is_told(empty: Box) -> None:
    await noisy(empty)
    first = await empty.run(picture(1, steps=STEPS))
    early = await empty.held_at(first, STEPS // 2)
    assert early.eta_basis == "this run's speed"
    await empty.succeed(first)
    second = await empty.run(picture(1, "another text", steps=STEPS))
    later = await empty.held_at(second, 2)
    assert later.eta is not None
    assert "of this graph" in (later.eta_basis or "")
    await empty.succeed(second)
    third = await empty.run(picture(1, "a third", steps=STEPS // 2))
    other = await empty.held_at(third, 2)
    assert other.eta_basis
    await empty.succeed(third)


async def test_waiting_jobs_are_told_when_they_will_be_done(empty: Box) -> None:
    await noisy(empty)
    await empty.succeed(*await empty.run_all(picture(steps=STEPS), count=3, seed="1"))
    jobs = await empty.run_all(picture(steps=STEPS), count=4, seed="10")
    await empty.held_at(jobs[0], 3)
    etas = [(await empty.job(job)).eta for job in jobs]
    known = [eta for eta in etas if eta is not None]
    assert len(known) == len(jobs)
    assert known == sorted(known)
    await empty.until(lambda: empty.ctx.store.state.queue.eta is not None)
    whole = empty.ctx.store.state.queue.eta
    assert whole is not None
    assert 0.5 * known[-1] <= whole <= 1.5 * known[-1]
    await empty.succeed(*jobs)


async def test_without_anything_known_nothing_is_told_of_those_that_wait(box: Box) -> None:
    await box.hold(1)
    jobs = await box.run_all(picture(steps=50), count=3, seed="1")
    running = await box.held_at(jobs[0], 1)
    assert running.eta_basis in {None, "this run's speed"}
    assert [(await box.job(job)).eta for job in jobs[1:]] == [None, None]
    assert box.ctx.store.state.queue.eta is None
    await box.let_go()
    await box.succeed(*jobs)
