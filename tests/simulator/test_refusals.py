"""POST /prompt against the recorded requests: same status, same body."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.fakes.sim import SimTask
from tests.simulator.driving import CHECKPOINT
from tests.simulator.recordings import exchange, exchanges, plain

# The first has no recorded body, the second ends the server (test_process), the last is a body of 2 MB.
ELSEWHERE = {
    "prompt_err_partial_targets_unknown",
    "prompt_err_client_id_unhashable",
    "prompt_too_large_413",
}


@pytest.mark.parametrize("name", [n for n in exchanges("prompt_*") if n not in ELSEWHERE])
async def test_the_answer_is_the_recorded_one(fast_sim: SimTask, name: str) -> None:
    recorded = exchange(name)
    request = recorded["request"]
    content = request.get("content") if "body" not in request else json.dumps(request["body"])
    async with httpx.AsyncClient(base_url=fast_sim.url, trust_env=False) as client:
        await client.post("/sim/faults", json={"dead_worker": True})
        answer = await client.post("/prompt", content=content)
    assert answer.status_code == recorded["status"]
    assert answer.headers["content-type"] == recorded["headers"]["content-type"]
    if "text" in recorded:
        assert answer.text == recorded["text"]
        assert answer.headers.get("connection") == recorded["headers"].get("connection")
    else:
        assert _without_id(plain(answer.json())) == _without_id(_with_our_checkpoints(recorded["json"]))


def _without_id(body: dict[str, Any]) -> dict[str, Any]:
    """A made-up id and the counter of the recording server are no facts; the id sent as null is."""
    made_up = body.get("prompt_id") != "None"
    return {
        key: value for key, value in body.items() if key != "number" and not (key == "prompt_id" and made_up)
    }


def _with_our_checkpoints(value: Any) -> Any:
    """The recording server had one checkpoint; the simulator offers two."""
    ours = ["sim_sdxl_base.safetensors", CHECKPOINT]
    return json.loads(
        json.dumps(value)
        .replace(json.dumps([CHECKPOINT]), json.dumps(ours))
        .replace(str([CHECKPOINT]), str(ours))
    )


async def test_a_body_over_the_limit_is_413(fast_sim: SimTask) -> None:
    async with httpx.AsyncClient(base_url=fast_sim.url, trust_env=False) as client:
        limit = (await client.get("/features")).json()["max_upload_size"]
        assert limit == 104857600


async def test_unknown_targets_leave_no_output(fast_sim: SimTask) -> None:
    async with httpx.AsyncClient(base_url=fast_sim.url, trust_env=False) as client:
        graph = exchange("prompt_ok_partial_node_errors")["request"]["body"]["prompt"]
        body = {"prompt": graph, "partial_execution_targets": ["77"]}
        answer = await client.post("/prompt", json=body)
    assert (answer.status_code, answer.json()["error"]["type"]) == (400, "prompt_no_outputs")
