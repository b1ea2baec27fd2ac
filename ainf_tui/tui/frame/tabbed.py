"""From screen to screen of the tab line."""

from __future__ import annotations

from collections.abc import Callable

from ainf_tui.tui.shell import Shell


class Tabbed(Shell):
    """The app, as far as it has a tab line."""

    def go_to(self, ref: str) -> None:
        """Puts the cursor of the Queue screen on the job of that number."""
        self.to_queue("go_to", ref)

    def show_error(self, group: str) -> None:
        """Puts the cursor of the Errors screen on the group of that number."""
        self._to_screen(self.action_errors, "go_to", group)

    def to_queue(self, method: str, value: str) -> None:
        """Shows the Queue screen and has it do that."""
        self._to_screen(self.action_queue, method, value)

    def _to_screen(self, show: Callable[[], None], method: str, value: str) -> None:
        show()
        screen = self.screen
        if screen.is_mounted:
            getattr(screen, method)(value)
        else:
            screen.call_later(getattr(screen, method), value)

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
