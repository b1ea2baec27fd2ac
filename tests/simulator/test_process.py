"""The process: it starts, counts what it executes over its deaths, and comes back on its port."""

from __future__ import annotations

import asyncio
import json
import signal
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.fakes.sim import ROOT, SimProcess
from tests.simulator.driving import Client, image_graph, submitted, txt2img


async def test_a_picture_is_made(sim: SimProcess) -> None:
    async with Client(sim.url, "me") as client:
        await client.submit(txt2img(steps=2), prompt_id="one")
        await client.until_end("one")
        entry = (await client.get("/history/one")).json()["one"]
        item = entry["outputs"]["9"]["images"][0]
        picture = await client.get("/view", params=item)
    assert picture.content.startswith(b"\x89PNG")
    assert await sim.executions() == {"one": 1}
    assert [event["event"] for event in sim.events()] == ["accepted", "started", "finished"]


async def test_a_restart_takes_the_same_port_and_forgets_all_but_the_journal(sim: SimProcess) -> None:
    port = sim.port
    async with Client(sim.url, "me") as client:
        await client.submit(txt2img(steps=2), prompt_id="one")
        await client.until_end("one")
    await sim.restart()
    assert sim.port == port
    async with Client(sim.url, "me") as client:
        assert (await client.get("/history")).json() == {}
        assert (await client.submit(image_graph(), prompt_id="one"))["number"] == 0
        await client.until_end("one")
    assert await sim.executions() == {"one": 2}


@pytest.mark.parametrize(
    ("moment", "events"),
    [
        ("mid_step:2", ["accepted", "started"]),
        ("before_history", ["accepted", "started"]),
        ("after_history", ["accepted", "started", "finished"]),
    ],
)
async def test_it_dies_at_the_moment_named(sim: SimProcess, moment: str, events: list[str]) -> None:
    await sim.faults(die_at=moment)
    async with Client(sim.url, "me") as client:
        await client.submit(txt2img(steps=4), prompt_id="one")
        assert await sim.died() == -signal.SIGKILL
    assert [event["event"] for event in sim.events()] == events


async def test_it_dies_after_accepting_without_an_answer(sim: SimProcess) -> None:
    await sim.faults(die_at="after_accept")
    async with httpx.AsyncClient(base_url=sim.url, trust_env=False) as client:
        with pytest.raises(httpx.TransportError):
            await client.post("/prompt", json=submitted(image_graph(), prompt_id="one"))
    assert await sim.died() == -signal.SIGKILL
    assert sim.events()[0]["event"] == "accepted"


async def test_a_client_id_that_is_a_list_ends_the_server(sim: SimProcess) -> None:
    async with httpx.AsyncClient(base_url=sim.url, trust_env=False) as client:
        body: dict[str, Any] = submitted(image_graph(), prompt_id="one")
        await client.post("/prompt", json={**body, "client_id": ["a"]})
    assert await sim.died() == 1
    assert "unhashable" in sim.stderr()


async def test_a_journal_line_that_was_cut_off_is_no_event(tmp_path: Path) -> None:
    folder = tmp_path / "sim"
    folder.mkdir()
    whole = json.dumps({"event": "started", "prompt_id": "one", "pid": 1})
    (folder / "journal.jsonl").write_text(f'{whole}\n{{"event": "star', encoding="utf-8")
    async with SimProcess(folder, "--instant") as running:
        assert await running.executions() == {"one": 1}


async def test_a_taken_port_is_said_and_ends_with_3(sim: SimProcess) -> None:
    process = await asyncio.create_subprocess_exec(
        *SimProcess.command(sim.port),
        cwd=ROOT,
        stderr=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.DEVNULL,
    )
    _, stderr = await process.communicate()
    assert process.returncode == 3
    assert f"127.0.0.1:{sim.port}".encode() in stderr
