"""A line to type over the screen: the port that a service is to start on, where a node comes from."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ainf_tui.tui.lines import safe
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.entry import Entry

_PORTS = range(1, 65_536)


class AskText(PacedScreen[str], ModalScreen[str]):
    """The line that was typed; empty if it was left. `title` and `help_line` are outside text."""

    def __init__(self, title: str, help_line: str) -> None:
        super().__init__()
        self._title = title
        self._help = help_line
        self.entry = Entry(id="text-entry")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(safe(self._title, 400)), id="question", markup=False)
            yield self.entry
            yield Static(Content(safe(self._help, 400)), id="more", markup=False)

    def on_mount(self) -> None:
        self.entry.open()

    @on(Entry.Submitted)
    def _typed(self, event: Entry.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())

    @on(Entry.Left)
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        self.dismiss("")


class AskPort(PacedScreen[int | None], ModalScreen[int | None]):
    """The port that was typed; None if it was left. `title` is outside text."""

    def __init__(self, title: str) -> None:
        super().__init__()
        self._title = title
        self.entry = Entry(id="port-entry", placeholder="a number from 1 to 65535", restrict=r"\d{0,5}")
        self.wrong = Static(id="more", markup=False)

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content(safe(self._title, 400)), id="question", markup=False)
            yield self.entry
            yield self.wrong

    def on_mount(self) -> None:
        self.entry.open()

    @on(Entry.Submitted)
    def _typed(self, event: Entry.Submitted) -> None:
        event.stop()
        number = int(event.value) if event.value.isascii() and event.value.isdecimal() else 0
        if number in _PORTS:
            self.dismiss(number)
        else:
            self.wrong.update(Content("A port is a number from 1 to 65535."))

    @on(Entry.Left)
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        self.dismiss(None)
