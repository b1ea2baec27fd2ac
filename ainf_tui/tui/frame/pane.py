"""A text over the screen, to scroll and to copy: what a command printed, an entry of the log in full."""

from __future__ import annotations

from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ainf_tui.tui.frame.everywhere import Everywhere
from ainf_tui.tui.lines import Line, safe, safe_lines, width, wrap
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.widgets.painted import Bar, LineView

MOST = 200_000
"""Characters that are shown; a command that prints more is one for a shell."""


class TextPane(PacedScreen[None], ModalScreen[None]):
    """`text` is outside text of several lines. Long lines are wrapped."""

    app = getters.app(Everywhere)
    AUTO_FOCUS = "#pane-text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", show=False),
        Binding("y", "copy", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("g", "scroll(-1000000)", show=False),
        Binding("G", "scroll(1000000)", show=False),
    ]

    def __init__(self, title: str, text: str, style: str = "") -> None:
        super().__init__()
        self._title = title
        self._text = text
        self._lines = safe_lines(text.rstrip("\n"), MOST)
        self._style = style
        self.view = LineView(id="pane-text")
        self.foot = Bar(id="pane-foot")

    def compose(self) -> ComposeResult:
        with Vertical(id="pane"):
            yield Static(Content(safe(self._title, 300)), id="pane-title", markup=False)
            yield self.view
            yield self.foot

    def on_mount(self) -> None:
        cut = f"   the first {MOST:,} characters" if len(self._text) > MOST else ""
        keys = (("y", "key"), (" copy   ", ""), ("esc", "key"), (" close", ""), (cut, "warning"))
        self.foot.show(keys)

    def on_resize(self) -> None:
        # The box's own width, less its padding and the scrollbar; the view has none before its layout.
        cells = max(10, min(120, self.app.size.width * 95 // 100) - 5)
        lines: list[Line] = []
        for line in self._lines:
            parts = [line] if width(line) <= cells else wrap(line, cells, 2)
            lines += [((part, self._style),) for part in parts]
        self.view.styles.height = max(1, min(len(lines), self.app.size.height - 6))
        self.view.show(lines)

    def action_scroll(self, step: int) -> None:
        self.view.scroll_relative(y=step, animate=False)

    def action_leave(self) -> None:
        self.dismiss(None)

    def action_copy(self) -> None:
        self.app.copy_text(self._text.rstrip("\n"))
