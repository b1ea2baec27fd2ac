"""A job's life as users see it: its states, its attempts, its progress, and why it waits."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ainf_tui.adapters.db import engine as database
from ainf_tui.domain.requests import RunRequest
from ainf_tui.errors import UsageError
from tests.fakes import postgres
from tests.fakes.box import Box, content
from tests.fakes.graphs import failing, flat, node, picture


async def test_a_job_goes_through_its_states(box: Box) -> None:
    await box.hold(2)
    seen: list[str] = []
    stop = box.ctx.store.listen(lambda _: seen.extend(j.state for j in box.ctx.store.state.active))
    job = await box.run(picture(seed=7))
    assert job.state in {"queued", "submitting", "submitted", "running"}
    held = await box.held_at(job, 2)
    assert held.state == "running"
    assert (held.step, held.steps) == (2, 3)
    assert held.node is not None
    assert held.node.title == "Sampler"
    assert held.progress is not None
    assert 0 < held.progress < 1
    await box.let_go()
    done = await box.reach(job, "succeeded")
    stop()
    assert "running" in seen
    assert done.progress == 1.0
    assert [a.state for a in done.attempts] == ["succeeded"]
    assert done.seed == 7
    (output,) = done.outputs
    assert len(content(output.path)) == output.bytes
    assert output.fetched
    times = [done.created_at, done.submitted_at, done.started_at, done.finished_at]
    assert None not in times
    assert times == sorted(t for t in times if t is not None)
    assert done.eta is None


async def test_the_provenance_lies_beside_the_file(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(seed=2**64 - 1)))
    told = json.loads(content(done.outputs[0].path + ".json"))
    assert told["schema"] == "ainf.provenance/1"
    assert told["prompt_id"] == done.prompt_id == box.started()[0]
    assert told["seed"] == 2**64 - 1
    assert told["seed_text"] == str(2**64 - 1)
    assert told["file"]["sha256"] == done.outputs[0].sha256
    assert told["file"]["node"] == {"id": "9", "title": "Save", "class": "SaveImage"}
    assert told["models"][0]["name"] == "sim_sdxl_base.safetensors"
    assert told["comfyui"]["version"] == "0.8.0"
    assert told["times"]["rendered_at"] <= told["times"]["fetched_at"]
    assert str(done.number) in told["graph"]["9"]["inputs"]["filename_prefix"]


async def test_the_graph_shown_is_the_one_that_was_sent(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(seed=5)))
    detail = await box.service.job(str(done.number))
    entry = (await box.ask("GET", f"/history/{done.prompt_id}"))[done.prompt_id]
    assert detail.graph == entry["prompt"][2]


async def test_a_failed_node_is_named_with_the_servers_words(box: Box) -> None:
    failed = await box.reach(await box.run(failing("the mask is empty")), "failed")
    assert failed.error is not None
    assert failed.error.code == "comfyui.execution_error"
    assert failed.error.node is not None
    assert failed.error.node.title == "Breaker"
    assert "the mask is empty" in failed.error.message
    assert [a.state for a in failed.attempts] == ["failed"]
    assert box.files() == []


async def test_a_blocked_branch_is_a_warning_and_the_rest_is_fetched(box: Box) -> None:
    graph = flat(
        n5=node("SimBlock", "Gate", image=["1", 0], message="no face found"),
        n6=node("ImageInvert", "Follower", image=["5", 0]),
        n7=node("SaveImage", filename_prefix="blocked", images=["6", 0]),
    )
    (done,) = await box.succeed(await box.run(graph))
    assert len(done.outputs) == 1
    assert any("no face found" in w.message for w in done.warnings)


async def test_a_cached_graph_still_makes_its_own_file(box: Box) -> None:
    one, two = await box.succeed(await box.run(picture()), await box.run(picture()))
    assert one.outputs[0].path != two.outputs[0].path
    assert len(box.files()) == 2
    stored = await box.stored(two)
    assert stored.attempt is not None
    assert stored.attempt.cached_nodes >= 5


async def test_a_wholly_cached_answer_brings_the_old_file_again(box: Box) -> None:
    graph = {"1": node("SimText", "Note", text="hello")}
    one, two = await box.succeed(await box.run(graph), await box.run(graph))
    assert [content(j.outputs[0].path) for j in (one, two)] == [b"hello", b"hello"]
    assert one.outputs[0].path != two.outputs[0].path


async def test_every_kind_of_output_comes_home(box: Box) -> None:
    graph = flat(
        n3=node("SimText", text="a caption"),
        n4=node("SimVideo", images=["1", 0], filename_prefix="clip", kind="gifs"),
        n5=node("SimAudio", filename_prefix="tone", hertz=440.0),
        n6=node("Sim3D", filename_prefix="scene"),
    )
    (done,) = await box.succeed(await box.run(graph))
    endings = {Path(o.path).suffix for o in done.outputs}
    assert endings == {".png", ".txt", ".mp4", ".wav", ".glb"}
    assert len(box.files()) == 5
    for output in done.outputs:
        assert len(content(output.path)) == output.bytes
        assert content(output.path + ".json")
    text = next(o for o in done.outputs if o.path.endswith(".txt"))
    assert content(text.path) == b"a caption"


async def test_a_batch_of_four_gives_four_files(box: Box) -> None:
    (done,) = await box.succeed(await box.run(picture(batch=4)))
    assert len({o.path for o in done.outputs}) == 4
    assert len({o.sha256 for o in done.outputs}) == 4


async def test_refused_by_validation_nothing_is_stored(box: Box) -> None:
    bad = picture()
    bad["3"]["inputs"]["sampler_name"] = "no such sampler"
    with pytest.raises(UsageError) as caught:
        await box.run(bad)
    assert caught.value.code == "workflow.invalid"
    assert "Sampler" in caught.value.message
    assert await box.jobs() == ()


async def test_an_unknown_class_is_refused_by_name(box: Box) -> None:
    with pytest.raises(UsageError) as caught:
        await box.run({"1": node("NoSuchNode", text="x"), "2": node("SimText", text="y")})
    assert "NoSuchNode" in caught.value.message
    assert await box.jobs() == ()


async def test_refused_by_the_server_alone_the_job_fails_with_the_list(empty: Box) -> None:
    """Stored while the server was down: the first to judge it is the server."""
    sim = await empty.add_sim(start=False)
    await empty.start(connected=False)
    bad = picture()
    bad["4"]["inputs"]["ckpt_name"] = "missing.safetensors"
    job = await empty.run(bad)
    await sim.start()
    failed = await empty.reach(job, "failed")
    assert failed.error is not None
    assert "missing.safetensors" in f"{failed.error.message} {failed.error.details}"
    assert empty.started() == []


async def test_one_wrong_branch_is_left_out_and_told(box: Box, monkeypatch: pytest.MonkeyPatch) -> None:
    """Only the server's own check sees it; it runs the good branch and leaves out the bad one."""
    monkeypatch.setattr("ainf_tui.engine.submission.check_graph", lambda *_, **__: ())
    graph = flat(n5=node("SaveImage", "Half", filename_prefix="half", images=["9", 0]))
    graph["9"] = node("ImageScaleBy", "Scaler", image=["1", 0], upscale_method="area", scale_by=99.0)
    (done,) = await box.succeed(await box.run(graph))
    assert [w.code for w in done.warnings] == ["comfyui.branch_dropped"]
    assert "Scaler" in done.warnings[0].message


async def test_an_identical_request_gives_the_same_jobs(box: Box) -> None:
    request = RunRequest(request_id="once", graph=picture(), name="a.json")
    first = await box.submit(request)
    second = await box.submit(request)
    assert [j.id for j in first.jobs] == [j.id for j in second.jobs]
    await box.succeed(*first.jobs)
    assert len(box.started()) == 1


@pytest.mark.parametrize("kind", ["postgresql"])
async def test_the_same_on_postgresql(empty: Box, postgres_server: str, kind: str) -> None:
    async with postgres.database(postgres_server) as url:
        empty.db_url = url
        await empty.add_sim()
        await empty.start()
        good = await empty.run_all(picture(), count=3, seed="7")
        bad = await empty.run(failing())
        await empty.succeed(*good)
        await empty.reach(bad, "failed")
        assert [(await empty.job(j)).seed for j in good] == [7, 8, 9]
        await empty.stop()
        db = await database.open(url)
        assert (await db.jobs.counts(good[0].created_at)).ended == 4
        await db.aclose()
