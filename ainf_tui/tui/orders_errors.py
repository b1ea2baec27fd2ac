"""What is asked of the engine for errors, each call kept in the command log."""

from __future__ import annotations

from datetime import UTC, datetime

from ainf_tui.domain.error_documents import (
    ClearedErrorsDocument,
    ClearErrorsRequest,
    ErrorGroupPage,
    ErrorsRequest,
    MergeErrorsRequest,
    MuteErrorsRequest,
    NoteErrorRequest,
    SplitErrorRequest,
)
from ainf_tui.tui import asked
from ainf_tui.tui.orders_comfyui import Do


class ErrorOrders:
    """`orders.errors`. Every method raises AinfError children, as the client does."""

    def __init__(self, do: Do) -> None:
        self._do = do

    async def resolve(self, request: ErrorsRequest) -> ErrorGroupPage:
        line = asked.errors_line("resolve", request)
        return await self._do(line, lambda c: c.errors.resolve(request), _groups)

    async def reopen(self, request: ErrorsRequest) -> ErrorGroupPage:
        line = asked.errors_line("reopen", request)
        return await self._do(line, lambda c: c.errors.reopen(request), _groups)

    async def mute(self, request: MuteErrorsRequest) -> ErrorGroupPage:
        return await self._do(
            asked.mute_line(request, datetime.now(UTC)), lambda c: c.errors.mute(request), _groups
        )

    async def note(self, request: NoteErrorRequest) -> ErrorGroupPage:
        line = asked.line("errors", "note", request.error, request.note)
        return await self._do(line, lambda c: c.errors.note(request), _groups)

    async def merge(self, request: MergeErrorsRequest) -> ErrorGroupPage:
        line = asked.line("errors", "merge", request.into, *request.errors)
        return await self._do(line, lambda c: c.errors.merge(request), _groups)

    async def split(self, request: SplitErrorRequest) -> ErrorGroupPage:
        line = asked.line("errors", "split", request.error, request.fingerprint)
        return await self._do(line, lambda c: c.errors.split(request), _groups)

    async def clear(self, request: ClearErrorsRequest) -> ClearedErrorsDocument:
        line = asked.clear_errors_line(request)
        return await self._do(line, lambda c: c.errors.clear(request), lambda d: f"{d.groups} cleared")


def _groups(found: ErrorGroupPage) -> str:
    if len(found.errors) > 3:
        return f"{len(found.errors)} groups"
    return ", ".join(f"#{group.id} {group.state}" for group in found.errors) or "no group"
