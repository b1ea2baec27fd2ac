"""Collected errors as typed calls."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, TypeVar

from ainf_tui.client.caller import Caller, segment
from ainf_tui.client.codec import decode, encode
from ainf_tui.domain.error_documents import (
    ClearedErrorsDocument,
    ClearErrorsRequest,
    ErrorDetailDocument,
    ErrorGroupPage,
    ErrorQuery,
    ErrorReport,
    ErrorsRequest,
    ErrorTotalsDocument,
    ImportedErrorsDocument,
    ImportErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    ReportErrorsRequest,
    SplitErrorRequest,
)
from ainf_tui.domain.wire import sparse

T = TypeVar("T")
_SLOW = 120.0
"""Seconds for writing an archive, or for a thousand reports."""


class ErrorCalls:
    """`client.errors`; see `ErrorReading`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def listed(self, query: ErrorQuery | None = None) -> ErrorGroupPage:
        params: dict[str, Any] = sparse(query or ErrorQuery())
        if "since" in params:
            params["since"] = params["since"].isoformat()
        return decode(await self._caller.call("GET", "/v1/errors", params=params), ErrorGroupPage)

    async def show(self, error: str) -> ErrorDetailDocument:
        """NotFoundError `errors.not_found`."""
        return decode(await self._caller.call("GET", f"/v1/errors/{segment(error)}"), ErrorDetailDocument)

    async def stats(self) -> ErrorTotalsDocument:
        return decode(await self._caller.call("GET", "/v1/errors/stats"), ErrorTotalsDocument)

    async def log(self, reports: Sequence[ErrorReport]) -> ErrorGroupPage:
        """At most 1,000. UsageError `errors.bad_report`."""
        request = ReportErrorsRequest(tuple(reports))
        return await self._post("", {"reports": _sparsely(request.reports)}, ErrorGroupPage)

    async def import_(self, request: ImportErrorsRequest) -> ImportedErrorsDocument:
        body = {"reports": _sparsely(request.reports), "keys": request.keys, "groups": request.groups}
        return await self._post("/import", body, ImportedErrorsDocument)

    async def seen(self) -> ErrorTotalsDocument:
        return decode(await self._caller.call("POST", "/v1/errors/seen"), ErrorTotalsDocument)

    async def resolve(self, request: ErrorsRequest) -> ErrorGroupPage:
        return await self._post("/resolve", sparse(request), ErrorGroupPage)

    async def reopen(self, request: ErrorsRequest) -> ErrorGroupPage:
        return await self._post("/reopen", sparse(request), ErrorGroupPage)

    async def mute(self, request: MuteErrorsRequest) -> ErrorGroupPage:
        return await self._post("/mute", sparse(request), ErrorGroupPage)

    async def note(self, request: NoteErrorRequest) -> ErrorGroupPage:
        return await self._post("/note", sparse(request), ErrorGroupPage)

    async def merge(self, request: MergeErrorsRequest) -> ErrorGroupPage:
        return await self._post("/merge", sparse(request), ErrorGroupPage)

    async def split(self, request: SplitErrorRequest) -> ErrorGroupPage:
        """ConflictError `errors.not_merged`."""
        return await self._post("/split", sparse(request), ErrorGroupPage)

    async def clear(self, request: ClearErrorsRequest) -> ClearedErrorsDocument:
        return await self._post("/clear", sparse(request), ClearedErrorsDocument)

    async def _post(self, path: str, body: Any, kind: type[T]) -> T:
        data = await self._caller.call("POST", f"/v1/errors{path}", body=encode(body), deadline=_SLOW)
        return decode(data, kind)


def _sparsely(reports: Sequence[ErrorReport]) -> list[dict[str, Any]]:
    return [sparse(report) for report in reports]
