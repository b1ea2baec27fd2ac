"""A list to search by typing, over the screen: the help, the palette, the themes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from textual import getters, on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.fuzzy import FuzzySearch
from textual.screen import ModalScreen
from textual.widgets import Static

from ainf_tui.frozen import frozen
from ainf_tui.tui.frame.everywhere import Everywhere
from ainf_tui.tui.lines import Line, Span, safe
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Column, Table

ROWS = 24
"""Most rows that are shown at once, where the terminal has them."""


@frozen
class Item:
    """A line of the list. `value` empty: a heading or a remark, which cannot be taken."""

    value: str
    cells: Mapping[str, Span]
    words: str = ""
    """What is searched."""
    group: str = ""
    """A heading stays while an item of its group does."""
    why_not: str = ""
    """Why it cannot be done now; it is told instead of done."""


Search = Callable[[str, Sequence[Item]], list[Item]]


def holding(text: str, items: Sequence[Item]) -> list[Item]:
    """The items that hold every word, in their order, with the headings of their groups."""
    words = text.lower().split()
    found = [item for item in items if all(word in item.words.lower() for word in words)]
    groups = {item.group for item in found if item.value or item.words}
    return [item for item in items if item in found or (not item.words and item.group in groups)]


def nearest(text: str, items: Sequence[Item]) -> list[Item]:
    """The items whose letters hold those of the text in this order, the best first."""
    if not text.strip():
        return list(items)
    search = FuzzySearch()
    scored = [(search.match(text.strip(), item.words)[0], -index, item) for index, item in enumerate(items)]
    # What can be done stands before what cannot, among equals.
    ranked = sorted(
        (s for s in scored if s[0] > 0), key=lambda s: (s[0], not s[2].why_not, s[1]), reverse=True
    )
    return [item for _, _, item in ranked]


@dataclass(slots=True)
class Found:
    """A Source of the table over items."""

    items: list[Item] = field(default_factory=list)

    def __len__(self) -> int:
        return len(self.items)

    def id_at(self, index: int) -> str:
        return self.items[index].value or f"\n{index}"

    def index_of(self, row_id: str) -> int | None:
        return next((i for i in range(len(self.items)) if self.id_at(i) == row_id), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        item = self.items[index]
        if item.why_not:
            return {name: (text, "muted") for name, (text, _) in item.cells.items()}
        return item.cells


class Finder(PacedScreen[str | None], ModalScreen[str | None]):
    """Gives the value of the item taken, None if it was left."""

    app = getters.app(Everywhere)
    AUTO_FOCUS = "#finder-entry"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape", "leave", show=False),
        Binding("up,ctrl+p", "move(-1)", show=False, priority=True),
        Binding("down,ctrl+n", "move(1)", show=False, priority=True),
        Binding("pageup", "page(-1)", show=False, priority=True),
        Binding("pagedown", "page(1)", show=False, priority=True),
    ]

    def __init__(
        self,
        title: str,
        columns: Sequence[Column],
        items: Sequence[Item],
        *,
        search: Search = holding,
        foot: Callable[[Item | None], Line] | None = None,
        moved: Callable[[Item | None], None] | None = None,
        current: str = "",
    ) -> None:
        super().__init__()
        self._title = title
        self._items = list(items)
        self._search = search
        self._foot = foot
        self._moved = moved
        self._current = current
        self._found = Found(list(items))
        self.table = Table(columns, self._found, id="finder-table")
        self.entry = Entry(id="finder-entry", placeholder="type to search")
        self.foot = Bar(id="finder-foot")

    def compose(self) -> ComposeResult:
        with Vertical(id="finder"):
            yield Static(Content(safe(self._title, 200)), id="finder-title", markup=False)
            yield self.entry
            yield self.table
            yield self.foot

    def on_mount(self) -> None:
        self.table.pointer = self.app.signs.pointer
        self.table.can_focus = False
        self.entry.open()
        self._fit()
        self._show(self._current)
        # Placed before there was any height, the first item has pushed its heading out of sight.
        self.table.scroll_to(y=0, animate=False, immediate=True)

    def on_resize(self) -> None:
        self._fit()

    def _fit(self) -> None:
        # A fixed height: the list does not jump while somebody types.
        self.table.styles.height = max(3, min(ROWS, len(self._items) + 1, self.app.size.height - 8))

    def set_items(self, items: Sequence[Item]) -> None:
        """Other items than before, with what is typed."""
        self._items = list(items)
        self._fit()
        self._show(self.table.cursor_id or "")

    def _show(self, at: str = "") -> None:
        self._found.items = self._search(self.entry.value, self._items)
        self.table.empty = () if self._found.items else ((("Nothing is called like this.", "muted"),),)
        self.table.update()
        if not (at and self.table.move_to_id(at)):
            self.table.move_to(self._next(0, 1))
        self._tell()

    def _next(self, index: int, step: int) -> int:
        """The nearest item from there on that can be taken; where it stands if there is none."""
        at = index
        while 0 <= at < len(self._found.items):
            if self._found.items[at].value:
                return at
            at += step
        return self.table.cursor

    @property
    def item(self) -> Item | None:
        """Under the cursor."""
        index = self.table.cursor
        return self._found.items[index] if 0 <= index < len(self._found.items) else None

    def _tell(self) -> None:
        item = self.item
        if self._foot is not None:
            self.foot.show(self._foot(item))
        if self._moved is not None:
            self._moved(item)

    def action_move(self, step: int) -> None:
        self.table.move_to(self._next(self.table.cursor + step, step))
        self._tell()

    def action_page(self, step: int) -> None:
        last = len(self._found.items) - 1
        target = max(0, min(last, self.table.cursor + step * self.table.page))
        self.table.move_to(self._next(target, step if 0 < target < last else -step))
        self._tell()

    def action_leave(self) -> None:
        self.dismiss(None)

    @on(Entry.Changed)
    def _typed(self, event: Entry.Changed) -> None:
        event.stop()
        self._show()

    @on(Entry.Left)
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        if self.entry.value:
            self.entry.value = ""
        else:
            self.dismiss(None)

    @on(Entry.Submitted)
    def _submitted(self, event: Entry.Submitted) -> None:
        event.stop()
        self.take()

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.take()

    def take(self) -> None:
        """What is under the cursor; if it cannot be done, why."""
        item = self.item
        if item is None or not item.value:
            return
        if item.why_not:
            self.app.tell(item.why_not, severity="warning")
            return
        self.dismiss(item.value)
