"""Which groups of errors the next key acts on, and how it acts: one call of `tui.orders`, in a worker."""

from __future__ import annotations

from collections.abc import Awaitable, Sequence

from ainf_tui.actions import Action
from ainf_tui.domain.error_documents import ErrorGroupDocument, ErrorGroupPage
from ainf_tui.errors import AinfError
from ainf_tui.tui.errors.rows import Groups
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.lines import safe
from ainf_tui.tui.widgets.table import Table

NAMED = 5
"""Groups that a question names; more are counted."""
_ANY = frozenset(
    {
        *("open", "fix", "resolve", "mute", "log", "job", "service", "fold", "next_example"),
        *("previous_example", "mark", "mark_all", "note", "merge", "split", "copy"),
    }
)
"""Actions that need a group."""


class ChosenScreen(FrameScreen):
    """A screen with the list of groups: those that the next key acts on, and how."""

    groups: Groups
    table: Table

    @property
    def group(self) -> ErrorGroupDocument | None:
        """The group under the cursor."""
        return self.groups.group(self.table.cursor_id)

    def chosen(self) -> list[ErrorGroupDocument]:
        """The marked groups in the order of the list, else the one under the cursor."""
        marks = self.table.marks
        if marks:
            return [group for group in self.groups if str(group.id) in marks]
        return [self.group] if self.group is not None else []

    def why_not(self, action: Action) -> str:
        if action.area == "errors" and action.name in _ANY and self.group is None:
            return "there is no error under the cursor"
        return super().why_not(action)

    def order(self, name: str, work: Awaitable[object], done: str = "") -> None:
        """Runs it as a worker; a failure is a toast. Not exclusive: no order undoes another."""

        async def ordered() -> None:
            try:
                found = await work
            except AinfError as error:
                self.app.tell_error(error)
                return
            if isinstance(found, ErrorGroupPage):
                self.took(found.errors)
            if done:
                self.app.tell(done)

        in_background(self, ordered(), group=f"errors.{name}")

    def took(self, groups: Sequence[ErrorGroupDocument]) -> None:
        """The engine's answer: these are as they are now, before the list is read anew."""
        self.groups.replace(groups)
        self.table.paint()

    def clear_marks(self) -> None:
        if self.table.marks:
            self.table.marks.clear()
            self.table.paint()
            self.show_title()

    def show_title(self) -> None:
        """The line above the list."""


def refs_of(groups: Sequence[ErrorGroupDocument]) -> tuple[str, ...]:
    return tuple(str(group.id) for group in groups)


def named(groups: Sequence[ErrorGroupDocument]) -> str:
    """`#7 The GPU's memory is full`, or how many and the first numbers."""
    if len(groups) == 1:
        return f"#{groups[0].id} {safe(groups[0].title, 80)}"
    numbers = ", ".join(f"#{group.id}" for group in groups[:NAMED])
    more = f" and {len(groups) - NAMED} more" if len(groups) > NAMED else ""
    return f"{len(groups)} errors ({numbers}{more})"
