"""The websockets: one per client id, one loop that sends to all of them in turn.

Both are faults of the original that its clients must live with, so they are kept: a closing socket
removes its id even if a newer socket holds it, and one peer that does not read stops everybody.
"""

from __future__ import annotations

import asyncio
import json
import random
import struct
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiohttp import ClientError, web

from ainf_tui.simulator.faults import Faults

PREVIEW_IMAGE = 1
TEXT = 3
PREVIEW_WITH_METADATA = 4
JPEG = 1
PNG = 2
HELD_FRAME_SECONDS = 0.05
"""A frame kept back to be swapped is sent after this long if no other follows."""

Frame = str | bytes


@dataclass(slots=True)
class Socket:
    """An open connection and the flags its client sent first."""

    ws: web.WebSocketResponse
    transport: asyncio.Transport | None
    features: dict[str, Any] = field(default_factory=dict)
    counted: Callable[[], object] = bool
    """Called for each frame that was handed to the network."""

    def abort(self) -> None:
        if self.transport is not None:
            self.transport.abort()


def text_frame(kind: str, data: Any) -> str:
    return json.dumps({"type": kind, "data": data})


def preview_frame(image: bytes, image_format: int) -> bytes:
    """Event 1: two big-endian uint32, then the picture."""
    return struct.pack(">II", PREVIEW_IMAGE, image_format) + image


def node_text_frame(node_id: str, text: str) -> bytes:
    """Event 3: the node's id with its length before it, then the text, both UTF-8."""
    name = node_id.encode()
    return struct.pack(">II", TEXT, len(name)) + name + text.encode()


def described_preview_frame(image: bytes, metadata: dict[str, Any]) -> bytes:
    """Event 4: JSON metadata with its length before it, then the picture."""
    head = json.dumps(metadata).encode()
    return struct.pack(">II", PREVIEW_WITH_METADATA, len(head)) + head + image


class Hub:
    """Everything that is sent. `sid` None means every socket."""

    def __init__(self, faults: Faults, seed: int) -> None:
        self.sockets: dict[str, Socket] = {}
        self.sent: Counter[str] = Counter()
        """Frames by client id, on all its sockets."""
        self._faults = faults
        self._queue: asyncio.Queue[tuple[Frame, str | None]] = asyncio.Queue()
        self._held: tuple[Frame, str | None] | None = None
        self._random = random.Random(seed)

    def publish(self, kind: str, data: Any, sid: str | None = None) -> None:
        """Queue a text frame."""
        self._queue.put_nowait((text_frame(kind, data), sid))

    def publish_bytes(self, frame: bytes, sid: str | None = None) -> None:
        self._queue.put_nowait((frame, sid))

    def understands(self, sid: str | None, feature: str) -> bool:
        """True if the socket of that id announced the feature."""
        socket = self.sockets.get(sid) if sid is not None else None
        return socket is not None and socket.features.get(feature) is True

    async def flush(self) -> None:
        """Returns when everything queued so far was handed to the network."""
        await self._queue.join()

    async def run(self) -> None:
        """Send until cancelled. An id that cannot be looked up (a list) ends it, and with it the server."""
        while True:
            frame, sid = await self._next()
            await self._faults.freeze_publish.wait()
            await self._faults.stall.wait()
            for sent in self._spoiled(frame):
                await self._deliver(sent, sid)
            self._queue.task_done()

    async def _next(self) -> tuple[Frame, str | None]:
        """The next frame, or of two neighbours that are to be swapped the later one first."""
        if self._held is None:
            first = await self._queue.get()
            if not self._faults.take("reorder"):
                return first
            self._held = first
            try:
                async with asyncio.timeout(HELD_FRAME_SECONDS):
                    return await self._queue.get()
            except TimeoutError:
                pass  # nothing to swap with: the frame kept back goes out alone
        held, self._held = self._held, None
        return held

    def _spoiled(self, frame: Frame) -> list[Frame]:
        if isinstance(frame, bytes) and self._faults.take("truncate_binary"):
            frame = frame[: len(frame) // 2]
        if self._faults.take("garble"):
            frame = self._garbled(frame)
        return [frame, frame] if self._faults.take("duplicate") else [frame]

    def _garbled(self, frame: Frame) -> Frame:
        if isinstance(frame, bytes):
            return self._random.choice([b"", b"\x00\x00", b"\xff\xff\xff\xff" + frame[4:], frame[:6]])
        return self._random.choice(
            [frame[: len(frame) // 2], "[]", '{"type": 5, "data": []}', '{"data": NaN}', ""]
        )

    async def _deliver(self, frame: Frame, sid: str | None) -> None:
        if sid is None:
            for socket in list(self.sockets.values()):
                await send(socket, frame)
        elif sid in self.sockets:
            await send(self.sockets[sid], frame)

    def drop(self, sids: list[str] | None = None) -> None:
        """End connections without a close frame, as a dying server does."""
        for sid in list(self.sockets) if sids is None else sids:
            socket = self.sockets.get(sid)
            if socket is not None:
                socket.abort()

    def deafen(self, sids: list[str] | None = None) -> None:
        """Forget sockets that stay open: no frame reaches them any more."""
        for sid in list(self.sockets) if sids is None else sids:
            self.sockets.pop(sid, None)

    def cut_in_frame(self) -> None:
        """Send the beginning of a frame that promises 1024 bytes, then end the connections."""
        for socket in self.sockets.values():
            if socket.transport is not None:
                socket.transport.write(b"\x81\x7e\x04\x00" + b'{"type": "progress_state", "data": {"prompt')
                socket.transport.close()


async def send(socket: Socket, frame: Frame) -> None:
    """Send one frame; a peer that is gone is its own handler's business."""
    try:
        if isinstance(frame, str):
            await socket.ws.send_str(frame)
        else:
            await socket.ws.send_bytes(frame)
        socket.counted()
    except (ClientError, ConnectionError):
        socket.abort()
