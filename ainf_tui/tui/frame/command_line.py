"""The command line at the foot of the screen."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.message import Message
from textual.suggester import Suggester
from textual.widgets import Static

from ainf_tui.tui.failures import in_background
from ainf_tui.tui.frame.verbs import Choice, completed, hint, typed
from ainf_tui.tui.lines import safe
from ainf_tui.tui.widgets.entry import Entry
from ainf_tui.tui.widgets.painted import Bar

Completer = Callable[[str], Sequence[Choice]]
"""What the last word of the text may become. It may block."""


class _Suggester(Suggester):
    """The newest line of the history that begins like this, else the only way to complete the word."""

    def __init__(self, history: Sequence[str], complete: Completer) -> None:
        super().__init__(use_cache=False, case_sensitive=True)
        self._history = history
        self._complete = complete

    async def get_suggestion(self, value: str) -> str | None:
        if not value.strip():
            return None
        for line in reversed(self._history):
            if line.startswith(value) and line != value:
                return line
        at = typed(value)
        if at is None or not at.last:
            return None
        choices = await asyncio.to_thread(self._complete, value)
        return at.head + choices[0][0] if choices and choices[0][0] != at.last else None


class CommandLine(Vertical):
    """Typing, history, completion. Says `Entered` or `Closed`; what is done with it is the app's."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("tab", "complete", show=False),
        Binding("up", "history(-1)", show=False),
        Binding("down", "history(1)", show=False),
    ]

    class Entered(Message):
        """Enter: the line is to be run."""

        def __init__(self, text: str) -> None:
            super().__init__()
            self.text = text

    class Closed(Message):
        """It was left."""

    def __init__(self, history: Sequence[str], complete: Completer, text: str = "") -> None:
        super().__init__(id="command")
        self._history = list(history)
        self._complete = complete
        self._at = len(self._history)
        self._draft = text
        self._text = text
        self._hinted = ""
        """The text for which the choices are shown."""
        self.found = Bar(id="command-found")
        # What it is opened with is a beginning to go on from: selected, the next key would replace it.
        self.entry = Entry(
            id="command-entry", suggester=_Suggester(self._history, complete), select_on_focus=False
        )

    def compose(self) -> ComposeResult:
        yield self.found
        with Horizontal(id="command-row"):
            yield Static(":", id="command-sign", markup=False)
            yield self.entry

    def on_mount(self) -> None:
        self.found.display = False
        self.entry.open(self._text)

    def action_complete(self) -> None:
        in_background(self, self._completed(self.entry.value), group="command.complete", exclusive=True)

    async def _completed(self, text: str) -> None:
        choices = await asyncio.to_thread(self._complete, text)
        if self.entry.value != text:
            return
        value = completed(text, choices)
        self._hinted = value
        if value != text:
            self.entry.value = value
            self.entry.cursor_position = len(value)
        told = hint(choices, max(10, self.size.width - 3)) if choices else "nothing to complete"
        self.found.display = True
        self.found.show(((" ", ""), (safe(told, 400), "muted")))

    def action_history(self, step: int) -> None:
        """Older or newer lines; what was typed comes back at the end."""
        if self._at == len(self._history):
            self._draft = self.entry.value
        self._at = max(0, min(len(self._history), self._at + step))
        line = self._history[self._at] if self._at < len(self._history) else self._draft
        self.entry.value = line
        self.entry.cursor_position = len(line)

    @on(Entry.Changed)
    def _typed(self, event: Entry.Changed) -> None:
        event.stop()
        if event.value != self._hinted:
            self.found.display = False

    @on(Entry.Submitted)
    def _entered(self, event: Entry.Submitted) -> None:
        event.stop()
        self.post_message(self.Entered(event.value.strip()))

    @on(Entry.Left)
    def _left(self, event: Entry.Left) -> None:
        event.stop()
        self.post_message(self.Closed())
