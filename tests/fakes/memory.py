"""`EngineService.memory` without a ComfyUI."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from ainf_tui.domain.documents import FreedDocument
from ainf_tui.domain.requests import FreeRequest


class FakeMemory:
    """Answers with `freed`, and notes what was asked."""

    def __init__(self, note: Callable[..., Any]) -> None:
        self._note = note
        self.freed = FreedDocument(("default",), busy=("default",))

    async def free(self, request: FreeRequest) -> FreedDocument:
        self._note("free", request)
        return self.freed
