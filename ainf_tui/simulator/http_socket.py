"""The websocket: who connects, what is said first, and what a client may say."""

from __future__ import annotations

import asyncio
import json
import uuid

from aiohttp import WSMsgType, web

from ainf_tui.simulator.hub import Socket, send, text_frame
from ainf_tui.simulator.machine import Machine

LONGEST_MESSAGE = 4 * 2**20
"""Bytes of a client's message; more closes the connection with 1009."""


class SocketRoutes:
    """One socket per client id, with the original's faults (see `hub`)."""

    def __init__(self, machine: Machine) -> None:
        self._machine = machine
        self._hub = machine.hub

    def table(self) -> list[web.RouteDef]:
        return [web.get("/ws", self.websocket)]

    async def websocket(self, request: web.Request) -> web.WebSocketResponse:
        ws = web.WebSocketResponse(max_msg_size=LONGEST_MESSAGE, autoping=False)
        await ws.prepare(request)
        sid = request.rel_url.query.get("clientId") or uuid.uuid4().hex
        transport = request.transport
        sent = self._hub.sent
        socket = Socket(
            ws,
            transport if isinstance(transport, asyncio.Transport) else None,
            counted=lambda: sent.update((sid,)),
        )
        self._hub.sockets[sid] = socket
        try:
            await self._greet(socket, sid)
            await self._listen(socket, sid)
        finally:
            # The id, not this socket: a newer one of the same id goes deaf here, as on the server.
            self._hub.sockets.pop(sid, None)
        return ws

    async def _greet(self, socket: Socket, sid: str) -> None:
        await send(socket, text_frame("status", {**self._machine.status(), "sid": sid}))
        node = self._machine.executor.last_node
        if node is not None and self._machine.executor.client_id == sid:
            await send(socket, text_frame("executing", {"node": node}))

    async def _listen(self, socket: Socket, sid: str) -> None:
        first = True
        async for message in socket.ws:
            await self._machine.faults.stall.wait()
            if message.type is WSMsgType.PING:
                await socket.ws.pong(message.data)
            elif message.type is WSMsgType.TEXT and first:
                first = not await self._first(message.data, sid)

    async def _first(self, text: str, sid: str) -> bool:
        """The first message that is JSON may be the client's flags. True if it was JSON."""
        try:
            data = json.loads(text)
        except json.JSONDecodeError:
            self._machine.logs.write(f"Invalid JSON received from client {sid}: {text}\n")
            return False
        socket = self._hub.sockets.get(sid)
        if isinstance(data, dict) and data.get("type") == "feature_flags" and socket is not None:
            flags = data.get("data")
            socket.features = flags if isinstance(flags, dict) else {}
            await send(socket, text_frame("feature_flags", self._machine.features()))
        return True
