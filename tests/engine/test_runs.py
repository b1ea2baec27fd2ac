"""One request, many jobs: seeds, counts, sweeps; and new jobs from ended ones."""

from __future__ import annotations

import asyncio
import shutil
from pathlib import Path
from typing import Any

import pytest

from ainf_tui.domain.documents import JobDocument
from ainf_tui.domain.requests import JobsRequest, RetryRequest, RunRequest, SweepAxis
from ainf_tui.errors import ConflictError, UsageError
from tests.fakes.box import Box
from tests.fakes.graphs import failing, flat, node, picture


async def sent(box: Box, job: JobDocument) -> dict[str, dict[str, object]]:
    """The inputs of each node as the server got them."""
    entry = (await box.ask("GET", f"/history/{job.prompt_id}"))[job.prompt_id]
    return {name: node["inputs"] for name, node in entry["prompt"][2].items()}


async def test_a_graph_keeps_its_own_seed(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(seed=41)))
    assert (done.seed, done.seed_mode) == (41, "fixed")


async def test_a_count_increments_from_the_first(box: Box) -> None:
    jobs = await box.run_all(picture(), seed="7", count=3)
    done = await box.succeed(*jobs)
    assert [(await sent(box, job))["3"]["seed"] for job in done] == [7, 8, 9]
    assert [job.seed for job in done] == [7, 8, 9]
    assert [job.seed_mode for job in done] == ["fixed", "increment", "increment"]
    batches = [job.batch for job in done]
    assert [b["index"] for b in batches if b] == [0, 1, 2]
    assert len({b["id"] for b in batches if b}) == 1


async def test_the_greatest_seed_is_sent_exactly_and_goes_on_from_0(box: Box) -> None:
    jobs = await box.succeed(*await box.run_all(picture(), seed=str(2**64 - 1), count=2))
    assert [(await sent(box, job))["3"]["seed"] for job in jobs] == [2**64 - 1, 0]
    assert [job.seed for job in jobs] == [2**64 - 1, 0]


async def test_a_random_seed_is_drawn_by_us_and_stored(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(), seed="random"))
    assert done.seed_mode == "random"
    assert done.seed is not None
    assert done.seed < 2**53
    assert (await sent(box, done))["3"]["seed"] == done.seed


async def test_a_sweep_is_the_cross_product_with_one_seed(box: Box) -> None:
    axes = (SweepAxis("cfg", ("5", "7.5")), SweepAxis("3.steps", ("1", "2")))
    jobs = await box.succeed(*await box.run_all(picture(), seed="3", sweep=axes))
    values = [(await sent(box, job))["3"] for job in jobs]
    assert [(v["cfg"], v["steps"]) for v in values] == [(5, 1), (5, 2), (7.5, 1), (7.5, 2)]
    assert {v["seed"] for v in values} == {3}


async def test_more_than_a_hundred_only_if_meant(box: Box) -> None:
    with pytest.raises(UsageError) as caught:
        await box.run_all(flat(), count=101)
    assert caught.value.code == "run.too_many"
    assert await box.jobs() == ()
    await box.service.pause()
    assert len(await box.run_all(flat(), count=101, allow_many=True)) == 101


async def test_a_sweep_with_one_bad_value_stores_nothing(box: Box) -> None:
    axes = (SweepAxis("3.sampler_name", ("euler", "none such")),)
    with pytest.raises(UsageError):
        await box.run_all(picture(), sweep=axes)
    assert await box.jobs() == ()


async def test_a_preset_gives_its_words_and_the_users_values_win(box: Box) -> None:
    preset = (await box.service.presets())[0]
    values = {"prompt": "a red bicycle", "width": 256, "height": 256, "steps": 1}
    job = await box.run(None, preset=preset.id, values=values, seed="1")
    (done,) = await box.succeed(job)
    assert done.preset == preset.id
    assert done.prompt == "a red bicycle"
    assert "a red bicycle" in done.params["prompt"]
    assert len(done.params["prompt"]) > len("a red bicycle")
    assert done.params["steps"] == 1
    made = await box.service.retry(RetryRequest("again", (str(done.number),), seed="new"))
    assert made.jobs[0].prompt == "a red bicycle"
    assert made.jobs[0].params["prompt"] == done.params["prompt"]


async def test_retry_with_the_same_seed(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(seed=5), priority=3))
    made = await box.service.retry(RetryRequest("r", (str(done.number),)))
    (again,) = await box.succeed(*made.jobs)
    assert (again.retry_of, again.seed, again.priority) == (done.number, 5, 3)
    assert again.prompt_id != done.prompt_id
    assert again.outputs[0].path != done.outputs[0].path


async def test_retry_with_a_new_seed(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(seed=5)))
    made = await box.service.retry(RetryRequest("r", (str(done.number),), seed="new"))
    (again,) = await box.succeed(*made.jobs)
    assert again.seed not in {5, None}
    assert again.seed_mode == "random"
    assert (await sent(box, again))["3"]["seed"] == again.seed
    assert again.outputs[0].sha256 != done.outputs[0].sha256


async def test_retry_with_edited_values(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(seed=5)))
    values = {"prompt": "a blue boat", "3.steps": "5"}
    made = await box.service.retry(RetryRequest("r", (str(done.number),), values=values))
    (again,) = await box.succeed(*made.jobs)
    inputs = await sent(box, again)
    assert inputs["6"]["text"] == again.prompt == "a blue boat"
    assert (inputs["3"]["steps"], inputs["3"]["seed"], again.seed) == (5, 5, 5)
    with pytest.raises(UsageError):
        await box.service.retry(RetryRequest("s", (str(done.number),), values={"3.steps": "0"}))


async def test_retry_of_an_open_job_is_refused(box: Box) -> None:
    await box.service.pause()
    job = await box.run(picture())
    with pytest.raises(ConflictError) as caught:
        await box.service.retry(RetryRequest("r", (str(job.number),)))
    assert caught.value.code == "job.not_ended"


async def test_all_failed_are_retried_once(box: Box) -> None:
    """A second time finds nothing: each failed job has its retry."""
    failed = [await box.run(failing(f"number {n}")) for n in range(3)]
    for job in failed:
        await box.reach(job, "failed")
    await box.service.pause()
    made = await box.service.retry(RetryRequest("first", all_failed=True))
    assert [job.retry_of for job in made.jobs] == [job.number for job in failed]
    nothing = await box.service.retry(RetryRequest("second", all_failed=True))
    assert nothing.jobs == ()
    assert [n.code for n in nothing.notices] == ["retry.nothing"]
    await box.service.resume()
    for job in made.jobs:
        await box.reach(job, "failed")
    third = await box.service.retry(RetryRequest("third", all_failed=True))
    assert [job.retry_of for job in third.jobs] == [job.number for job in made.jobs]


async def test_a_repeated_retry_gives_the_same_jobs(box: Box) -> None:
    """The client did not hear the first answer."""
    failed = [await box.run(failing(f"number {n}")) for n in range(2)]
    for job in failed:
        await box.reach(job, "failed")
    request = RetryRequest("once", tuple(str(job.number) for job in failed))
    first = await box.service.retry(request)
    second = await box.service.retry(request)
    assert [j.id for j in first.jobs] == [j.id for j in second.jobs]
    assert len(first.jobs) == 2
    assert len(await box.jobs()) == 4


async def test_a_repeated_retry_of_all_failed_gives_the_same_jobs(box: Box) -> None:
    failed = await box.run(failing())
    await box.reach(failed, "failed")
    request = RetryRequest("once", all_failed=True)
    first = await box.service.retry(request)
    second = await box.service.retry(request)
    assert [j.id for j in second.jobs] == [j.id for j in first.jobs]
    assert len(await box.jobs()) == 2


async def test_a_repeated_request_with_drawn_seeds_gives_the_first_ones(box: Box) -> None:
    await box.service.pause()
    request = RunRequest(request_id="once", graph=picture(), name="a.json", seed="random", count=3)
    first = await box.submit(request)
    second = await box.submit(request)
    assert [j.seed for j in second.jobs] == [j.seed for j in first.jobs]
    assert len(await box.jobs()) == 3


async def test_retry_after_a_late_checkpoint_keeps_what_was_chosen(empty: Box) -> None:
    sim = await empty.add_sim(start=False)
    await empty.start(connected=False)
    values = {"prompt": "x", "width": 256, "height": 256, "steps": 1}
    job = await empty.run(None, pack="portrait-basic", values=values, seed="1")
    await sim.start()
    (done,) = await empty.succeed(job)
    made = await empty.service.retry(RetryRequest("r", (str(done.number),), seed="new"))
    (again,) = await empty.succeed(*made.jobs)
    assert again.params["checkpoint"] == done.params["checkpoint"] == "sim_sdxl_base.safetensors"


async def test_retry_of_a_cancelled_job(box: Box) -> None:
    await box.service.pause()
    job = await box.run(picture())
    await box.service.cancel(JobsRequest((str(job.number),)))
    made = await box.service.retry(RetryRequest("r", (str(job.number),)))
    assert not made.jobs[0].cancel_requested
    await box.service.resume()
    await box.succeed(*made.jobs)


def loading(name: str) -> dict[str, Any]:
    return {
        "1": node("LoadImage", "Photo", image=name),
        "2": node("SaveImage", filename_prefix="again", images=["1", 0]),
    }


async def test_a_picture_that_the_server_does_not_have_is_refused_at_once(box: Box) -> None:
    for name in ("none.png", "sub/none.png", "none.png [output]"):
        with pytest.raises(UsageError) as caught:
            await box.run(loading(name))
        assert caught.value.code == "workflow.invalid"
        (problem,) = caught.value.details["problems"]
        assert (problem["code"], problem["input"]) == ("value.not_an_option", "image")
        assert problem["node"]["title"] == "Photo"
        assert name in problem["message"]
    assert await box.jobs() == ()
    assert box.wire.posts == []


async def test_pictures_that_are_there_run_wherever_they_are(box: Box) -> None:
    """In a subfolder, among the outputs, and one that came after the lists were read."""
    (first,) = await box.succeed(await box.run(picture()))
    made = Path(first.outputs[0].path)
    for name in ("late.png", "sub/late.png"):
        await asyncio.to_thread(_copy, made, box.sim.folder / "input" / name)
    sent = (await box.ask("GET", f"/history/{first.prompt_id}"))[first.prompt_id]
    output = sent["outputs"]["9"]["images"][0]["filename"]
    for name in ("late.png", "sub/late.png", f"{output} [output]"):
        await box.succeed(await box.run(loading(name)))


def _copy(source: Path, target: Path) -> None:
    target.parent.mkdir(exist_ok=True)
    shutil.copy(source, target)
