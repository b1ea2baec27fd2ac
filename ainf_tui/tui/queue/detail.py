"""The job under the cursor in full: its nodes and progress, picture, parameters, errors, attempts."""

from __future__ import annotations

from collections.abc import Sequence

from textual.app import ComposeResult
from textual.containers import Vertical

from ainf_tui.domain.documents import JobDocument, JobRow
from ainf_tui.tui.widgets.painted import LineView


class DetailPane(Vertical):
    """Shows one job; the screen tells which."""

    def __init__(self, *, id: str | None = None) -> None:  # noqa: A002 - Textual's own name for it
        super().__init__(id=id)
        self.text = LineView(id="detail-text")
        self._row: JobRow | None = None

    def compose(self) -> ComposeResult:
        yield self.text

    def show_job(self, row: JobRow | None) -> None:
        self._row = row
        self.text.show([((f"#{row.number} {row.pack}", "strong"),)] if row else [])

    def row_changed(self, row: JobRow) -> None:
        self.show_job(row)

    def fold_active(self, active: Sequence[JobDocument]) -> None:
        del active

    def preview_came(self, job_id: str, media_type: str, data: bytes) -> None:
        del job_id, media_type, data
