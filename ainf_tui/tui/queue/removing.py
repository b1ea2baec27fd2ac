"""Removing ended jobs from the list, and taking that back. The rules are in `removal`."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress

from ainf_tui.display.format import counted
from ainf_tui.domain.documents import JobRow
from ainf_tui.domain.requests import ClearRequest
from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.queue.chosen import ENDED, JobsScreen, named
from ainf_tui.tui.queue.removal import Removals

LEAVE_SECONDS = 2.0
"""How long leaving waits for a removal that is on its way."""


class RemovingScreen(JobsScreen):
    """The part of the Queue screen that removes. QueueScreen is the whole."""

    removals: Removals

    async def carry_out(self, refs: tuple[str, ...]) -> None:
        """Asks the engine; shows the jobs again if it refuses."""
        try:
            await self.app.orders.clear(ClearRequest(refs))
        except AinfError:
            self.removals.failed(refs)
            raise

    def action_clear(self) -> None:
        rows = [row for row in self.chosen() if row.state in ENDED]
        if not rows:
            self.none_chosen(
                "Only an ended job can be removed from the list.", "`c` cancels one that is open."
            )
            return
        in_background(self, self._clear(rows), group="queue.clear.ask", opens=True)

    async def _clear(self, rows: Sequence[JobRow]) -> None:
        more = ["Their files stay where they are." if len(rows) > 1 else "Its files stay where they are."]
        title = f"Remove {named(rows)} from the list?"
        if await self.app.confirm(title, more, "Remove"):
            self.clear_marks()
            self.removals.begin(rows)

    async def leaving(self) -> None:
        """Removals in their five seconds are meant; an engine that does not answer keeps its jobs."""
        refs = self.removals.take_all()
        if refs:
            with suppress(AinfError, TimeoutError):
                async with asyncio.timeout(LEAVE_SECONDS):
                    await self.app.orders.clear(ClearRequest(refs))

    def action_undo(self) -> None:
        count = self.removals.undo()
        self.app.tell(f"{counted(count, 'job')} back in the list." if count else "Nothing to undo.")
