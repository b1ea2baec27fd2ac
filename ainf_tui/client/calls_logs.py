"""Logs that are looked at piece by piece, as typed calls."""

from __future__ import annotations

from typing import Any

from ainf_tui.client.caller import Caller, segment
from ainf_tui.client.codec import decode, encode
from ainf_tui.domain.log_documents import (
    LogFindRequest,
    LogFoundDocument,
    LogHistogramDocument,
    LogOpenRequest,
    LogPageDocument,
    LogPageRequest,
    LogRecordDocument,
    LogSearchRequest,
    LogSourcesDocument,
    LogStateDocument,
    LogViewDocument,
)
from ainf_tui.domain.wire import sparse


class LogCalls:
    """`client.logs`; implements `domain.ports_logs.LogReading`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def sources(self) -> LogSourcesDocument:
        return decode(await self._caller.call("GET", "/v1/logs/sources"), LogSourcesDocument)

    async def open(self, request: LogOpenRequest) -> LogViewDocument:
        return decode(await self._ask("/v1/logs/open", request), LogViewDocument)

    async def page(self, view: str, request: LogPageRequest) -> LogPageDocument:
        return decode(await self._ask(_path(view, "page"), request), LogPageDocument)

    async def find(self, view: str, request: LogFindRequest) -> LogFoundDocument:
        return decode(await self._ask(_path(view, "find"), request), LogFoundDocument)

    async def record(self, view: str, file: str, start: int) -> LogRecordDocument:
        path = _path(view, f"records/{segment(file)}/{start}")
        return decode(await self._caller.call("GET", path), LogRecordDocument)

    async def search(self, view: str, request: LogSearchRequest) -> LogStateDocument:
        return decode(await self._ask(_path(view, "search"), request), LogStateDocument)

    async def state(self, view: str) -> LogStateDocument:
        return decode(await self._caller.call("GET", _path(view, "state")), LogStateDocument)

    async def histogram(self, view: str, buckets: int = 60) -> LogHistogramDocument:
        data = await self._caller.call("GET", _path(view, "histogram"), params={"buckets": buckets})
        return decode(data, LogHistogramDocument)

    async def close(self, view: str) -> None:
        await self._caller.call("GET", _path(view, "close"))

    async def _ask(self, path: str, request: Any) -> bytes:
        ask = encode(sparse(request)).decode()
        return await self._caller.call("GET", path, params={"ask": ask})


def _path(view: str, what: str) -> str:
    return f"/v1/logs/views/{segment(view)}/{what}"
