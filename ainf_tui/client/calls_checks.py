"""The system check as typed calls."""

from __future__ import annotations

from ainf_tui.client.caller import Caller
from ainf_tui.client.codec import decode, encode
from ainf_tui.domain.check_documents import ChecksDocument, FixedDocument, FixRequest

PATIENCE = 150.0
"""Seconds: every probe has its own deadline, the longest a minute, and a fix looks twice."""


class CheckCalls:
    """`client.checks`."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    async def run(self) -> ChecksDocument:
        """Looks at everything now."""
        return decode(await self._caller.call("GET", "/v1/checks", deadline=PATIENCE), ChecksDocument)

    async def fix(self, request: FixRequest) -> FixedDocument:
        """ConflictError(`check.fix_changed`) when the steps are no longer those that were shown."""
        body = encode(request)
        data = await self._caller.call("POST", "/v1/checks/fix", body=body, deadline=PATIENCE)
        return decode(data, FixedDocument)

    async def bundle(self) -> bytes:
        """The debug bundle, a zip."""
        return await self._caller.call("GET", "/v1/checks/bundle", deadline=PATIENCE)
