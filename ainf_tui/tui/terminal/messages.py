"""What the driver tells the app."""

from __future__ import annotations

from textual.message import Message

from ainf_tui.tui.terminal.probe import Probe


class TerminalProbed(Message):
    """The terminal has answered, or its time is over. Answers that come later make a second one."""

    def __init__(self, probe: Probe) -> None:
        super().__init__()
        self.probe = probe


class LineChanged(Message):
    """The line turned out to be slow (`rate` bytes a second), or to be so no longer."""

    def __init__(self, slow: bool, rate: float | None) -> None:
        super().__init__()
        self.slow = slow
        self.rate = rate
