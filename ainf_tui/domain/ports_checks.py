"""What the engine's system check asks of the box. Adapters implement it; tests fake it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from ainf_tui.domain.check_documents import ChecksDocument, FixDocument
from ainf_tui.domain.checks.facts import Facts, Thresholds


class Inspector(Protocol):
    """Looks, mends and packs. Every call has its own deadline."""

    @property
    def thresholds(self) -> Thresholds:
        """From when on something is low."""
        ...

    async def look(self) -> Facts:
        """Everything at once; what cannot be looked at in time is `Unknown`."""
        ...

    async def carry_out(self, fix: FixDocument) -> tuple[str, ...]:
        """Does what the fix's steps say; what came of it, a line each.

        Raises AinfError `check.fix_failed`.
        """
        ...

    async def bundle(self, checks: ChecksDocument, status: Mapping[str, Any] | None) -> bytes:
        """The debug bundle, a zip: the checks and what a report needs beside them, without secrets."""
        ...
