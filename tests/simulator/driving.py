"""A client of the simulator for its own tests: it sends what a test says and keeps every frame."""

from __future__ import annotations

import asyncio
import json
import struct
from types import TracebackType
from typing import Any, Self

import httpx
import websockets
from websockets.asyncio.client import ClientConnection, connect

PATIENCE = 20.0
CHECKPOINT = "sim_v1-5.safetensors"


def txt2img(*, seed: int = 1, steps: int = 20, size: int = 64, batch: int = 1) -> dict[str, Any]:
    """The smallest usual graph; nodes 3 to 9 as ComfyUI's own default workflow numbers them."""
    sampler = {
        "seed": seed,
        "steps": steps,
        "cfg": 7.0,
        "sampler_name": "euler",
        "scheduler": "normal",
        "denoise": 1.0,
        "model": ["4", 0],
        "positive": ["6", 0],
        "negative": ["7", 0],
        "latent_image": ["5", 0],
    }
    return {
        "3": node("KSampler", **sampler),
        "4": node("CheckpointLoaderSimple", ckpt_name=CHECKPOINT),
        "5": node("EmptyLatentImage", width=size, height=size, batch_size=batch),
        "6": node("CLIPTextEncode", text="a house", clip=["4", 1]),
        "7": node("CLIPTextEncode", text="blurry", clip=["4", 1]),
        "8": node("VAEDecode", samples=["3", 0], vae=["4", 2]),
        "9": node("SaveImage", filename_prefix="proto", images=["8", 0]),
    }


def image_graph(color: int = 1, *more: tuple[str, dict[str, Any]]) -> dict[str, Any]:
    """One flat picture shown; `more` are nodes by id (the picture is `["1", 0]`)."""
    picture = node("EmptyImage", width=64, height=64, batch_size=1, color=color)
    return {"1": picture, "2": node("PreviewImage", images=["1", 0]), **dict(more)}


def node(class_type: str, **inputs: Any) -> dict[str, Any]:
    return {"class_type": class_type, "inputs": inputs}


def submitted(graph: dict[str, Any], **more: Any) -> dict[str, Any]:
    """A body of POST /prompt."""
    return {"prompt": graph, **more}


class Client:
    """HTTP and one websocket. `frames` are dicts for text, `Binary` for the rest, in order of arrival."""

    def __init__(self, url: str, client_id: str, *, flags: dict[str, Any] | None = None) -> None:
        self.client_id = client_id
        self.frames: list[Any] = []
        self.closed = asyncio.Event()
        self._url = url
        self._flags = flags
        self._http = httpx.AsyncClient(base_url=url, trust_env=False, timeout=PATIENCE)
        self._arrived = asyncio.Condition()
        self.ws: ClientConnection
        self._reader: asyncio.Task[None]

    async def __aenter__(self) -> Self:
        url = f"{self._url.replace('http', 'ws', 1)}/ws?clientId={self.client_id}"
        self.ws = await connect(url, max_size=None, ping_interval=None, proxy=None, close_timeout=1)
        if self._flags is not None:
            await self.ws.send(json.dumps({"type": "feature_flags", "data": self._flags}))
        self._reader = asyncio.create_task(self._read())
        await self.until(lambda: bool(self.frames))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()
        await self._http.aclose()

    async def close(self) -> None:
        """Close the websocket and wait for it."""
        await self.ws.close()
        await self._reader

    async def get(self, path: str, **more: Any) -> httpx.Response:
        return await self._http.get(path, **more)

    async def post(self, path: str, body: Any = None, **more: Any) -> httpx.Response:
        return await self._http.post(path, json=body, **more)

    async def submit(self, graph: dict[str, Any], **more: Any) -> dict[str, Any]:
        """POST /prompt as this client; gives the body of the answer, which must be 200."""
        answer = await self.post("/prompt", {"prompt": graph, "client_id": self.client_id, **more})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    async def until(self, condition: Any) -> None:
        """Wait until a condition over the frames holds or the socket is closed."""
        async with asyncio.timeout(PATIENCE), self._arrived:
            await self._arrived.wait_for(lambda: condition() or self.closed.is_set())
        assert condition(), ("the socket closed first", self.frames[-3:])

    async def until_end(self, prompt_id: str) -> None:
        """Wait for the last frame of a prompt."""
        await self.until(lambda: {"node": None, "prompt_id": prompt_id} in self.data("executing"))

    def steps(self) -> int:
        """The last step that was told, 0 before the first."""
        told = self.data("progress")
        return told[-1]["value"] if told else 0

    async def until_step(self, value: int) -> None:
        await self.until(lambda: self.steps() >= value)

    async def until_idle(self) -> None:
        """Wait for a `status` that says that nothing is left, after one that said otherwise."""
        await self.until(
            lambda: _remaining(self.data("status"))[-1:] == [0] and any(_remaining(self.data("status")))
        )

    def data(self, kind: str) -> list[Any]:
        """The data of all text frames of a type."""
        return [
            frame["data"] for frame in self.frames if isinstance(frame, dict) and frame.get("type") == kind
        ]

    async def _read(self) -> None:
        try:
            async for message in self.ws:
                await self._keep(message)
        except websockets.ConnectionClosed:
            pass  # how it ended is the test's business
        async with self._arrived:
            self.closed.set()
            self._arrived.notify_all()

    async def _keep(self, message: str | bytes) -> None:
        async with self._arrived:
            self.frames.append(_parsed(message))
            self._arrived.notify_all()


def _parsed(message: str | bytes) -> Any:
    if isinstance(message, bytes):
        return message
    try:
        return json.loads(message)
    except json.JSONDecodeError:
        return message


def _remaining(statuses: list[Any]) -> list[int]:
    return [status["status"]["exec_info"]["queue_remaining"] for status in statuses]


def event(frame: bytes) -> int:
    """The event number of a binary frame."""
    number: int = struct.unpack(">I", frame[:4])[0]
    return number
