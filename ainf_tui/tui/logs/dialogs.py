"""What opens over the Logs screen: the stack of filters, which logs are shown, places to go to."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import ClassVar, Generic, TypeVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingsMap, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ainf_tui.errors import UsageError
from ainf_tui.tui.lines import Line, Span, safe
from ainf_tui.tui.logs.filters import HELP, Stack, parse, written
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar
from ainf_tui.tui.widgets.table import Column, Table

T = TypeVar("T")
MOST_ROWS = 16


class Rows:
    """A Source over rows of cells; each has an id."""

    def __init__(self, rows: Sequence[tuple[str, Mapping[str, Span]]] = ()) -> None:
        self.rows = list(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def id_at(self, index: int) -> str:
        return self.rows[index][0]

    def index_of(self, row_id: str) -> int | None:
        return next((i for i, (one, _) in enumerate(self.rows) if one == row_id), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        return self.rows[index][1]


class TableDialog(PacedScreen[T], ModalScreen[T], Generic[T]):
    """A table in a box with a title above and keys below. Subclasses give `rows` and their keys."""

    AUTO_FOCUS = "#dialog-table"
    TITLE_TEXT = ""
    COLUMNS: ClassVar[tuple[Column, ...]] = ()
    KEYS: ClassVar[tuple[tuple[str, str], ...]] = ()

    def __init__(self, keys: BindingsMap) -> None:
        super().__init__()
        self._keys = keys
        self.source = Rows()
        self.table = Table(self.COLUMNS, self.source, id="dialog-table")
        self.entry = Entry(id="dialog-entry", placeholder=HELP)
        self.foot = Bar(id="dialog-foot")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(safe(self.TITLE_TEXT, 200)), id="question", markup=False)
            yield self.table
            yield self.entry
            yield self.foot

    def on_mount(self) -> None:
        self.table.bind_keys(self._keys)
        self.show_rows()

    def rows(self) -> Sequence[tuple[str, Mapping[str, Span]]]:
        raise NotImplementedError

    def show_rows(self) -> None:
        self.source.rows = list(self.rows())
        self.table.styles.height = max(2, min(len(self.source) + 1, MOST_ROWS, self.app.size.height - 7))
        self.table.update()
        self.tell_keys()

    def tell_keys(self) -> None:
        spans: list[Span] = []
        for name, label in self.KEYS:
            spans += [(name, "key"), (f" {label}   ", "")]
        self.foot.show(tuple(spans))

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.action_take()

    def action_take(self) -> None:
        """Enter."""
        raise NotImplementedError


class FiltersDialog(TableDialog[None]):
    """The stack of filters: each change holds at once. `changed` gets the new stack."""

    TITLE_TEXT = "What is shown"
    COLUMNS = (
        Column("on", 3, title=""),
        Column("does", 10, title=""),
        Column("filter", 20, flexible=True, title=""),
    )
    KEYS = (
        ("a", "add"),
        ("space", "on/off"),
        ("enter", "edit"),
        ("d", "remove"),
        ("0", "all off/on"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", show=False),
        Binding("a,f,o,i", "add", show=False),
        Binding("space", "switch", show=False),
        Binding("enter", "take", show=False),
        Binding("d,delete,X", "remove", show=False),
        Binding("0", "all", show=False),
    ]

    def __init__(self, stack: Stack, keys: BindingsMap, changed: Callable[[Stack], object]) -> None:
        super().__init__(keys)
        self.stack = stack
        self._changed = changed
        self._editing: int | None = None
        self.table.empty = ((("Nothing is filtered.", "muted"),),)

    def on_mount(self) -> None:
        if not self.stack.filters:
            self.call_after_refresh(self.action_add)

    def rows(self) -> Sequence[tuple[str, Mapping[str, Span]]]:
        does = {"in": "only", "out": "without", "level": "at least", "source": "only of", "since": "from"}
        return [
            (
                str(number),
                {
                    "on": ("[x]" if one.on else "[ ]", "" if one.on else "muted"),
                    "does": (does.get(one.kind, "until"), "muted"),
                    "filter": (safe(written(one), 300), "" if one.on else "muted"),
                },
            )
            for number, one in enumerate(self.stack.filters)
        ]

    def _take(self, stack: Stack) -> None:
        self.stack = stack
        self.show_rows()
        self._changed(stack)

    def action_add(self) -> None:
        self._editing = None
        self.entry.open()

    def action_take(self) -> None:
        index = self.table.cursor
        if 0 <= index < len(self.stack.filters):
            self._editing = index
            self.entry.open(written(self.stack.filters[index]))
        else:
            self.action_add()

    def action_switch(self) -> None:
        if self.stack.filters:
            self._take(self.stack.toggle(self.table.cursor))

    def action_remove(self) -> None:
        if self.stack.filters:
            self._take(self.stack.remove(self.table.cursor))

    def action_all(self) -> None:
        self._take(self.stack.all(on=not self.stack.on))

    @on(Entry.Submitted)
    def _typed(self, event: Entry.Submitted) -> None:
        event.stop()
        try:
            one = parse(event.value)
        except UsageError as error:
            self.foot.show(((safe(f"{error.message}. {error.hint}", 300), "error"),))
            return
        self.entry.close()
        self.table.focus()
        if one is not None:
            editing = self._editing
            self._take(self.stack.add(one) if editing is None else self.stack.change(editing, one))
        elif self._editing is not None:
            self._take(self.stack.remove(self._editing))

    @on(Entry.Left)
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        self.entry.close()
        self.table.focus()
        self.tell_keys()

    def action_leave(self) -> None:
        self.dismiss(None)


class SourcesDialog(TableDialog[tuple[str, ...] | None]):
    """Which logs: space marks several, enter takes them or the one under the cursor. None: it was left."""

    TITLE_TEXT = "Which logs"
    COLUMNS = (
        Column("on", 3, title=""),
        Column("name", 16, title="log"),
        Column("run", 18, title="run", drop=3),
        Column("size", 8, right=True, title="size", drop=1),
        Column("written", 10, right=True, title="written", drop=2),
        Column("told", 4, flexible=True, title=""),
    )
    KEYS = (
        ("space", "mark"),
        ("enter", "show"),
        ("a", "all of the newest run"),
        ("esc", "close"),
    )
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", show=False),
        Binding("space", "mark", show=False),
        Binding("enter", "take", show=False),
        Binding("a", "newest", show=False),
    ]

    def __init__(
        self, rows: Sequence[tuple[str, Mapping[str, Span]]], marked: Sequence[str], keys: BindingsMap
    ) -> None:
        super().__init__(keys)
        self._rows = rows
        self.marked = set(marked)

    def rows(self) -> Sequence[tuple[str, Mapping[str, Span]]]:
        return [
            (name, {**cells, "on": ("[x]" if name in self.marked else "[ ]", "")})
            for name, cells in self._rows
        ]

    def action_mark(self) -> None:
        if self.table.cursor_id is not None:
            self.marked ^= {self.table.cursor_id}
            self.show_rows()
            self.table.action_down()

    def action_take(self) -> None:
        """Those that were marked by somebody; else the one under the cursor."""
        chosen = tuple(name for name, _ in self._rows if name in self.marked)
        here = self.table.cursor_id
        self.dismiss(chosen or ((here,) if here is not None else None))

    def action_newest(self) -> None:
        self.dismiss(())

    def action_leave(self) -> None:
        self.dismiss(None)


class PlacesDialog(TableDialog[str]):
    """Places to go to, one a row: buckets of time, bookmarks. The id of the one taken; empty: left.

    `remove` is called with the id of a row that is to go, if rows may.
    """

    KEYS = (("enter", "go there"), ("esc", "close"))
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", show=False),
        Binding("enter", "take", show=False),
        Binding("d,delete", "remove", show=False),
    ]

    def __init__(
        self,
        title: str,
        columns: Sequence[Column],
        rows: Sequence[tuple[str, Mapping[str, Span]]],
        keys: BindingsMap,
        *,
        current: str = "",
        remove: Callable[[str], object] | None = None,
    ) -> None:
        super().__init__(keys)
        self.TITLE_TEXT = title
        self.table.set_columns(columns)
        self._rows = list(rows)
        self._current = current
        self._remove = remove

    def on_mount(self) -> None:
        if self._current:
            self.table.move_to_id(self._current)

    def rows(self) -> Sequence[tuple[str, Mapping[str, Span]]]:
        return self._rows

    def tell_keys(self) -> None:
        super().tell_keys()
        if self._remove is not None:
            keys: Line = (("enter", "key"), (" go there   ", ""), ("d", "key"), (" remove   ", ""))
            self.foot.show((*keys, ("esc", "key"), (" close", "")))

    def action_remove(self) -> None:
        wanted = self.table.cursor_id
        if self._remove is not None and wanted is not None:
            self._remove(wanted)
            self._rows = [row for row in self._rows if row[0] != wanted]
            self.show_rows()

    def action_take(self) -> None:
        self.dismiss(self.table.cursor_id or "")

    def action_leave(self) -> None:
        self.dismiss("")
