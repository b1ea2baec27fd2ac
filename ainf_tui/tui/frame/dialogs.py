"""What opens over a screen and asks one thing: a question, a choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Button, Static

from ainf_tui.tui.frame.options import Option
from ainf_tui.tui.keymap import Keymap
from ainf_tui.tui.lines import Span, safe, wrap
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.table import Column, Table

WIDTH = 64
"""Cells of a dialog's text, where the terminal has them."""


class Confirm(PacedScreen[bool], ModalScreen[bool]):
    """Asks before something is done; Cancel has the focus. `question` and `more` are outside text."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "answer(False)", show=False),
        Binding("left,up,h,k,shift+tab", "app.focus_previous", show=False),
        Binding("right,down,l,j,tab", "app.focus_next", show=False),
    ]
    AUTO_FOCUS = "#cancel"

    def __init__(self, question: str, more: Sequence[str], verb: str) -> None:
        super().__init__()
        self._question = question
        self._more = more
        self._verb = verb

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(_wrapped(self._question)), id="question", markup=False)
            yield Static(Content("\n".join(_wrapped(line) for line in self._more)), id="more", markup=False)
            with Horizontal(id="buttons"):
                yield Button(Content("Cancel"), id="cancel", compact=True)
                yield Button(Content(safe(self._verb, 40)), id="do", compact=True)

    def action_answer(self, answer: bool) -> None:
        self.dismiss(answer)

    @on(Button.Pressed)
    def _pressed(self, event: Button.Pressed) -> None:
        event.stop()
        self.dismiss(event.button.id == "do")


class _Options:
    """A Source of options, those that hold the typed text."""

    def __init__(self, options: Sequence[Option]) -> None:
        self.options = list(options)

    def __len__(self) -> int:
        return len(self.options)

    def id_at(self, index: int) -> str:
        return self.options[index].value

    def index_of(self, row_id: str) -> int | None:
        return next((i for i, option in enumerate(self.options) if option.value == row_id), None)

    def cells(self, index: int) -> Mapping[str, Span]:
        option = self.options[index]
        return {"label": (safe(option.label, 200), ""), "help": (safe(option.help, 400), "muted")}


class Choose(PacedScreen[str | None], ModalScreen[str | None]):
    """One of several; None if left. The cursor begins at `current`."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q", "leave", show=False),
        Binding("enter,space", "take", show=False),
    ]
    AUTO_FOCUS = "#options"

    def __init__(self, title: str, options: Sequence[Option], keymap: Keymap, current: str = "") -> None:
        super().__init__()
        self._title = title
        self._source = _Options(options)
        self._keymap = keymap
        self._current = current
        widest = max((len(option.label) for option in options), default=10)
        columns = (
            Column("label", min(max(widest, 8), 30), title=""),
            Column("help", 10, flexible=True, title=""),
        )
        self.table = Table(columns, self._source, id="options")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(_wrapped(self._title)), id="question", markup=False)
            yield self.table

    def on_mount(self) -> None:
        self.table.bind_keys(self._keymap.bindings("list"))
        self.table.styles.height = min(len(self._source) + 1, 18)
        self.table.update()
        if self._current:
            self.table.move_to_id(self._current)

    def action_take(self) -> None:
        self.dismiss(self.table.cursor_id)

    def on_table_opened(self, event: Table.Opened) -> None:
        event.stop()
        self.action_take()

    def action_leave(self) -> None:
        self.dismiss(None)


def _wrapped(text: str) -> str:
    return "\n".join(wrap(safe(text, 1000), WIDTH))
