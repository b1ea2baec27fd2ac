"""Every fault does what it says, and only as often as it was asked to."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from tests.fakes.sim import SimTask
from tests.simulator.driving import Client, event, image_graph, submitted, txt2img

SOON = 0.3
"""Long enough for anything that will happen to have happened on loopback."""


async def ended(client: Client, prompt_id: str) -> dict[str, Any]:
    """The history entry of a prompt as soon as it is there."""
    answer = await asked_until(client, f"/history/{prompt_id}", lambda text: text != "{}")
    found: dict[str, Any] = json.loads(answer)[prompt_id]
    return found


async def asked_until(client: Client, path: str, good: Callable[[str], bool]) -> str:
    """Ask again and again, as a client without frames must."""
    async with asyncio.timeout(10):
        while True:
            text = (await client.get(path)).text
            if good(text):
                return text
            await asyncio.sleep(0.01)


async def test_500_after_queueing_runs_the_prompt_once(fast_sim: SimTask) -> None:
    await fast_sim.faults(post_500=1)
    async with Client(fast_sim.url, "me") as client:
        first = await client.post("/prompt", submitted(image_graph(), prompt_id="a", client_id="me"))
        assert first.status_code == 500
        await client.until_end("a")
        await client.submit(image_graph(2), prompt_id="b")
        await client.until_end("b")
    assert await fast_sim.executions() == {"a": 1, "b": 1}


async def test_a_dropped_answer_runs_the_prompt_all_the_same(fast_sim: SimTask) -> None:
    await fast_sim.faults(post_drop=1)
    async with Client(fast_sim.url, "me") as client:
        with pytest.raises(httpx.TransportError):
            await client.post("/prompt", submitted(image_graph(), prompt_id="a", client_id="me"))
        await client.until_end("a")


async def test_a_late_answer_comes_after_the_end(fast_sim: SimTask) -> None:
    await fast_sim.faults(delay_answer=SOON)
    async with Client(fast_sim.url, "me") as client:
        posting = asyncio.create_task(client.submit(image_graph(), prompt_id="a"))
        await client.until_end("a")
        assert not posting.done()
        assert (await posting)["prompt_id"] == "a"


async def test_a_prompt_appears_after_its_client_gave_up(fast_sim: SimTask) -> None:
    await fast_sim.faults(delay_accept=SOON)
    async with Client(fast_sim.url, "me") as client:
        with pytest.raises(httpx.ReadTimeout):
            await client.post(
                "/prompt", submitted(image_graph(), prompt_id="a", client_id="me"), timeout=0.05
            )
        assert (await client.get("/prompt")).json()["exec_info"]["queue_remaining"] == 0
        await client.until_end("a")


async def test_the_history_shows_late(fast_sim: SimTask) -> None:
    await fast_sim.faults(history_delay=SOON)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(image_graph(), prompt_id="a")
        await client.until_end("a")
        assert (await client.get("/history/a")).json() == {}
        assert (await client.get("/queue")).json()["queue_running"] == []
        assert (await ended(client, "a"))["status"]["completed"] is True


async def test_a_stall_holds_http_and_frames_until_it_is_over(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(stall=True)
        with pytest.raises(httpx.ReadTimeout):
            await client.get("/queue", timeout=0.1)
        ping = await client.ws.ping()
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.shield(asyncio.ensure_future(ping)), 0.1)
        await fast_sim.faults(stall=False)
        await ping
        assert (await client.get("/queue")).status_code == 200


async def test_a_stall_for_seconds_ends_by_itself(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(stall=0.1)
        assert (await client.get("/queue")).status_code == 200
        assert (await fast_sim.faults())["stall"] is False


async def test_frozen_frames_while_http_moves(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(freeze_publish=True)
        await client.submit(image_graph(), prompt_id="a")
        await ended(client, "a")
        assert [frame["type"] for frame in client.frames] == ["status"]
        await fast_sim.faults(release=True)
        await client.until_end("a")


async def test_dropped_sockets_close_without_a_close_frame(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client, Client(fast_sim.url, "other") as other:
        await fast_sim.faults(drop_sockets=["me"])
        await asyncio.wait_for(client.closed.wait(), 5)
        assert client.ws.close_code == 1006
        assert not other.closed.is_set()
        await fast_sim.faults(drop_sockets=True)
        await asyncio.wait_for(other.closed.wait(), 5)


async def test_a_deaf_socket_stays_open(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client, Client(fast_sim.url, "other") as other:
        await fast_sim.faults(deafen="me")
        await other.submit(image_graph(), prompt_id="a")
        await other.until_end("a")
        assert len(client.frames) == 1
        pong = await client.ws.ping()
        await pong


async def test_half_a_frame_ends_the_connection(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(half_frame=True)
        await asyncio.wait_for(client.closed.wait(), 5)
        assert client.ws.close_code == 1006
        assert len(client.frames) == 1


async def test_duplicated_frames(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(duplicate=3)
        await client.submit(image_graph(), prompt_id="a")
        await client.until_end("a")
        kinds = [frame["type"] for frame in client.frames[1:8]]
    assert kinds == ["status"] * 4 + ["execution_start"] * 2 + ["execution_cached"]


async def test_swapped_neighbours(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(reorder=2)
        await client.submit(image_graph(), prompt_id="a")
        await client.until_end("a")
        kinds = [frame["type"] for frame in client.frames[1:6]]
    assert kinds == ["status", "status", "execution_cached", "execution_start", "progress_state"]


async def test_a_frame_kept_back_is_not_lost(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(reorder=1)
        await client.post("/queue", {"clear": True})
        await client.until(lambda: len(client.frames) == 2)


async def test_garbled_frames_are_not_what_they_seem(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(garble=5)
        await client.submit(image_graph(), prompt_id="a")
        await client.until_end("a")
        good = [f for f in client.frames[1:6] if isinstance(f, dict) and isinstance(f.get("type"), str)]
    assert good == []


async def test_half_a_picture(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await client.submit(txt2img(steps=1), prompt_id="a", extra_data={"preview_method": "auto"})
        await client.until_end("a")
        await fast_sim.faults(truncate_binary=1)
        made = txt2img(steps=2, seed=1)
        await client.submit(made, prompt_id="b", extra_data={"preview_method": "auto"})
        await client.until_end("b")
        pictures = [frame for frame in client.frames if isinstance(frame, bytes)]
    assert [picture[-2:] == b"\xff\xd9" for picture in pictures] == [True, False, True]
    assert {event(picture) for picture in pictures} == {1}


async def test_no_previews_although_they_were_asked_for(fast_sim: SimTask) -> None:
    await fast_sim.faults(preview_off=True)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(txt2img(steps=2), prompt_id="a", extra_data={"preview_method": "auto"})
        await client.until_end("a")
        assert [frame for frame in client.frames if isinstance(frame, bytes)] == []


async def test_a_forgotten_queue_is_that_of_a_new_server(fast_sim: SimTask) -> None:
    await fast_sim.faults(hold_at_step=1)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(image_graph(), prompt_id="done")
        await client.until_end("done")
        for prompt_id in ("running", "waiting"):
            await client.submit(txt2img(steps=2), prompt_id=prompt_id)
        await client.until_step(1)
        await fast_sim.faults(forget_queue=True, release=True)
        assert (await client.get("/queue")).json() == {"queue_running": [], "queue_pending": []}
        assert (await client.get("/history")).json() == {}
        assert (await client.submit(image_graph(3), prompt_id="new"))["number"] == 0
        await client.until_end("new")
    assert await fast_sim.executions() == {"done": 1, "running": 1, "new": 1}


@pytest.mark.parametrize(
    ("fault", "status", "media"),
    [
        ("html", 200, "text/html"),
        ("redirect", 302, ""),
        ("bad_gateway", 502, "text/html"),
    ],
)
async def test_answers_that_are_no_comfyuis(fast_sim: SimTask, fault: str, status: int, media: str) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(**{fault: 1})
        answer = await client.get("/queue")
        assert (answer.status_code, answer.headers.get("content-type", "").split(";")[0]) == (status, media)
        assert (await client.get("/queue")).json() == {"queue_running": [], "queue_pending": []}


async def test_files_cut_short_and_files_gone(fast_sim: SimTask) -> None:
    async with Client(fast_sim.url, "me") as client:
        await fast_sim.faults(truncate_view=1)
        example = {"filename": "example.png", "type": "input"}
        with pytest.raises(httpx.RemoteProtocolError):
            await client.get("/view", params=example)
        await fast_sim.faults(view_404=1)
        assert (await client.get("/view", params=example)).status_code == 404
        assert (await client.get("/view", params=example)).status_code == 200


async def test_out_of_memory_as_torch_says_it(fast_sim: SimTask) -> None:
    await fast_sim.faults(oom={"class": "VAEDecode", "count": 1})
    async with Client(fast_sim.url, "me") as client:
        await client.submit(txt2img(steps=1), prompt_id="a")
        await client.until_end("a")
        await client.submit(txt2img(steps=1), prompt_id="b")
        await client.until_end("b")
        [error] = client.data("execution_error")
        assert (await ended(client, "b"))["status"]["status_str"] == "success"
    assert (error["exception_type"], error["node_id"]) == ("torch.OutOfMemoryError", "8")
    assert "out of memory" in error["exception_message"]


async def test_a_dead_worker_accepts_and_runs_nothing(fast_sim: SimTask) -> None:
    await fast_sim.faults(dead_worker=True)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(image_graph(), prompt_id="a")
        await client.submit(image_graph(2), prompt_id="b")
        queue = (await client.get("/queue")).json()
        assert (queue["queue_running"], len(queue["queue_pending"])) == ([], 2)
        await fast_sim.faults(dead_worker=False)
        await client.until_end("a")


async def test_equal_numbers_and_ids_kill_the_worker_and_lose_an_innocent(fast_sim: SimTask) -> None:
    await fast_sim.faults(hold_at_step=1)
    async with Client(fast_sim.url, "me") as client:
        await client.submit(txt2img(steps=1), prompt_id="blocker")
        await client.until_step(1)
        same = {"prompt": image_graph(), "prompt_id": "same", "number": 7, "client_id": "me"}
        assert (await client.post("/prompt", same)).status_code == 200
        assert (await client.post("/prompt", {**same, "prompt": image_graph(5)})).status_code == 500
        await client.submit(image_graph(6), prompt_id="later")
        await fast_sim.faults(release=True)
        await client.until_end("blocker")
        await asked_until(client, "/internal/logs", lambda text: "prompt_worker" in text)
        queue = (await client.get("/queue")).json()
    assert queue["queue_running"] == []
    assert [item[:2] for item in queue["queue_pending"]] == [[7.0, "same"], [7.0, "same"]]
    assert await fast_sim.executions() == {"blocker": 1}


@pytest.mark.parametrize(
    "wanted",
    [
        {"no_such_fault": 1},
        {"garble": -1},
        {"garble": True},
        {"stall": "long"},
        {"delay_answer": -1},
        {"die_at": "tea_time"},
        {"oom": 3},
        {"oom": {"class": "KSampler", "count": "many"}},
        {"deafen": 5},
        {"drop_sockets": [5]},
        {"dead_worker": "yes"},
        {"hold_at_step": "x"},
        {"busy_class": 7},
        {"die_now": True},
    ],
)
async def test_a_fault_that_cannot_be_is_refused_and_sets_nothing(fast_sim: SimTask, wanted: Any) -> None:
    before = await fast_sim.faults()
    async with httpx.AsyncClient(base_url=fast_sim.url, trust_env=False) as client:
        answer = await client.post("/sim/faults", json={"duplicate": 3, **wanted})
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, "simulator.bad_fault")
    assert await fast_sim.faults() == before


async def test_reset_ends_all(fast_sim: SimTask) -> None:
    before = await fast_sim.faults()
    await fast_sim.faults(garble=4, stall=True, dead_worker=True, die_at=None, history_delay=4)
    assert await fast_sim.faults(reset=True) == before
