"""A line to type over the Errors screen: a note, the file of an export."""

from __future__ import annotations

from textual import on
from textual.app import ComposeResult
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ainf_tui.tui.lines import safe, wrap
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.entry import Entry

WIDTH = 64
"""Cells of the text, where the terminal has them."""


class AskLine(PacedScreen[str | None], ModalScreen[str | None]):
    """The line that was typed, over what stood there; None if it was left. All texts are outside texts."""

    def __init__(self, title: str, value: str, help_line: str) -> None:
        super().__init__()
        self._title = title
        self._value = value
        self._help = help_line
        self.entry = Entry(id="text-entry")

    def compose(self) -> ComposeResult:
        with Vertical(id="dialog"):
            yield Static(Content("\n".join(wrap(safe(self._title, 400), WIDTH))), id="question", markup=False)
            yield self.entry
            yield Static(Content(safe(self._help, 400)), id="more", markup=False)

    def on_mount(self) -> None:
        self.entry.open(self._value)

    @on(Entry.Submitted)
    def _typed(self, event: Entry.Submitted) -> None:
        event.stop()
        self.dismiss(event.value.strip())

    @on(Entry.Left)
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        self.dismiss(None)


class AskNote(AskLine):
    """The note on a group."""

    def __init__(self, group: str, note: str) -> None:
        super().__init__(f"Note on {group}", note, "enter keeps it; an empty one takes it away")


class AskFile(AskLine):
    """Where to write to."""

    def __init__(self, what: str, file: str) -> None:
        super().__init__(f"Write {what} to which file?", file, "JSON lines; enter writes it")
