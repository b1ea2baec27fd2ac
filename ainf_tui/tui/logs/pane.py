"""A record over the screen, to read, to scroll and to copy; what mends its error is a key away."""

from __future__ import annotations

from typing import ClassVar

from textual import getters
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from ainf_tui.domain.errors.playbook import Entry
from ainf_tui.domain.log_documents import LogRecordDocument
from ainf_tui.tui.lines import Span, safe
from ainf_tui.tui.logs.record import record_lines
from ainf_tui.tui.shell import Shell
from ainf_tui.tui.terminal.pacing import PacedScreen
from ainf_tui.tui.told import CopyWanted
from ainf_tui.tui.widgets.painted import Bar, LineView


class RecordPane(PacedScreen[str], ModalScreen[str]):
    """Ends with what is wanted next: the command that mends it, `next`, `previous`, or nothing."""

    app = getters.app(Shell)
    AUTO_FOCUS = "#pane-text"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,q,enter", "leave", show=False),
        Binding("y", "copy", show=False),
        Binding("x", "act", show=False),
        Binding("n", "beside('next')", show=False),
        Binding("N,p", "beside('previous')", show=False),
        Binding("j", "scroll(1)", show=False),
        Binding("k", "scroll(-1)", show=False),
        Binding("g", "scroll(-1000000)", show=False),
        Binding("G", "scroll(1000000)", show=False),
    ]

    def __init__(self, record: LogRecordDocument, entry: Entry | None) -> None:
        super().__init__()
        self._record = record
        self._entry = entry
        self.view = LineView(id="pane-text")
        self.foot = Bar(id="pane-foot")

    def compose(self) -> ComposeResult:
        title = self._entry.title.replace("{what}", "it needs") if self._entry is not None else ""
        with Vertical(id="pane"):
            yield Static(Content(safe(title or self._record.message, 300)), id="pane-title", markup=False)
            yield self.view
            yield self.foot

    def on_mount(self) -> None:
        keys: list[Span] = [("y", "key"), (" copy   ", ""), ("n", "key"), (" next   ", "")]
        if self._entry is not None and self._entry.action:
            keys += [("x", "key"), (f" {safe(self._entry.action, 60)}   ", "")]
        self.foot.show((*keys, ("esc", "key"), (" close", "")))

    def on_resize(self) -> None:
        # The box's own width, less its padding and the scrollbar; the view has none before its layout.
        cells = max(10, min(120, self.app.size.width * 95 // 100) - 5)
        lines = record_lines(self._record, self._entry, cells)
        self.view.styles.height = max(1, min(len(lines), self.app.size.height - 6))
        self.view.show(lines)

    def action_scroll(self, step: int) -> None:
        self.view.scroll_relative(y=step, animate=False)

    def action_leave(self) -> None:
        self.dismiss("")

    def action_beside(self, which: str) -> None:
        self.dismiss(which)

    def action_act(self) -> None:
        if self._entry is not None and self._entry.action:
            self.dismiss(self._entry.action)

    def action_copy(self) -> None:
        self.post_message(CopyWanted(self._record.raw))
