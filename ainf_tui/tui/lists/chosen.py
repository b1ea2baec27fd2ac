"""Which rows the next key acts on, and how it acts: one call of `tui.orders`, in a worker."""

from __future__ import annotations

from collections.abc import Awaitable, Iterable, Sequence
from typing import ClassVar, Generic, TypeVar

from ainf_tui.errors import AinfError
from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.frame.screen import FrameScreen
from ainf_tui.tui.ports import EngineClient
from ainf_tui.tui.told import CopyWanted
from ainf_tui.tui.widgets.table import Table

Row = TypeVar("Row")
NAMED = 5
"""Rows that a question names; more are counted."""


class ChosenScreen(FrameScreen, Generic[Row]):
    """A screen with a list of rows, or with one of them. Subclasses give `find`, `listed` and `row_id`.

    What they must give raises here until they do: Textual's screens have a metaclass, and so has `abc.ABC`.
    """

    things: ClassVar[str]
    """What the rows are, as people say it: `jobs`."""
    table: Table

    def find(self, row_id: str | None) -> Row | None:
        """The row of that id in the table, if it is here."""
        raise NotImplementedError

    def listed(self) -> Iterable[Row]:
        """All rows that are here, in the order of the list."""
        raise NotImplementedError

    def row_id(self, row: Row) -> str:
        """Its id in the table."""
        raise NotImplementedError

    @property
    def row(self) -> Row | None:
        """The row that the keys are about: the one under the cursor."""
        return self.find(self.table.cursor_id)

    @property
    def marked(self) -> bool:
        """Whether the keys are about marked rows instead."""
        return bool(self.table.marks)

    def chosen(self) -> list[Row]:
        """The marked rows in the order of the list, else the one under the cursor."""
        if self.marked:
            return [row for row in self.listed() if self.row_id(row) in self.table.marks]
        return [self.row] if self.row is not None else []

    def none_chosen(self, message: str, hint: str = "") -> None:
        """Says why the key did nothing."""
        if self.marked and not self.chosen():
            message = f"The marked {self.things} are hidden by the filter."
            hint = "`esc` ends it, or clears the marks."
        self.app.tell(message, hint)

    def clear_marks(self) -> None:
        if self.table.marks:
            self.table.marks.clear()
            self.table.paint()
            self.show_title()

    def show_title(self) -> None:
        """The line above the list."""

    # -- the engine ---------------------------------------------------------------------------
    def client(self) -> EngineClient | None:
        """None while there is no engine."""
        return self.app.engine_link.client

    def order(self, name: str, work: Awaitable[object], done: str = "") -> None:
        """Runs it as a worker; a failure is a toast. Not exclusive: no order undoes another."""

        async def ordered() -> None:
            try:
                found = await work
            except AinfError as error:
                self.app.tell_error(error)
                return
            self.answered(found)
            if done:
                self.app.tell(done)

        in_background(self, ordered(), group=f"{self.areas[0]}.{name}")

    def answered(self, found: object) -> None:
        """What the engine says to an order."""

    async def offer_copy(self, title: str, found: Sequence[tuple[Option, str]]) -> None:
        """Asks which of these texts is to be copied."""
        chosen = await self.app.choose(title, [option for option, _ in found])
        if text := next((text for option, text in found if option.value == chosen), ""):
            self.post_message(CopyWanted(text))


def named_all(things: str, numbers: Sequence[int]) -> str:
    """`7 jobs (#1, #2, #3, #4, #5 and 2 more)`: of more than one."""
    first = ", ".join(f"#{number}" for number in numbers[:NAMED])
    more = f" and {len(numbers) - NAMED} more" if len(numbers) > NAMED else ""
    return f"{len(numbers)} {things} ({first}{more})"
