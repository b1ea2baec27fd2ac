"""The least that a client of ComfyUI can do with prompts: what the server itself takes for them."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import msgspec

IN_FLIGHT = 2
"""Prompts on the server at a time, as the engine has them: one runs, one waits."""


class _Bare:
    """One websocket, and for each prompt what its end will release."""

    def __init__(self, http: aiohttp.ClientSession, client_id: str) -> None:
        self._http = http
        self._client_id = client_id
        self._ends: dict[str, asyncio.Event] = {}
        self._room = asyncio.Semaphore(IN_FLIGHT)

    async def read(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        """Reads for ever; `executing` without a node is a prompt's end."""
        async for message in socket:
            if message.type is not aiohttp.WSMsgType.TEXT or '"executing"' not in message.data[:24]:
                continue
            data = msgspec.json.decode(message.data)["data"]
            if data.get("node") is None:
                self._ends[data["prompt_id"]].set()

    async def run(self, graph: dict[str, Any]) -> None:
        """POST, wait for the end, read the history entry, fetch the files."""
        prompt_id = str(uuid.uuid4())
        body = {"prompt": graph, "prompt_id": prompt_id, "client_id": self._client_id}
        async with self._room:
            end = self._ends[prompt_id] = asyncio.Event()
            async with self._http.post("/prompt", json=body) as answer:
                answer.raise_for_status()
            await end.wait()
        async with self._http.get(f"/history/{prompt_id}") as answer:
            entry = (await answer.json())[prompt_id]
        if entry["status"]["status_str"] != "success":
            raise RuntimeError(f"prompt {prompt_id} did not succeed: {entry['status']}")
        for output in entry["outputs"].values():
            for file in output["images"]:
                async with self._http.get("/view", params=file) as answer:
                    answer.raise_for_status()
                    await answer.read()


@asynccontextmanager
async def _connected(url: str) -> AsyncIterator[_Bare]:
    client_id = uuid.uuid4().hex
    async with aiohttp.ClientSession(url) as http:
        bare = _Bare(http, client_id)
        async with http.ws_connect("/ws", params={"clientId": client_id}) as socket:
            reader = asyncio.create_task(bare.read(socket))
            try:
                yield bare
            finally:
                reader.cancel()


async def seconds_a_prompt(url: str, graphs: Sequence[dict[str, Any]]) -> float:
    """Wall seconds for all of them, divided by their number."""
    async with _connected(url) as bare:
        began = time.perf_counter()
        async with asyncio.TaskGroup() as group:
            for graph in graphs:
                group.create_task(bare.run(graph))
        return (time.perf_counter() - began) / len(graphs)
