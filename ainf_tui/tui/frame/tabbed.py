"""From screen to screen of the tab line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from ainf_tui.domain.log_documents import LogFilter
from ainf_tui.tui.shell import Shell


class Tabbed(Shell):
    """The app, as far as it has a tab line."""

    def go_to(self, ref: str) -> None:
        """Puts the cursor of the Queue screen on the job of that number."""
        self.to_queue("go_to", ref)

    def show_error(self, group: str) -> None:
        """Puts the cursor of the Errors screen on the group of that number."""
        self.action_errors()
        self._once_mounted("go_to", group)

    def to_queue(self, method: str, value: str) -> None:
        """Shows the Queue screen and has it do that."""
        self.action_queue()
        self._once_mounted(method, value)

    def show_logs(
        self,
        source: str = "",
        file: str = "",
        start: int | None = None,
        at: datetime | None = None,
        filters: Sequence[LogFilter] = (),
    ) -> None:
        """Shows the Logs screen at a place: a source (`comfyui`, `run:20261126-140112/api`) or a file, its
        record that begins at the offset `start`, else the first one from the moment `at` on, else its end.
        """
        self.action_logs()
        self._once_mounted("show_logs", source, file, start, at, filters)

    def _once_mounted(self, method: str, *values: object) -> None:
        screen = self.screen
        if screen.is_mounted:
            getattr(screen, method)(*values)
        else:
            screen.call_later(getattr(screen, method), *values)

    def action_logs(self) -> None:
        self.show_tab("app.logs")

    def action_dashboard(self) -> None:
        self.show_tab("app.dashboard")

    def action_queue(self) -> None:
        self.show_tab("app.queue")

    def action_errors(self) -> None:
        self.show_tab("app.errors")

    def show_tab(self, name: str) -> None:
        """Shows the screen of the tab line that this action opens; what lies over it is closed."""
        raise NotImplementedError

    def to_tab(self) -> None:
        """Back to the screen of the tab line that is open."""
        while len(self.screen_stack) > 1:
            self.pop_screen()
