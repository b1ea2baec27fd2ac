"""Websocket sessions against the recorded ones: same frames, same keys, same order.

`status` frames tell of the whole server at moments of their own, so their order among the others is no
fact; they are compared on their own.
"""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.sim import SimTask
from tests.simulator.driving import Client, node, txt2img
from tests.simulator.recordings import session, workflow
from tests.simulator.shapes import Shapes

PREVIEWS = {"preview_method": "latent2rgb"}


def shapes(client: Client) -> list[list[Any]]:
    maker = Shapes()
    return [maker.of(frame) for frame in client.frames]


def split(found: list[list[Any]]) -> tuple[list[Any], list[Any]]:
    """What is told of a prompt, and how many prompts were left, in order."""
    told = [shape for shape in found if shape[0] != "status"]
    return told, [(shape[1], shape[2]) for shape in found if shape[0] == "status"]


def same(client: Client, name: str) -> None:
    told, status = split(shapes(client))
    expected_told, expected_status = split(session(name))
    assert told == expected_told
    assert status == expected_status


def graph(name: str, **sampler: Any) -> dict[str, Any]:
    """A recorded graph with other inputs at its sampler."""
    made = workflow(name)
    for entry in made.values():
        if entry["class_type"] == "KSampler":
            entry["inputs"].update(sampler)
    return made


async def warm(sim: SimTask, made: dict[str, Any]) -> None:
    """Run a graph as somebody else, so that its results are cached."""
    async with Client(sim.url, "somebody-else") as client:
        await client.submit(made, prompt_id="warm")
        await client.until_end("warm")


async def run(sim: SimTask, made: dict[str, Any], **more: Any) -> Client:
    """Run a graph in a session of its own; gives the client with its frames."""
    async with Client(sim.url, "me", flags=more.pop("flags", None)) as client:
        await client.submit(made, prompt_id="mine", extra_data=dict(PREVIEWS), **more)
        await client.until_end("mine")
    return client


async def test_a_cold_then_cached_then_new_seed_then_new_prefix(fast_sim: SimTask) -> None:
    same(await run(fast_sim, graph("txt2img")), "a_txt2img_cold")
    same(await run(fast_sim, graph("txt2img")), "b_same_again_cached")
    same(await run(fast_sim, graph("txt2img", seed=2)), "c_seed_changed")
    renamed = graph("txt2img", seed=2)
    renamed["9"]["inputs"]["filename_prefix"] = "other"
    same(await run(fast_sim, renamed), "c2_prefix_changed")


async def test_an_error(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    same(await run(fast_sim, workflow("execution_error")), "d_execution_error")


async def test_an_interrupt_of_another_id_then_of_this_one(fast_sim: SimTask) -> None:
    await warm(fast_sim, workflow("execution_error"))
    await fast_sim.faults(hold_at_step=20)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(graph("txt2img", steps=200), prompt_id="mine", extra_data=dict(PREVIEWS))
        await client.until_step(20)
        await client.post("/interrupt", {"prompt_id": "some-other-id"})
        assert (await client.get("/queue")).json()["queue_running"][0][1] == "mine"
        await client.post("/interrupt", {"prompt_id": "mine"})
        await client.until_end("mine")
    same(client, "e_interrupted")


async def test_deleting_a_pending_prompt(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    await fast_sim.faults(hold_at_step=5)
    async with Client(fast_sim.url, "me") as client:
        for number, steps in enumerate((60, 60, 2)):
            sent = graph("txt2img", steps=steps, seed=60 + number)
            await client.submit(sent, prompt_id=str(number), extra_data=dict(PREVIEWS))
        await client.until_step(5)
        for prompt_id in ("1", "0"):
            await client.post("/queue", {"delete": [prompt_id]})
        await fast_sim.faults(release=True)
        await client.until_end("2")
        assert (await client.get("/history/1")).json() == {}
    same(client, "f_delete_pending")


async def test_image_to_image_with_two_outputs(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    client = await run(fast_sim, workflow("img2img"))
    told, _ = split(shapes(client))
    # Which output or text encoder goes first is the server's choice; the frames of each are the same.
    assert sorted(map(str, _without_order(told))) == sorted(
        map(str, _without_order(split(session("g2_img2img_two_outputs"))[0]))
    )


def _without_order(told: list[Any]) -> list[Any]:
    return [[s[0], s[1], {**s[2], "nodes": 0}] if s[0] == "progress_state" else s for s in told]


async def test_a_socket_closed_then_opened_again_hears_the_rest(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    await fast_sim.faults(hold_at_step=29)
    async with Client(fast_sim.url, "me") as first:
        await first.submit(graph("txt2img", steps=120, seed=5), prompt_id="mine", extra_data=dict(PREVIEWS))
        await first.until_step(29)
    async with Client(fast_sim.url, "me") as second:
        await fast_sim.faults(release=True)
        await second.until_end("mine")
    told = split(shapes(second))[0]
    assert told[0] == ["executing", ["node"], {"node": "3"}]
    assert told == split(session("h2_reconnect_same_client_id"))[0]


async def test_a_second_socket_goes_deaf_when_the_first_one_closes(fast_sim: SimTask) -> None:
    await warm(fast_sim, workflow("execution_error"))
    await fast_sim.faults(hold_at_step=20)
    async with Client(fast_sim.url, "me") as first:
        await first.submit(graph("txt2img", steps=120), prompt_id="mine", extra_data=dict(PREVIEWS))
        await first.until_step(20)
        async with Client(fast_sim.url, "me") as second:
            await fast_sim.faults(hold_at_step=50)
            await fast_sim.faults(release=True)
            await second.until(lambda: second.steps() == 50 and isinstance(second.frames[-1], bytes))
            await first.close()
            heard = list(second.frames)
            await fast_sim.faults(release=True)
            async with Client(fast_sim.url, "witness") as witness:
                await witness.submit(txt2img(steps=1), prompt_id="after")
                await witness.until_end("after")
            assert second.frames == heard
            pong = await second.ws.ping()
            await pong
    same(first, "h_owner_first_socket")
    assert split(shapes(second))[0] == split(session("h_same_client_id_joins"))[0]


async def test_previews_with_metadata(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    client = await run(fast_sim, graph("txt2img", steps=4), flags={"supports_preview_metadata": True})
    same(client, "j_preview_metadata")


async def test_prompts_without_a_client_id_are_half_heard_by_all(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    async with Client(fast_sim.url, "me") as client:
        await client.post(
            "/prompt", {"prompt": graph("txt2img", steps=4, seed=9), "extra_data": dict(PREVIEWS)}
        )
        await client.until_idle()
    same(client, "o_no_client_id_observer")


async def test_an_interrupt_of_a_prompt_without_a_client_id_is_heard_by_all(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    await fast_sim.faults(hold_at_step=3)
    async with Client(fast_sim.url, "me") as client:
        await client.post("/prompt", {"prompt": graph("txt2img", steps=200), "extra_data": dict(PREVIEWS)})
        await client.until_step(3)
        await client.post("/interrupt")
        await client.until_idle()
    same(client, "o2_no_client_id_interrupt")


async def test_an_error_of_a_prompt_without_a_client_id_is_heard_by_nobody(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    async with Client(fast_sim.url, "me") as client:
        await client.post("/prompt", {"prompt": workflow("execution_error")})
        await client.until_idle()
    same(client, "o3_no_client_id_error")


async def test_one_of_two_outputs(fast_sim: SimTask) -> None:
    await warm(fast_sim, graph("txt2img", steps=1))
    client = await run(fast_sim, graph("two_outputs", steps=4, seed=77), partial_execution_targets=["10"])
    same(client, "q_partial_execution_targets")


async def test_a_text_is_heard_by_everybody(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "observer") as observer:
        owner = await run(fast_sim, workflow("get_image_size"))
        await observer.until_idle()
    same(owner, "t3_text_event_core_owner")
    same(observer, "t3_text_event_core_observer")


async def test_pictures_over_the_socket(fast_sim: SimTask) -> None:
    first = await run(fast_sim, workflow("save_image_websocket"))
    same(first, "save_image_websocket_flat1024")
    second = await run(fast_sim, workflow("save_image_websocket"), flags={"supports_preview_metadata": True})
    assert [
        shape[1] for shape in shapes(second) if shape[0] == "binary"
    ] == []  # all cached: nothing is sent again
    changed = workflow("save_image_websocket")
    changed["3"] = node("SaveImageWebsocket", images=["1", 0])
    changed["3"]["inputs"]["again"] = 1
    third = await run(fast_sim, changed, flags={"supports_preview_metadata": True})
    recorded = [shape for shape in session("save_image_websocket_noise1024_metadata") if shape[0] == "binary"]
    assert [shape[2][1:] for shape in shapes(third) if shape[0] == "binary"] == [
        shape[2][1:] for shape in recorded
    ]


@pytest.mark.parametrize(
    ("message", "recorded"), [("no image today", "w_execution_blocked"), ("", "w2_execution_blocked_silent")]
)
async def test_a_blocked_output(fast_sim: SimTask, message: str, recorded: str) -> None:
    made = {
        "1": node("EmptyImage", width=64, height=64, batch_size=1, color=1),
        "2": node("SimBlock", image=["1", 0], message=message),
        "3": node("PreviewImage", images=["2", 0]),
        "4": node("PreviewImage", images=["1", 0]),
    }
    # The test node of the recording had another class; its frames name nodes only.
    same(await run(fast_sim, made), recorded)


async def test_an_interrupt_of_a_busy_node_names_the_next(fast_sim: SimTask) -> None:
    picture = node("EmptyImage", width=64, height=64, batch_size=1, color=1)
    await warm(fast_sim, {"0": picture, "2": node("PreviewImage", images=["0", 0])})
    await fast_sim.faults(busy_class="SimSleep")
    made = {
        "0": picture,
        "1": node("SimSleep", image=["0", 0], seconds=0),
        "2": node("PreviewImage", images=["1", 0]),
    }
    async with Client(fast_sim.url, "me") as client:
        await client.submit(made, prompt_id="mine")
        await client.until(lambda: bool(client.data("executing")))
        await client.post("/interrupt", {"prompt_id": "mine"})
        await fast_sim.faults(release=True)
        await client.until_end("mine")
    after_cached = slice(2, None)  # the picture of the recording was made in the busy node itself
    recorded = split(session("y_interrupt_busy_node"))[0]
    assert split(shapes(client))[0][after_cached] == recorded[after_cached]


async def test_odd_first_messages_are_ignored(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        for message in ("not json", '{"type": "ping"}', '{"type": "feature_flags", "data": {}}'):
            await client.ws.send(message)
        pong = await client.ws.ping()
        await pong
    same(client, "r_odd_client_messages")
