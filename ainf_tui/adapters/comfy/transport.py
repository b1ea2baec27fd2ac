"""Calls to one ComfyUI over HTTP: deadlines, bounded answers, no redirects, failures sorted."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx

from ainf_tui.adapters.comfy.address import BackendAddress
from ainf_tui.adapters.comfy.failures import Answer, too_long, transport_failure
from ainf_tui.errors import BackendError, InDoubtError

MAX_BODY = 256 << 20
"""Bytes of an answer that is read into memory; /queue and /history hold whole graphs."""

Params = Mapping[str, str | int]


@dataclass(frozen=True, slots=True)
class Deadlines:
    """Seconds. All but `view` are for the whole call; `view` is the longest silence within a transfer."""

    connect: float = 5.0
    prompt: float = 30.0
    queue: float = 10.0
    history: float = 10.0
    stats: float = 10.0
    action: float = 10.0
    """delete, interrupt, free, models"""
    object_info: float = 60.0
    upload: float = 300.0
    view: float = 60.0


class _Trip:
    """What became of one request, told by httpcore's trace."""

    def __init__(self) -> None:
        self.sent = False
        self.fresh = False
        """A connection was made for it, rather than a kept one used."""

    async def trace(self, event: str, _info: Mapping[str, Any]) -> None:
        if event.endswith("send_request_headers.started"):
            self.sent = True
        elif event == "connection.connect_tcp.started":
            self.fresh = True


class Transport:
    """One connection pool. Everything raised is a `BackendError`."""

    def __init__(self, address: BackendAddress, deadlines: Deadlines) -> None:
        self.address = address
        self._deadlines = deadlines
        # Without https the context is never used; an empty one trusts nobody and costs nothing to make.
        context = address.ssl_context() or ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        self._client = httpx.AsyncClient(
            verify=context,
            trust_env=False,
            follow_redirects=False,
            headers={"Accept-Encoding": "gzip, deflate", **address.request_headers()},
            # Kept shorter than any server keeps: a request on a closing connection would be in doubt.
            limits=httpx.Limits(max_connections=32, keepalive_expiry=5.0),
        )

    async def aclose(self) -> None:
        await self._client.aclose()

    async def get(self, path: str, *, deadline: float, params: Params | None = None) -> Answer:
        """Asks once more if a kept connection turns out to be dead: a GET does no harm."""
        trip = _Trip()
        try:
            return await self._call("GET", path, trip, deadline=deadline, params=params)
        except InDoubtError as error:
            if trip.fresh or not isinstance(error.__cause__, httpx.NetworkError | httpx.ProtocolError):
                raise
        return await self._call("GET", path, _Trip(), deadline=deadline, params=params)

    async def post(self, path: str, *, deadline: float, content: bytes | None = None, **parts: Any) -> Answer:
        """Sends once, whatever happens. `content` is JSON; `parts` are httpx's `data` and `files`."""
        headers = {"Content-Type": "application/json"} if content is not None else {}
        return await self._call(
            "POST", path, _Trip(), deadline=deadline, content=content, headers=headers, **parts
        )

    async def _call(
        self,
        method: str,
        path: str,
        trip: _Trip,
        *,
        deadline: float,
        params: Params | None = None,
        **more: Any,
    ) -> Answer:
        request = self._client.build_request(
            method,
            self.address.endpoint(path, params),
            timeout=self._timeout(deadline),
            extensions={"trace": trip.trace},
            **more,
        )
        try:
            async with asyncio.timeout(deadline):
                response = await self._client.send(request, stream=True)
                try:
                    return await self._read(response)
                finally:
                    await response.aclose()
        except (httpx.HTTPError, OSError) as error:
            raise self._failure(error, trip, deadline) from error

    def _timeout(self, seconds: float) -> httpx.Timeout:
        return httpx.Timeout(seconds, connect=min(self._deadlines.connect, seconds))

    def _failure(self, error: Exception, trip: _Trip, seconds: float) -> BackendError:
        timed_out = isinstance(error, TimeoutError | httpx.TimeoutException)
        return transport_failure(self.address, error, sent=trip.sent, timed_out=timed_out, seconds=seconds)

    async def _read(self, response: httpx.Response) -> Answer:
        body = bytearray()
        async for chunk in response.aiter_bytes():
            body += chunk
            if len(body) > MAX_BODY:
                raise too_long(self.address, MAX_BODY)
        return head(response, bytes(body))

    @asynccontextmanager
    async def stream(
        self, path: str, params: Params
    ) -> AsyncIterator[tuple[httpx.Response, AsyncIterator[bytes]]]:
        """A GET whose body is read piece by piece. What the caller raises meanwhile passes untouched."""
        trip, silence = _Trip(), self._deadlines.view
        request = self._client.build_request(
            "GET",
            self.address.endpoint(path, params),
            timeout=self._timeout(silence),
            # Compressed, the Content-Length would not be the file's.
            headers={"Accept-Encoding": "identity"},
            extensions={"trace": trip.trace},
        )
        try:
            response = await self._client.send(request, stream=True)
        except (httpx.HTTPError, OSError) as error:
            raise self._failure(error, trip, silence) from error
        try:
            yield response, self._chunks(response, trip, silence)
        finally:
            await response.aclose()

    async def _chunks(self, response: httpx.Response, trip: _Trip, silence: float) -> AsyncIterator[bytes]:
        try:
            async for chunk in response.aiter_bytes():
                yield chunk
        except (httpx.HTTPError, OSError) as error:
            raise self._failure(error, trip, silence) from error

    async def whole(self, response: httpx.Response, chunks: AsyncIterator[bytes], limit: int) -> Answer:
        """The beginning of a streamed answer that turned out to be an error."""
        body = bytearray()
        async for chunk in chunks:
            body += chunk
            if len(body) > limit:
                break
        return head(response, bytes(body[:limit]))


def head(response: httpx.Response, body: bytes) -> Answer:
    media_type = response.headers.get("content-type", "").partition(";")[0].strip().lower()
    return Answer(response.status_code, media_type, body, response.headers.get("location", ""))
