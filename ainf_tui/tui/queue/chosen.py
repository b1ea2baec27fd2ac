"""Which jobs the next key acts on, and how it acts: one call of `tui.orders`, in a worker."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from ainf_tui.domain.documents import JobRow, JobsDocument
from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.lines import safe
from ainf_tui.tui.queue.jobs import JobsScreen

ENDED = frozenset({"succeeded", "failed", "cancelled"})
NAMED = 5
"""Jobs that a question names; more are counted."""


class ChosenScreen(JobsScreen):
    """A screen with a list of jobs: those that the next key acts on, and how."""

    def chosen(self) -> list[JobRow]:
        """The marked jobs in the order of the list, else the one under the cursor."""
        marks = self.table.marks
        if marks:
            return [row for row in self.rows.jobs() if row.id in marks]
        return [self.row] if self.row is not None else []

    def none_chosen(self, message: str, hint: str = "") -> None:
        """Says why the key did nothing."""
        if self.table.marks and not self.chosen():
            message, hint = "The marked jobs are hidden by the filter.", "`esc` ends it, or clears the marks."
        self.app.tell(message, hint)

    def order(self, name: str, work: Awaitable[object], done: str = "") -> None:
        """Runs it as a worker; a failure is a toast. Not exclusive: no order undoes another."""

        async def ordered() -> None:
            try:
                found = await work
            except AinfError as error:
                self.app.tell_error(error)
                return
            if isinstance(found, JobsDocument):
                for notice in dict.fromkeys((n.message, n.hint) for n in found.notices):
                    self.app.tell(notice[0], notice[1], severity="warning")
            if done:
                self.app.tell(done)

        in_background(self, ordered(), group=f"queue.{name}")

    def clear_marks(self) -> None:
        if self.table.marks:
            self.table.marks.clear()
            self.table.paint()
            self.show_title()

    def show_title(self) -> None:
        """The line above the list."""


def refs_of(rows: Sequence[JobRow]) -> tuple[str, ...]:
    return tuple(str(row.number) for row in rows)


def named(rows: Sequence[JobRow]) -> str:
    """`#142 portrait-basic "a red bicycle"`, or how many and the first numbers."""
    if len(rows) == 1:
        row = rows[0]
        words = f' "{safe(row.prompt, 40)}"' if row.prompt else ""
        return f"#{row.number} {safe(row.pack, 40)}{words}"
    numbers = ", ".join(f"#{row.number}" for row in rows[:NAMED])
    more = f" and {len(rows) - NAMED} more" if len(rows) > NAMED else ""
    return f"{len(rows)} jobs ({numbers}{more})"
