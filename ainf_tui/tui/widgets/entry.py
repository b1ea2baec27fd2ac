"""A line of text to type, without a frame: the filter, the command line."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.message import Message
from textual.reactive import reactive
from textual.widgets import Input

from ainf_tui.tui.lines import safe


class Entry(Input):
    """Hidden until it is opened; esc leaves it. What it says is the owner's to act on."""

    DEFAULT_CSS = """
    Entry { display: none; height: 1; border: none; padding: 0 1; background: $panel; }
    Entry:focus { border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", show=False)]
    # A cursor that blinks paints twice a second, for ever.
    cursor_blink = reactive(default=False, init=False)

    def validate_value(self, value: str) -> str:
        """What was pasted or kept may hold anything; what is shown is what is meant."""
        return safe(value)

    def open(self, text: str = "") -> None:
        """Shows it with the text, ready for typing."""
        self.value = text
        self.cursor_position = len(text)
        # Both at once, not when there is time: the next key may be in the queue already.
        self.display = True
        self.screen.set_focus(self)

    def close(self) -> None:
        self.display = False

    def action_leave(self) -> None:
        self.post_message(self.Left(self))

    class Left(Message):
        """Esc was pressed."""

        def __init__(self, entry: Entry) -> None:
            super().__init__()
            self.entry = entry

        @property
        def control(self) -> Entry:
            return self.entry
