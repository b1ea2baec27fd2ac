"""Several ComfyUIs, late ones, moved ones and removed ones."""

from __future__ import annotations

from ainf_tui.domain.engine_service import BackendSpec
from ainf_tui.domain.graphs import graph_hash
from ainf_tui.domain.requests import JobsRequest, RunRequest
from tests.fakes.box import Box
from tests.fakes.graphs import picture

SMALL = {"width": 256, "height": 256, "steps": 2, "prompt": "a red bicycle"}


async def two(box: Box) -> None:
    await box.add_sim("a")
    await box.add_sim("b")
    await box.start()


async def test_both_are_used_before_either_queues(empty: Box) -> None:
    await two(empty)
    for name in ("a", "b"):
        await empty.hold(name=name)
    jobs = await empty.run_all(picture(), count=2, seed="1")
    running = [await empty.held_at(job) for job in jobs]
    assert {job.backend for job in running} == {"a", "b"}
    more = await empty.run_all(picture(), count=4, seed="10")
    await empty.until(lambda: empty.ctx.store.state.queue.submitted == 2)
    assert [len(empty.backend(name).flights) for name in ("a", "b")] == [2, 2]
    for name in ("a", "b"):
        await empty.let_go(name)
    await empty.succeed(*jobs, *more)
    assert len(empty.files()) == 6


async def test_a_pinned_job_waits_for_its_own(empty: Box) -> None:
    await two(empty)
    await empty.hold(name="b")
    pinned = await empty.run_all(picture(), count=3, seed="1", backend="b")
    await empty.held_at(pinned[0])
    free = await empty.run_all(picture(), count=3, seed="10")
    for done in await empty.succeed(*free):
        assert done.backend == "a"
    await empty.let_go("b")
    for done in await empty.succeed(*pinned):
        assert done.backend == "b"


async def test_an_unknown_pin_waits_and_says_so(box: Box) -> None:
    request = RunRequest(request_id="r", graph=picture(), name="a.json", backend="gpu-2")
    made = await box.submit(request)
    (notice,) = [n for n in made.notices if n.code == "run.backend_unknown"]
    assert "gpu-2" in notice.message
    job = await box.job(made.jobs[0])
    assert job.state == "queued"
    assert "gpu-2" in (job.blocked or "")
    other = await box.run(picture(2))
    await box.succeed(other)  # it stands in nobody's way
    assert await box.service.ensure_backend(BackendSpec("gpu-2", box.sim.url + "/api")) == ("gpu-2", True)
    (done,) = await box.succeed(job)
    assert done.backend == "gpu-2"


async def test_a_backend_that_is_known_is_not_added_twice(box: Box) -> None:
    assert await box.service.ensure_backend(BackendSpec("mine", box.sim.url)) == ("default", False)
    assert await box.service.ensure_backend(BackendSpec("default", box.sim.url + "/api")) == (
        "default-2",
        True,
    )


async def test_a_name_that_moves_leaves_its_prompts_at_the_old_address(empty: Box) -> None:
    old = await empty.add_sim("default")
    await empty.start()
    await empty.hold()
    jobs = await empty.run_all(picture(), count=3, seed="1")
    await empty.reach(jobs[1], "submitted")
    await empty.stop()
    new = await empty.add_sim("new")
    empty.specs = []
    empty.add_backend("default", new.url)
    await empty.start(connected=False)
    third = (await empty.succeed(jobs[2]))[0]
    assert third.prompt_id in empty.started("new")
    await old.faults(hold_at_step=None, release=True)
    for done in await empty.succeed(*jobs[:2]):
        assert done.prompt_id in empty.started("default")
        assert len(done.attempts) == 1
    assert len(empty.files()) == 3


async def test_a_removed_backend_is_brought_to_its_end_and_gets_nothing_new(empty: Box) -> None:
    await two(empty)
    await empty.hold(name="b")
    job = await empty.run(picture(1), backend="b")
    await empty.held_at(job)
    waiting = await empty.run(picture(2), backend="b", held=True)
    await empty.stop()
    empty.specs = [s for s in empty.specs if s.name == "a"]
    await empty.start()
    await empty.let_go("b")
    await empty.succeed(job)
    await empty.service.release(JobsRequest((str(waiting.number),)))
    await empty.succeed(await empty.run(picture(3)))
    now = await empty.job(waiting)
    assert now.state == "queued"
    assert len(empty.started("b")) == 1


async def test_what_is_pinned_to_a_removed_backend_says_so(empty: Box) -> None:
    await two(empty)
    await empty.service.pause()
    job = await empty.run(picture(), backend="b")
    await empty.stop()
    empty.specs = [s for s in empty.specs if s.name == "a"]
    await empty.start()
    await empty.service.resume()
    await empty.succeed(await empty.run(picture(2)))
    now = await empty.job(job)
    assert now.state == "queued"
    assert "'b'" in (now.blocked or "")


async def test_the_checkpoint_is_chosen_when_the_server_comes_up(empty: Box) -> None:
    sim = await empty.add_sim(start=False)
    await empty.start(connected=False)
    job = await empty.run(None, pack="portrait-basic", values=SMALL, seed="7")
    assert "checkpoint" not in job.params
    await sim.start()
    (done,) = await empty.succeed(job)
    assert done.params["checkpoint"] == "sim_sdxl_base.safetensors"
    detail = await empty.service.job(str(done.number))
    entry = (await empty.ask("GET", f"/history/{done.prompt_id}"))[done.prompt_id]
    assert detail.graph == entry["prompt"][2]
    assert detail.graph_hash == graph_hash(detail.graph)  # measured times are those of this checkpoint
    (again,) = await empty.succeed(await empty.run(None, pack="portrait-basic", values=SMALL))
    assert again.params["checkpoint"] == "sim_sdxl_base.safetensors"


async def test_the_last_used_checkpoint_is_taken_again_and_told(box: Box) -> None:
    named = {**SMALL, "checkpoint": "sim_v1-5.safetensors"}
    await box.succeed(await box.run(None, pack="portrait-basic", values=named))
    made = await box.submit(RunRequest(request_id="x", pack="portrait-basic", values=SMALL))
    assert [n.code for n in made.notices] == ["checkpoint.chosen"]
    assert "last used" in made.notices[0].message
    (done,) = await box.succeed(*made.jobs)
    assert done.params["checkpoint"] == "sim_v1-5.safetensors"


async def test_a_server_without_checkpoints_refuses_with_the_next_step(empty: Box) -> None:
    sim = await empty.add_sim(start=False, checkpoints=())
    await empty.start(connected=False)
    job = await empty.run(None, pack="portrait-basic", values=SMALL)
    await sim.start()
    failed = await empty.reach(job, "failed")
    assert failed.error is not None
    assert failed.error.code == "checkpoint.none"
    assert failed.error.hint


async def test_the_same_client_id_after_a_restart_of_ours(box: Box) -> None:
    before = box.backend().socket.client_id
    await box.stop()
    await box.start()
    assert box.backend().socket.client_id == before
