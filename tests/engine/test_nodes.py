"""The nodes of a job's detail: while it waits, runs, and after every kind of end."""

from __future__ import annotations

from sqlalchemy import delete

from ainf_tui.adapters.db.tables import job_progress
from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.requests import JobsRequest
from tests.fakes.box import Box
from tests.fakes.graphs import failing, flat, node, picture


async def states(box: Box, job: JobDocument) -> dict[str, str]:
    shown = await box.service.job(str(job.number), brief=True)
    assert (shown.graph, shown.workflow) == ({}, None)
    return {node.id: node.state for node in shown.nodes}


async def test_a_waiting_job_lists_its_nodes(box: Box) -> None:
    await box.service.pause()
    job = await box.run(flat())
    shown = await box.service.job(job.id)
    assert [(n.id, n.cls, n.state) for n in shown.nodes] == [
        ("1", "EmptyImage", "pending"),
        ("2", "SaveImage", "pending"),
    ]
    assert list(shown.graph) == ["1", "2"]


async def test_progress_of_each_node_and_how_it_ended(box: Box) -> None:
    await box.hold(2)
    job = await box.run(picture(1, steps=4))
    await box.held_at(job, 2)
    shown = (await box.service.job(job.id)).nodes
    sampler = next(n for n in shown if n.cls == "KSampler")
    assert (sampler.title, sampler.state, sampler.value, sampler.max) == ("Sampler", "running", 2, 4)
    assert {n.id: n.state for n in shown if n.id in "49"} == {"4": "finished", "9": "pending"}
    await box.let_go()
    await box.succeed(job)
    assert await states(box, job) == dict.fromkeys("3456789", "finished")
    kept = next(n for n in (await box.service.job(job.id)).nodes if n.cls == "KSampler")
    assert (kept.value, kept.max) == (4, 4)


async def test_cached_nodes_and_nodes_that_nothing_needs(box: Box) -> None:
    await box.succeed(await box.run(picture(1)))
    alone = node("EmptyLatentImage", width=128, height=64, batch_size=1)
    job = await box.run(picture(2) | {"50": alone})
    await box.succeed(job)
    found = await states(box, job)
    assert found == dict.fromkeys("389", "finished") | dict.fromkeys("4567", "cached") | {"50": "pending"}


async def test_the_failed_node_is_marked(box: Box) -> None:
    job = await box.run(failing())
    await box.reach(job, "failed")
    assert await states(box, job) == {"1": "finished", "2": "failed", "3": "pending"}


async def test_a_cancelled_job_tells_where_it_was_interrupted(box: Box) -> None:
    await box.hold(1)
    job = await box.run(picture(1))
    await box.held_at(job)
    await box.service.cancel(JobsRequest((job.id,)))
    await box.reach(job, "cancelled")
    found = await states(box, job)
    assert (found["3"], found["4"], found["9"]) == ("interrupted", "finished", "pending")


async def test_a_prompt_whose_frames_were_missed_is_told_by_its_end(empty: Box) -> None:
    """The engine was away while it ran: the history alone says how it ended."""
    await empty.add_sim()
    await empty.start()
    await empty.hold(1)
    job = await empty.run(picture(1))
    await empty.held_at(job)
    await empty.stop()
    await empty.let_go()
    await empty.start()
    await empty.succeed(job)
    assert await states(empty, job) == dict.fromkeys("3456789", "finished")


async def test_a_job_of_which_nothing_was_kept(box: Box) -> None:
    good, bad = await box.run(picture(1)), await box.run(failing())
    await box.succeed(good)
    await box.reach(bad, "failed")
    db = box.ctx.db.jobs._db  # type: ignore[attr-defined]  # a test looks inside
    await db.write(lambda conn: conn.execute(delete(job_progress)))
    assert await states(box, good) == dict.fromkeys("3456789", "finished")
    assert await states(box, bad) == {"1": "unknown", "2": "failed", "3": "unknown"}
