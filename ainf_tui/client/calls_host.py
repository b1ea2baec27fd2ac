"""The machine and its GPUs as typed calls."""

from __future__ import annotations

from ainf_tui.client.caller import Caller
from ainf_tui.client.codec import decode
from ainf_tui.domain.host_documents import HistoryDocument, HostDocument


class HostCalls:
    """`client.host`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def show(self) -> HostDocument:
        """As of this second."""
        return decode(await self._caller.call("GET", "/v1/host"), HostDocument)

    async def history(self, points: int = 0) -> HistoryDocument:
        """The last hour; `points`: at most so many averages a series, 0: as sampled."""
        params = {"points": points} if points else {}
        return decode(await self._caller.call("GET", "/v1/host/history", params=params), HistoryDocument)
