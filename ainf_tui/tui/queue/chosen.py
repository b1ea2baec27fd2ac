"""Which jobs the next key acts on, and what the engine says to it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from contextlib import suppress

from ainf_tui.actions import Action
from ainf_tui.domain.documents import JobRow, JobsDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.reasons import why_not_for
from ainf_tui.tui.lines import safe
from ainf_tui.tui.lists.chosen import ChosenScreen, named_all
from ainf_tui.tui.queue.rows import Rows

ENDED = frozenset({"succeeded", "failed", "cancelled"})


class JobsScreen(ChosenScreen[JobRow]):
    """A screen with a list of jobs, or with one of them."""

    things = "jobs"
    rows: Rows

    def find(self, row_id: str | None) -> JobRow | None:
        return self.rows.row(row_id) if row_id else None

    def listed(self) -> Iterable[JobRow]:
        return self.rows.jobs()

    def row_id(self, row: JobRow) -> str:
        return row.id

    def why_not(self, action: Action) -> str:
        return why_not_for(action, self.row, marked=self.marked)

    def labels(self) -> dict[str, str]:
        row = self.row
        return {
            "queue.pause": "resume" if self.app.queue.paused else "pause",
            "queue.hold": "release" if row is not None and row.held else "hold",
        }

    def answered(self, found: object) -> None:
        if isinstance(found, JobsDocument):
            for notice in dict.fromkeys((n.message, n.hint) for n in found.notices):
                self.app.tell(notice[0], notice[1], severity="warning")

    # -- copying ------------------------------------------------------------------------------
    def action_copy(self) -> None:
        if self.row is not None:
            in_background(self, self._copy(self.row), group="queue.copy", exclusive=True, opens=True)

    async def _copy(self, row: JobRow) -> None:
        from ainf_tui.tui.queue.copying import copies  # noqa: PLC0415 - loaded when it is used

        client, detail = self.client(), None
        if client is not None:
            # The rows' own texts are cut; without an engine they are what there is.
            with suppress(AinfError):
                detail = await client.jobs.show(row.id, brief=True)
        await self.offer_copy(f"Copy of #{row.number}", copies(row, detail))


def refs_of(rows: Sequence[JobRow]) -> tuple[str, ...]:
    return tuple(str(row.number) for row in rows)


def named(rows: Sequence[JobRow]) -> str:
    """`#142 portrait-basic "a red bicycle"`, or how many and the first numbers."""
    if len(rows) == 1:
        row = rows[0]
        words = f' "{safe(row.prompt, 40)}"' if row.prompt else ""
        return f"#{row.number} {safe(row.pack, 40)}{words}"
    return named_all("jobs", [row.number for row in rows])
