"""A screen with the list of jobs, as far as it only looks at them."""

from __future__ import annotations

from contextlib import suppress

from ainf_tui.actions import Action
from ainf_tui.domain.documents import JobRow
from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.reasons import why_not_for
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.queue.rows import Rows
from ainf_tui.tui.told import CopyWanted
from ainf_tui.tui.widgets.table import Table


class JobsScreen(FrameScreen):
    """`row` is the job that its keys are about."""

    rows: Rows
    table: Table

    @property
    def row(self) -> JobRow | None:
        """The job under the cursor."""
        return self.rows.row(self.table.cursor_id) if self.table.cursor_id else None

    def why_not(self, action: Action) -> str:
        return why_not_for(action, self.row, marked=bool(self.table.marks))

    def action_copy(self) -> None:
        if self.row is not None:
            in_background(self, self._copy(self.row), group="queue.copy", exclusive=True)

    async def _copy(self, row: JobRow) -> None:
        from ainf_tui.tui.queue.copying import copies  # noqa: PLC0415 - loaded when it is used

        client, detail = self.app.engine_link.client, None
        if client is not None:
            # The rows' own texts are cut; without an engine they are what there is.
            with suppress(AinfError):
                detail = await client.jobs.show(row.id, brief=True)
        found = copies(row, detail)
        chosen = await self.app.choose(f"Copy of #{row.number}", [option for option, _ in found])
        text = next((text for option, text in found if option.value == chosen), "")
        if text:
            self.post_message(CopyWanted(text))
