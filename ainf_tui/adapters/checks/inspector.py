"""`domain.ports_checks.Inspector` on this box. What blocks goes to threads."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from ainf_tui.adapters.checks.bundle import Sources, bundle
from ainf_tui.adapters.checks.fixes import carry_out, own_user
from ainf_tui.adapters.checks.gather import Target, gather
from ainf_tui.domain.check_documents import ChecksDocument, FixDocument
from ainf_tui.domain.checks.facts import Facts, Thresholds


class BoxInspector:
    """`target` is asked for before each look: services and folders may have changed."""

    def __init__(
        self, target: Callable[[], Target], thresholds: Thresholds, sources: Callable[[], Sources]
    ) -> None:
        self._target = target
        self._thresholds = thresholds
        self._sources = sources

    @property
    def thresholds(self) -> Thresholds:
        return self._thresholds

    async def look(self) -> Facts:
        return await asyncio.to_thread(lambda: gather(self._target()))

    async def carry_out(self, fix: FixDocument) -> tuple[str, ...]:
        return await asyncio.to_thread(lambda: carry_out(fix, self._target(), own_user()))

    async def bundle(self, checks: ChecksDocument, status: Mapping[str, Any] | None) -> bytes:
        return await asyncio.to_thread(lambda: bundle(checks, status, self._sources()))
